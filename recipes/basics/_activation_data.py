"""Data sets side by side: every network of a seed has its own rows."""

import numpy as np

from recipes.lab import generators

ROWS = 800  # of a regression for training, and as many for the test


def linear_rows(seed: int):
    """Returns ten features and a linear target of unit variance with a little noise."""
    x, y = generators.regression(2 * ROWS, seed=seed)
    return x, y[:, None]


def curved_rows(seed: int):
    """Returns ten features of which five bend the target (Friedman, 1991)."""
    from sklearn.datasets import make_friedman1

    x, y = make_friedman1(2 * ROWS, noise=1.0, random_state=seed)
    x, y = np.sqrt(12) * (x - 0.5), (y - y.mean()) / y.std()
    return x.astype("float32"), y[:, None].astype("float32")


def stacked(draws) -> tuple[np.ndarray, np.ndarray]:
    """Returns data sets (x, y) side by side along a second axis."""
    return tuple(np.stack(arrays, axis=1) for arrays in zip(*draws, strict=True))


def copies(data, seeds, rows: int):
    """Returns for every seed its own training rows, and test rows: x, y, x, y."""
    flat = data.x_train.reshape(len(data.x_train), -1)
    orders = [np.random.default_rng(s).permutation(len(flat))[:rows] for s in seeds]
    test = data.x_test.reshape(len(data.x_test), -1)[:1000]
    return (
        np.stack([flat[order] for order in orders], 1),
        np.stack([data.y_train[order] for order in orders], 1),
        np.stack([test] * len(seeds), 1),
        np.stack([data.y_test[:1000]] * len(seeds), 1),
    )
