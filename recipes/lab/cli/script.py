"""What `python some_lesson.py` does."""

import sys

from recipes.lab.catalog.reach import PACKAGES, refuse_others
from recipes.lab.errors import LabError

try:  # now: a lesson imports `main` before `zoo`, and would fail with an ImportError
    refuse_others(*PACKAGES)
except LabError as error:
    sys.exit(f"recipes: {error}")


def main(file: str) -> None:
    """Runs the lesson or recipe in a file, with the flags given; then exits.

    A lesson ends in `if __name__ == "__main__": main(__file__)`.

    Args:
        file: The lesson's `__file__`.
    """
    from recipes.lab.cli import main as cli
    from recipes.lab.cli import signals

    signals.end_when_interrupted()
    sys.exit(cli.main(["run", file, *sys.argv[1:]]))
