"""Maxout: the largest of straight pieces, which are learned.

A Dense layer gives k values a unit, and the largest is kept: max(w₁x + b₁, w₂x + b₂).
With the right pieces that is ReLU or leaky ReLU, flat side included. Pieces as they are
drawn or learned all slope, so such a unit is flat nowhere. Every piece has weights of
its own: two pieces take twice the parameters, three take three times as many.
"""

import keras
import numpy as np
from keras import layers

from recipes.basics.activations._functions import leaky, relu
from recipes.basics.activations._numeric import apply, gap
from recipes.lab import Finding, claim, main, stats
from zoo.layers import Maxout

TOLERANCE = 1e-6  # float32 on backends without float64
POINTS = np.linspace(-3, 3, 601, dtype="float32")[:, None]


def maxout_unit(slopes, intercepts) -> keras.Model:
    """One maxout unit of one input with these straight pieces."""
    pieces = len(slopes)
    model = keras.Sequential([keras.Input((1,)), layers.Dense(pieces), Maxout(pieces)])
    model.set_weights([np.array([slopes]), np.array(intercepts)])
    return model


@claim(
    "maxout-generalises",
    "Maxout contains ReLU and leaky ReLU.",
    says="is",
    notes="001 003",
    scope="one unit with given pieces, 601 points from -3 to 3; nothing is trained",
)
def maxout_contains_relu(lab):
    """Builds ReLU and leaky ReLU from maxout."""
    gaps = {
        "ReLU": gap(apply(maxout_unit([0, 1], [0, 0]), POINTS), relu(POINTS)),
        "leaky ReLU": gap(
            apply(maxout_unit([0.1, 1], [0, 0]), POINTS), leaky(POINTS, 0.1)
        ),
    }
    return Finding(
        {name: stats.below(error, TOLERANCE) for name, error in gaps.items()},
        "With the pieces 0 and x it is ReLU to {gaps[ReLU]:.0e}, with 0.1 x and x "
        "leaky ReLU to {gaps[leaky ReLU]:.0e}.",
        gaps=gaps,
    )


@claim(
    "maxout-saturation",
    "Maxout has no part where its slope is 0.",
    says="is",
    notes="003",
    scope="1000 units with two random pieces each, inputs from -30 to 30; nothing is "
    "trained",
)
def maxout_is_never_flat(lab):
    """Looks for flat parts of random units; and of the one that imitates ReLU."""
    slopes, intercepts = np.random.default_rng(0).normal(size=(2, 2, 1000, 1))
    values = slopes * np.linspace(-30, 30, 2001) + intercepts
    winner = np.take_along_axis(slopes, values.argmax(0)[None], 0)[0]
    as_relu = apply(maxout_unit([0, 1], [0, 0]), POINTS)
    flat = float((np.abs(np.diff(as_relu[:, 0])) < 1e-7).mean())
    return Finding(
        bool((winner != 0).all()),
        "The smallest slope of {units} random units is {least:.1g} (2 random pieces "
        "each). Only a piece with weights of exactly 0 is flat: set so, as ReLU needs "
        "it, a unit has slope 0 at {flat:.0%} of the inputs.",
        units=slopes.shape[1],
        least=np.abs(winner).min(),
        flat=flat,
    )


@claim(
    "maxout-parameters",
    # "max(w1 x + b1, w2 x + b2, ...)" has any number of pieces.
    "Maxout doubles the number of parameters.",
    says="is",
    notes="003",
    scope="a layer from 5 inputs to 8 units with 2 and 3 pieces; nothing is trained",
)
def parameters_double(lab):
    """Counts the parameters of a plain Dense layer, and with pieces."""
    tails = {1: [layers.Dense(8)]}
    tails |= {k: [layers.Dense(8 * k), Maxout(k)] for k in (2, 3)}
    counts = {
        k: keras.Sequential([keras.Input((5,)), *tail]).count_params()
        for k, tail in tails.items()
    }
    return Finding(
        {f"{k} pieces": counts[k] == 2 * counts[1] for k in (2, 3)},
        "k pieces take k times the parameters: {counts} for 1, 2, 3.",
        counts=list(counts.values()),
    )


if __name__ == "__main__":
    main(__file__)
