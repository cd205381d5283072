"""Kinks: functions of straight pieces, and what happens where two pieces meet.

ReLU and leaky ReLU are the larger of two straight lines. Where the lines meet, the
slope jumps, and at that one point there is none: which value a framework returns is a
convention. Nothing else is special near it. A gradient through ReLU is 1 at 1e-12 as at
1; only the output grows small. ELU rounds the corner, but only where its α is 1, and
softplus rounds it for all inputs, by at most log 2.
"""

import numpy as np
from keras import activations, ops

from recipes.basics.activations._functions import (
    elu,
    elu_slope,
    relu,
    sigmoid,
    softplus,
)
from recipes.basics.activations._numeric import (
    apply,
    autodiff,
    central_difference,
    gap,
)
from recipes.lab import Finding, claim, main, stats

TOLERANCE = 1e-6  # float32 on backends without float64
SMALL = (0.01, 0.2, 0.3)  # the notes' small slope, and Keras's two defaults
SHARP = 100.0  # softplus(bx)/b with this b: off from ReLU by log 2 / 100


@claim(
    "act-linear-affine",
    "The output of a linear activation f(x) = ax + b is directly proportional to its "
    "input.",
    says="is",
    notes="002",
    scope="601 points from -3 to 3, a = 2, b = 0 and 1; nothing is trained",
)
def is_proportional(lab):
    """Doubles the input: does the output double?"""
    x = np.linspace(-3, 3, 601)
    gaps = {b: gap(2 * (2 * x + b), 2 * (2 * x) + b) for b in (0.0, 1.0)}
    # The formula lacks nothing. It has a free parameter, as ELU has α and maxout its
    # pieces: a reader chooses b, so each value is a condition.
    return Finding(
        {f"b = {b:g}": stats.below(error, stats.EXACT) for b, error in gaps.items()},
        "Twice the input gives twice the output only where b is 0. With b = 1 the two "
        "differ by b everywhere: ax + b is affine.",
        largest_difference={f"b = {b:g}": error for b, error in gaps.items()},
    )


@claim(
    "leaky-max-form",
    # The slope a is "small", they say: above 1 it is no leak, so that is in the note.
    "Leaky ReLU is max(ax, x), with a small slope a.",
    says="is",
    notes="001",
    scope="601 points from -3 to 3, a = 0.01, 0.2 and 0.3; nothing is trained",
)
def is_a_maximum(lab):
    """Compares max(ax, x) with Keras's leaky ReLU, also for a slope above 1."""
    x = np.linspace(-3, 3, 601)
    gaps = {
        a: gap(
            np.maximum(a * x, x),
            apply(lambda v, a=a: activations.leaky_relu(v, negative_slope=a), x),
        )
        for a in (*SMALL, 1.0, 2.0)
    }
    return Finding(
        {f"a = {a}": stats.below(gaps[a], TOLERANCE) for a in SMALL},
        "max(ax, x) is leaky ReLU wherever a is at most 1. Beyond, as a PReLU might "
        "learn, the larger piece changes sides: with a = 2 it gives {at_1:g} at x = 1 "
        "and {at_minus_1:g} at x = -1, where leaky ReLU gives 1 and -2.",
        at_1=float(np.maximum(2 * 1.0, 1.0)),
        at_minus_1=float(np.maximum(2 * -1.0, -1.0)),
        largest_difference={str(a): error for a, error in gaps.items()},
    )


@claim(
    "relu-gradient-near-zero",
    # "When inputs approach zero, or are negative, the gradient ... becomes zero": the
    # negative side is judged by dying-relu in activation_training.
    "When inputs approach zero, ReLU's gradient becomes zero.",
    says="is",
    notes="000",
    scope="Keras's relu at six inputs from -1e-12 to 1; nothing is trained",
)
def shrinks_near_zero(lab):
    """Reads ReLU's gradient on the way to 0."""
    x = [-1e-12, 0.0, 1e-12, 1e-6, 1e-3, 1.0]
    found = dict(zip(x, autodiff(activations.relu, x).tolist(), strict=True))
    return Finding(
        stats.below(found[1e-12], found[1.0]),
        "The gradient at x = 1e-12 is {near_0:g}, as at x = 1: it is the same for "
        "every positive input, and {below_0:g} for every negative one. What grows "
        "small near 0 is the output.",
        near_0=found[1e-12],
        below_0=found[-1e-12],
        gradient_at={f"{at:g}": value for at, value in found.items()},
    )


