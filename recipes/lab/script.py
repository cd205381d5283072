"""`lab_main`: what `python some_recipe.py` does.

Once this module is imported, Keras is loaded without its backend's start-up log, which
is why a recipe imports `recipes.lab` before Keras.
"""

import argparse
import sys
from collections.abc import Callable

from recipes.lab import processes, quiet


def _jobs(words: list[str]) -> int:
    """How many processes are to share the run; the backend must know as it loads."""
    parser = argparse.ArgumentParser(add_help=False, exit_on_error=False)
    parser.add_argument("--jobs", type=int)
    parser.add_argument("--smoke", action="store_true")
    try:
        flags, _ = parser.parse_known_args(words)
    except argparse.ArgumentError:
        return 1  # the command line will say what is wrong
    return flags.jobs or processes.default(flags.smoke)


JOBS = _jobs(sys.argv[1:])
processes.share_cores(JOBS)
quiet.load_backend_later()


def lab_main(experiment: Callable) -> None:
    """Runs the recipe in the file that defines `experiment`; then exits.

    Args:
        experiment: The recipe's function, which takes a `Lab`.
    """
    from recipes.lab.cli import main

    file, jobs = experiment.__code__.co_filename, str(JOBS)
    sys.exit(main(["run", file, "--jobs", jobs, *sys.argv[1:]]))
