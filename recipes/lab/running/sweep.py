"""Seeds times cases: every training is kept when it is done."""

import sys
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from recipes.lab import files
from recipes.lab.errors import LabError
from recipes.lab.reporting.console import Output
from recipes.lab.running import environment, keys, member, workers
from recipes.lab.running.member import Outcome, Task
from recipes.lab.running.sources import Sources
from recipes.lab.running.store import Store, keep_or_say


class Trainings:
    """Runs the trainings of a run, those that the store does not have.

    Args:
        store: Where they are kept.
        output: Where progress is shown.
        jobs: How many processes train; with 1 it is this process.
        data_dir: Where prepared sets are.
        digest: Of all sources of the run; for `jobs` above 1.

    Attributes:
        kept: How many trainings this run has kept.
        found: How many it found kept.
        seconds: What all of them took, one after the other.
        made: Where those were made that this run found.
    """

    def __init__(
        self,
        store: Store,
        output: Output,
        *,
        jobs: int = 1,
        data_dir: str | None = None,
        digest: str = "",
        fresh: bool = False,
    ):
        self.store, self.output, self.jobs = store, output, jobs
        self.data_dir, self.digest, self.fresh = data_dir, digest, fresh
        self.kept = self.found = 0
        self.seconds = 0.0
        self.made: set[str] = set()

    def sweep(
        self,
        train: Callable,
        cases: Mapping[str, Any],
        seeds: Sequence[int],
        *,
        data: str | None,
        checksum: str | None,
        policy: str,
        title: str,
        lesson: Path,
        sources: Sources,
    ) -> dict[str, list[dict]]:
        """Returns for each case its results in the order of the seeds.

        Raises:
            LabError: Trainings failed for a reason that a user can help, or sources
                were changed.
            RuntimeError: Trainings failed otherwise; the message has the traceback.
        """
        check_function(train)
        sources.check()
        plain = [_plain_case(name, case) for name, case in cases.items()]
        common = {"data": checksum, "policy": policy}
        by_member = keys.member_keys(train, plain, list(seeds), common)
        found: dict[tuple[int, int], Any] = {}
        for place, key in by_member.items():
            kept = None if self.fresh else self.store.find(key)
            if kept is not None:
                found[place] = self._count(kept)
                self.found += 1
        # Seeds outside: an interrupted run has whole seeds of the cases.
        missing = [
            (index, seed)
            for seed in seeds
            for index in range(len(plain))
            if (index, seed) not in found
        ]
        tasks = [
            Task(
                path=str(Path(train.__code__.co_filename).resolve()),
                function=train.__name__,
                lesson=str(lesson),
                digest=sources.digest,
                case=plain[index],
                seed=int(seed),
                data=data,
                data_dir=self.data_dir,
                policy=policy,
            )
            for index, seed in missing
        ]
        names = list(cases)
        failed: dict[str, Outcome] = {}
        with self.output.progress(title, len(by_member)) as progress:
            progress.done(len(found))
            for number, outcome in self._results(tasks):
                index, seed = missing[number]
                if outcome.error:
                    failed[f"{names[index]}, seed {seed}"] = outcome
                    continue
                sources.check()
                kept = keep_or_say(
                    self.store,
                    by_member[index, seed],
                    outcome.value,
                    outcome.seconds,
                    environment.made(),
                )
                self.kept += 1
                found[index, seed] = self._count(kept)
                progress.done(len(found))
        if failed:
            _raise(title, len(by_member), failed)
        return {
            name: [found[index, seed] for seed in seeds]
            for index, name in enumerate(names)
        }

    def _count(self, kept: dict) -> dict:
        self.seconds += kept["seconds"]
        self.made.add(kept["made"].get("where", "elsewhere"))
        return kept["value"]

    def _results(self, tasks: list[Task]) -> Iterable[tuple[int, Outcome]]:
        if self.jobs == 1 or not tasks:
            for number, task in enumerate(tasks):
                yield number, member.run_task(task)
            return
        jobs = min(self.jobs, len(tasks))
        for number, outcome in workers.run(member.run_task, tasks, jobs, self.digest):
            yield number, outcome or Outcome(error="the process that trained it died")


def check_function(train: Callable) -> None:
    """Refuses what another process can't find by name.

    Raises:
        LabError: It is no function of a module's top level.
    """
    name = getattr(train, "__qualname__", repr(train))
    module = sys.modules.get(getattr(train, "__module__", ""))
    if (
        not isinstance(train, types.FunctionType)
        or "<" in name
        or "." in name
        or getattr(module, name, None) is not train
    ):
        raise LabError(
            f"sweep trains with a function of a module's top level, not with {name}: "
            "other processes find it by its name."
        )


def _plain_case(name: str, case) -> Any:
    try:
        return files.plain(case)
    except TypeError as error:
        raise LabError(f"the case '{name}' must be plain data: {error}.") from None


def _raise(title: str, members: int, failed: dict[str, Outcome]) -> None:
    """One sentence for what a user can help, the traceback of a bug else."""
    told = f"{title}: {len(failed)} of {members} trainings failed: "
    told += "; ".join(failed)
    first = next(iter(failed.values()))
    if first.expected:
        raise LabError(f"{told}. The first: {first.error}")
    if not first.trace:
        raise LabError(f"{told}. The first: {first.error}.")
    raise RuntimeError(f"{told}. The first:\n{first.trace}")
