"""Schedulers and workers as they are started by hand, and killed from outside."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from recipes.lab.running.threads import VARIABLES
from tests.lab.processes import ours, wait_for

ROOT = Path(__file__).parents[2]


class Dask:
    """A scheduler with its workers, each in a session of its own.

    Args:
        folder: For the scheduler's file and the cache that marks its processes.
    """

    def __init__(self, folder: Path):
        self.file, self.cache = folder / "scheduler.json", str(folder / "dask-cache")
        self.started: list[subprocess.Popen] = []
        self.start()

    def start(self, port: int = 0) -> None:
        """Starts the scheduler."""
        self.file.unlink(missing_ok=True)
        flags = ["--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]
        self.scheduler = self._run("scheduler", *flags, "--scheduler-file", self.file)
        assert wait_for(lambda: self._text().endswith("}"), 30)
        self.address = json.loads(self._text())["address"]

    def _text(self) -> str:
        return self.file.read_text().strip() if self.file.is_file() else ""

    def worker(self, *flags: str, count: int = 1, **variables: str | None) -> None:
        """Starts workers, and waits until they have come.

        Args:
            *flags: Of `dask worker`.
            count: How many; with 1 it has no nanny, and is not started again.
            **variables: Of their environment.
        """
        words = ["--nanny", "--nworkers", str(count)] if count > 1 else ["--no-nanny"]
        before = len(self.workers())
        threads = [] if "--nthreads" in flags else ["--nthreads", "1"]
        given = [*words, *threads, "--no-dashboard", *flags]
        self._run("worker", self.address, *given, **variables)
        assert wait_for(lambda: len(self.workers()) == before + count, 30)

    def workers(self) -> dict[str, int]:
        """Worker address to process id."""
        return self._ask(
            lambda it: {one.address: one.pid for one in it.workers.values()}
        )

    def tasks(self) -> list[str]:
        """The keys of the tasks that the scheduler knows."""
        return self._ask(lambda it: [*it.tasks])

    def _ask(self, question: Callable) -> Any:
        from distributed import Client

        def ask(dask_scheduler):
            return question(dask_scheduler)

        with Client(self.address, set_as_default=False) as client:
            return client.run_on_scheduler(ask)

    def _run(self, which: str, *flags, **variables: str | None) -> subprocess.Popen:
        wanted = {**os.environ, "RECIPES_CACHE_DIR": self.cache}
        wanted |= {"PYTHONPATH": str(ROOT), **variables}
        for name in VARIABLES:  # those of the process that tests are no help
            wanted.pop(name, None)
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", f"distributed.cli.dask_{which}"]
            + [str(flag) for flag in flags],
            env={name: one for name, one in wanted.items() if one is not None},
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def end(self) -> None:
        """Kills all of them."""
        for process in self.started:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        assert wait_for(lambda: not ours(self.cache), 5)


@contextlib.contextmanager
def dask(folder: Path) -> Iterator[Dask]:
    """Starts a scheduler; ends it and its workers."""
    cluster = Dask(folder)
    try:
        yield cluster
    finally:
        cluster.end()
