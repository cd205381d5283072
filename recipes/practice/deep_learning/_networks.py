"""Networks on few images, each at the rate that suits it."""

from collections.abc import Callable, Mapping

import keras

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
    grid = {
        name: {rate: {**case, "learning_rate": rate} for rate in RATES}
        for name, case in cases.items()
    }
    data = lab.like_digits
    best = lab.choose(
        train, grid, score=by, largest=True, seeds=TUNED, data=data,
        title=f"{title}: rates",
    )  # fmt: skip
    chosen = {name: grid[name][rate] for name, rate in best.items()}
    seeds = lab.more_seeds(times)
    return lab.sweep(train, chosen, data=data, seeds=seeds, title=title)
