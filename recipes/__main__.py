"""The command `recipes`, and `python -m recipes`."""

import sys


def main() -> int:
    """Runs the command line; Ctrl-C while it is loaded is no traceback either."""
    try:
        from recipes.lab.cli import signals

        signals.end_when_interrupted()
        from recipes.lab.cli.main import main as run

        return run()
    except KeyboardInterrupt:
        print("recipes: interrupted.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
