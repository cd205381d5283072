"""Seeds times settings: one training after the other, each kept when it is done.

One process trains them in turn, so that every result is the same whatever ran before
it. Two processes with one thread each take half the time (0.52), but 13 s to start,
longer than most sweeps here; all members in one program take 0.37, but only where
they differ in nothing but their weights (benchmarks/sweep.py: digits, batch 8).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from recipes.lab.errors import LabError
from recipes.lab.output import Output
from recipes.lab.seeding import reseed
from recipes.lab.store import RunFolder

import keras


def run_members(
    train: Callable[[Any, int], Mapping],
    cases: Mapping[str, Any],
    seeds: Sequence[int],
    *,
    title: str,
    key: str,
    folder: RunFolder,
    output: Output,
) -> Iterator[tuple[str, int, dict]]:
    """Trains every case with every seed, seed by seed.

    Args:
        train: `train(case, seed)`.
        cases: Names to what `train` is called with.
        seeds: Random states are set from the seed before each call.
        title: What the progress says.
        key: What else a kept result depends on: the data.
        folder: Where results are kept; those that it has are not trained again.
        output: Where progress is shown.

    Yields:
        Case, seed and result, one by one.

    Raises:
        Exception: The first that a member raised; all others were trained and kept
            before. The message of a LabError, or a note, names those that failed.
    """
    failed: dict[str, Exception] = {}
    members = len(cases) * len(seeds)
    keras.utils.set_random_seed(0)  # once: it slows every compiled model down
    with output.progress(title, members) as progress:
        # Seeds outside: an interrupted run has whole seeds of every case.
        for seed in seeds:
            for name, case in cases.items():
                member = f"{title}|{name}|{seed}|{key}"
                value = folder.member(member)
                if value is None:
                    progress.start(f"{name}, seed {seed}")
                    reseed(seed)
                    try:
                        value = dict(train(case, seed))
                    except Exception as error:
                        failed[f"{name}, seed {seed}"] = error
                    else:
                        value = folder.keep(member, value)
                progress.done()
                if value is not None:
                    yield name, seed, value
    if failed:
        _raise(
            f"{title}: {len(failed)} of {members} failed: {'; '.join(failed)}", failed
        )


def _raise(told: str, failed: dict[str, Exception]) -> None:
    """One sentence for what a user can help, the traceback of a bug else."""
    first = next(iter(failed.values()))
    if isinstance(first, LabError):
        raise LabError(f"{told}. The first: {first}") from first
    first.add_note(told)
    raise first