@claim(
    "relu-derivative-at-zero",
    # One note: 1 if x > 0, else 0. Another: 0 for x < 0, 1 for x ≥ 0.
    "Where ReLU has a kink, at 0, its slope may be set to 0 (one note) or to 1 "
    "(another).",
    says="is",
    notes="001 003",
    scope="Keras's relu and four ways to write it, on this backend; nothing is trained",
)
def at_zero(lab):
    """Differentiates ReLU at 0, written in five ways, and three relatives."""
    written = {
        "maximum(x, 0)": lambda v: ops.maximum(v, 0.0),
        "maximum(0, x)": lambda v: ops.maximum(0.0, v),
        "where(x > 0, x, 0)": lambda v: ops.where(v > 0, v, 0.0),
        "where(x >= 0, x, 0)": lambda v: ops.where(v >= 0, v, 0.0),
    }
    relatives = {
        "leaky_relu(x), α = 0.2": activations.leaky_relu,
        "elu(x), α = 1": activations.elu,
        "selu(x)": activations.selu,
    }
    keras_relu = float(autodiff(activations.relu, [0.0])[0])
    found = {n: float(autodiff(f, [0.0])[0]) for n, f in written.items()}
    left, right = one_sided_slopes(relu)
    return Finding(
        {
            # A line through the kink stays below ReLU if its slope is between the two.
            f"{value}": bool(
                left - TOLERANCE <= value <= right + TOLERANCE
                and value in (keras_relu, *found.values())
            )
            for value in (0, 1)
        },
        "There is no derivative at 0; every slope from {left:.0f} to {right:.0f} is as "
        "good, and frameworks use one by convention. Keras's relu has {keras_relu:g} "
        "on this backend; the same function written otherwise: {written:g}.",
        left=left,
        right=right,
        keras_relu=keras_relu,
        written=found,
        relatives={n: float(autodiff(f, [0.0])[0]) for n, f in relatives.items()},
    )


# Smooth at 0 means: the difference quotients from the left and from the right agree.


def one_sided_slopes(function, width: float = 1e-7) -> tuple[float, float]:
    """The difference quotients at 0 from the left and from the right."""
    at = float(function(np.float64(0)))
    left = (at - float(function(np.float64(-width)))) / width
    return left, (float(function(np.float64(width))) - at) / width


@claim(
    "relu-differentiable",
    "ReLU is smooth and differentiable, as sigmoid and tanh are.",
    says="is",
    notes="001",
    scope="slopes from both sides of 0; nothing is trained",
)
def relu_is_smooth(lab):
    """Takes ReLU's slopes from both sides of 0."""
    left, right = one_sided_slopes(relu)
    return Finding(
        stats.close(left, right, within=TOLERANCE),
        "At 0 the slope is {left:.3g} from the left and {right:.3g} from the right, so "
        "ReLU has a kink there; everywhere else it is a straight line.",
        left=left,
        right=right,
    )


@claim(
    "elu-smooth",
    "ELU is smooth through the origin.",
    says="is",
    notes="001 003",
    scope="slopes from both sides of 0, α = 0.5, 1 and 2; nothing is trained",
)
def elu_is_smooth(lab):
    """Takes ELU's slopes from both sides of 0, and the slopes of its slope."""
    sides = {
        f"α = {alpha}": one_sided_slopes(lambda x, a=alpha: elu(x, a))
        for alpha in (0.5, 1.0, 2.0)
    }
    bends = central_difference(elu_slope, np.array([-1e-4, 1e-4])).tolist()
    return Finding(
        {n: stats.close(*ends, within=TOLERANCE) for n, ends in sides.items()},
        "Only α = 1, Keras's default, makes it smooth. Left of 0 the slope tends to "
        "α ({left:.3g} for α = 0.5, 1, 2), and right of it it is 1. With α = 1 the "
        "slope is continuous, the second derivative is not: it jumps from "
        "{second_derivatives[0]:.2g} to {second_derivatives[1]:.2g}.",
        left=[left for left, _ in sides.values()],
        slopes_left_and_right={name: list(ends) for name, ends in sides.items()},
        second_derivatives=bends,
    )


@claim(
    "softplus-smooth-relu",
    "Softplus is a smooth version of ReLU.",
    says="is",
    notes="003",
    scope="6001 points from -30 to 30, float64; nothing is trained",
)
def softplus_rounds_the_corner(lab):
    """Takes the distance from ReLU, the slope near 0, and what sharpening does."""
    x = np.linspace(-30, 30, 6001)
    distance = softplus(x) - relu(x)
    sharp = np.abs(np.logaddexp(0, SHARP * x) / SHARP - relu(x)).max()
    (zero,) = np.flatnonzero(x == 0)
    left, right = one_sided_slopes(softplus)
    log2 = float(np.log(2))
    return Finding(
        {
            # log(1 + e^x) - max(0, x) = log(1 + e^-|x|), which is largest at 0.
            "never farther from it than log 2": bool(
                distance.max() <= log2 + stats.EXACT and distance.min() >= -stats.EXACT
            ),
            "equal to it far from 0": stats.below(distance[[0, -1]].max(), stats.EXACT),
            "without a kink": stats.close(left, right, within=TOLERANCE),
        },
        "It lies above ReLU, by log 2 = {at_0:.4f} at 0 and by less elsewhere; at 0 "
        "its slope is {left:.3g} from both sides. softplus(bx)/b comes as close as "
        "one likes: with b = {b:g} to {sharp:.4f}.",
        at_0=distance[zero],
        largest=distance.max(),
        left=left,
        right=right,
        slope_at_0=sigmoid(0.0),
        b=SHARP,
        sharp=sharp,
    )


if __name__ == "__main__":
    main(__file__)
