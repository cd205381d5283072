"""Ranges: where outputs lie, and why of the four only tanh's lie around 0.

The sigmoid squeezes all numbers into (0, 1), tanh into (-1, 1); the slope of each is a
bell that fades to both sides. Inputs around 0 come out with a mean of their own: tanh,
odd, keeps 0; the sigmoid moves to 1/2; ReLU cuts one half off and keeps a positive
mean; leaky ReLU, which a note calls centered, lets only α of the negative half through.

Whether a center at 0 helps training is tested in the recipe `activation_training`,
lesson `centers`.
"""

import numpy as np
from keras import ops

from recipes.basics.activations._functions import (
    leaky,
    relu,
    sigmoid,
    sigmoid_slope,
    tanh,
    tanh_slope,
)
from recipes.basics.activations._numeric import autodiff, gap
from recipes.lab import Finding, claim, main, stats

WIDE = np.linspace(-15, 15, 3001)  # beyond 18 float64, too, rounds tanh to 1
SLOPES = (0.01, 0.2, 0.3)  # the notes' "small", and Keras's two defaults
CENTERED = 0.01  # a mean this near 0, for inputs of deviation 1, counts as centered
NOT_CENTERED = 0.1  # and this far from it counts as moved
MEAN_OF_RELU = 1 / np.sqrt(2 * np.pi)  # ∫ x φ(x) dx from 0 on


def bell(function, slope, twin, *, low: float, peak: float) -> tuple[dict, dict]:
    """Range and slope of an S-shaped function: conditions and numbers.

    Args:
        function: In NumPy.
        slope: Its slope.
        twin: The same function in Keras.
        low: The end of the range to the left; to the right it is 1.
        peak: The greatest slope, expected at 0.
    """
    y, s = function(WIDE), slope(WIDE)
    right = s[WIDE >= 0]
    whole = np.arange(1, 101, dtype="float32")
    rounded = ops.convert_to_numpy(twin(ops.convert_to_tensor(whole))) == 1
    conditions = {
        f"values lie between {low} and 1": bool((y > low).all() and (y < 1).all()),
        f"the greatest slope is {peak}, at 0": bool(
            abs(s.max() - peak) < stats.EXACT and WIDE[s.argmax()] == 0
        ),
        "the slope falls on both sides, towards 0": bool(
            (np.diff(right) < 0).all()
            and gap(s, s[::-1]) < stats.EXACT
            and right[-1] < 1e-5
        ),
    }
    numbers = {
        "least_and_greatest_value": [y.min(), y.max()],
        "slope_at_0": s.max(),
        "slope_at_15": right[-1],
        "slope_at_0_in_keras": float(autodiff(twin, np.zeros(1))[0]),
        "rounded_to_1_from": whole[rounded].min(initial=np.inf),
    }
    return conditions, numbers


@claim(
    "sigmoid-range-and-max-slope",
    "The sigmoid lies in (0, 1); its slope is a bell around 0 of height 0.25.",
    says="is",
    notes="001 002 003",
    scope="3001 points from -15 to 15; nothing is trained",
)
def sigmoid_bell(lab):
    """Range, peak and sides of the sigmoid's slope."""
    conditions, numbers = bell(sigmoid, sigmoid_slope, ops.sigmoid, low=0, peak=0.25)
    return Finding(
        conditions,
        "The greatest slope is {slope_at_0:.6g}, at 0. No x reaches the ends of the "
        "range, but float32 rounds the value to exactly 1 at x = "
        "{rounded_to_1_from:g}.",
        **numbers,
    )


@claim(
    "tanh-range-and-max-slope",
    "Tanh lies in (-1, 1); its slope is a bell around 0 of height 1.",
    says="is",
    notes="001 002 003",
    scope="3001 points from -15 to 15; nothing is trained",
)
def tanh_bell(lab):
    """Range, peak and sides of tanh's slope."""
    conditions, numbers = bell(tanh, tanh_slope, ops.tanh, low=-1, peak=1.0)
    return Finding(
        conditions,
        "The greatest slope is {slope_at_0:.6g}, at 0. No x reaches the ends of the "
        "range, but float32 rounds the value to exactly 1 at x = "
        "{rounded_to_1_from:g}.",
        **numbers,
    )


# Centers: the mean of what comes out, where N(0, 1) goes in.


def normal_mean(function) -> float:
    """A function's mean over inputs from N(0, 1).

    Gauss-Legendre on either side of 0, where some functions have their kink.
    """
    x, weight = np.polynomial.legendre.leggauss(200)
    half = 6 * (x + 1)  # [0, 12]; what lies beyond weighs less than 1e-32
    density = np.exp(-(half**2) / 2) / np.sqrt(2 * np.pi)
    return float((6 * weight * density * (function(half) + function(-half))).sum())


@claim(
    "tanh-zero-centred",
    "Tanh's outputs are centered around 0, the sigmoid's not.",
    says="is",
    notes="001 002 003",
    scope="means over inputs from N(0, 1); nothing is trained",
)
def tanh_is_centered(lab):
    """Takes both means."""
    means = {"tanh": normal_mean(tanh), "sigmoid": normal_mean(sigmoid)}
    return Finding(
        {
            "tanh is centered": stats.close(means["tanh"], 0, within=stats.EXACT),
            "the sigmoid is not": stats.above(means["sigmoid"], NOT_CENTERED),
        },
        "For inputs from N(0, 1) tanh has mean {mean_output[tanh]:.1g} and the sigmoid "
        "{mean_output[sigmoid]:.3f}. One of the notes lists this as a drawback of "
        "tanh; the claim zero-centred-helps asks whether it helps.",
        mean_output=means,
    )


@claim(
    "relu-not-zero-centred",
    "ReLU's outputs are not centered around 0.",
    says="is",
    notes="003",
    scope="means over inputs from N(0, 1); nothing is trained",
)
def relu_is_not_centered(lab):
    """Takes the mean, and its closed form."""
    mean = normal_mean(relu)
    return Finding(
        bool(mean > NOT_CENTERED and abs(mean - MEAN_OF_RELU) < stats.EXACT),
        "For inputs from N(0, 1) its mean is 1/√(2π) = {mean_output:.4f}.",
        mean_output=mean,
        closed_form=MEAN_OF_RELU,
    )


@claim(
    "leaky-zero-centred",
    "Leaky ReLU's outputs are centered around 0.",
    says="is",
    notes="003",
    scope="means over inputs from N(0, 1), α = 0.01, 0.2 and 0.3; nothing is trained",
)
def leaky_is_centered(lab):
    """Takes the mean for small slopes, and for 1, which is a straight line."""
    means = {a: normal_mean(lambda x, a=a: leaky(x, a)) for a in (*SLOPES, 1.0)}
    return Finding(
        {f"α = {a}": stats.close(means[a], 0, within=CENTERED) for a in SLOPES},
        "For inputs from N(0, 1) its mean is (1 - α)/√(2π): {leaky:.3f} for α = 0.01, "
        "0.2, 0.3, against {relu:.3f} of ReLU; only α = 1, a straight line, is "
        "centered.",
        leaky=[means[a] for a in SLOPES],
        relu=normal_mean(relu),
        mean_output={str(a): mean for a, mean in means.items()},
        closed_form={str(a): (1 - a) * MEAN_OF_RELU for a in means},
    )


if __name__ == "__main__":
    main(__file__)
