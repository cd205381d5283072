"""Slopes: where a loss has a corner, and what its slope does to descent.

A loss is differentiable where its slopes from the left and from the right agree. The
absolute error has slope −1 left of 0 and 1 right of it; the square has none of that.
Training seldom meets the corner itself. What it does meet is that the slope does not
shrink on the way there: the pull of a single target by absolute error is as hard at
0.001 as at 1000.
"""

from fractions import Fraction

import numpy as np
from keras import losses

from recipes.lab import Finding, claim, figures, gradients, main

STEPS = [Fraction(1, 10**k) for k in (1, 3, 6)]  # ever smaller, in exact fractions
PLACES = [Fraction(k, 2) for k in range(-6, 7)]  # errors from −3 to 3


def corner(loss, at: Fraction) -> list[Fraction]:
    """How much steeper a loss is right of an error than left of it, by step."""
    return [
        (loss(at + h) - loss(at)) / h - (loss(at) - loss(at - h)) / h for h in STEPS
    ]


def smooth(loss, at: Fraction) -> bool:
    """Whether the slopes of both sides come together as the step shrinks."""
    first, *_, last = (abs(gap) for gap in corner(loss, at))
    return last <= first * STEPS[-1] / STEPS[0]


def squared(e: Fraction) -> Fraction:
    """The square, in exact fractions."""
    return e * e


def huber(e: Fraction) -> Fraction:
    """Huber's loss for δ = 1, in exact fractions."""
    return e * e / 2 if abs(e) <= 1 else abs(e) - Fraction(1, 2)


def keras_slopes() -> dict[str, list[float]]:
    """How steep Keras's losses are at errors of 0, 0.001, 1 and 1000."""
    zero, errors = np.zeros((1, 1)), np.array([0, 0.001, 1, 1000], "float32")
    return {
        type(loss).__name__: [
            abs(gradients(lambda t, f=loss: f(zero, t[0]), [e[None, None]])[0]).item()
            for e in errors
        ]
        for loss in (
            losses.MeanAbsoluteError(), losses.MeanSquaredError(), losses.Huber()
        )
    }  # fmt: skip


@claim(
    "loss-not-differentiable",
    "The absolute error is not differentiable at zero.",
    says="is",
    notes="003",
    scope="slopes from both sides at 13 errors from −3 to 3, in exact fractions; "
    "nothing is trained",
)
def has_a_corner(lab):
    """Slopes from both sides at 0, and everywhere else."""
    elsewhere = [smooth(abs, at) for at in PLACES if at]
    gap = corner(abs, Fraction(0))[-1]
    return Finding(
        {
            "a corner at 0": not smooth(abs, Fraction(0)),
            "none elsewhere": all(elsewhere),
        },
        "At 0 the slope jumps by {gap:g}, from −1 to 1, however small the step. "
        "Elsewhere it does not jump. Keras gives the slope {at_zero:g} at 0 itself, so "
        "that training goes on.",
        gap=float(gap),
        at_zero=keras_slopes()["MeanAbsoluteError"][0],
        slope_of_keras_loss_at_errors_0_0_001_1_and_1000=keras_slopes(),
    )


@claim(
    "mse-differentiable",
    "Squared error is differentiable everywhere.",
    says="is",
    notes="003",
    scope="slopes from both sides at 13 errors from −3 to 3, in exact fractions; "
    "nothing is trained",
)
def has_no_corner(lab):
    """Slopes from both sides; and those of Huber's loss, for comparison."""
    return Finding(
        all(smooth(squared, at) for at in PLACES),
        "At an error e the slopes from the right and from the left are 2e + h and "
        "2e − h for a step of h, and meet at 2e. Huber's loss has no corner either: "
        "where its parts meet, at δ = 1, the jump is {jump:.0e} for a step of 10⁻⁶.",
        jump=float(corner(huber, Fraction(1))[-1]),
        huber_is_smooth=all(smooth(huber, at) for at in PLACES),
    )


# Now descend. The measure is the greatest share of the way to the best constant that is
# left in the last ten of a hundred steps.


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


POOR = 0.01  # more than 1 % of the way is left where the squared error has less


@claim(
    "mae-convergence-issue",
    "Training by absolute error can suffer from poor convergence with gradient "
    "descent.",
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
    return Finding(
        {
            name: ends["absolute"] > POOR >= ends["squared"]
            for name, ends in left.items()
        },
        "After 100 steps the absolute error still has {fixed:.1%} of the way to go "
        "with one target at a fixed rate, {falling:.1%} at a rate that falls to 0, and "
        "{many:.2%} with 201 targets; the squared error at most {squared:.3%}. One "
        "target pulls as hard from near as from far, so that steps of one size jump "
        "over it. A falling rate shrinks the steps; and near the median the pulls of "
        "many targets cancel.",
        figure=draw_descent,
        fixed=absolute[0],
        falling=absolute[1],
        many=absolute[2],
        squared=max(ends["squared"] for ends in left.values()),
        slope_of_keras_loss_at_errors_0_0_001_1_and_1000=keras_slopes(),
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
