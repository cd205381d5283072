"""A small network on digits, trained in batches of several sizes."""

import keras
import numpy as np

from recipes.lab import Restart, fit
from zoo import mlp

TRAINED = 1056  # of the digits: 66 x 16, 33 x 32, 2 x 528; the others are held out
SMALL, MIDDLE, LARGE = 16, 32, 528
SIZES = (SMALL, MIDDLE, LARGE)
LARGEST = 10.0  # nats: what a loss counts where training diverged
MEASURES = ("training_loss", "held_out_loss", "accuracy")


class Digits:
    """The arrays, and one hidden layer of 64 units, compiled once."""

    def __init__(self, data):
        self.x = np.concatenate([data.x_train, data.x_test])
        self.y = np.concatenate([data.y_train, data.y_test])
        self.classes = data.num_classes
        model = mlp(self.x.shape[1:], self.classes, units=(64,))
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.SGD(), loss)
        self.restart = Restart(model)

    @property
    def training(self):
        """The inputs and labels to train on."""
        return self.x[:TRAINED], self.y[:TRAINED]

    def train(self, case: tuple[int, float, tuple[int, ...]], seed: int) -> dict:
        """Trains anew.

        Args:
            case: Batch size, learning rate, and the epochs after which losses are
                measured, the last one included.
            seed: Decides the weights and the order.

        Returns:
            The measures, one value for each of those epochs.
        """
        size, rate, points = case
        self.restart()
        self.restart.model.optimizer.learning_rate = rate
        watch = Watch(self.x, self.y, points)
        fit(
            self.restart.model,
            *self.training,
            batch_size=size,
            epochs=points[-1],
            seed=seed,
            callbacks=[watch],
            on_divergence="return",
        )
        return watch.seen


class Watch(keras.callbacks.Callback):
    """Measures losses and accuracy at the end of some epochs, counted from 1."""

    def __init__(self, x, y, points):
        super().__init__()
        self.x, self.y, self.points = x, y, set(points)
        self.seen: dict[str, list[float]] = {name: [] for name in MEASURES}

    def on_epoch_end(self, epoch, logs=None):
        """Looks, where it is to look."""
        if epoch + 1 in self.points:
            values = measure(self.model, self.x, self.y)
            for name, value in zip(MEASURES, values, strict=True):
                self.seen[name].append(value)


def measure(model, x, y) -> tuple[float, float, float]:
    """Returns training loss, held-out loss and held-out accuracy."""
    logits = keras.ops.convert_to_numpy(model(x)).astype(float)
    if not np.isfinite(logits).all():  # diverged: no better than guessing
        return LARGEST, LARGEST, 1 / logits.shape[1]
    top = logits.max(1, keepdims=True)
    norm = top[:, 0] + np.log(np.exp(logits - top).sum(1))
    losses = norm - logits[np.arange(len(y)), y]
    right = logits.argmax(1) == y
    return (
        max(float(losses[:TRAINED].mean()), 1e-9),
        float(losses[TRAINED:].mean()),
        float(right[TRAINED:].mean()),
    )
