"""Cures: a smaller rate always works; momentum and Adam only where they reach.

Three cures for a run that diverges, on a bowl of which the limit is known and on
digits. Momentum of 0.9 raises the limit of the rate by 1 + β = 1.9, so it cures a rate
that is 1.25 times too large and not one that is five times too large. Adam's steps
have the length of the rate whatever the gradient is: it can't explode, and at a rate of
10 it can't arrive, either.
"""

import numpy as np
from keras.optimizers import SGD, Adam

from recipes.lab import Finding, claim, main, stats
from recipes.optimization._surfaces import keras_path
from recipes.optimization.gradient_descent._digits import GUESSING, losses

CURVATURES = np.array([1.0, 0.1])  # so that plain descent diverges from rate 2 on
STEPS = 200
LEFT = 0.01  # a bowl is cured where 1 % of the height is left, or less
CURES = {
    "nothing": lambda rate: SGD(rate),
    "a tenth of the rate": lambda rate: SGD(rate / 10),
    "momentum 0.9": lambda rate: SGD(rate, momentum=0.9),
    "Adam": lambda rate: Adam(rate),
}
DIGITS = {  # the same on digits at rate 10
    "nothing": "SGD, 10",
    "a tenth of the rate": "SGD, 1",
    "momentum 0.9": "momentum, 10",
    "Adam": "Adam, 10",
}


def height_left(optimizer) -> float:
    """The bowl's height after the steps from (1, 1), over the height there."""
    with np.errstate(over="ignore", invalid="ignore"):  # some of them diverge
        end = keras_path(optimizer, lambda x: CURVATURES * x, [1.0, 1.0], STEPS)[-1]
        left = float((CURVATURES * end.astype(float) ** 2).sum() / CURVATURES.sum())
    return left if np.isfinite(left) else np.inf


# On digits a cure works if it halves the loss of guessing. Whether the run is ill at
# all is asked first: where it learns without a cure, none can be judged.


@claim(
    "lr-fix-divergence",
    "A smaller rate, momentum or another optimizer cures divergence.",
    notes="001",
    scope="a bowl of curvatures 1 and 0.1; a hidden layer of 32 units on digits at 10",
)
def cures_divergence(lab):
    """A cure works on the bowl if 1 % is left, on digits if it halves guessing."""
    left, conditions = {}, {}
    for times in (1.25, 5.0):
        rate = times * 2.0
        found = {cure: height_left(make(rate)) for cure, make in CURES.items()}
        left[f"{times:g} times the limit"] = found
        diverges = found["nothing"] > 1
        for cure in list(CURES)[1:]:
            case = f"bowl at {times:g} times the limit: {cure}"
            conditions[case] = found[cure] < LEFT if diverges else None
    half = np.full(len(lab.seeds), GUESSING / 2)
    loss = {cure: losses(lab)[case] for cure, case in DIGITS.items()}
    learned = {
        cure: stats.greater(half, values, by=stats.ANY, scale="log")
        for cure, values in loss.items()
    }
    for cure in list(CURES)[1:]:
        diverges = learned["nothing"].holds is False
        conditions[f"digits at rate 10: {cure}"] = learned[cure] if diverges else None
    means = {cure: float(values.mean()) for cure, values in loss.items()}
    outcomes = {name: getattr(one, "holds", one) for name, one in conditions.items()}
    works = {
        cure: sum(bool(one) for name, one in outcomes.items() if name.endswith(cure))
        for cure in list(CURES)[1:]
    }
    lab.table(
        "What is left of the height; training loss",
        ["cure", "bowl, 1.25 x limit", "bowl, 5 x limit", "digits, rate 10"],
        [
            [c, *(f"{found[c]:.2g}" for found in left.values()), f"{means[c]:.3g}"]
            for c in CURES
        ],
    )
    return Finding(
        conditions,
        "Of the three cases these many are cured: {works}. Momentum 0.9 raises the "
        "limit by 1 + β = 1.9 (the form with 1 − β before the gradient by 19). "
        "Training loss on digits at rate 10: {means:.3g}; Adam at 0.001 {own:.3g}.",
        works=works,
        means=means,
        own=float(losses(lab)["Adam, 0.001"].mean()),
        height_left=left,
        training_loss=loss,
        learned=learned,
        training_loss_of_adam_at_its_own_rate=losses(lab)["Adam, 0.001"],
        limit_with_momentum_over_limit_without=1.9,
    )


if __name__ == "__main__":
    main(__file__)
