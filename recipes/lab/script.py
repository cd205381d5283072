"""`lab_main`: what `python some_recipe.py` does.

Importing this module loads the backend without its start-up log, which is why
a recipe imports `recipes.lab` before Keras.
"""

import sys
from collections.abc import Callable

from recipes.lab import quiet

quiet.load_backend()


def lab_main(experiment: Callable) -> None:
    """Runs the recipe in the file that defines `experiment`; then exits.

    Args:
        experiment: The recipe's function, which takes a `Lab`.
    """
    from recipes.lab.cli import main

    sys.exit(main(["run", experiment.__code__.co_filename, *sys.argv[1:]]))
