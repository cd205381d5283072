"""A worker's side of its child: starts it, hands it members, ends it."""

import os
import pickle
import subprocess
import sys

from recipes.lab.catalog.reach import HOME
from recipes.lab.running import threads
from recipes.lab.running.environment import accelerator_files
from recipes.lab.running.member import Outcome, Task

CHILD = f"{__package__}.child"
DIED = "the process that trained it died"


class Child:
    """A warm process that trains members, started when it is needed.

    Attributes:
        sweep: The one whose member is being trained, "" where none is.
    """

    def __init__(self):
        self._process: subprocess.Popen | None = None
        self._ended: set[str] = set()
        self.sweep = ""

    def train(self, task: Task, sweep: str) -> Outcome | str:
        """Trains a member; where the process dies, once more in another one.

        A process that has loaded other code than the sources now are is replaced, too.

        Returns:
            What became of the member, or why its sources can't be loaded.
        """
        self.sweep = sweep
        try:
            found = None
            for _ in range(2):
                found = self._ask(task)
                if isinstance(found, Outcome) or sweep in self._ended:
                    break
                self.end()
            return Outcome(error=DIED) if found is None else found
        finally:
            self.sweep = ""

    def stop(self, sweep: str) -> None:
        """Ends the process if it trains a member of this sweep."""
        self._ended.add(sweep)
        if self.sweep == sweep and self._process is not None:
            self._process.kill()

    def end(self) -> None:
        """Ends the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _ask(self, task: Task) -> Outcome | str | None:
        """What the process answers; None where it dies."""
        if self._process is None or self._process.poll() is not None:
            self.end()
            self._process = _start()
        try:
            pickle.dump(task, self._process.stdin)
            self._process.stdin.flush()
            return pickle.load(self._process.stdout)
        except (EOFError, OSError, pickle.UnpicklingError):
            return None


def _start() -> subprocess.Popen:
    before = os.environ.get("PYTHONPATH")
    path = os.pathsep.join([str(HOME), *([before] if before else [])])
    one = {} if accelerator_files() else dict.fromkeys(threads.VARIABLES, "1")
    return subprocess.Popen(
        [sys.executable, "-P", "-m", CHILD],
        env={**os.environ, "PYTHONPATH": path, "PYTHONSAFEPATH": "1", **one},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


THE_CHILD = Child()  # of this worker
