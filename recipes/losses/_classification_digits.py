"""One network on ten classes of digits, under losses that fit and others."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

import keras
import numpy as np
from keras import layers, losses

from recipes.lab import Restart, fit
from zoo import mlp


@dataclass(frozen=True)
class Learner:
    """How a network of digits is trained.

    Attributes:
        loss: A Keras loss of one-hot targets, or of class numbers.
        outputs: "logits" or "softmax".
        optimizer: A key of `OPTIMIZERS`.
        classes: Whether it takes class numbers.
    """

    loss: losses.Loss
    outputs: str = "softmax"
    optimizer: str = "Adam"
    classes: bool = False


OPTIMIZERS = {  # the fast one has time to learn wrong labels too
    "Adam": partial(keras.optimizers.Adam, 0.001),
    "fast Adam": partial(keras.optimizers.Adam, 0.003),
    "SGD": partial(keras.optimizers.SGD, 0.1),
}
CROSS_ENTROPY = losses.CategoricalCrossentropy(from_logits=True)
SQUARED, ABSOLUTE = losses.MeanSquaredError(), losses.MeanAbsoluteError()
SMOOTHED = losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)
MISMATCHES = {
    "cross-entropy, Adam": Learner(CROSS_ENTROPY, "logits"),
    "squared error of the softmax, Adam": Learner(SQUARED),
    "squared error of linear outputs, Adam": Learner(SQUARED, "logits"),
    "absolute error of the softmax, Adam": Learner(ABSOLUTE),
    "cross-entropy, SGD": Learner(CROSS_ENTROPY, "logits", "SGD"),
    "squared error of the softmax, SGD": Learner(SQUARED, optimizer="SGD"),
}
NOISE = {
    "cross-entropy": Learner(CROSS_ENTROPY, "logits", "fast Adam"),
    "label smoothing 0.1": Learner(SMOOTHED, "logits", "fast Adam"),
    "generalized cross-entropy, q = 0.5": Learner(
        losses.CategoricalGeneralizedCrossEntropy(q=0.5),
        optimizer="fast Adam",
        classes=True,
    ),
    "absolute error": Learner(ABSOLUTE, optimizer="fast Adam"),
}


class HeldOutAccuracy(keras.callbacks.Callback):
    """Keeps the accuracy on the test set after each epoch; may stop at a goal."""

    def __init__(self, x, y, goal: float = 2.0):
        super().__init__()
        self.x, self.y, self.goal, self.found = x, y, goal, []

    def on_epoch_end(self, epoch, logs=None):
        """Predicts the whole test set at once."""
        outputs = self.model.predict_on_batch(self.x)
        self.found.append(float((outputs.argmax(-1) == self.y).mean()))
        if self.found[-1] >= self.goal:
            self.model.stop_training = True


def compiled(shape: tuple[int, ...], classes: int, learner: Learner) -> Restart:
    """Compiles a 64-unit network for one way to train it."""
    model = mlp(shape, classes, units=(64,))
    if learner.outputs == "softmax":
        model = keras.Model(model.input, layers.Softmax()(model.output))
    model.compile(OPTIMIZERS[learner.optimizer](), learner.loss)
    return Restart(model)


class Digits:
    """Networks of images, compiled once for each way to train them.

    Args:
        data: A `Dataset` of images.
        learners: The ways to train.
        samples: How many of the training images to learn from, all by default; the
            others join the test set.
    """

    def __init__(self, data, learners: Iterable[Learner], samples: int | None = None):
        self.classes = data.num_classes
        x = np.concatenate([data.x_train, data.x_test])
        x, y = x.reshape(len(x), -1), np.concatenate([data.y_train, data.y_test])
        cut = min(samples or len(data.x_train), len(data.x_train))
        self.x, self.labels, self.test = x[:cut], y[:cut], (x[cut:], y[cut:])
        shape = self.x.shape[1:]
        self.restarts = {
            learner: compiled(shape, self.classes, learner)
            for learner in dict.fromkeys(learners)
        }

    def train(
        self, learner, seed, *, epochs, repeats=1, labels=None, goal=2.0
    ) -> list[float]:
        """Trains anew.

        Args:
            learner: Loss, outputs and optimizer.
            seed: Decides the weights and the order of the samples.
            epochs: The most epochs.
            repeats: Passes over the samples in each of them.
            labels: Classes to learn, those of the data by default.
            goal: The test accuracy at which to stop.

        Returns:
            The test accuracy after each epoch.
        """
        self.restarts[learner]()
        model = self.restarts[learner].model
        labels = self.labels if labels is None else labels
        if not learner.classes:
            labels = np.eye(self.classes, dtype="float32")[labels]
        seen = HeldOutAccuracy(*self.test, goal)
        rows = np.tile(np.arange(len(labels)), repeats)
        fit(
            model, self.x[rows], labels[rows],
            epochs=epochs, seed=seed, callbacks=[seen],
        )  # fmt: skip
        return seen.found

    def share_learned(self, learner: Learner, labels) -> float:
        """Returns how many of the wrong labels the trained network gives back."""
        wrong = labels != self.labels
        if not wrong.any():
            return 0.0
        outputs = self.restarts[learner].model.predict_on_batch(self.x[wrong])
        return float((outputs.argmax(-1) == labels[wrong]).mean())

    def noisy_labels(self, share: float, seed: int) -> np.ndarray:
        """Returns the labels with a share replaced by other, equally likely classes."""
        rng, labels = np.random.default_rng([seed, 7]), self.labels.copy()
        rows = rng.choice(len(labels), round(share * len(labels)), replace=False)
        labels[rows] += rng.integers(1, self.classes, len(rows), dtype=labels.dtype)
        return labels % self.classes


def crossing(found: list[float], goal: float) -> float | None:
    """Returns after how many epochs a goal was reached, between two of them too.

    Args:
        found: The accuracy after each epoch, up to the first that reaches the goal.
        goal: The accuracy to reach.
    """
    if found[-1] < goal:
        return None
    before = found[-2] if len(found) > 1 else 0.0
    return len(found) - (found[-1] - goal) / (found[-1] - before)
