"""Location: the constant that a loss fits, how many there are, how descent gets there.

The best constant by squared error is the mean, by absolute error a median, by quantile
loss a quantile. A quantile does not depend on how large an error is, only on its side;
so it bears as many outliers as lie beyond it. A median may be a whole interval. And the
pull of a single target by absolute error never shrinks, so that steps of one size jump
over it for ever.
"""

from fractions import Fraction
from functools import partial

import numpy as np
from keras import losses

from recipes.lab import Finding, claim, figures, gradients, main, stats
from recipes.losses.regression._formulas import fit_constants, pinball
from zoo.losses import Quantile

QUANTILES = (0.1, 0.5, 0.9, 0.99)
FINEST = 1e-6  # what the search of the best constant resolves: below, a shift is this
ONE_DEVIATION = stats.Threshold(
    "one standard deviation",
    1.0,
    "times",
    "a fit stays if it moves by less than the standard deviation of the targets.",
)


@claim(
    "loss-quantile",
    "The quantile loss is robust to outliers.",
    says="always",
    notes="002",
    scope="a constant fitted to 95 targets near 5 and 5 near 100; nothing is trained",
)
def bears_what_lies_beyond(lab):
    """Half the absolute error at 0.5; robust where outliers lie beyond the quantile."""
    rng = np.random.default_rng(0)
    y, predicted = rng.normal(0, 2, (2, 100, 1)).astype("float32")
    half = 0.5 * float(losses.MeanAbsoluteError()(y, predicted))
    at_half = float(Quantile(0.5)(y, predicted))
    moved, stays = {}, {}
    for share in QUANTILES:
        found = fit_constants(lab.seeds, partial(pinball, quantile=share))
        shift = np.abs(np.subtract(found["spoiled"], found["clean"]))
        moved[f"{share:g}"] = float(shift.mean())
        stays[f"quantile {share:g} stays"] = stats.greater(
            np.ones(len(shift)),
            np.maximum(shift, FINEST),
            by=ONE_DEVIATION,
            scale="log",
        )
    return Finding(
        {
            "half the mean absolute error at 0.5": bool(
                np.isclose(at_half, half, rtol=1e-6)
            ),
            **stays,
        },
        "Five targets in a hundred thrown to 100 move the fitted quantiles 0.1, 0.5, "
        "0.9 and 0.99 by {shifts:.2g} standard deviations. The loss bears the share of "
        "outliers that lies beyond its quantile: here, quantiles up to about 0.95.",
        shifts=list(moved.values()),
        mean_shift_by_quantile=moved,
        pinball_at_one_half=at_half,
        half_the_mean_absolute_error=half,
    )


# How many best constants there are is counted in exact fractions: on 1, 2, 3, 4 every
# constant from 2 to 3 has two targets on either side, and the same sum of distances.


@claim(
    "l1-loss-many-solutions",
    "The absolute error can have several solutions, the squared error has one.",
    says="is",
    notes="003",
    scope="the targets 1, 2, 3, 4, and a line with two equal inputs; nothing is "
    "trained",
)
def count_solutions(lab):
    """Every minimizer of two losses on 1, 2, 3, 4, in exact fractions."""
    targets = [Fraction(value) for value in (1, 2, 3, 4)]
    grid = [Fraction(step, 100) for step in range(501)]
    found = {}
    for name, loss in (("absolute", abs), ("squared", lambda e: e * e)):
        costs = [sum(loss(y - m) for y in targets) for m in grid]
        found[name] = [
            float(m) for m, c in zip(grid, costs, strict=True) if c == min(costs)
        ]
    # Two equal inputs: the loss sees the sum of their weights alone.
    x = np.array([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]])
    weights = [(2.0, 0.0), (0.0, 2.0), (1.0, 1.0)]
    costs = [float(np.square(2 * x[:, 0] - x @ w).sum()) for w in weights]
    several, one = found["absolute"], found["squared"]
    return Finding(
        {
            "absolute error has several, targets 1 2 3 4": len(several) > 1,
            "squared error has one, targets 1 2 3 4": len(one) == 1,
            "squared error has one, two equal inputs": max(costs) > min(costs),
        },
        "For the targets 1, 2, 3, 4 the absolute error is least from {least:g} to "
        "{greatest:g}, the squared error at {one[0]:g} alone. But with two equal "
        "inputs the weights {weights} have squared errors {costs:g}: one solution "
        "needs independent inputs as well.",
        least=several[0],
        greatest=several[-1],
        one=one,
        weights="; ".join(f"({a:g}, {b:g})" for a, b in weights),
        costs=costs,
    )


