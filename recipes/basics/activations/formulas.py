"""Formulas: the notes' tables of functions and slopes are right.

Three of the notes list activation functions. Here each formula is written in NumPy and
compared with Keras's function; each slope is compared with two others: the central
difference (f(x + h) - f(x - h)) / 2h, which needs no calculus, and the backend's
autodiff.

In the picture `curves` the lines are the notes' formulas, the dots are Keras.
"""

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
from keras import activations, layers, ops

from recipes.basics.activations._functions import (
    elu,
    elu_slope,
    leaky,
    leaky_slope,
    relu,
    relu_slope,
    sigmoid,
    sigmoid_slope,
    softmax,
    softmax_jacobian,
    softplus,
    swish,
    swish_slope,
    tanh,
    tanh_slope,
)
from recipes.basics.activations._numeric import (
    apply,
    autodiff,
    central_difference,
    gap,
)
from recipes.lab import Finding, claim, figures, main, stats
from zoo.layers import Maxout

POINTS = np.linspace(-6, 6, 1200)  # 0, where some have no derivative, lies between two
TOLERANCE = 1e-6  # Keras and autodiff: float32 on backends without float64
NUMERIC = 1e-8  # central differences in float64: h² and rounding over h
KINKED = ("ReLU", "leaky ReLU, α = 0.01", "PReLU, α = 0.25")
TWICE = ("ELU, α = 0.5", "swish, β = 2")  # one of each is enough for a picture


@dataclass(frozen=True)
class Activation:
    """A formula, the formula of its slope, and what Keras has for it."""

    function: Callable
    slope: Callable
    keras: Callable


def activations_of_the_notes() -> dict[str, Activation]:
    """The functions of one number; α and β are those of Keras and one other each."""
    return {
        "sigmoid": Activation(sigmoid, sigmoid_slope, activations.sigmoid),
        "tanh": Activation(tanh, tanh_slope, activations.tanh),
        "ReLU": Activation(relu, relu_slope, activations.relu),
        "leaky ReLU, α = 0.01": Activation(
            lambda x: leaky(x, 0.01),
            lambda x: leaky_slope(x, 0.01),
            lambda x: activations.leaky_relu(x, negative_slope=0.01),
        ),
        "PReLU, α = 0.25": Activation(
            lambda x: leaky(x, 0.25), lambda x: leaky_slope(x, 0.25), prelu(0.25)
        ),
        "ELU, α = 1": Activation(elu, elu_slope, activations.elu),
        "ELU, α = 0.5": Activation(
            lambda x: elu(x, 0.5),
            lambda x: elu_slope(x, 0.5),
            lambda x: activations.elu(x, alpha=0.5),
        ),
        "swish, β = 1": Activation(swish, swish_slope, activations.silu),
        "swish, β = 2": Activation(
            lambda x: swish(x, 2.0),
            lambda x: swish_slope(x, 2.0),
            lambda x: activations.silu(2 * x) / 2,  # Keras has no β
        ),
        "softplus": Activation(softplus, sigmoid, activations.softplus),
    }


def prelu(alpha: float) -> Callable:
    """Keras's PReLU with a slope that it might have learned."""
    start = keras.initializers.Constant(alpha)
    layer = layers.PReLU(alpha_initializer=start, dtype="float64")
    return lambda x: layer(x[:, None])[:, 0]


@claim(
    "act-formulas",
    "The formulas of sigmoid, tanh, ReLU, leaky ReLU, PReLU, ELU, swish, softplus, "
    "maxout, softmax and argmax are those of a framework.",
    says="is",
    notes="001 002 003",
    scope="1200 points from -6 to 6, 100 vectors of 10 logits; nothing is trained",
)
def formulas_are_keras(lab):
    """Compares every formula with Keras, and reads Keras's defaults."""
    gaps = {
        name: gap(apply(row.keras, POINTS), row.function(POINTS))
        for name, row in activations_of_the_notes().items()
    }
    logits = np.random.default_rng(0).normal(0, 3, (100, 10))
    gaps["softmax"] = gap(apply(activations.softmax, logits), softmax(logits))
    indices = apply(lambda v: ops.argmax(v, axis=-1), logits)
    gaps["argmax"] = gap(indices, logits.argmax(-1))
    pieces = np.maximum(0.5 * POINTS + 0.1, -1.0 * POINTS + 0.2)
    unit = keras.Sequential([keras.Input((1,)), layers.Dense(2), Maxout(2)])
    unit.set_weights([np.array([[0.5, -1.0]]), np.array([0.1, 0.2])])
    gaps["maxout"] = gap(apply(unit, POINTS[:, None].astype("float32"))[:, 0], pieces)
    return Finding(
        {name: stats.below(error, TOLERANCE) for name, error in gaps.items()},
        "All agree to {largest:.0e}, with the parameters set. Keras's defaults are not "
        "the notes' small α: its function leaky_relu has slope "
        "{keras_defaults[leaky_relu, function]:g}, its layer LeakyReLU "
        "{keras_defaults[LeakyReLU, layer]:g}, PReLU starts at "
        "{keras_defaults[PReLU, start]:g} (as ReLU), and swish has no β but 1.",
        figure=draw_curves,
        largest=max(gaps.values()),
        largest_difference=gaps,
        keras_defaults=keras_defaults(),
    )


