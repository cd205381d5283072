"""Regression losses in NumPy: each takes residuals, target minus prediction."""

import math

import numpy as np


def squared(e):
    """The square of the residual."""
    return np.square(e)


def absolute(e):
    """The size of the residual."""
    return np.abs(e)


def huber(e, delta: float = 1.0):
    """Half the square up to delta, a straight line of slope delta beyond."""
    return np.where(
        np.abs(e) <= delta, 0.5 * np.square(e), delta * (np.abs(e) - 0.5 * delta)
    )


def huber_below_zero(e, delta: float = 1.0):
    """The same with the condition |e| < 0, which one of the notes prints."""
    return np.where(
        np.abs(e) < 0, 0.5 * np.square(e), delta * (np.abs(e) - 0.5 * delta)
    )


def pinball(e, quantile: float = 0.5):
    """Costs quantile times a residual above 0, 1 - quantile times one below."""
    return np.maximum(quantile * e, (quantile - 1) * e)


def notes_adaptive(e, c: float = 1.0):
    """|e|^p / p with p = 2 - 2 / (1 + (e / c)^2), as the notes print it."""
    p = 2 - 2 / (1 + np.square(np.asarray(e, float) / c))
    with np.errstate(divide="ignore"):
        return np.abs(e) ** p / p


def barron(e, alpha: float = 1.0, c: float = 1.0):
    """Barron's general loss, each case written out (2019, equation 8)."""
    z = np.square(np.asarray(e, float) / c)
    if alpha == 2:
        return z / 2
    if alpha == 0:
        return np.log(z / 2 + 1)
    if alpha == -math.inf:
        return 1 - np.exp(-z / 2)
    b = abs(alpha - 2)
    return b / alpha * ((z / b + 1) ** (alpha / 2) - 1)


def barron_slope(e, alpha: float = 1.0, c: float = 1.0):
    """Its derivative, e/c² (z/|α − 2| + 1)^(α/2 − 1), and e/c² for α = 2."""
    z = np.square(np.asarray(e, float) / c)
    if alpha == 2:
        return e / c**2
    return e / c**2 * (z / abs(alpha - 2) + 1) ** (alpha / 2 - 1)


def growth(loss, at: float) -> float:
    """The power with which a loss grows at a residual: 2 for a square, 1 for a line."""
    near = at * (1 + np.array([-1e-4, 1e-4]))
    below, above = np.log(loss(near))
    return float((above - below) / np.log(near[1] / near[0]))


def minimizer(loss, sample, low: float, high: float) -> float:
    """The constant with the least summed loss, from a grid that is refined twice.

    The first grid spans everything, so that a loss with several valleys is
    searched as a whole.

    Args:
        loss: Takes residuals, returns as many losses.
        sample: The targets, one-dimensional.
        low: The least constant that is tried.
        high: The greatest.

    Returns:
        The constant, to (high - low) / 10^8.
    """
    sample = np.asarray(sample, float)
    for _ in range(3):
        grid = np.linspace(low, high, 1001)
        costs = loss(sample[:, None] - grid).sum(0)
        best, step = grid[costs.argmin()], grid[1] - grid[0]
        low, high = best - step, best + step
    return float(best)
