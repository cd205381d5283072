"""Location: the constant that a loss fits, and how many constants fit as well.

The best constant by squared error is the mean, by absolute error a median, by quantile
loss a quantile. A quantile does not depend on how large an error is, only on its side;
so it bears as many outliers as lie beyond it. A median may be a whole interval. A mean
is one number; but several weights may give the same answers.
"""

from fractions import Fraction
from functools import partial

import numpy as np
from keras import losses

from recipes.lab import Finding, claim, experiment, main, stats
from recipes.losses.regression._formulas import fit_constants, pinball, squared
from zoo.losses import Quantile

QUANTILES = (0.1, 0.5, 0.9, 0.99)
FINEST = 1e-6  # what the search of the best constant resolves: below, a shift is this


@experiment
def shifts(lab) -> dict[str, np.ndarray]:
    """How far five targets in a hundred, thrown to 100, move what a loss fits."""
    losses_of = {f"quantile {q:g}": partial(pinball, quantile=q) for q in QUANTILES}
    moved = {}
    for name, loss in {"squared error": squared, **losses_of}.items():
        found = fit_constants(lab.seeds, loss)
        shift = np.abs(np.subtract(found["spoiled"], found["clean"]))
        moved[name] = np.maximum(shift, FINEST)
    return moved


@claim(
    "loss-quantile",
    "The quantile loss is less sensitive to outliers than squared error.",
    says="always",
    notes="002",
    scope="a constant fitted to 95 targets near 5 and 5 near 100; nothing is trained",
)
def bears_what_lies_beyond(lab):
    """How far outliers move a quantile, against how far they move the mean."""
    rng = np.random.default_rng(0)
    y, predicted = rng.normal(0, 2, (2, 100, 1)).astype("float32")
    moved = shifts(lab)
    mean = moved["squared error"]
    return Finding(
        {
            name: stats.greater(mean, shift, by=stats.TWICE, scale="log")
            for name, shift in moved.items()
            if name != "squared error"
        },
        "It is as long as the share of outliers is less than what the quantile "
        "leaves beyond itself. Five targets in a hundred thrown to 100 move the "
        "mean, which squared error fits, by {mean:.2g} standard deviations of the "
        "others, and the quantiles 0.1, 0.5, 0.9 and 0.99 by {quantiles:.2g}. A "
        "quantile bears outliers as long as their share is less than what it leaves "
        "beyond itself: here up to about 0.95.",
        mean=mean.mean(),
        quantiles=[moved[f"quantile {q:g}"].mean() for q in QUANTILES],
        quantile_loss_at_one_half=float(Quantile(0.5)(y, predicted)),
        half_the_mean_absolute_error=0.5
        * float(losses.MeanAbsoluteError()(y, predicted)),
    )


# How many best constants there are is counted in exact fractions: on 1, 2, 3, 4 every
# constant from 2 to 3 has two targets on either side, and the same sum of distances.


def best_constants(targets: tuple[int, ...], loss) -> list[Fraction]:
    """All constants of least summed loss, of a grid in hundredths from 0 to 5."""
    grid = [Fraction(step, 100) for step in range(501)]
    costs = [sum(loss(y - m) for y in targets) for m in grid]
    return [m for m, cost in zip(grid, costs, strict=True) if cost == min(costs)]


EVEN, ODD = (1, 2, 3, 4), (1, 2, 4)


@claim(
    "l1-loss-many-solutions",
    "The absolute error can have several solutions.",
    says="can",
    hedge="can lead to",
    notes="003",
    scope="a constant fitted to three and to four targets; nothing is trained",
)
def several_medians(lab):
    """Every constant of least absolute error, in exact fractions."""
    even, odd = best_constants(EVEN, abs), best_constants(ODD, abs)
    return Finding(
        {
            "an even number of targets": len(even) > 1,
            "an odd number of targets": len(odd) > 1,
        },
        "For the targets 1, 2, 3, 4 every constant from {least:g} to {greatest:g} has "
        "the same, least absolute error; for 1, 2, 4 only {only:g} has it.",
        least=float(even[0]),
        greatest=float(even[-1]),
        only=float(odd[0]),
    )


# For more than a constant, count the rank: weights that squared error can't tell apart
# differ by a combination of inputs that is 0 in every row.


def free_weights(x: np.ndarray) -> int:
    """How many directions the weights can move in without changing any answer."""
    return x.shape[1] - int(np.linalg.matrix_rank(x))


@claim(
    "l2-loss-unique-solution",
    "Squared error has a unique solution.",
    says="is",
    notes="003",
    scope="a constant on four targets; linear models of three inputs on 20 rows and on "
    "2; a network of one hidden unit; nothing is trained",
)
def one_mean(lab):
    """A constant, three linear models, and a network with two equal twins."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(20, 3))
    twin = np.column_stack([x[:, :2], x[:, 1]])
    # tanh is odd: a hidden unit with both of its weights' signs changed is the same.
    answers = [v * np.tanh(w * x[:, 0]) for w, v in ((0.5, 2.0), (-0.5, -2.0))]
    mean = best_constants(EVEN, lambda e: e * e)
    return Finding(
        {
            "a constant": len(mean) == 1,
            "a linear model, more rows than inputs, none redundant": free_weights(x)
            == 0,
            "a linear model with two equal inputs": free_weights(twin) == 0,
            "a linear model with fewer rows than inputs": free_weights(x[:2]) == 0,
            "a network with hidden units": not np.array_equal(*answers),
        },
        "It has one for a linear model with more rows than inputs and no redundant "
        "input. The best constant for 1, 2, 3, 4 is {mean:g} alone. Two equal inputs "
        "leave {twins} direction in which weights change and answers do not, two "
        "rows of three inputs {few}; and a tanh unit gives equal answers with both "
        "of its weights negated. One solution needs a linear model, more rows than "
        "inputs, and no input that others make up.",
        mean=float(mean[0]),
        twins=free_weights(twin),
        few=free_weights(x[:2]),
    )


if __name__ == "__main__":
    main(__file__)
