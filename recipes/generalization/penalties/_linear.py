"""Linear problems of which the truth is known, and their penalized fits."""

from dataclasses import dataclass

import numpy as np

FEATURES, USEFUL = 20, 5  # the first five have weights, the others have none
# Strengths two to a decade: of ridge, from none that is felt to one that leaves little.
STRENGTHS = tuple(float(f"{s:.3g}") for s in 10.0 ** np.arange(-3, 4.1, 0.5))
FOLDS = 5


@dataclass(frozen=True)
class Problem:
    """Rows with the weights that made them.

    Attributes:
        x: Inputs (rows, features), of mean 0 and variance 1.
        y: Targets: x @ truth and Gaussian noise.
        truth: Weights (features,).
        covariance: Of the inputs, (features, features).
    """

    x: np.ndarray
    y: np.ndarray
    truth: np.ndarray
    covariance: np.ndarray

    def excess(self, weights) -> float:
        """What weights cost on new rows, beyond the noise: a mean square."""
        off = np.asarray(weights) - self.truth
        return float(off @ self.covariance @ off)


def problem(
    seed: int,
    rows: int,
    *,
    useful: int = USEFUL,
    correlation: float = 0.0,
    noise: float = 1.0,
) -> Problem:
    """Draws a problem of 20 features.

    Args:
        seed: Decides everything.
        rows: How many.
        useful: Features that have a weight: 1 to 2, of either sign.
        correlation: Of neighbors; that of features k apart is its k-th power.
        noise: Standard deviation of the noise.
    """
    rng = np.random.default_rng([seed, 31])
    truth = np.zeros(FEATURES)
    truth[:useful] = rng.uniform(1, 2, useful) * rng.choice([-1, 1], useful)
    apart = np.abs(np.subtract.outer(np.arange(FEATURES), np.arange(FEATURES)))
    covariance = np.where(apart == 0, 1.0, correlation ** np.maximum(apart, 1))
    x = rng.normal(size=(rows, FEATURES)) @ np.linalg.cholesky(covariance).T
    return Problem(x, x @ truth + rng.normal(0, noise, rows), truth, covariance)


def ridge(x, y, strength: float) -> np.ndarray:
    """The weights that minimize sum (y - xw)² + strength * sum w²."""
    return np.linalg.solve(x.T @ x + strength * np.eye(x.shape[1]), x.T @ y)


def ridge_by_folds(x, y) -> tuple[np.ndarray, float]:
    """Ridge's weights and its strength, which cross-validation in these rows chose."""
    errors = np.zeros(len(STRENGTHS))
    for held in np.array_split(np.arange(len(x)), FOLDS):
        kept = np.delete(np.arange(len(x)), held)
        for place, strength in enumerate(STRENGTHS):
            weights = ridge(x[kept], y[kept], strength)
            errors[place] += ((y[held] - x[held] @ weights) ** 2).sum()
    best = STRENGTHS[int(errors.argmin())]
    return ridge(x, y, best), best


def soft_threshold(values, by):
    """Moves values by so much toward 0, and no further."""
    return np.sign(values) * np.maximum(np.abs(values) - by, 0.0)


def evenness(weights) -> float:
    """How many of the weights carry the sum, as a share: 1 where all are equal.

    It is (sum |w|)² / (n sum w²): k equal weights and n - k zeros give k / n.
    """
    size = np.abs(np.ravel(weights))
    return float(size.sum() ** 2 / (size.size * (size**2).sum()))
