"""Random features: models of any width whose least squares fit is known at once."""

import numpy as np

INPUTS, ROWS, NOISE = 10, 100, 0.5  # the noise of a target of variance 1
NEW_ROWS = 1000


def truth(x) -> np.ndarray:
    """A target of variance 1: half of it linear, half a product of two inputs."""
    return np.sqrt(0.5) * (x[:, 0] + x[:, 1] * x[:, 2])


def rows(
    seed, count: int = ROWS, noise: float = NOISE
) -> tuple[np.ndarray, np.ndarray]:
    """Draws Gaussian inputs (count, 10) and noisy targets (count,)."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, INPUTS))
    return x, truth(x) + rng.normal(0, noise, count)


def fit(x, y, width: int, seed, at) -> tuple[np.ndarray, np.ndarray]:
    """Fits ReLU features with random weights by least squares.

    Where there are more features than rows, many fits go through every row; this is the
    one with the least norm of coefficients, where gradient descent from 0 would end.

    Args:
        x: Inputs (rows, 10).
        y: Targets (rows,).
        width: How many features.
        seed: Of the features.
        at: Inputs to predict for.

    Returns:
        Predictions for x and for `at`.
    """
    rng = np.random.default_rng(seed)
    weights = rng.normal(0, INPUTS**-0.5, (INPUTS, width))
    shifts = rng.normal(0, 0.5, width)
    seen, new = (np.maximum(points @ weights + shifts, 0) for points in (x, at))
    if width > len(x):  # the shortest solution is a mix of the rows
        coefficients = seen.T @ np.linalg.solve(seen @ seen.T, y)
    else:
        coefficients = np.linalg.lstsq(seen, y, rcond=1e-10)[0]
    return seen @ coefficients, new @ coefficients
