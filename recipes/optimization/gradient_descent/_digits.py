"""A small network on digits, trained at many learning rates."""

import keras
import numpy as np

from recipes.lab import Study, experiment, stats
from zoo import mlp

RATES = (0.001, 0.01, 0.1, 1.0, 10.0)
LEAST = 1e-9  # nats: what a loss counts at least, so that it has a logarithm
OPTIMIZERS = {
    "SGD": "sgd",
    "momentum": {"class_name": "SGD", "config": {"momentum": 0.9}},
    "Adam": "adam",
}
NETWORK = Study(mlp, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
GUESSING = NETWORK.loss_of_guessing(10)


def train(case, seed, data):
    """Trains one hidden layer of 32 units.

    Args:
        case: `optimizer` (a key of `OPTIMIZERS`), `learning_rate` and `epochs`.
        seed: Decides the weights, as Keras draws them, and the order.
        data: Digits.

    Returns:
        The loss of the whole training set at the end: the history's is a mean over an
        epoch, in which the weights move.
    """
    run = NETWORK.train(
        (data.x_train, data.y_train),
        seed,
        epochs=case["epochs"],
        batch_size=64,
        learning_rate=case["learning_rate"],
        network={"num_classes": data.num_classes, "units": [32]},
        optimizer=OPTIMIZERS[case["optimizer"]],
        score_training=True,
    )
    return {"history": run["history"], "training_loss": run["training_loss"]}


@experiment
def losses(lab) -> dict[str, np.ndarray]:
    """Training loss with every rate, and with what may cure the largest one."""
    epochs = lab.settings.epochs
    chosen = {f"SGD, {rate:g}": ("SGD", rate, epochs) for rate in RATES}
    chosen["SGD, 0.01, ten times the epochs"] = ("SGD", 0.01, 10 * epochs)
    chosen["momentum, 10"] = ("momentum", 10.0, epochs)
    chosen["Adam, 10"] = ("Adam", 10.0, epochs)
    chosen["Adam, 0.001"] = ("Adam", 0.001, epochs)
    names = ("optimizer", "learning_rate", "epochs")
    cases = {name: dict(zip(names, one, strict=True)) for name, one in chosen.items()}
    runs = lab.sweep(
        train, cases, data=lab.like_digits, title="learning rates on digits"
    )
    return {
        name: np.maximum(stats.column(found, "training_loss"), LEAST)
        for name, found in runs.items()
    }
