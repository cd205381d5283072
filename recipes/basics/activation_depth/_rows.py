"""Images side by side: every network of a seed has its own rows."""

import numpy as np

MOST_TEST_ROWS = 1000


def side_by_side(data, seeds, rows: int) -> tuple[tuple, tuple]:
    """For each seed its own training rows, and the same test rows: pairs (x, y)."""
    flat = data.x_train.reshape(len(data.x_train), -1)
    orders = [np.random.default_rng(s).permutation(len(flat))[:rows] for s in seeds]
    test = data.x_test.reshape(len(data.x_test), -1)[:MOST_TEST_ROWS]
    labels = data.y_test[:MOST_TEST_ROWS]
    return (
        (
            np.stack([flat[order] for order in orders], 1),
            np.stack([data.y_train[order] for order in orders], 1),
        ),
        (np.stack([test] * len(seeds), 1), np.stack([labels] * len(seeds), 1)),
    )
