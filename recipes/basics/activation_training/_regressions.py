"""Regressions side by side: every network of a seed has its own rows."""

from collections.abc import Callable, Collection, Mapping

import numpy as np

from recipes.basics._side_by_side import (
    Kind,
    SideBySide,
    mean_square,
    squared_error,
)
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


TARGETS = {"linear target": linear_rows, "curved target": curved_rows}


def side_by_side(draws) -> tuple[tuple, tuple]:
    """Puts data sets (x, y) along a second axis; the pairs for training and test."""
    x, y = (np.stack(arrays, axis=1) for arrays in zip(*draws, strict=True))
    return (x[:ROWS], y[:ROWS]), (x[ROWS:], y[ROWS:])


def learn(
    kinds: Mapping[str, Kind],
    case: Mapping,
    seed: int,
    targets: Mapping[str, Callable] = TARGETS,
    by_epoch: Collection[str] = (),
) -> tuple[SideBySide, dict[str, dict[str, list]]]:
    """Trains 10-10-1 networks of all kinds on all targets: squared error, Adam.

    Args:
        kinds: Names to kinds.
        case: `networks`, the seeds of rows and weights; `epochs`; `learning_rate`; and
            `rows`, how many of them are trained on (all where it is left out).
        seed: Of the order of the samples, one for all networks.
        targets: Names to functions of a seed that draw rows.
        by_epoch: Which of the errors are taken after every epoch.

    Returns:
        The networks, and for each "kind, target" the errors `train_mse` and
        `test_mse`: by network and epoch, or by network and at the end alone.
    """
    seeds = case["networks"]
    draws = [rows(number) for rows in targets.values() for number in seeds]
    rows, test_rows = side_by_side(draws)
    rows = tuple(array[: case.get("rows", ROWS)] for array in rows)
    networks = SideBySide(
        kinds,
        [*seeds] * len(targets),
        (10, 10, 1),
        squared_error,
        learning_rate=case["learning_rate"],
    )
    scores = {"train_mse": rows, "test_mse": test_rows}
    errors = networks.train(
        *rows,
        epochs=case["epochs"],
        seed=seed,
        scores={name: scores[name] for name in by_epoch},
    )
    for name, (x, y) in scores.items():
        if name not in errors:
            outputs = np.asarray(networks.model.predict_on_batch(x))
            repeated = np.concatenate([y] * len(kinds), axis=1)
            errors[name] = networks.split(mean_square(repeated, outputs)[:, None])
    return networks, {
        f"{name}, {target}": {
            # The copies of the first target come first.
            score: np.split(curves[name], len(targets))[place].tolist()
            for score, curves in errors.items()
        }
        for name in kinds
        for place, target in enumerate(targets)
    }


def arrays(found: Mapping[str, Mapping]) -> dict[str, dict[str, np.ndarray]]:
    """The lists of a training's result as arrays."""
    return {
        name: {key: np.array(values) for key, values in entry.items()}
        for name, entry in found.items()
    }
