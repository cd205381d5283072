"""Who trains the members of a sweep: this process, others beside it, or a cluster."""

from collections.abc import Iterator
from typing import Protocol

from recipes.lab.running import member, threads, workers
from recipes.lab.running.member import Outcome, Task
from recipes.lab.running.sources import Sources


class Trainers(Protocol):
    """What a sweep needs of those who train its members."""

    def begin(self) -> str:
        """Gets them ready, before anything is computed; returns a line to show."""
        ...

    def threads(self) -> int:
        """Returns how many threads a training has."""
        ...

    def train(
        self, tasks: list[Task], sources: Sources
    ) -> Iterator[tuple[int, Outcome]]:
        """Trains members; yields a task's index with what became of it, as it ends.

        Args:
            tasks: At least one.
            sources: Of the lesson that they belong to.
        """
        ...

    def stop(self) -> None:
        """Ends what is still being trained."""

    def close(self) -> None:
        """Gives back what `begin` took."""


class Local:
    """Those of this machine.

    Args:
        jobs: How many processes train; with 1 it is this one.
        name: Of the workers; those that are warm under another name are replaced.
    """

    def __init__(self, jobs: int, name: str = ""):
        self.jobs, self.name = jobs, name

    def begin(self) -> str:
        """Returns "": warm workers start with the first members."""
        return ""

    def threads(self) -> int:
        """Returns how many threads a training has."""
        return threads.of_a_training(self.jobs)

    def train(
        self, tasks: list[Task], sources: Sources
    ) -> Iterator[tuple[int, Outcome]]:
        """Trains members here, or in up to `jobs` processes."""
        if self.jobs == 1:
            for number, task in enumerate(tasks):
                yield number, member.run_task(task)
            return
        jobs = min(self.jobs, len(tasks))
        for number, outcome in workers.run(member.run_task, tasks, jobs, self.name):
            yield number, outcome or Outcome(error="the process that trained it died")

    def stop(self) -> None:
        """Ends all workers at once."""
        workers.stop()

    def close(self) -> None:
        """Leaves workers warm for the next run; they end when they are idle."""
