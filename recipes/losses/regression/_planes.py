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


def planes(
    seed: int,
    share: float,
    shift: float,
    *,
    rows: int = SAMPLES,
    noise: float = 0.1,
    both_sides: bool = False,
) -> dict[str, np.ndarray]:
    """Ten inputs and a linear target, in part shifted; and rows to measure on.

    Args:
        seed: Decides everything.
        share: Of the targets that are shifted.
        shift: By how much, where clean targets have a standard deviation of 1.
        rows: To fit on.
        noise: Standard deviation of what the inputs do not explain.
        both_sides: Whether each shift is up or down by chance.
    """
    total = rows + SAMPLES
    x, y = generators.regression(total, noise=noise, seed=seed)
    _, truth = generators.regression(total, noise=0.0, seed=seed)
    off = np.zeros(rows, bool)
    rng = np.random.default_rng([seed, 2])
    off[rng.choice(rows, round(share * rows), replace=False)] = True
    signs = rng.choice([-1, 1], rows) if both_sides else np.ones(rows)
    x = np.column_stack([np.ones(total), x]).astype(float)
    clean = y[:rows].astype(float)
    return {
        "x": x[:rows],
        "clean": clean,
        "y": clean + shift * signs * off,
        "off": off,
        "new_x": x[rows:],
        "truth": truth[rows:].astype(float),
    }


def solve(x, y, weights=None) -> np.ndarray:
    """Returns the coefficients of the (weighted) least squares fit."""
    root = np.ones(len(y)) if weights is None else np.sqrt(weights)
    return np.linalg.lstsq(x * root[:, None], y * root, rcond=None)[0]


def off_by(data, coefficients) -> float:
    """The rms distance of a plane to the truth on new inputs."""
    gap = data["new_x"] @ coefficients - data["truth"]
    return float(np.sqrt(np.mean(gap**2)))


def distance(data, y, weights=None) -> float:
    """Fits least squares; returns the rms distance to the truth on new inputs."""
    return off_by(data, solve(data["x"], y, weights))


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
