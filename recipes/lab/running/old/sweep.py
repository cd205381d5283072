"""Seeds times settings: every training is kept when it is done.

A process trains one member after the other, so that every result is the same whatever
ran before it. Several processes share the members: each trains what no other has
begun. In benchmarks/sweep.py two processes with a core each took 0.44 (digits) and
0.71 (MNIST) of the time of one with both, two threads 0.8. All members as one program
took 0.31 and 0.81, but it must be compiled for as long as dozens of small trainings
take, and serves only members that differ in nothing but their numbers.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from recipes.lab.errors import LabError
from recipes.lab.reporting.console import Output
from recipes.lab.running.old.members import Members
from recipes.lab.training.seeding import reseed


def run_members(
    train: Callable[[Any, int], Mapping],
    cases: Mapping[str, Any],
    seeds: Sequence[int],
    *,
    title: str,
    key: str,
    members: Members,
    output: Output,
    part: tuple[int, int] = (0, 1),
) -> dict[tuple[str, int], dict]:
    """Trains every case with every seed, seed by seed.

    Args:
        train: `train(case, seed)`.
        cases: Names to what `train` is called with.
        seeds: Random states are set from the seed before each call.
        title: What the progress says.
        key: What else a kept result depends on: the data.
        members: Where results are kept; those that it has are not trained again.
        output: Where progress is shown.
        part: Which of how many processes this is: its part of the cases come first,
            so that what they need is compiled in one process, not in all.

    Returns:
        Case and seed to result, seed by seed.

    Raises:
        Exception: The first that a member raised; all others were trained and kept
            before. The message of a LabError, or a note, names those that failed.
    """
    order = _order(list(cases), seeds, *part)
    keys = {member: f"{title}|{member[0]}|{member[1]}|{key}" for member in order}
    found: dict[tuple[str, int], dict] = {}
    failed: dict[tuple[str, int], Exception] = {}

    def settled() -> int:  # here and in other processes
        return members.count(keys.values()) + len(failed)

    if "keras" in sys.modules:
        import keras

        keras.utils.set_random_seed(0)  # once: it slows every compiled model down
    with output.progress(title, len(order)) as progress:
        # What other processes hold is left out at first, and waited for in the end.
        for wait in (False, True):
            for name, seed in order:
                member = (name, seed)
                if member in found or member in failed:
                    continue
                with members.claim(keys[member], wait) as held:
                    value = members.find(keys[member]) if held else None
                    if held and value is None:
                        progress.start(f"{name}, seed {seed}")
                        try:
                            value = _trained(train, cases[name], seed)
                        except Exception as error:
                            failed[member] = error
                        else:
                            value = members.keep(keys[member], value)
                if value is not None:
                    found[member] = value
                progress.done(settled)
    if failed:
        _raise(title, len(order), failed)
    return {(name, seed): found[name, seed] for seed in seeds for name in cases}


def _trained(train: Callable[[Any, int], Mapping], case, seed: int) -> dict:
    """A training under its seed; again where Keras was only loaded in it, unseeded."""
    seeded = "keras" in sys.modules
    reseed(seed)
    value = dict(train(case, seed))
    if not seeded and "keras" in sys.modules:
        return _trained(train, case, seed)
    return value


def _order(names: list, seeds: Sequence[int], process: int, of: int) -> list[tuple]:
    """The members of its own cases, then those of the others from their end.

    Seeds are outside: an interrupted run has whole seeds of the cases.
    """
    own = {name for i, name in enumerate(names) if i * of // len(names) == process}
    members = [(name, seed) for seed in seeds for name in names]
    first = [member for member in members if member[0] in own]
    return first + [member for member in reversed(members) if member[0] not in own]


def _raise(title: str, members: int, failed: dict[tuple[str, int], Exception]) -> None:
    """One sentence for what a user can help, the traceback of a bug else."""
    names = "; ".join(f"{name}, seed {seed}" for name, seed in failed)
    told = f"{title}: {len(failed)} of {members} failed: {names}"
    first = next(iter(failed.values()))
    if isinstance(first, LabError):
        raise LabError(f"{told}. The first: {first}") from first
    first.add_note(told)
    raise first
