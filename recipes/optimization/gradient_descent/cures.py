"""Cures: a smaller rate always works; momentum and Adam only where they reach.

Three cures for a run that diverges, on a bowl of which the limit is known and on
digits. Momentum of 0.9 raises the limit of the rate by 1 + β = 1.9, so it cures a rate
that is 1.25 times too large and not one that is five times too large. Adam's steps
have the length of the rate whatever the gradient is: it can't explode, but the old rate
is too large for it as well on digits, where its own default works.
"""

import numpy as np
from keras.optimizers import SGD, Adam

from recipes.lab import Finding, claim, experiment, main, stats
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
    "Adam at the same rate": "Adam, 10",
    "Adam at its default rate": "Adam, 0.001",
}


def height_left(optimizer) -> float:
    """The bowl's height after the steps from (1, 1), over the height there."""
    with np.errstate(over="ignore", invalid="ignore"):  # some of them diverge
        end = keras_path(optimizer, lambda x: CURVATURES * x, [1.0, 1.0], STEPS)[-1]
        left = float((CURVATURES * end.astype(float) ** 2).sum() / CURVATURES.sum())
    return left if np.isfinite(left) else np.inf


def share(left: float) -> str:
    """The height that is left, as a sentence tells it."""
    return f"{left:.2g}" if np.isfinite(left) else "infinite"


# On digits a cure works if training learns: its loss is a tenth or more below that of
# guessing. Whether the run is ill at all is asked first: where it learns without a
# cure, none can be judged.


@experiment
def bowls(lab) -> dict[float, dict[str, float]]:
    """What is left of the height: times of the limit to cure to share."""
    return {
        times: {cure: height_left(make(2.0 * times)) for cure, make in CURES.items()}
        for times in (1.25, 5.0)
    }


def learned(lab, cure: str) -> stats.Decision:
    """Whether the loss on digits ends a tenth below guessing."""
    guess = np.full(len(lab.seeds), GUESSING)
    return stats.greater(guess, losses(lab)[DIGITS[cure]], by=stats.TENTH, scale="log")


def judge_cure(lab, cure: str, *on_digits: str) -> Finding:
    """A cure on the bowl and on digits, where nothing else is changed.

    Args:
        lab: What the claim was handed.
        cure: A key of `CURES`.
        *on_digits: Keys of `DIGITS`.
    """
    conditions, ill = {}, learned(lab, "nothing").holds is False
    for times, left in bowls(lab).items():
        diverges = left["nothing"] > 1
        case = f"bowl, {times:g} times the limit"
        conditions[case] = left[cure] < LEFT if diverges else None
    for name in on_digits:
        conditions[f"images, rate 10: {name}"] = learned(lab, name) if ill else None
    one, other = bowls(lab).values()
    told = {
        "bowl": share(one[cure]),
        "steeper": share(other[cure]),
        "untreated": share(one["nothing"]),
        "worse": share(other["nothing"]),
    }
    return Finding(
        conditions,
        "After 200 steps the bowl's height is {bowl} of what it was at 1.25 times the "
        "limit, {steeper} at 5 times (untreated {untreated} and {worse}). Training "
        "loss on digits: {digits:.3g} (untreated, at rate 10: {ill:.3g}; guessing: "
        "{guessing:.2f}).",
        **told,
        digits={name: losses(lab)[DIGITS[name]].mean() for name in on_digits},
        ill=losses(lab)[DIGITS["nothing"]].mean(),
        guessing=GUESSING,
    )


@claim(
    "lr-fix-divergence",
    "A smaller learning rate cures divergence.",
    says="advice",
    notes="001",
    scope="a bowl of curvatures 1 and 0.1; 32 hidden units on digits, rate 10",
)
def smaller_rate_cures(lab):
    """A tenth of the rate, on the bowl and on digits."""
    return judge_cure(lab, "a tenth of the rate", "a tenth of the rate")


@claim(
    "lr-fix-momentum",
    "A momentum term can help to keep a network from diverging.",
    says="can",
    hedge="can help",
    notes="001",
    scope="a bowl of curvatures 1 and 0.1; 32 hidden units on digits, rate 10",
)
def momentum_cures(lab):
    """Momentum at the same rate; it raises the limit by 1.9 and no more."""
    return judge_cure(lab, "momentum 0.9", "momentum 0.9")


@claim(
    "lr-fix-optimizer",
    "Another optimizer cures divergence.",
    says="advice",
    notes="001",
    scope="a bowl of curvatures 1 and 0.1; 32 hidden units on digits, rate 10",
)
def adam_cures(lab):
    """Adam at the rate that was too large, and at its own default."""
    return judge_cure(lab, "Adam", "Adam at the same rate", "Adam at its default rate")


if __name__ == "__main__":
    main(__file__)
