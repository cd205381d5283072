"""Few images by seed, to learn from, to choose by and to judge by."""

import numpy as np

VALIDATION, TEST = 300, 797  # images; the last ones are for the test alone


def draw(data, seed: int, rows: int, wrong: float = 0.0) -> dict:
    """Images by part; wrong labels are in training and validation alone.

    Args:
        data: Images; the last `TEST` are never learned from.
        seed: Decides which ones, and which labels are wrong.
        rows: To train on.
        wrong: Share of labels that are replaced by another class.
    """
    x = np.concatenate([data.x_train, data.x_test])
    y = np.concatenate([data.y_train, data.y_test])
    rng = np.random.default_rng([seed, 84])
    order = rng.permutation(len(x) - TEST)[: rows + VALIDATION]
    others = (y[order] + rng.integers(1, data.num_classes, len(order))) % 10
    labels = np.where(rng.random(len(order)) < wrong, others, y[order]).astype("int32")
    return {
        "training": (x[order[:rows]], labels[:rows]),
        "validation": (x[order[rows:]], labels[rows:]),
        "test": (x[-TEST:], y[-TEST:]),
    }
