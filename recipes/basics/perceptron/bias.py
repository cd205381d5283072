"""Bias: it shifts what a unit answers, unless the next layer takes the shift away.

Without a bias a unit answers the same to the input 0 whatever its weights: 0 if linear,
1/2 if a sigmoid. A constant input does the same service, if it is not 0.

A normalization subtracts a mean. Batch normalization subtracts each feature's mean over
the batch, and with it that feature's bias. Layer normalization subtracts one mean over
the features of a sample: it takes away only what all of them share.
"""

import keras
import numpy as np

from recipes.basics._sigmoid_network import sigmoid
from recipes.basics.perceptron._rule import learn_gate
from recipes.lab import Finding, claim, experiment, main, stats

TOLERANCE = 1e-4  # two float32 outputs of order one are equal below this
OFF = 1.0  # a line misses the data where its mean square error is above this


@claim(
    "perceptron-bias-constant",
    "The bias's extra input is a constant, -1, 0 or 1.",
    says="often",
    hedge="usually",
    notes="003",
    scope="AND, one unit, exact fractions, rate 1/4, at most 50 passes",
)
def constant_input(lab):
    """The constant may be anything but 0."""
    passes = {constant: learn_gate("AND", constant=constant).passes
              for constant in (-1, 0, 1)}  # fmt: skip
    return Finding(
        {
            f"constant {constant}": count is not None
            for constant, count in passes.items()
        },
        "A constant 0 is no intercept, 0 · w = 0: AND is never learned with it. The "
        "first pass without an error, by constant: {passes}.",
        passes={str(constant): count for constant, count in passes.items()},
    )


def line_error(slope: float, intercept: float, bias: bool) -> float:
    """Returns the least mean square error of w x (+ b) on a line over [-1, 1].

    The mean is the integral's: Gauss-Legendre points make it exact.
    """
    x, weight = np.polynomial.legendre.leggauss(8)
    root = np.sqrt(weight / 2)[:, None]
    columns = np.stack([x, np.ones_like(x)][: 1 + bias], axis=1)
    y = (slope * x + intercept)[:, None]
    found = np.linalg.lstsq(root * columns, root * y, rcond=None)[0]
    return float(((root * (columns @ found - y)) ** 2).sum())


@claim(
    "bias-shifts-activation",
    "A bias lets a unit fit data that misses the origin.",
    says="is",
    notes="002 003",
    scope="the lines y = 2x + 3 and y = 2x over [-1, 1], exact",
)
def fits_an_offset(lab):
    """The best line with and without a bias, and a sigmoid at 0."""
    without, with_bias = (line_error(2, 3, bias) for bias in (False, True))
    at_zero = sigmoid(np.array([-10.0, -1, 0.5, 10]) * 0)  # four weights, the input 0
    return Finding(
        {
            "without a bias the line is off": stats.above(without, OFF),
            "with a bias it fits": stats.below(with_bias, stats.EXACT),
            "a sigmoid without a bias is 1/2 at 0": (at_zero == 0.5).all(),
        },
        "On y = 2x + 3 over [-1, 1] the best line through the origin is off by "
        "{without:.1f} in the mean square, the square of the missing intercept.",
        without=without,
        with_bias=with_bias,
        sigmoid_without_bias_at_0_for_any_weight=at_zero,
    )


@claim(
    "bias-not-needed-origin",
    "Without an offset in the data the bias can be left out.",
    says="can",
    hedge="might",
    notes="003",
    scope="the line y = 2x over [-1, 1], exact",
)
def not_needed_through_the_origin(lab):
    """A line through the origin, fitted without a bias and with one."""
    without, with_bias = (line_error(2, 0, bias) for bias in (False, True))
    return Finding(
        stats.below(max(without, with_bias), stats.EXACT),
        "On y = 2x the best line has a mean square error of {without:.0e} without a "
        "bias and {with_bias:.0e} with one.",
        without=without,
        with_bias=with_bias,
    )


@experiment
def features(lab) -> tuple[np.ndarray, np.ndarray]:
    """64 samples of 8 features, and a bias for each feature."""
    data = np.random.default_rng(0).normal(size=(64, 8)).astype("float32")
    bias = np.random.default_rng(1).normal(0, 3, 8).astype("float32")
    return data, bias


def outputs(layer, array, training=False) -> np.ndarray:
    """What a layer makes of an array."""
    return keras.ops.convert_to_numpy(layer(array, training=training))


def difference(first, second) -> float:
    """The largest difference of two arrays."""
    return float(np.abs(first - second).max())


@claim(
    "bias-redundant-before-batchnorm",
    "Batch normalization makes a bias before it redundant.",
    says="can",
    hedge="might",
    notes="003",
    scope="one batch of 64 samples, 8 features; nothing is trained",
)
def redundant_before_batch_normalization(lab):
    """One batch with a bias and without, in training and in inference."""
    data, bias = features(lab)
    layer = keras.layers.BatchNormalization(momentum=0.0)  # statistics of one batch
    layer.build(data.shape)
    fresh = difference(outputs(layer, data), outputs(layer, data + bias))
    in_training = difference(
        outputs(layer, data, training=True), outputs(layer, data + bias, training=True)
    )
    # In inference a layer uses the statistics that it gathered: here each its own.
    gathered = []
    for array in (data, data + bias):
        own = keras.layers.BatchNormalization(momentum=0.0)
        outputs(own, array, training=True)
        gathered.append(outputs(own, array))
    in_inference = difference(*gathered)
    return Finding(
        {
            "training": stats.below(in_training, TOLERANCE),
            "inference with the statistics of the biased inputs": stats.below(
                in_inference, TOLERANCE
            ),
        },
        "The batch's mean takes the bias away (largest difference {in_training:.0e}) "
        "and the layer's own β shifts instead.",
        in_training=in_training,
        in_inference=in_inference,
        in_inference_before_any_training=fresh,
        largest_bias=np.abs(bias).max(),
    )


@claim(
    "bias-redundant-before-layernorm",
    "Layer normalization makes a bias before it redundant.",
    says="can",
    hedge="may",
    notes="003",
    scope="one batch of 64 samples, 8 features; nothing is trained",
)
def redundant_before_layer_normalization(lab):
    """A bias of each feature's own, and one that all features share."""
    data, bias = features(lab)
    layer = keras.layers.LayerNormalization()
    layer.build(data.shape)
    plain, shifted = outputs(layer, data), outputs(layer, data + bias)
    own = difference(plain, shifted)
    shared = difference(plain, outputs(layer, data + np.float32(3)))
    # Could γ and β, a scale and a shift of each feature, undo the rest?
    left = []
    for before, after in zip(plain.T, shifted.T, strict=True):
        columns = np.stack([before, np.ones_like(before)], axis=1)
        found = np.linalg.lstsq(columns, after, rcond=None)[0]
        left.append(np.abs(columns @ found - after).max())
    return Finding(
        stats.below(own, TOLERANCE),
        "Layer normalization subtracts a mean over features: only a bias equal in all "
        "of them cancels (difference {shared:.0e}); any other changes the output, here "
        "by up to {own:.1f}, of which no scale and shift of the features undoes the "
        "last {left:.1f}.",
        own=own,
        shared=shared,
        left=max(left),
    )


if __name__ == "__main__":
    main(__file__)
