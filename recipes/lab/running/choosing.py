"""Rates, strengths and the like are chosen on seeds on which nothing is judged."""

from collections.abc import Callable, Hashable, Mapping
from typing import Any

import numpy as np

from recipes.lab.errors import LabError


def choose(
    lab: Any,
    train: Callable[[Any, int, Any], Mapping],
    candidates: Mapping[Any, Mapping[Any, Any]],
    *,
    score: str | Callable[[dict], float],
    largest: bool = False,
    seeds: int = 1,
    **options: Any,
) -> dict[Any, Any]:
    """Chooses rates, strengths and the like on the tuning seeds: a method of a lab.

    A smoke run takes the first candidates and trains none.

    Args:
        lab: Whose `sweep` trains.
        train: As for `sweep`.
        candidates: For each name what to choose from: a rate, say, to its case.
        score: The entry of a result, or a function of a result, whose mean is to be
            least. One that is not finite is worse than all others.
        largest: Whether the mean is to be greatest instead.
        seeds: How many of the tuning seeds.
        **options: Further arguments of `sweep`.

    Returns:
        For each name the candidate that is best; of equal ones the first.

    Raises:
        LabError: There is nothing to choose from, `seeds` is below 1, or `sweep`
            raises it.
    """
    for name, cases in candidates.items():
        if not cases:
            raise LabError(f"there is nothing to choose from for '{name}'.")
    if seeds < 1:
        raise LabError(f"seeds to choose on must be at least 1, not {seeds}.")
    # In a smoke run the first: each may be a network, whose making takes long.
    grid = {
        (name, candidate): case
        for name, cases in candidates.items()
        for candidate, case in cases.items()
        if len(cases) > 1 and not lab.smoke
    }
    if not grid:
        return {name: next(iter(cases)) for name, cases in candidates.items()}
    named = {f"{name}, {candidate}": case for (name, candidate), case in grid.items()}
    runs = lab.sweep(train, named, seeds=lab.tuning_seeds[:seeds], **options)
    costs: dict[Hashable, float] = {}
    for key, found in zip(grid, runs.values(), strict=True):
        scores = [run[score] if isinstance(score, str) else score(run) for run in found]
        mean = float(np.mean(scores))
        costs[key] = (-mean if largest else mean) if np.isfinite(mean) else np.inf
    return {
        name: min(cases, key=lambda candidate, of=name: costs.get((of, candidate), 0.0))
        for name, cases in candidates.items()
    }
