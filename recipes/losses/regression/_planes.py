"""Planes under outliers, solved exactly: no training, no chance but data."""

import numpy as np

from recipes.lab import generators, stats

SAMPLES = 500  # to fit, and as many to measure on
HALF = stats.Threshold(
    "half of what outliers add",
    1.0,
    "times",
    "a remedy helps if it undoes half of the added error: half is taken off before.",
)


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


def solve(x, y, weights=None) -> np.ndarray:
    """Returns the coefficients of the (weighted) least squares fit."""
    root = np.ones(len(y)) if weights is None else np.sqrt(weights)
    return np.linalg.lstsq(x * root[:, None], y * root, rcond=None)[0]


def distance(data, y, weights=None) -> float:
    """Fits least squares; returns the rms distance to the truth on new inputs."""
    gap = data["new_x"] @ solve(data["x"], y, weights) - data["truth"]
    return float(np.sqrt(np.mean(gap**2)))


def undoes_half(clean, spoiled, treated) -> stats.Decision:
    """Asks whether a remedy undoes at least half of what the outliers added.

    Args:
        clean: Distances without outliers, one a seed.
        spoiled: Distances with them.
        treated: Distances with them and the remedy.
    """
    half = (np.asarray(clean) + np.asarray(spoiled)) / 2
    return stats.greater(half, treated, by=HALF, scale="log")


def share_undone(clean, spoiled, treated) -> float:
    """The mean share of the added error that a remedy undoes."""
    clean, spoiled, treated = (np.asarray(a, float) for a in (clean, spoiled, treated))
    return float(np.mean((spoiled - treated) / (spoiled - clean)))
