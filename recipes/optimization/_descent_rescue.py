"""Three cures for a run that diverges, on a bowl and on digits."""

import numpy as np
from keras.optimizers import SGD, Adam

from recipes.lab import stats
from recipes.optimization._descent_network import GUESSING
from recipes.optimization._surfaces import keras_path

CURVATURES = np.array([1.0, 0.1])  # so that plain descent diverges from rate 2 on
STEPS = 200
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


def judge(lab, losses) -> None:
    """A cure works on the bowl if 1 % is left, on digits if it halves guessing."""
    left, holds = {}, {}
    for times in (1.25, 5.0):
        rate = times * 2.0
        found = {cure: height_left(make(rate)) for cure, make in CURES.items()}
        left[times] = found
        sick = found["nothing"] > 1
        for cure in list(CURES)[1:]:
            case = f"bowl at {times:g} times the limit: {cure}"
            holds[case] = found[cure] < 0.01 if sick else None
    half = np.log([GUESSING / 2] * len(lab.seeds))
    learned = {
        cure: stats.paired(half, np.log(losses[case])) for cure, case in DIGITS.items()
    }
    for cure in list(CURES)[1:]:
        # A run that learns without a cure can't tell whether one works.
        sick = learned["nothing"].positive is False
        holds[f"digits at rate 10: {cure}"] = learned[cure].positive if sick else None
    means = {cure: float(np.mean(losses[case])) for cure, case in DIGITS.items()}
    rows = [
        [cure, *(f"{left[times][cure]:.2g}" for times in left), f"{means[cure]:.3g}"]
        for cure in CURES
    ]
    columns = ["cure", "bowl, 1.25 x limit", "bowl, 5 x limit", "digits, rate 10"]
    lab.table("What is left of the height; training loss", columns, rows)
    own = float(np.mean(losses["Adam, 0.001"]))
    lab.verdict(
        "lr-fix-divergence",
        holds,
        evidence={
            "height_left_by_rate_over_limit": left,
            "training_loss_on_digits": {c: losses[case] for c, case in DIGITS.items()},
            "log_of_half_of_guessing_minus_log_loss": learned,
            "training_loss_of_Adam_at_0.001": losses["Adam, 0.001"],
            "limit_with_momentum_0.9_over_limit_without": 1.9,
        },
        note="Height left on the bowl at 1.25 and 5 times the limit: "
        + "; ".join(
            f"{cure} {left[1.25][cure]:.2g} and {left[5.0][cure]:.2g}" for cure in CURES
        )
        + ". Momentum 0.9 raises the limit by 1 + β = 1.9 (the form with 1 − β before "
        "the gradient by 19). Training loss on digits at rate 10: "
        + ", ".join(f"{cure} {mean:.3g}" for cure, mean in means.items())
        + f"; Adam at its own 0.001 {own:.3g}.",
    )
