"""How networks side by side are swept, watched and compared."""

from collections.abc import Callable

import keras
import numpy as np

from recipes.basics._activation_networks import SideBySide
from recipes.lab import LabError, stats


class Watch(keras.callbacks.Callback):
    """Measures every network on the same samples after every epoch.

    Args:
        networks: What is trained.
        x: Inputs (samples, copies, features).
        y: Targets (samples, copies, ...).
        measure: `mean_square` or `accuracy`.
    """

    def __init__(self, networks: SideBySide, x, y, measure: Callable):
        super().__init__()
        self.networks, self.x, self.measure = networks, x, measure
        self.y = np.concatenate([y] * len(networks.kinds), axis=1)
        self.rows = []

    def on_epoch_end(self, epoch, logs=None):
        """Keeps one number a network."""
        outputs = self.networks.model.predict_on_batch(self.x)
        self.rows.append(self.measure(self.y, np.asarray(outputs, "float32")))

    def curves(self) -> dict[str, np.ndarray]:
        """Returns (copies, epochs) a kind."""
        return self.networks.split(np.transpose(self.rows))


def sweep_together(lab, train: Callable, cases, title: str) -> dict[str, list[dict]]:
    """A sweep whose members are all trained when the first is asked for.

    Args:
        lab: The run's `Lab`.
        train: Maps a list of seeds to one list of results, a seed each, by case.
        cases: Names of what `train` returns.
        title: As of `Lab.sweep`.
    """
    seeds, trained = list(lab.seeds), {}

    def look_up(case, seed):
        if not trained:
            try:
                trained["runs"] = train(seeds)
            except LabError as error:
                trained["error"] = error
        if "error" in trained:
            raise trained["error"]
        return trained["runs"][case][seeds.index(seed)]

    return lab.sweep(look_up, list(cases), title=title)


def larger(first, second, worth: float) -> bool | None:
    """Asks whether the first is larger, over the same seeds.

    True where the interval of the difference is above 0, False where it is below 0 or
    rules out a difference that would be worth naming, None where neither is settled.
    """
    if (found := stats.paired(first, second).positive) is not None:
        return found
    return False if stats.paired(first, np.add(second, worth)).negative else None


def mean_square(y, outputs) -> np.ndarray:
    """The mean squared error of each network."""
    return ((y - outputs) ** 2).mean((0, 2))


def accuracy(y, logits) -> np.ndarray:
    """The share of samples that each network puts into their class."""
    return (logits.argmax(-1) == y).mean(0)
