"""Reads errors out of the race's runs."""

import numpy as np

from recipes.lab import stats


def curves(runs, case: str, metric: str = "train_mse") -> np.ndarray:
    """Returns a case's curves (seeds, epochs)."""
    return np.array([run["history"][metric] for run in runs[case]])


def log_error(runs, name: str, target: str, epoch: int) -> np.ndarray:
    """Returns the logarithms to base 10 of training errors, (seeds,)."""
    return np.log10(curves(runs, f"{name}, {target}")[:, epoch - 1])


def duel(runs, first: str, second: str, target: str, epoch: int) -> stats.Comparison:
    """Compares two racers' training errors at an epoch, as logarithms to base 10."""
    pair = (log_error(runs, name, target, epoch) for name in (first, second))
    return stats.paired(*pair)


def gap(runs, name: str, target: str) -> np.ndarray:
    """Returns the last test error minus the last training error, (seeds,)."""
    case = f"{name}, {target}"
    return (curves(runs, case, "test_mse") - curves(runs, case))[:, -1]


def ranking(table, target: str, column: int) -> str:
    """Returns the racers by training error, the best first."""
    rows = sorted((r for r in table if r[0] == target), key=lambda row: row[column])
    return " < ".join(f"{row[1]} {row[column]:.2g}" for row in rows)
