"""Regression losses that Keras lacks: pure functions, then thin Keras classes."""

import math
from typing import Any

import keras
from keras import ops

from zoo import _checks


def _tensor(values: Any) -> Any:
    return ops.convert_to_tensor(values)


def quantile_loss(y_true: Any, y_pred: Any, quantile: float = 0.5) -> Any:
    """Pinball loss, smallest in expectation at the quantile of the target.

    Shapes: (batch, ..., d) and (batch, ..., d) -> (batch, ...)

    Args:
        y_true: Targets.
        y_pred: Predictions, of the same shape.
        quantile: The quantile to predict, in (0, 1); 0.5 is half the absolute error.

    Returns:
        The loss of each example: the mean over its last axis.

    Raises:
        ValueError: quantile is out of its range, or the shapes differ.

    Example:
        >>> float(quantile_loss([[3.0]], [[1.0]], quantile=0.75)[0])  # 0.75 * 2
        1.5

    References:
        Koenker and Bassett, Regression Quantiles (1978).
    """
    share = _checks.number(
        "quantile", quantile, 0.0, 1.0, open_low=True, open_high=True
    )
    error = _difference(y_true, y_pred)
    return ops.mean(ops.maximum(share * error, (share - 1.0) * error), axis=-1)


def barron(error: Any, alpha: float = 1.0, scale: float = 1.0) -> Any:
    """Barron's general robust loss of an error, element by element.

    With z = (error / scale)^2: alpha = 2 gives z / 2 (squared error), 1 the smoothed
    absolute error sqrt(z + 1) - 1, 0 log(z / 2 + 1) (Cauchy), -2 2z / (z + 4)
    (Geman-McClure), -inf 1 - exp(-z / 2) (Welsch).

    Args:
        error: A tensor of any shape: prediction minus target.
        alpha: The shape: at most 1e6, or -inf; smaller ignores outliers more.
        scale: The width of the quadratic bowl around 0, above 0, in the unit of the
            error.

    Returns:
        A tensor of the shape of error.

    Raises:
        ValueError: alpha or scale is out of its range.

    Example:
        >>> round(float(barron(2.0, alpha=0.0)), 4)  # log 3
        1.0986

    References:
        Barron, A General and Adaptive Robust Loss Function (2019), equation 8.
    """
    alpha = _check_alpha(alpha)
    _checks.number("scale", scale, 0.0, open_low=True)
    z: Any = ops.square(_tensor(error) / scale)
    if alpha == -math.inf:
        decay: Any = ops.expm1(-0.5 * z)
        return -decay
    bend = abs(alpha - 2.0)
    # The formula has a removable gap at 2 and at 0. Within 1e-6 of either the exact
    # loss differs from its limit by less than single precision can tell.
    if bend < 1e-6:
        return 0.5 * z
    if abs(alpha) < 1e-6:
        return ops.log1p(z / bend)
    # (z / bend + 1)^(alpha / 2) - 1, with neither overflow nor cancellation.
    growth: Any = 0.5 * alpha * ops.log1p(z / bend)
    return bend / alpha * ops.expm1(growth)


def _check_alpha(alpha: object) -> float:
    if isinstance(alpha, float) and alpha == -math.inf:
        return alpha
    return _checks.number("alpha", alpha, high=1e6)


def _difference(y_true: Any, y_pred: Any) -> Any:
    """y_true - y_pred, where shapes that would only broadcast are refused."""
    predicted = _tensor(y_pred)
    target: Any = ops.cast(_tensor(y_true), predicted.dtype)
    if len(target.shape) == len(predicted.shape) - 1 and predicted.shape[-1] == 1:
        target = ops.expand_dims(target, -1)
    pairs = list(zip(target.shape, predicted.shape, strict=False))
    agree = all(a == b for a, b in pairs if a is not None and b is not None)
    if len(target.shape) != len(predicted.shape) or not agree:
        raise ValueError(
            "y_true must have the shape of y_pred; got "
            f"{tuple(target.shape)} and {tuple(predicted.shape)}."
        )
    return target - predicted


@keras.saving.register_keras_serializable(package="zoo")
class Quantile(keras.losses.Loss):
    """`quantile_loss` as a loss for `compile`.

    Args:
        quantile: The quantile to predict, in (0, 1).
        name: Name of the loss.
        **kwargs: `reduction` and `dtype` of `keras.losses.Loss`.

    Raises:
        ValueError: quantile is out of its range.

    Example:
        >>> Quantile(0.9).get_config()["quantile"]
        0.9
    """

    def __init__(self, quantile: float = 0.5, name: str = "quantile", **kwargs):
        self.quantile = _checks.share("quantile", quantile)
        super().__init__(name=name, **kwargs)

    def call(self, y_true, y_pred):
        """The loss of each example."""
        return quantile_loss(y_true, y_pred, self.quantile)

    def get_config(self):
        """The arguments that make the same object."""
        return {**super().get_config(), "quantile": self.quantile}


@keras.saving.register_keras_serializable(package="zoo")
class Barron(keras.losses.Loss):
    """`barron` of y_pred - y_true, averaged over the last axis, for `compile`.

    Args:
        alpha: The shape: at most 1e6, or -inf.
        scale: The width of the bowl, above 0.
        name: Name of the loss.
        **kwargs: `reduction` and `dtype` of `keras.losses.Loss`.

    Raises:
        ValueError: alpha or scale is out of its range.

    Example:
        >>> Barron(alpha=0.0, scale=2.0).get_config()["scale"]
        2.0
    """

    def __init__(
        self, alpha: float = 1.0, scale: float = 1.0, name: str = "barron", **kwargs
    ):
        self.alpha = _check_alpha(alpha)
        self.scale = _checks.number("scale", scale, 0.0, open_low=True)
        super().__init__(name=name, **kwargs)

    def call(self, y_true, y_pred):
        """The loss of each example."""
        error = _difference(y_true, y_pred)
        return ops.mean(barron(error, self.alpha, self.scale), axis=-1)

    def get_config(self):
        """The arguments that make the same object."""
        # JSON has no infinity, so that a saved Welsch loss holds it as a string.
        alpha = self.alpha if math.isfinite(self.alpha) else str(self.alpha)
        return {**super().get_config(), "alpha": alpha, "scale": self.scale}

    @classmethod
    def from_config(cls, config):
        """The inverse of get_config."""
        return cls(**{**config, "alpha": float(config["alpha"])})
