"""Networks on few images, each at the rate that suits it."""

from collections.abc import Callable, Mapping

import keras
import numpy as np

from recipes.lab import Study

RATES = (1e-3, 3.2e-3, 1e-2)  # of Adam, half a decade apart
TUNED = 2  # seeds on which rates are chosen; what is judged is trained on others
BATCH = 32

loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def classifier(build: Callable) -> Study:
    """A study of a builder with the cross-entropy and Adam."""
    return Study(build, loss, "adam", metrics=["accuracy"])


def at_best(
    lab,
    train: Callable,
    cases: Mapping,
    by: Callable[[dict], float],
    title: str,
    times: int = 1,
) -> dict:
    """Trains each case at the rate that suits it best, one result a seed.

    Args:
        lab: The lab.
        train: What trains; its case has a `learning_rate`.
        cases: Name to a case without one.
        by: What is greatest for the best, of a result on the tuning seeds.
        title: Of the sweeps.
        times: How many times as many seeds as the run has.
    """
    rates = lab.candidates(RATES)
    grid = {
        (name, rate): {**case, "learning_rate": rate}
        for name, case in cases.items()
        for rate in rates
    }
    given = {"data": lab.like_digits}
    seeds = lab.tuning_seeds[:TUNED]
    tried = lab.sweep(train, grid, seeds=seeds, title=f"{title}: rates", **given)
    best = {
        name: max(rates, key=lambda rate: np.mean([by(r) for r in tried[name, rate]]))
        for name in cases
    }
    chosen = {name: grid[name, rate] for name, rate in best.items()}
    return lab.sweep(train, chosen, title=title, seeds=lab.more_seeds(times), **given)


def column(runs: list[dict], name: str) -> np.ndarray:
    """A measure, one number a seed."""
    return np.array([run[name] for run in runs], float)
