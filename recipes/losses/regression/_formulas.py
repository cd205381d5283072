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


CENTER, FAR = 5.0, 100.0  # the notes' sample: 95 targets near 5, and 5 near 100


def sample(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draws 100 targets, the last 5 of them 95 units off; and the same without them."""
    y = np.random.default_rng(seed).normal(CENTER, 1, 100)
    spoiled = y.copy()
    spoiled[95:] += FAR - CENTER
    return spoiled, y[:95]


def fit_constants(seeds, loss) -> dict[str, list[float]]:
    """Fits a constant to each seed's sample, with and without those five."""
    samples = [sample(seed) for seed in seeds]
    return {
        kind: [minimizer(loss, pair[index], 0.0, 110.0) for pair in samples]
        for index, kind in enumerate(("spoiled", "clean"))
    }