def keras_defaults() -> dict[str, float]:
    """The negative slopes that Keras has where none is given: what -1 becomes."""
    makers = {
        "leaky_relu, function": activations.leaky_relu,
        "LeakyReLU, layer": layers.LeakyReLU(dtype="float64"),
        "PReLU, start": layers.PReLU(dtype="float64"),
    }
    outputs = {n: apply(maker, -np.ones((1, 1))) for n, maker in makers.items()}
    return {name: round(abs(float(y[0, 0])), 6) for name, y in outputs.items()}


@claim(
    "act-derivatives",
    "The table of derivatives is right.",
    says="is",
    notes="001 002 003",
    scope="1200 points from -6 to 6, one vector of 6 logits; nothing is trained",
)
def slopes_are_right(lab):
    """Compares each slope with central differences and with autodiff."""
    rows = activations_of_the_notes()
    by_differences = {
        name: gap(central_difference(row.function, POINTS), row.slope(POINTS))
        for name, row in rows.items()
    }
    by_autodiff = {
        name: gap(autodiff(row.keras, POINTS), row.slope(POINTS))
        for name, row in rows.items()
    }
    # Softmax has a matrix of slopes: how output i moves with logit j.
    z = np.random.default_rng(0).normal(0, 2, 6)
    jacobian = softmax_jacobian(softmax(z))
    by_logit = [
        central_difference(lambda t, e=e: softmax(z + t * e), 0.0) for e in np.eye(6)
    ]
    by_differences["softmax"] = gap(np.stack(by_logit, 1), jacobian)
    by_output = [
        autodiff(lambda v, i=i: activations.softmax(v[None])[0, i], z) for i in range(6)
    ]
    by_autodiff["softmax"] = gap(np.stack(by_output), jacobian)
    return Finding(
        {
            name: by_differences[name] < NUMERIC and by_autodiff[name] < TOLERANCE
            for name in by_differences
        },
        "Central differences agree to {largest_by_differences:.0e}, autodiff to "
        "{largest_by_autodiff:.0e}; for 0 itself see the lesson on kinks.",
        largest_by_differences=max(by_differences.values()),
        largest_by_autodiff=max(by_autodiff.values()),
        error_against_central_differences=by_differences,
        error_against_autodiff=by_autodiff,
    )


def draw_curves(lab):
    """Every function with its slope; dots are Keras's own."""
    rows = activations_of_the_notes().items()
    figure, axes = figures.new(2, 4, width=12.0, height=5.8)
    x, dots = np.linspace(-4, 4, 401), np.arange(-3.75, 4, 0.5)
    shown = [(name, row) for name, row in rows if name not in TWICE]
    for panel, (name, row) in zip(axes.flat, shown, strict=True):
        slope = row.slope(x)
        if name in KINKED:
            slope[x == 0] = np.nan  # it jumps there: no line between the two values
        lines = {"f(x)": row.function(x), "slope f'(x)": slope}
        found = apply(row.keras, dots), autodiff(row.keras, dots)
        for index, (label, values) in enumerate(lines.items()):
            style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
            panel.plot(x, values, label=label, **style)
            panel.plot(dots, found[index], "o", markersize=3, color=style["color"])
        panel.set_ylim(-1.3, 2.3)
        figures.describe(panel, name, "", "")
    for panel in axes[-1]:
        panel.set_xlabel("x")
    figures.legend(axes[0, 0], loc="upper left")
    title = "The notes' formulas (lines) are Keras's functions and slopes (dots)"
    figure.suptitle(title, x=0.01, ha="left", fontsize=12, fontweight="bold")
    lab.figure(
        "curves",
        figure,
        "The notes' formulas (lines); dots are Keras's functions and their autodiff.",
    )


if __name__ == "__main__":
    main(__file__)