def descend(slope, start: float, rates) -> np.ndarray:
    """Takes a step of each rate; returns every position, the start first."""
    path = [start]
    for rate in rates:
        path.append(path[-1] - rate * slope(path[-1]))
    return np.array(path)


def paths(targets, rates, start: float = 1.03) -> dict[str, np.ndarray]:
    """Descends by either loss; returns the way left, in shares of the start's."""
    found = {}
    for loss, goal, slope in (
        ("absolute", np.median(targets), lambda w: np.sign(w - targets).mean()),
        ("squared", np.mean(targets), lambda w: 2 * (w - targets).mean()),
    ):
        path = descend(slope, goal + start, rates) - goal
        found[loss] = np.abs(path) / start
    return found


def share_left(targets, rates) -> dict[str, float]:
    """The greatest share of the way that is left in the last ten steps."""
    return {name: float(p[-10:].max()) for name, p in paths(targets, rates).items()}


def cases() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Targets and rates: one target, a falling rate, and many targets."""
    fixed, falling = np.full(100, 0.1), 0.1 * (1 - np.arange(100) / 100)
    many = np.random.default_rng(0).normal(size=201)
    return {
        "one target, rate 0.1": (np.zeros(1), fixed),
        "one target, rate falling from 0.1 to 0": (np.zeros(1), falling),
        "201 scattered targets, rate 0.1": (many, fixed),
    }


def keras_slopes() -> dict[str, list[float]]:
    """Returns how steep Keras's losses are at errors of 0.001, 1 and 1000."""
    zero, errors = np.zeros((1, 1)), np.array([0.001, 1, 1000], "float32")
    return {
        type(loss).__name__: [
            abs(gradients(lambda t, f=loss: f(zero, t[0]), [e[None, None]])[0]).item()
            for e in errors
        ]
        for loss in (losses.MeanAbsoluteError(), losses.MeanSquaredError())
    }


POOR = 0.01  # more than 1 % of the way is left where the squared error has less


@claim(
    "mae-convergence-issue",
    "The absolute error's slope is constant, so that it converges poorly.",
    says="can",
    hedge="can suffer",
    notes="002",
    scope="100 steps of descent from 1.03 away, on one target and on 201; nothing is "
    "trained",
)
def converges_poorly(lab):
    """Gradient descent on one target, and on 201: absolute against squared error."""
    left = {name: share_left(*case) for name, case in cases().items()}
    absolute = [ends["absolute"] for ends in left.values()]
    slopes = keras_slopes()
    flat = slopes["MeanAbsoluteError"]
    return Finding(
        {
            "the slope is the same at every error": max(flat) == min(flat) == 1.0,
            **{
                f"poor convergence, {name}": ends["absolute"] > POOR >= ends["squared"]
                for name, ends in left.items()
            },
        },
        "After 100 steps the absolute error has {fixed:.2g} of the way left with one "
        "target at a fixed rate, {falling:.2g} at a falling one, {many:.2g} with 201 "
        "targets; the squared error at most {squared:.1g}. The pull of one target "
        "never shrinks; a falling rate shrinks the steps, and around the median the "
        "pulls of scattered targets cancel.",
        figure=draw_descent,
        fixed=absolute[0],
        falling=absolute[1],
        many=absolute[2],
        squared=max(ends["squared"] for ends in left.values()),
        slope_of_keras_loss_at_errors_0_001_1_and_1000=slopes,
        share_of_the_way_left_after_100_steps=left,
    )


def draw_descent(lab):
    """The way left by step, the greatest of ten steps, for either loss."""
    figure, axes = figures.new(width=8.4, height=4.2)
    axes.set(yscale="log", ylim=(1e-4, 1.5), xlim=(0, 90))
    one, falling, many = (paths(*case) for case in cases().values())
    curves = {
        "absolute, one target": one["absolute"],
        "absolute, falling rate": falling["absolute"],
        "absolute, 201 targets": many["absolute"],
        "squared, one target": one["squared"],
    }
    ten = {n: [max(path[i : i + 10]) for i in range(91)] for n, path in curves.items()}
    figures.curves(axes, np.arange(91), ten)
    title = "Absolute error never settles on one target at a fixed rate"
    figures.describe(axes, title, "step", "share of the way left, most of ten steps")
    lab.figure(
        "descent",
        figure,
        "Gradient descent on the absolute and the squared error of one target and of "
        "many.",
    )


if __name__ == "__main__":
    main(__file__)
