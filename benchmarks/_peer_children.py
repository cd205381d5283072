"""The parent's side: child processes that wait for their turn."""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import _peer_works as works

HERE = Path(__file__).resolve().parent
PATIENCE = 900  # seconds for any one answer
ENVIRONMENT = {"PYTHONUNBUFFERED": "1"}
ON_PROCESSOR = {"CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu"}
# Contenders share the accelerator's memory, so none may take it all beforehand.
ON_ACCELERATOR = {
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
}


class Child:
    """A contender's process.

    Args:
        contender: Names the worker, `_peer_<contender>.py`.
        work: What it is to train.
        small: Whether the work is the quick one.
        gpu: Whether it uses the accelerator.
        command: Another command than the worker's, for tests.

    Attributes:
        problem: Empty while all is well; "-" where a package is missing, else
            "failed: ..." with the reason.
        ready: What the worker told when it was built.
        rounds: What it told of each round.
    """

    def __init__(
        self,
        contender: str,
        work: works.Work,
        small: bool = False,
        gpu: bool = False,
        command=None,
    ):
        self.contender = contender
        self.problem, self.ready, self.rounds = "", {}, []
        if command is None:
            worker = str(HERE / f"_peer_{contender}.py")
            command = [sys.executable, worker, work.name]
            command += ["--quick"] * small + ["--gpu"] * gpu
        device = ON_ACCELERATOR if gpu else ON_PROCESSOR
        # With its own session, Ctrl-C reaches the parent alone, which ends the rest.
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - open while it runs
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**os.environ, **ENVIRONMENT, **device},
            start_new_session=True,
        )

    def wait_until_ready(self) -> None:
        """Waits for the worker to be built and warm."""
        self.ready = self._answer()

    def train(self, number: int) -> None:
        """Has the worker train a round, and waits for it."""
        try:
            self._process.stdin.write(f"go {number}\n".encode())
            self._process.stdin.flush()
        except OSError:
            self._fail(self._end_of_it())
            return
        if answer := self._answer():
            self.rounds.append(answer)

    def end(self) -> None:
        """Ends the process, and what it has started, whatever it is doing."""
        process = self._process
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for pipe in (process.stdin, process.stdout, self._errors):
            with contextlib.suppress(OSError):
                pipe.close()

    def _answer(self) -> dict:
        """The worker's next line; empty with a problem noted where it has none."""
        if not select.select([self._process.stdout], [], [], PATIENCE)[0]:
            self._fail(f"no answer in {PATIENCE} s")
            return {}
        try:
            answer = json.loads(self._process.stdout.readline())
        except ValueError:
            self._fail(self._end_of_it())
            return {}
        if "missing" in answer:
            self.problem = "-"
        elif "failed" in answer:
            self._fail(answer["failed"])
        return {} if self.problem else answer

    def _fail(self, reason: str) -> None:
        self.problem = f"failed: {reason}"

    def _end_of_it(self) -> str:
        """What is left of a process that went away: its status and last words."""
        status = self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return f"ended with status {status}; {last}"[:300]
