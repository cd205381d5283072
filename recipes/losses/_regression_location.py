"""The constant that a loss fits to a sample, and how descent gets there."""

from fractions import Fraction
from functools import partial

import numpy as np
from keras import losses

from recipes.lab import gradients, stats
from recipes.losses import _regression_formulas as formulas
from zoo.losses import Quantile

CENTER, FAR = 5.0, 100.0  # the notes' sample: 95 targets near 5, and 5 near 100
QUANTILES = (0.1, 0.5, 0.9, 0.99)
LOSSES = {
    "squared": formulas.squared,
    "absolute": formulas.absolute,
    "Huber, δ = 1": formulas.huber,
    "Barron, α = 0": partial(formulas.barron, alpha=0.0),
    "Barron, α = -2": partial(formulas.barron, alpha=-2.0),
    "as printed, c = 1": formulas.notes_adaptive,
    **{
        f"quantile {share:g}": partial(formulas.pinball, quantile=share)
        for share in QUANTILES
    },
}


def sample(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draws 100 targets of which the last 5 are far off, and the same without them."""
    y = np.random.default_rng(seed).normal(CENTER, 1, 100)
    spoiled = y.copy()
    spoiled[95:] += FAR - CENTER
    return spoiled, y[:95]


def fitted(seeds) -> dict[str, dict[str, list[float]]]:
    """Fits a constant with every loss, with and without the far targets."""
    found = {name: {"spoiled": [], "clean": []} for name in LOSSES}
    for seed in seeds:
        for kind, y in zip(("spoiled", "clean"), sample(seed), strict=True):
            for name, loss in LOSSES.items():
                best = formulas.minimizer(loss, y, 0.0, 110.0)
                found[name][kind].append(best)
    return found


def judge_quantile(lab, constants) -> None:
    """Half the absolute error at 0.5; robust as long as the quantile is not far out."""
    rng = np.random.default_rng(0)
    y, predicted = rng.normal(0, 2, (2, 100, 1)).astype("float32")
    half = 0.5 * float(losses.MeanAbsoluteError()(y, predicted))
    pinball = float(Quantile(0.5)(y, predicted))
    holds: dict[str, bool | None] = {
        "half the mean absolute error at 0.5": bool(
            np.isclose(pinball, half, rtol=1e-6)
        )
    }
    moved = {}
    for share in QUANTILES:
        found = constants[f"quantile {share:g}"]
        shift = np.abs(np.subtract(found["spoiled"], found["clean"]))
        moved[share] = float(shift.mean())
        # Robust: moved by less than the standard deviation of the clean targets, 1.
        holds[f"quantile {share:g} stays"] = stats.paired(
            shift, np.ones(len(shift))
        ).negative
    lab.verdict(
        "loss-quantile",
        holds,
        evidence={
            "mean_shift_by_quantile": moved,
            "pinball_at_0.5": pinball,
            "half_the_mean_absolute_error": half,
            "seeds": len(lab.seeds),
        },
        note="Five targets in a hundred thrown to 100 move the fitted quantile by "
        + ", ".join(f"{shift:.2g} ({share:g})" for share, shift in moved.items())
        + " standard deviations. It bears the share of outliers that lies beyond it: "
        "here, quantiles up to about 0.95.",
    )


def judge_solutions(lab) -> None:
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
    lab.verdict(
        "l1-loss-many-solutions",
        {
            "absolute error has several, targets 1 2 3 4": len(several) > 1,
            "squared error has one, targets 1 2 3 4": len(one) == 1,
            "squared error has one, two equal inputs": max(costs) > min(costs),
        },
        evidence={
            "least_and_greatest_minimizer_of_the_absolute_error": [
                several[0],
                several[-1],
            ],
            "minimizers_of_the_squared_error": one,
            "squared_error_of_weights_with_equal_inputs": dict(
                zip(map(str, weights), costs, strict=True)
            ),
        },
        note=f"For the targets 1, 2, 3, 4 the absolute error is least from "
        f"{several[0]:g} to {several[-1]:g}, the squared error at {one[0]:g} "
        f"alone. But with two equal inputs the weights {weights} have squared errors "
        f"{costs}: one solution needs independent inputs as well.",
    )


def descend(slope, start: float, rates) -> np.ndarray:
    """Takes a step of each rate; returns every position, the start first."""
    path = [start]
    for rate in rates:
        path.append(path[-1] - rate * slope(path[-1]))
    return np.array(path)


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


def share_left(targets, rates, start: float = 1.03) -> dict[str, float]:
    """Descends by either loss; returns the share of the way left, of the last 10."""
    left = {}
    for loss, goal, slope in (
        ("absolute", np.median(targets), lambda w: np.sign(w - targets).mean()),
        ("squared", np.mean(targets), lambda w: 2 * (w - targets).mean()),
    ):
        path = descend(slope, goal + start, rates) - goal
        left[loss] = float(np.abs(path[-10:]).max() / start)
    return left


def judge_descent(lab) -> None:
    """Gradient descent on one target, and on 201: absolute against squared error."""
    fixed, falling = np.full(100, 0.1), 0.1 * (1 - np.arange(100) / 100)
    many = np.random.default_rng(0).normal(size=201)
    left = {
        "one target, rate 0.1": share_left(np.zeros(1), fixed),
        "one target, rate falling from 0.1 to 0": share_left(np.zeros(1), falling),
        "201 scattered targets, rate 0.1": share_left(many, fixed),
    }
    slopes = keras_slopes()
    flat = slopes["MeanAbsoluteError"]
    lab.verdict(
        "mae-convergence-issue",
        {
            "the slope is the same at every error": max(flat) == min(flat) == 1.0,
            # Poor: more than 1 % of the way is left where the squared error is done.
            **{
                f"poor convergence, {name}": ends["absolute"] > 0.01 >= ends["squared"]
                for name, ends in left.items()
            },
        },
        evidence={
            "slope_of_Keras_loss_at_errors_0.001_1_1000": slopes,
            "share_of_the_way_left_after_100_steps": left,
        },
        note="Of a start 1.03 away the absolute (squared) error still has left: "
        + "; ".join(
            f"{ends['absolute']:.2g} ({ends['squared']:.1g}), {name}"
            for name, ends in left.items()
        )
        + ". The pull of one target never shrinks; a falling rate shrinks the "
        "steps, and around the median the pulls of scattered targets cancel.",
    )
