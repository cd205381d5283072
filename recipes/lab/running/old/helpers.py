"""Processes that share the trainings of a run with the one that leads it."""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from recipes.lab.catalog import Recipe

MODULE = "recipes.lab.running.old.helper"


class Helpers:
    """Processes that go through the same experiment, only for its sweeps.

    Each trains members that no other has begun and keeps them in the run's folder,
    where all find them. Whatever happens to one, the leading process trains what is
    left: helpers save time and nothing depends on them. They end with this process,
    however it ends.

    Args:
        count: How many; 0 is fine.
        recipe: The recipe that is run.
        folder: The run's folder.
        **told: Plain data for the `Lab` of each: settings and flags.

    Attributes:
        problems: The last words of those that failed, known when they are ended.
    """

    def __init__(self, count: int, recipe: Recipe, folder: Path, **told):
        self.problems: list[str] = []
        self._children: list[subprocess.Popen] = []
        self._logs: list = []
        for number in range(1, count + 1):
            order = {
                "recipe": recipe.name if recipe.topic else str(recipe.path.resolve()),
                "folder": str(folder.resolve()),
                "part": [number, count + 1],
                **told,
            }
            log = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `end`
            child = subprocess.Popen(
                [
                    sys.executable,
                    "-P",
                    "-m",
                    "recipes.lab.running.old.helper",
                    json.dumps(order),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=log,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
                start_new_session=True,  # Ctrl-C reaches the leading process alone
            )
            self._children.append(child)
            self._logs.append(log)

    def end(self) -> None:
        """Ends them, whatever they are doing; what they have kept is whole."""
        for child, log in zip(self._children, self._logs, strict=True):
            if child.poll():  # it failed before
                log.seek(0)
                lines = log.read().decode(errors="replace").split("\n")
                said = [line.strip() for line in lines if line.strip()]
                self.problems += said[-1:] or [f"exit status {child.returncode}"]
            child.kill()
            child.wait()
            with contextlib.suppress(OSError):
                child.stdin.close()
            log.close()
        self._children, self._logs = [], []
