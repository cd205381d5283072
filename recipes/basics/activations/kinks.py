"""Kinks: functions of straight pieces, and what happens where two pieces meet.

ReLU, leaky ReLU and maxout are the larger of straight lines. Where the lines meet, the
slope jumps, and at that one point there is none: which value a framework returns is a
convention. Nothing else is special near it. A gradient through ReLU is 1 at 1e-12 as at
1; only the output grows small. ELU rounds the corner, but only where its α is 1.
"""

import keras
import numpy as np
from keras import activations, layers, ops

from recipes.basics.activations._functions import elu, elu_slope, leaky, relu
from recipes.basics.activations._numeric import (
    apply,
    autodiff,
    central_difference,
    gap,
)
from recipes.lab import Finding, claim, main, stats
from zoo.layers import Maxout

TOLERANCE = 1e-6  # float32 on backends without float64


@claim(
    "leaky-max-form",
    "Leaky ReLU is max(ax, x).",
    says="is",
    notes="001",
    scope="601 points from -3 to 3, a = 0.01, 0.3, 1 and 2; nothing is trained",
)
def is_a_maximum(lab):
    """Compares max(ax, x) with Keras's leaky ReLU, for slopes on both sides of 1."""
    x = np.linspace(-3, 3, 601)
    gaps = {
        a: gap(
            np.maximum(a * x, x),
            apply(lambda v, a=a: activations.leaky_relu(v, negative_slope=a), x),
        )
        for a in (0.01, 0.3, 1.0, 2.0)
    }
    return Finding(
        {f"a = {a}": stats.below(error, TOLERANCE) for a, error in gaps.items()},
        "max(ax, x) is leaky ReLU where a is at most 1. With a = 2 the larger piece "
        "changes sides: it gives {at_1:g} at x = 1 and {at_minus_1:g} at x = -1, where "
        "leaky ReLU gives 1 and -2.",
        at_1=float(np.maximum(2 * 1.0, 1.0)),
        at_minus_1=float(np.maximum(2 * -1.0, -1.0)),
        largest_difference={str(a): error for a, error in gaps.items()},
    )


# Maxout learns its pieces: a Dense layer gives k values a unit, the largest is kept.
# With the right pieces it is any of its relatives, flat side included.


def maxout_unit(slopes, intercepts) -> keras.Model:
    """One maxout unit of one input with these straight pieces."""
    pieces = len(slopes)
    model = keras.Sequential([keras.Input((1,)), layers.Dense(pieces), Maxout(pieces)])
    model.set_weights([np.array([slopes]), np.array(intercepts)])
    return model


@claim(
    "maxout-generalises",
    "Maxout contains ReLU and leaky ReLU, does not saturate and doubles the "
    "parameters.",
    says="is",
    notes="001 003",
    scope="one unit with given pieces, 1000 with random ones; nothing is trained",
)
def maxout_contains_relu(lab):
    """Builds ReLU and leaky ReLU from maxout, finds flat parts, counts parameters."""
    x = np.linspace(-3, 3, 601, dtype="float32")[:, None]
    as_relu = apply(maxout_unit([0, 1], [0, 0]), x)
    gaps = {
        "ReLU": gap(as_relu, relu(x)),
        "leaky ReLU": gap(apply(maxout_unit([0.1, 1], [0, 0]), x), leaky(x, 0.1)),
    }
    slopes, intercepts = np.random.default_rng(0).normal(size=(2, 2, 1000, 1))
    values = slopes * np.linspace(-30, 30, 2001) + intercepts
    winner = np.take_along_axis(slopes, values.argmax(0)[None], 0)[0]
    flat = {
        "random pieces": float((winner == 0).mean()),
        "imitating ReLU": float((np.abs(np.diff(as_relu[:, 0])) < 1e-7).mean()),
    }
    # From 5 inputs to 8 units: a plain Dense layer, and 2 and 3 pieces a unit.
    tails = {1: [layers.Dense(8)]}
    tails |= {k: [layers.Dense(8 * k), Maxout(k)] for k in (2, 3)}
    counts = {
        k: keras.Sequential([keras.Input((5,)), *tail]).count_params()
        for k, tail in tails.items()
    }
    return Finding(
        {f"contains {name}": stats.below(e, TOLERANCE) for name, e in gaps.items()}
        | {f"never flat, {name}": share == 0 for name, share in flat.items()}
        | {
            f"doubles the parameters, {k} pieces": counts[k] == 2 * counts[1]
            for k in (2, 3)
        },
        "With one piece at 0 it is ReLU, and then as flat as ReLU on one side: that it "
        "never saturates is true of pieces that all slope. k pieces take k times the "
        "parameters ({counts} for 1, 2, 3).",
        counts=list(counts.values()),
        largest_difference=gaps,
        share_of_inputs_with_slope_0=flat,
    )


@claim(
    "relu-gradient-positive-is-one",
    "ReLU's gradient shrinks as inputs come close to zero.",
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
    "ReLU's derivative at 0 is 0 in one note, 1 in another.",
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
    return Finding(
        {
            "0, as one of the notes has it": keras_relu == 0,
            "1, as another has it": keras_relu == 1,
        },
        "Keras's relu has {keras_relu:g} on this backend. It is a convention; the same "
        "function written otherwise: {written:g}.",
        keras_relu=keras_relu,
        written={n: float(autodiff(f, [0.0])[0]) for n, f in written.items()},
        relatives={n: float(autodiff(f, [0.0])[0]) for n, f in relatives.items()},
    )


# Smooth at 0 means: the difference quotients from the left and from the right agree.


def one_sided_slopes(function, width: float = 1e-7) -> tuple[float, float]:
    """The difference quotients at 0 from the left and from the right."""
    at = float(function(np.float64(0)))
    left = (at - float(function(np.float64(-width)))) / width
    return left, (float(function(np.float64(width))) - at) / width


@claim(
    "relu-nondifferentiable-at-zero",
    "ReLU is smooth and differentiable.",
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
        "Left of 0 the slope tends to α ({left:.3g} for α = 0.5, 1, 2), and right of "
        "it it is 1. With α = 1 the slope is continuous, the second derivative is not: "
        "it jumps from {second_derivatives[0]:.2g} to {second_derivatives[1]:.2g}.",
        left=[left for left, _ in sides.values()],
        slopes_left_and_right={name: list(ends) for name, ends in sides.items()},
        second_derivatives=bends,
    )


if __name__ == "__main__":
    main(__file__)
