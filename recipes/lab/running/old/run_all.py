"""`recipes run --all`: every recipe, each in a process of its own."""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from typing import IO, Any

from recipes.lab import catalog
from recipes.lab.errors import LabError
from recipes.lab.reporting.console import Output
from recipes.lab.running.old import processes

WAIT = 0.05  # seconds between two looks at what is running


def run_all(given: dict, arguments: argparse.Namespace) -> int:
    """Runs the recipes in turn, or `arguments.jobs` of them at a time.

    In turn each runs as it does alone, in two processes where that pays. With `jobs`
    each is one process; several get their part of the cores, and what they print is
    shown when they are done.

    Args:
        given: Settings given on the command line, for the recipes that have them.
        arguments: The lab's own flags, `jobs` (None: in turn) among them.

    Returns:
        0: every recipe ran.

    Raises:
        LabError: Recipes failed; the others ran all the same.
        KeyboardInterrupt: Ctrl-C; what was running keeps what it had finished.
    """
    chosen = list(catalog.recipes().values())
    flags = {recipe.name: _flags(recipe, given, arguments) for recipe in chosen}
    failed = _Jobs(arguments.jobs or 1, len(chosen)).run(flags)
    output = Output()
    output.line(f"{len(chosen) - len(failed)} of {len(chosen)} recipes ran.", "bold")
    if failed:
        raise LabError(f"failed: {', '.join(failed)}.")
    return 0


class _Jobs:
    """Processes side by side, and what is said of them."""

    def __init__(self, jobs: int, recipes: int):
        self.jobs, self.recipes = jobs, recipes
        self.output = Output()
        self.ended = 0
        self.started = time.monotonic()
        self.running: dict[subprocess.Popen, tuple[str, IO | None]] = {}

    def run(self, flags: dict[str, list[str]]) -> list[str]:
        """Runs recipes by name and flags; returns the names of those that fail."""
        waiting, failed = list(flags), []
        try:
            while waiting or self.running:
                while waiting and len(self.running) < self.jobs:
                    name = waiting.pop(0)
                    self._begin(name, flags[name])
                for process in [p for p in self.running if p.poll() is not None]:
                    name = self._end(process)
                    if process.returncode == 130:
                        raise KeyboardInterrupt
                    if process.returncode:
                        failed.append(name)
                time.sleep(WAIT if self.running else 0)
        except KeyboardInterrupt:
            for process in list(self.running):
                process.send_signal(signal.SIGINT)
            for process in list(self.running):
                process.wait()
                self._end(process)
            raise
        return [name for name in flags if name in failed]

    def _begin(self, name: str, flags: list[str]) -> None:
        if self.jobs == 1:
            self._say(name, self.ended + 1)
        shown: dict[str, Any] = {}
        log = None
        if self.jobs > 1:
            log = tempfile.TemporaryFile()  # noqa: SIM115 - closed when it was shown
            shown = {"stdout": log, "stderr": subprocess.STDOUT, "env": self._part()}
        words = [sys.executable, "-P", "-m", "recipes", "run", name, *flags]
        self.running[subprocess.Popen(words, **shown)] = (name, log)

    def _end(self, process: subprocess.Popen) -> str:
        name, log = self.running.pop(process)
        self.ended += 1
        if log is not None:
            self._say(name, self.ended)
            with log:
                log.seek(0)
                self.output.line(log.read().decode(errors="replace").rstrip())
        self.output.line()
        return name

    def _say(self, name: str, number: int) -> None:
        left = ""
        if self.ended:
            spent = (time.monotonic() - self.started) / self.ended
            left = f", about {spent * (self.recipes - self.ended):.0f} s left"
        self.output.line(f"[{number}/{self.recipes}] {name}{left}", "bold")

    def _part(self) -> dict[str, str]:
        """The environment of one of several: its part of the cores, our width."""
        width = str(self.output.console.width)
        return {**os.environ, "COLUMNS": width, **processes.threads(self.jobs)}


def _flags(recipe: catalog.Recipe, given: dict, arguments) -> list[str]:
    fields = {field.name: field for field in recipe.fields}
    flags = []
    for name, value in given.items():
        if name in fields:
            flags += [fields[name].flag, str(value)]
    if arguments.data and "data" in fields and arguments.data in fields["data"].choices:
        flags += ["--data", arguments.data]
    if arguments.jobs:
        flags += ["--jobs", "1"]
    flags += ["--out", arguments.out, "--precision", arguments.precision]
    if arguments.data_dir:
        flags += ["--data-dir", arguments.data_dir]
    return flags + [
        f"--{name}"
        for name in ("download", "smoke", "resume")
        if getattr(arguments, name)
    ]
