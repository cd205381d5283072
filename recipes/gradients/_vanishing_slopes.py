"""The slopes that a gradient is multiplied by on its way through a network."""

import keras
import numpy as np
from keras import ops

from recipes.lab import gradients

ACTIVATIONS = {
    "sigmoid": keras.activations.sigmoid,
    "tanh": keras.activations.tanh,
    "ReLU": keras.activations.relu,
}


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


def judge(lab) -> None:
    """States the verdict on inputs far from zero."""
    x = np.concatenate([-np.linspace(1, 10, 37)[::-1], np.linspace(1, 10, 37)])
    bounds = {"sigmoid": np.exp(-abs(x)), "tanh": 4 * np.exp(-2 * abs(x))}
    agrees, holds = {}, {}
    for name, bound in bounds.items():
        found, formula = slope(name, x), closed_form(name, x)
        agrees[name] = float(abs(found / formula - 1).max())
        # Below an exponential on both sides, and not because the formula is wrong.
        holds[name] = bool((found <= bound * (1 + 1e-6)).all() and agrees[name] < 1e-6)
    at_5 = {name: slope(name, [-5, 5]) for name in ACTIVATIONS}
    ends = {name: last_slope(name) for name in ACTIVATIONS}
    lab.verdict(
        "vanish-large-inputs",
        holds,
        evidence={
            "slope_at_-5_and_5": at_5,
            "slope_at_0": {name: slope(name, 0.0) for name in bounds},
            "greatest_relative_difference_from_the_formula": agrees,
            "last_x_with_a_slope_in_float32": ends,
        },
        note=f"At ±5 the sigmoid's slope is {at_5['sigmoid'][1]:.2g} (0.25 at 0), "
        f"tanh's {at_5['tanh'][1]:.2g} (1 at 0): tanh saturates sooner. In float32 the "
        f"slope is exactly zero beyond {ends['sigmoid']:.1f} and {ends['tanh']:.1f}. "
        f"ReLU's is {at_5['ReLU'][1]:g} at 5 and {at_5['ReLU'][0]:g} at -5.",
    )
