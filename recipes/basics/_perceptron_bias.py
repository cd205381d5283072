"""What a bias is for, and before which layers it is not."""

import keras
import numpy as np

from recipes.basics import _sigmoid_network as net

TOLERANCE = 1e-4  # float32, outputs of order one


def judge(lab) -> None:
    """States the verdicts on the bias; nothing here depends on chance."""
    _lines(lab)
    data = np.random.default_rng(0).normal(size=(64, 8)).astype("float32")
    bias = np.random.default_rng(1).normal(0, 3, 8).astype("float32")
    _batch_normalization(lab, data, bias)
    _layer_normalization(lab, data, bias)


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


def _lines(lab) -> None:
    errors = {
        "y = 2x + 3": [line_error(2, 3, bias) for bias in (False, True)],
        "y = 2x": [line_error(2, 0, bias) for bias in (False, True)],
    }
    at_zero = net.sigmoid(np.array([-10.0, -1, 0.5, 10]) * 0)
    without, with_bias = errors["y = 2x + 3"]
    lab.verdict(
        "bias-shifts-activation",
        bool(without > 1 and with_bias < 1e-12 and (at_zero == 0.5).all()),
        evidence={
            "mean_square_error_without_bias": without,
            "mean_square_error_with_bias": with_bias,
            "sigmoid_without_bias_at_0_for_any_weight": at_zero,
        },
        note=f"On y = 2x + 3 over [-1, 1] the best line through the origin is off by "
        f"{without:.1f} in the mean square, the square of the missing intercept.",
    )
    lab.verdict(
        "bias-not-needed-origin",
        bool(max(errors["y = 2x"]) < 1e-12),
        evidence={
            "mean_square_error_without_bias": errors["y = 2x"][0],
            "mean_square_error_with_bias": errors["y = 2x"][1],
        },
    )


def _difference(layer, first, second, training: bool) -> float:
    outputs = [
        keras.ops.convert_to_numpy(layer(array, training=training))
        for array in (first, second)
    ]
    return float(np.abs(outputs[0] - outputs[1]).max())


def _batch_normalization(lab, data, bias) -> None:
    layer = keras.layers.BatchNormalization(momentum=0.0)  # statistics of one batch
    layer.build(data.shape)
    fresh = _difference(layer, data, data + bias, training=False)
    in_training = _difference(layer, data, data + bias, training=True)
    plain, shifted = (
        keras.layers.BatchNormalization(momentum=0.0, name=name) for name in ("a", "b")
    )
    for own, array in ((plain, data), (shifted, data + bias)):
        own(array, training=True)  # each gathers the statistics of its own inputs
    outputs = [
        keras.ops.convert_to_numpy(own(array, training=False))
        for own, array in ((plain, data), (shifted, data + bias))
    ]
    caught_up = float(np.abs(outputs[0] - outputs[1]).max())
    lab.verdict(
        "bias-redundant-before-batchnorm",
        {
            "training": in_training < TOLERANCE,
            "inference with the statistics of the biased inputs": caught_up < TOLERANCE,
        },
        evidence={
            "largest_bias": np.abs(bias).max(),
            "largest_difference_in_training": in_training,
            "largest_difference_in_inference": caught_up,
            "largest_difference_in_inference_before_any_training": fresh,
        },
        note="The batch's mean takes the bias away (largest difference "
        f"{in_training:.0e}) and the layer's own β shifts instead.",
    )


def _layer_normalization(lab, data, bias) -> None:
    layer = keras.layers.LayerNormalization()
    layer.build(data.shape)
    any_bias = _difference(layer, data, data + bias, training=False)
    equal = _difference(layer, data, data + np.float32(3), training=False)
    plain, shifted = (
        keras.ops.convert_to_numpy(layer(array)) for array in (data, data + bias)
    )
    left = []  # after the best scale and shift of each feature
    for before, after in zip(plain.T, shifted.T, strict=True):
        columns = np.stack([before, np.ones_like(before)], axis=1)
        found = np.linalg.lstsq(columns, after, rcond=None)[0]
        left.append(np.abs(columns @ found - after).max())
    lab.verdict(
        "bias-not-redundant-before-layernorm",
        any_bias < TOLERANCE,
        evidence={
            "largest_difference_any_bias": any_bias,
            "largest_difference_same_bias_in_all_features": equal,
            "largest_difference_after_the_best_scale_and_shift": max(left),
        },
        note="Layer normalization subtracts a mean over features: only a bias equal in "
        f"all of them cancels (difference {equal:.0e}); any other changes the output, "
        f"here by up to {any_bias:.1f}, of which no scale and shift of the features "
        f"undoes the last {max(left):.1f}.",
    )
