"""A few samples are learned; how strongly they are changed is chosen by validation."""

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np

from recipes.lab import Study

VALIDATION = 500  # samples to choose by
TUNED = 2  # seeds on which strengths are chosen


def accuracy(model: keras.Model, x: np.ndarray, y: np.ndarray) -> float:
    """The share of samples that a model classifies rightly, without augmentation."""
    logits = np.asarray(model.predict_on_batch(x))
    return float((logits.argmax(1) == y).mean())


def learned(
    study: Study, x: np.ndarray, y: np.ndarray, seed: int, *, rows: int, **arguments
) -> dict[str, float]:
    """Trains on a few of many samples that were generated.

    Args:
        study: Of the networks.
        x: Those to train on, those to choose by, and those of the test behind them.
        y: Their classes.
        seed: Decides weights and changes.
        rows: How many to train on.
        **arguments: Of `Study.train`.

    Returns:
        Accuracies "training", "validation" and "test".
    """
    ends = [rows, rows + VALIDATION]
    parts = list(zip(np.split(x, ends), np.split(y, ends), strict=True))
    run = study.train(
        parts[0],
        seed,
        measure=lambda model: [accuracy(model, *part) for part in parts],
        **arguments,
    )
    names = ("training", "validation", "test")
    return dict(zip(names, run["measured"], strict=True))


def best_strengths(
    lab, train: Callable, grid: Mapping[str, Mapping[Any, dict]], title: str
) -> dict[str, Any]:
    """The strengths with the best validation accuracy on the tuning seeds, by kind.

    Args:
        lab: The bench.
        train: Returns an accuracy "validation".
        grid: By kind and strength the case of `train`.
        title: Of the progress.
    """
    return lab.choose(
        train,
        grid,
        score="validation",
        largest=True,
        seeds=TUNED,
        precision="float32",
        title=f"strengths of {title}",
    )


def at_best(
    lab, train: Callable, grid: Mapping[str, Mapping[Any, dict]], title: str
) -> tuple[dict[str, Any], dict[str, list[dict]]]:
    """Trains each kind at its best strength; the arguments are `best_strengths`'s.

    Returns:
        By kind the strength, and the results of other seeds.
    """
    best = best_strengths(lab, train, grid, title)
    cases = {kind: grid[kind][strength] for kind, strength in best.items()}
    return best, lab.sweep(train, cases, precision="float32", title=title)
