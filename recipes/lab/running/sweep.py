"""Seeds times cases: every training is kept when it is done."""

import dis
import sys
import types
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from recipes.lab import files
from recipes.lab.errors import LabError
from recipes.lab.reporting.console import Output
from recipes.lab.running import keys
from recipes.lab.running.member import Outcome, Task
from recipes.lab.running.sources import Sources
from recipes.lab.running.store import Store, as_kept
from recipes.lab.running.trainers import Trainers


class Trainings:
    """Runs the trainings of a run, those that the store does not have.

    Args:
        store: Where they are kept.
        output: Where progress is shown.
        trainers: Who trains.
        data_dir: Where prepared sets are.
        fresh: Whether all are trained anew, whatever is kept.

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
        trainers: Trainers,
        *,
        data_dir: str | None = None,
        fresh: bool = False,
    ):
        self.store, self.output, self.trainers = store, output, trainers
        self.data_dir, self.fresh = data_dir, fresh
        self.kept = self.found = self._unkept = 0
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
            LabError: Sources were changed.
            LabError: Trainings failed; a note has the traceback of a bug.
        """
        check_function(train)
        seeds = [_plain_seed(seed) for seed in seeds]
        sources.check()
        sources.check_constants()
        plain = [_plain_case(name, case) for name, case in cases.items()]
        common = {
            "data": checksum,
            "policy": policy,
            "threads": self.trainers.threads(),
        }
        by_member = keys.member_keys(train, plain, seeds, common, sources)
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
                seed=seed,
                data=data,
                data_dir=self.data_dir,
                checksum=checksum,
                policy=policy,
                unfinished=str(self.store.unfinished(by_member[index, seed])),
            )
            for index, seed in missing
        ]
        names = list(cases)
        failed: dict[str, Outcome] = {}
        with self.output.progress(title, len(by_member), len(found)) as progress:
            progress.done(len(found))
            for number, outcome in self.trainers.train(tasks, sources) if tasks else ():
                index, seed = missing[number]
                if outcome.error:
                    failed[f"{names[index]}, seed {seed}"] = outcome
                    continue
                sources.check()
                kept = self._keep(by_member[index, seed], outcome)
                found[index, seed] = self._count(kept)
                progress.done(len(found))
        if tasks:
            self.store.prune()
        if failed:
            _raise(title, len(by_member), failed)
        return {
            name: [found[index, seed] for seed in seeds]
            for index, name in enumerate(names)
        }

    def _keep(self, key: str, outcome: Outcome) -> dict:
        """Keeps a training where that is possible; a full disk costs none."""
        parts = (outcome.value, outcome.seconds, outcome.made)
        try:
            kept = self.store.keep(key, *parts)
        except LabError as error:
            if not self._unkept:
                self.output.paragraph(f"Trainings are not kept: {error}")
            self._unkept += 1
            return as_kept(*parts)
        self.kept += 1
        return kept

    def _count(self, kept: dict) -> dict:
        self.seconds += kept["seconds"]
        self.made.add(kept["made"].get("where", "elsewhere"))
        return kept["value"]


def check_function(train: Callable) -> None:
    """Refuses what another process can't find by name.

    Raises:
        LabError: It is no function of a module's top level, or a decorated one.
    """
    name = getattr(train, "__qualname__", repr(train))
    module = sys.modules.get(getattr(train, "__module__", ""))
    if (
        not isinstance(train, types.FunctionType)
        or train.__code__.co_qualname != name  # decorated: the code is another's
        or not name.isidentifier()
        or getattr(module, name, None) is not train
    ):
        raise LabError(
            f"sweep trains with a plain function of a module's top level, not with "
            f"{name}: other processes find it by its name."
        )


def reads_data(train: Callable) -> bool:
    """Whether the code of `train(case, seed, data)` names its third argument."""
    code = train.__code__
    data = code.co_varnames[2 : min(3, code.co_argcount)]
    if not data or data[0] in code.co_cellvars:  # of another form, or read in a lambda
        return True
    local = [one for one in dis.get_instructions(code) if "FAST" in one.opname]
    names = [
        one.argval if isinstance(one.argval, tuple) else (one.argval,) for one in local
    ]
    return any(data[0] in found for found in names)


def _plain_seed(seed) -> int:
    if isinstance(seed, (bool, float)) or not 0 <= int(seed) < 2**32:
        raise LabError(f"a seed must be a whole number from 0, not {seed!r}.")
    return int(seed)


def _plain_case(name: str, case) -> Any:
    try:
        return files.plain(case)
    except (TypeError, RecursionError) as error:
        raise LabError(f"the case '{name}' must be plain data: {error}.") from None


def _raise(title: str, members: int, failed: dict[str, Outcome]) -> None:
    """One sentence for what a user can help, the traceback of a bug else."""
    told = f"{title}: {len(failed)} of {members} trainings failed: "
    told += "; ".join(list(failed)[:6])
    told += f"; and {len(failed) - 6} more" if len(failed) > 6 else ""
    first = next(iter(failed.values()))
    if first.expected:
        raise LabError(f"{told}. The first: {first.error}")
    message = first.error.splitlines()[0] if first.trace else first.error
    error = LabError(f"{told}. The first: {message.rstrip('.')}.")
    if first.trace:
        error.add_note(first.trace)  # what Python and the command line show with it
    raise error
