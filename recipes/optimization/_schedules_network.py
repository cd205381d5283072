"""A small network on digits, trained with many schedules."""

from dataclasses import dataclass

import keras
import numpy as np

from recipes.lab import Restart, fit
from recipes.optimization._schedules_formulas import SHAPES
from zoo import mlp

TRAINED = 1024  # digits to train on; all others are held out
BATCH_SIZE = 32
WRONG = 0.2  # share of wrong labels, where there are any
LARGEST = 10.0  # nats: what a loss counts at most, also one that is not finite
SMALLEST = 1e-9


@dataclass(frozen=True)
class Plan:
    """One training.

    Attributes:
        rate: The learning rate that the schedule takes shares of.
        schedule: A key of `SHAPES`, or "plateau".
        epochs: Passes over the data, over which the schedule runs from end to end.
        optimizer: "SGD" or "Adam".
        wrong: Whether a share of all labels is wrong, the held-out ones too.
        watch: Whether the losses are measured at the end of each epoch.
    """

    rate: float
    schedule: str
    epochs: int
    optimizer: str = "SGD"
    wrong: bool = False
    watch: bool = False


class Learner:
    """One hidden layer of 64 units with two optimizers, each compiled once.

    Args:
        data: A `Dataset` of digits.
    """

    def __init__(self, data):
        self.x = np.concatenate([data.x_train, data.x_test])
        self.y = np.concatenate([data.y_train, data.y_test])
        self.classes = data.num_classes
        self.restarts = {}
        for optimizer in (keras.optimizers.SGD(), keras.optimizers.Adam()):
            model = mlp(self.x.shape[1:], self.classes, units=(64,))
            loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            model.compile(optimizer, loss)
            self.restarts[type(optimizer).__name__] = Restart(model)

    def train(self, plan: Plan, seed: int) -> dict:
        """Trains anew; returns losses and accuracy at the end, and by epoch."""
        restart = self.restarts[plan.optimizer]
        restart()
        restart.model.optimizer.learning_rate = plan.rate
        labels = self.y
        if plan.wrong:
            labels = flip(self.y, self.classes, seed)
        watch = Watch(self.x, labels, self.y)
        history = fit(
            restart.model,
            self.x[:TRAINED],
            labels[:TRAINED],
            batch_size=BATCH_SIZE,
            epochs=plan.epochs,
            seed=seed,
            callbacks=[*([watch] if plan.watch else []), schedule(plan)],
            on_divergence="return",  # too large a rate is tried on purpose
        ).history
        ends = watch.measure(restart.model)
        if not plan.watch:
            return ends
        kept = {name: history[name] for name in (*ends, "learning_rate")}
        return {**ends, "history": kept}


def schedule(plan: Plan) -> keras.callbacks.Callback:
    """Returns the callback that sets the rate of every epoch."""
    if plan.schedule == "plateau":
        return keras.callbacks.ReduceLROnPlateau(
            "held_out_loss", factor=0.1, patience=5, mode="min"
        )
    shape = SHAPES[plan.schedule]
    return keras.callbacks.LearningRateScheduler(
        lambda epoch: float(plan.rate * shape(epoch, plan.epochs))
    )


class Watch(keras.callbacks.Callback):
    """Measures both losses at the end of each epoch, where weights stand still.

    It puts them into `logs`: callbacks after it and the history see them. One call
    on all rows costs a few milliseconds, `validation_data` several times as much.
    """

    def __init__(self, x, labels, truth):
        super().__init__()
        self.x, self.labels, self.truth = x, labels, truth

    def on_epoch_end(self, epoch, logs=None):
        """Adds to what the epoch is known by."""
        logs.update(self.measure(self.model))

    def measure(self, model) -> dict[str, float]:
        """Returns losses by the labels in use and accuracy by the true ones."""
        logits = keras.ops.convert_to_numpy(model(self.x)).astype(float)
        if not np.isfinite(logits).all():  # diverged: no better than guessing
            lost = {"training_loss": LARGEST, "held_out_loss": LARGEST}
            return {**lost, "accuracy": 1 / logits.shape[1]}
        top = logits.max(1, keepdims=True)
        norm = top[:, 0] + np.log(np.exp(logits - top).sum(1))
        losses = norm - logits[np.arange(len(logits)), self.labels]
        right = logits.argmax(1) == self.truth
        return {
            "training_loss": bounded(losses[:TRAINED].mean()),
            "held_out_loss": bounded(losses[TRAINED:].mean()),
            "accuracy": float(right[TRAINED:].mean()),
        }


def bounded(loss) -> float:
    """Returns a loss that can be compared in logarithms."""
    return float(np.clip(loss, SMALLEST, LARGEST))


def flip(labels, classes: int, seed: int) -> np.ndarray:
    """Returns labels of which a share, other ones with each seed, is wrong."""
    rng = np.random.default_rng([seed, 41])
    wrong = rng.random(len(labels)) < WRONG
    return np.where(wrong, (labels + rng.integers(1, classes, len(labels))) % classes,
                    labels).astype("int32")  # fmt: skip


def column(results: list[dict], name: str) -> np.ndarray:
    """Returns one number a seed."""
    return np.array([result[name] for result in results], float)


def by_epoch(results: list[dict], name: str) -> np.ndarray:
    """Returns a measure as (seeds, epochs)."""
    return np.array([result["history"][name] for result in results], float)
