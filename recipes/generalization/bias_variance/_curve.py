"""Noisy samples of curves, and polynomials through them."""

import numpy as np
from numpy.polynomial import legendre

NOISE = 0.3  # standard deviation; every curve's own is 1
ROWS = 30
# Each has mean 0 and variance 1 over [-1, 1]. A line explains none of the parabola,
# 61 % of the sine and 80 % of the exponential.
CURVES = {
    "parabola": lambda x: (3 * x**2 - 1) * np.sqrt(5) / 2,
    "sine": lambda x: np.sqrt(2) * np.sin(np.pi * x),
    "exponential": lambda x: (
        (np.exp(2 * x) - np.sinh(2) / 2) / np.sqrt(np.sinh(4) / 4 - np.sinh(2) ** 2 / 4)
    ),
}


def curve(
    name: str, rows: int = ROWS, noise: float = NOISE, seed=0
) -> tuple[np.ndarray, np.ndarray]:
    """Draws rows of a noisy curve.

    Args:
        name: A key of `CURVES`.
        rows: How many.
        noise: Standard deviation of what is added to the curve.
        seed: Whatever `numpy.random.default_rng` takes.

    Returns:
        x uniform in [-1, 1] in ascending order, and y, each (rows,).
    """
    rng = np.random.default_rng(seed)
    x = np.sort(rng.uniform(-1, 1, rows))
    return x, CURVES[name](x) + rng.normal(0, noise, rows)


def hat(x, degree: int, at) -> np.ndarray:
    """The matrix that makes of targets at x the polynomial's values at other places.

    Least squares is linear in the targets. Legendre's polynomials span the same curves
    as powers of x do, without their rounding errors.
    """
    return legendre.legvander(at, degree) @ np.linalg.pinv(
        legendre.legvander(x, degree)
    )


def bias_and_variance(values, truth) -> tuple[float, float]:
    """The mean squared bias and the mean variance over places.

    Args:
        values: Predictions (sets, places) of models from as many training sets.
        truth: What is to be predicted, without noise, (places,).
    """
    middle = values.mean(0)
    bias = float(((middle - truth) ** 2).mean())
    return bias, float(values.var(0, ddof=1).mean())
