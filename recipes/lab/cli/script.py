"""`lab_main`: what `python some_recipe.py` does."""

import sys
from collections.abc import Callable


def lab_main(experiment: Callable) -> None:
    """Runs the recipe in the file that defines `experiment`; then exits.

    Args:
        experiment: The recipe's function, which takes a `Lab`.
    """
    from recipes.lab.cli.main import main

    sys.exit(main(["run", experiment.__code__.co_filename, *sys.argv[1:]]))
