"""Ours in two processes: a sweep whose members are shared, as `recipes run` does it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from recipes.lab.running.old import processes

JOINED = "PEER_JOINED"  # set for the second process


class Pair:
    """This worker and, where that pays, a second one with half of the cores each.

    Make it before the backend is loaded: it leaves this process its half.

    Attributes:
        peak: Peak memory of the second one in bytes.
    """

    def __init__(self):
        self.peak, self._other = 0, None
        joined = JOINED in os.environ
        self.folder = Path(os.environ["PEER_FOLDER"])  # where members are found
        count = 1 if joined else processes.default(smoke=False)
        self.part = (1, 2) if joined else (0, count)
        processes.share_cores(count)
        if count > 1:
            self._other = subprocess.Popen(
                [sys.executable, *sys.argv],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, JOINED: "1"},
            )

    def wait_until_ready(self) -> None:
        """Waits until the second process has what it needs to train."""
        if self._other is not None:
            self._other.stdout.readline()

    def train(self, sweep: Callable[[int], float], seed: int) -> float:
        """Runs the sweep of a seed here, and in the second process too."""
        if self._other is None:
            return sweep(seed)
        self._other.stdin.write(f"go {seed}\n".encode())
        self._other.stdin.flush()
        loss = sweep(seed)
        self.peak = json.loads(self._other.stdout.readline())["peak"]
        return loss
