"""Regressions side by side: every network of a seed has its own rows."""

import numpy as np

from recipes.lab import generators

ROWS = 800  # for training, and as many for the test


def linear_rows(seed: int):
    """Ten features and a linear target of unit variance with a little noise."""
    x, y = generators.regression(2 * ROWS, seed=seed)
    return x, y[:, None]


def curved_rows(seed: int):
    """Ten features of which five bend the target (Friedman, 1991)."""
    from sklearn.datasets import make_friedman1

    x, y = make_friedman1(2 * ROWS, noise=1.0, random_state=seed)
    x, y = np.sqrt(12) * (x - 0.5), (y - y.mean()) / y.std()
    return x.astype("float32"), y[:, None].astype("float32")


def side_by_side(draws) -> tuple[tuple, tuple]:
    """Puts data sets (x, y) along a second axis; the pairs for training and test."""
    x, y = (np.stack(arrays, axis=1) for arrays in zip(*draws, strict=True))
    return (x[:ROWS], y[:ROWS]), (x[ROWS:], y[ROWS:])
