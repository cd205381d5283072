"""What `python some_lesson.py` does."""

import sys


def main(file: str) -> None:
    """Runs the lesson or recipe in a file, with the flags given; then exits.

    A lesson ends in `if __name__ == "__main__": main(__file__)`.

    Args:
        file: The lesson's `__file__`.
    """
    from recipes.lab.cli import main as cli

    sys.exit(cli.main(["run", file, *sys.argv[1:]]))
