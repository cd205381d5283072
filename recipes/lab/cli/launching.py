"""`recipes launch`: one training in several processes."""

import argparse
import importlib.util
from pathlib import Path

from recipes.lab.cli.signals import terminated_like_interrupted
from recipes.lab.errors import UsageError
from recipes.lab.running import ranks


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what the command takes."""
    parser.add_argument(
        "-n", type=processes, required=True, dest="count", metavar="N",
        help="how many processes on this host",
    )  # fmt: skip
    parser.add_argument("script", metavar="SCRIPT", help="a file of Python")
    parser.add_argument(
        "arguments", nargs=argparse.REMAINDER, metavar="...", help="for the script"
    )


def processes(text: str) -> int:
    """Returns the number that is the text of `-n`."""
    if not (text.isdecimal() and 1 <= int(text) <= 1024):
        raise UsageError(f"-n must be a whole number from 1 to 1024, not {text}.")
    return int(text)


def launch(arguments: argparse.Namespace) -> int:
    """`recipes launch -n N SCRIPT ...`."""
    script = Path(arguments.script)
    if not script.is_file():
        raise UsageError(f"there is no file '{script}'.")
    if importlib.util.find_spec("jax") is None:
        raise UsageError(
            "several processes train on the JAX backend; install the extra jax."
        )
    group = ranks.group(arguments.count)
    with terminated_like_interrupted():
        ranks.launch(script, arguments.arguments, group)
    return 0
