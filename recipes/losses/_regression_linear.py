"""Lines and planes under outliers, solved exactly: no training, no chance but data."""

from collections.abc import Callable

import numpy as np
from scipy import optimize
from sklearn.linear_model import QuantileRegressor

from recipes.lab import generators, stats

SAMPLES = 500  # to fit, and as many to measure on


def percentile_cap(y, low: float = 1.0, high: float = 99.0) -> np.ndarray:
    """Moves targets beyond two percentiles onto them."""
    return np.clip(y, *np.percentile(y, [low, high]))


def z_score_cap(y, most: float = 3.0) -> np.ndarray:
    """Moves targets more than some standard deviations off the mean to there."""
    return np.clip(y, y.mean() - most * y.std(), y.mean() + most * y.std())


def fences(y, reach: float = 1.5) -> tuple[float, float]:
    """Tukey's fences: the quartiles, and so many times their distance beyond."""
    first, third = np.percentile(y, [25, 75])
    return first - reach * (third - first), third + reach * (third - first)


def iqr_cap(y) -> np.ndarray:
    """Moves targets beyond the fences onto them."""
    return np.clip(y, *fences(y))


def outside(y) -> np.ndarray:
    """Says which targets lie beyond the fences."""
    low, high = fences(y)
    return (y < low) | (y > high)


def planes(seed: int, share: float, shift: float) -> dict[str, np.ndarray]:
    """Ten inputs and a linear target, in part shifted; and rows to measure on."""
    total = 2 * SAMPLES
    x, y = generators.regression(total, seed=seed)
    _, truth = generators.regression(total, noise=0.0, seed=seed)
    off = np.zeros(SAMPLES, bool)
    rng = np.random.default_rng([seed, 2])
    off[rng.choice(SAMPLES, round(share * SAMPLES), replace=False)] = True
    x = np.column_stack([np.ones(total), x]).astype(float)
    clean = y[:SAMPLES].astype(float)
    return {
        "x": x[:SAMPLES],
        "clean": clean,
        "y": clean + shift * off,
        "off": off,
        "new_x": x[SAMPLES:],
        "truth": truth[SAMPLES:].astype(float),
    }


def distance(data, y, weights=None) -> float:
    """Fits least squares; returns the rms distance to the truth on new inputs."""
    return _distance(data, solve(data["x"], y, weights))


def solve(x, y, weights=None) -> np.ndarray:
    """Returns the coefficients of the (weighted) least squares fit."""
    root = np.ones(len(y)) if weights is None else np.sqrt(weights)
    return np.linalg.lstsq(x * root[:, None], y * root, rcond=None)[0]


def _distance(data, coefficients) -> float:
    gap = data["new_x"] @ coefficients - data["truth"]
    return float(np.sqrt(np.mean(gap**2)))


def undone(clean, spoiled, treated) -> tuple[bool | None, float]:
    """Says whether a remedy undoes at least half of what the outliers added.

    Args:
        clean: Distances without outliers, one a seed.
        spoiled: Distances with them.
        treated: Distances with them and the remedy.

    Returns:
        The verdict, None where the seeds can't tell, and the mean share undone.
    """
    clean, spoiled, treated = (np.asarray(a, float) for a in (clean, spoiled, treated))
    share = float(np.mean((spoiled - treated) / (spoiled - clean)))
    return stats.paired(treated, (clean + spoiled) / 2).negative, share


CAPS: dict[str, Callable] = {
    "percentiles 1 and 99": lambda data: distance(data, percentile_cap(data["y"])),
    "3 standard deviations": lambda data: distance(data, z_score_cap(data["y"])),
    "fences, capped": lambda data: distance(data, iqr_cap(data["y"])),
    "fences, removed": lambda data: distance(
        data, data["y"], (~outside(data["y"])).astype(float)
    ),
}


def by_residual(data) -> np.ndarray:
    """Weighs rows 0.1 whose residual is beyond the fences; fits anew, ten times."""
    weights = np.ones(SAMPLES)
    for _ in range(10):
        residual = data["y"] - data["x"] @ solve(data["x"], data["y"], weights)
        weights = np.where(outside(residual), 0.1, 1.0)
    return weights


WEIGHTS: dict[str, Callable] = {
    "known rows": lambda data: np.where(data["off"], 0.1, 1.0),
    "fences of the target": lambda data: np.where(outside(data["y"]), 0.1, 1.0),
    "fences of the residual": by_residual,
    "random rows (a control)": lambda data: np.where(np.roll(data["off"], 7), 0.1, 1.0),
}


def lines(seed: int) -> dict[str, float]:
    """Fits y = 2x to 95 rows near it and 5 with a wrong input; errors of the slope."""
    rng = np.random.default_rng([seed, 3])
    x = np.concatenate([rng.normal(0, 1, 95), rng.normal(20, 1, 5)])
    y = np.concatenate([2 * x[:95], np.zeros(5)]) + rng.normal(0, 0.2, 100)
    both = np.column_stack([np.ones(100), x])

    def huber(coefficients):
        e = y - both @ coefficients
        inside = np.abs(e) <= 1
        loss = np.where(inside, e**2 / 2, np.abs(e) - 0.5).sum()
        return loss, -both.T @ np.clip(e, -1, 1)

    slopes = {
        "squared": solve(both, y)[1],
        "absolute": QuantileRegressor(quantile=0.5, alpha=0)
        .fit(x[:, None], y)
        .coef_[0],
        "Huber, δ = 1": optimize.minimize(huber, np.zeros(2), jac=True).x[1],
    }
    return {name: float(abs(slope - 2)) for name, slope in slopes.items()}
