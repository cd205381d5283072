"""What every training starts from: networks side by side, and each one's images."""

from collections.abc import Mapping

import numpy as np

from recipes.basics._side_by_side import Kind, SideBySide, cross_entropy

MOST_TEST_ROWS = 1000


def start(
    kinds: Mapping[str, Kind], case: Mapping, data
) -> tuple[SideBySide, tuple, tuple]:
    """Builds a case's networks, a column for each seed, and picks their images.

    Args:
        kinds: Names to kinds of hidden layers.
        case: `networks`, the seeds of rows and weights; `samples`; `hidden`, the
            widths; `learning_rate`.
        data: Images.

    Returns:
        The networks, and what they train on and are tested on: pairs (x, y).
    """
    rows, test_rows = side_by_side(data, case["networks"], case["samples"])
    networks = SideBySide(
        kinds,
        case["networks"],
        (rows[0].shape[2], *case["hidden"], data.num_classes),
        cross_entropy,
        learning_rate=case["learning_rate"],
    )
    return networks, rows, test_rows


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
