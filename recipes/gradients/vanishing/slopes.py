"""Slopes: sigmoid and tanh are flat away from zero.

A gradient is multiplied by the activation's slope on its way through a layer. The
sigmoid's slope is σ(x)σ(−x), below e^−|x|; tanh's is 1/cosh²x, below 4e^−2|x|. So tanh
is steeper at zero and flat sooner. In float32 the slopes become exactly zero: there a
unit learns nothing at all.
"""

import keras
import numpy as np
from keras import ops

from recipes.lab import Finding, claim, gradients, main

ACTIVATIONS = {
    "sigmoid": keras.activations.sigmoid,
    "tanh": keras.activations.tanh,
    "ReLU": keras.activations.relu,
}
CLOSE = 1e-6  # relative: of a slope and its formula in float64, in the tails as well


def slope(name: str, x, dtype: str = "float64") -> np.ndarray:
    """Differentiates one of Keras's activations at every x."""
    x = np.asarray(x, dtype)
    return gradients(lambda v: ops.sum(ACTIVATIONS[name](v[0])), [x])[0]


def closed_form(name: str, x) -> np.ndarray:
    """The same by formula: σ(x)σ(-x) and 1/cosh²x, exact in the tails as well."""
    x = np.asarray(x, float)
    if name == "sigmoid":
        return 1 / ((1 + np.exp(-x)) * (1 + np.exp(x)))
    return np.cosh(x) ** -2


def last_slope(name: str) -> float:
    """The largest x, to 0.01, at which the slope is not zero in float32."""
    x = np.arange(0, 120, 0.01)
    return float(x[slope(name, x, "float32") > 0].max())


# To vanish means to stay below an exponential on both sides, and that not because the
# slope is wrong: it is compared with its formula, too.


@claim(
    "vanish-large-inputs",
    "The slopes of sigmoid and tanh vanish far from zero.",
    says="is",
    notes="000 001 002 003 004",
    scope="Keras's activations at |x| from 1 to 10; nothing is trained",
)
def slopes_vanish(lab):
    """Holds the slopes of sigmoid and tanh against exponentials."""
    x = np.concatenate([-np.linspace(1, 10, 37)[::-1], np.linspace(1, 10, 37)])
    bounds = {"sigmoid": np.exp(-abs(x)), "tanh": 4 * np.exp(-2 * abs(x))}
    agrees, conditions = {}, {}
    for name, bound in bounds.items():
        found, formula = slope(name, x), closed_form(name, x)
        agrees[name] = float(abs(found / formula - 1).max())
        rounding = 4 * np.finfo(found.dtype).eps  # of 1 - tanh², that is 1 at most
        below = bool((found <= bound * (1 + CLOSE) + rounding).all())
        equal = bool((abs(found - formula) <= CLOSE * formula + rounding).all())
        conditions[name] = below and equal
    at_5 = {name: slope(name, [-5, 5]) for name in ACTIVATIONS}
    ends = {name: last_slope(name) for name in ACTIVATIONS}
    return Finding(
        conditions,
        "At ±5 the sigmoid's slope is {sigmoid[1]:.2g} (0.25 at 0), tanh's "
        "{tanh[1]:.2g} (1 at 0): tanh saturates sooner. In float32 the slope is "
        "exactly zero beyond {ends[sigmoid]:.1f} and {ends[tanh]:.1f}. ReLU's is "
        "{relu[1]:g} at 5 and {relu[0]:g} at -5.",
        sigmoid=at_5["sigmoid"],
        tanh=at_5["tanh"],
        relu=at_5["ReLU"],
        ends=ends,
        slope_at_0={name: slope(name, 0.0) for name in bounds},
        greatest_relative_difference_from_the_formula=agrees,
    )


if __name__ == "__main__":
    main(__file__)
