"""Rare positives in the plane: a linear classifier, its metrics, its closed form."""

import keras
import numpy as np
from scipy.stats import norm

from callbacks import cheapest_class
from recipes.lab import Restart, fit, generators
from zoo import mlp

GAP = 2.0  # between the means of the two classes, in standard deviations
POSITIVE = 0.05  # share of the rare class
TEST_ROWS = 20_000
COSTS = [[0.0, 1.0], [10.0, 0.0]]  # a missed positive costs ten false alarms


class Classifier:
    """A linear softmax classifier on two Gaussians: compiled once, trained often.

    Args:
        loss: A loss of integer labels and logits.
        samples: Training rows, drawn anew for each seed.
        gap: Distance of the two means.
    """

    def __init__(self, loss: keras.losses.Loss, samples: int, gap: float = GAP):
        self.samples, self.gap = samples, gap
        self.model = mlp((2,), 2, units=())
        self.model.compile(keras.optimizers.Adam(0.1), loss)
        self.restart = Restart(self.model)

    def train(
        self, seed: int, epochs: int, *, weight=None, flip=0.0, callbacks=()
    ) -> dict:
        """Trains from the weights that the random state gives, and tests.

        Args:
            seed: Decides the training data and their order.
            epochs: Passes over them.
            weight: Keras's `class_weight`, or a function of the labels that gives it.
            flip: Share of the training labels that are turned round.
            callbacks: For `fit`.

        Returns:
            The metrics of `measure` on fresh, clean test data.
        """
        x, y = generators.imbalanced(self.samples, POSITIVE, self.gap, seed)
        rng = np.random.default_rng([seed, 16])
        y = np.where(rng.random(len(y)) < flip, 1 - y, y)
        self.restart()
        fit(
            self.model,
            x,
            y,
            batch_size=200,
            epochs=epochs,
            seed=seed,
            class_weight=weight(y) if callable(weight) else weight,
            callbacks=list(callbacks),
        )
        x, y = generators.imbalanced(TEST_ROWS, POSITIVE, self.gap, 10_000 + seed)
        return measure(y, probabilities(self.model, x))


def probabilities(model: keras.Model, x: np.ndarray) -> np.ndarray:
    """The probabilities behind a model's logits."""
    return keras.ops.convert_to_numpy(keras.ops.softmax(model(x)))


def measure(labels: np.ndarray, chances: np.ndarray) -> dict[str, float]:
    """What a classifier of two classes is worth, by several standards.

    Args:
        labels: 0 or 1 (rare), (samples,).
        chances: The probabilities of both classes, (samples, 2).
    """
    from sklearn import metrics

    positive = chances[:, 1]
    found = scores(labels, (positive > 0.5).astype(int))
    share = float(labels.mean())
    moved = scores(labels, (positive > share).astype(int))
    cheapest = cheapest_class(chances, COSTS)
    return {
        **found,
        "average precision": float(metrics.average_precision_score(labels, positive)),
        "mean probability": float(positive.mean()),
        "balanced accuracy, threshold moved": moved["balanced accuracy"],
        "F1, threshold moved": moved["F1"],
        "cost, cheapest decision": scores(labels, cheapest)["cost"],
    }


def scores(labels: np.ndarray, decisions: np.ndarray) -> dict[str, float]:
    """Metrics of decisions, from the four counts; 0 where nothing is found."""
    labels, decisions = np.asarray(labels, bool), np.asarray(decisions, bool)
    hits = float((labels & decisions).sum())
    alarms, misses = float((~labels & decisions).sum()), float(labels.sum()) - hits
    rejections = float((~labels).sum()) - alarms
    recall = hits / (hits + misses)
    return {
        "accuracy": (hits + rejections) / len(labels),
        "recall": recall,
        "precision": hits / (hits + alarms) if hits else 0.0,
        "F1": 2 * hits / (2 * hits + alarms + misses),
        "balanced accuracy": (recall + rejections / (rejections + alarms)) / 2,
        "cost": (COSTS[0][1] * alarms + COSTS[1][0] * misses) / len(labels),
    }


def ideal(weight, gap: float = GAP) -> dict[str, np.ndarray]:
    """The metrics of the best classifier where the rare class weighs `weight`.

    Between Gaussians of unit variance the best border is a line at right angles to
    the gap, gap / 2 + log(odds / weight) / gap from the common class's mean.
    """
    odds = (1 - POSITIVE) / POSITIVE
    border = gap / 2 + np.log(odds / np.asarray(weight, float)) / gap
    recall, rejected = norm.cdf(gap - border), norm.cdf(border)
    alarms, hits = (1 - POSITIVE) * (1 - rejected), POSITIVE * recall
    return {
        "accuracy": hits + (1 - POSITIVE) * rejected,
        "recall": recall,
        "precision": hits / (hits + alarms),
        "F1": 2 * hits / (hits + alarms + POSITIVE),
        "balanced accuracy": (recall + rejected) / 2,
        "cost": COSTS[0][1] * alarms + COSTS[1][0] * (POSITIVE - hits),
    }
