"""A small network on digits, trained at many learning rates."""

import keras
import numpy as np

from recipes.lab import Restart, fit
from zoo import mlp

RATES = (0.001, 0.01, 0.1, 1.0, 10.0)
GUESSING = float(np.log(10))  # nats: ten classes, all equally likely
LARGEST = 1e6  # what a loss counts at most, also one that is not finite


class Learner:
    """One hidden layer of 32 units with three optimizers, each compiled once.

    Args:
        data: A `Dataset` of digits.
    """

    def __init__(self, data):
        self.x, self.y = data.x_train, data.y_train
        self.restarts = {}
        for name, optimizer in {
            "SGD": keras.optimizers.SGD(),
            "momentum": keras.optimizers.SGD(momentum=0.9),
            "Adam": keras.optimizers.Adam(),
        }.items():
            model = mlp(self.x.shape[1:], data.num_classes, units=(32,))
            loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            model.compile(optimizer, loss)
            self.restarts[name] = Restart(model)

    def train(self, case, seed: int) -> dict:
        """Trains anew.

        Args:
            case: Optimizer, learning rate, epochs.
            seed: Decides the weights, as Keras draws them, and the order.

        Returns:
            The history, and the loss of the whole training set at the end.
        """
        optimizer, rate, epochs = case
        restart = self.restarts[optimizer]
        restart()
        restart.model.optimizer.learning_rate = rate
        history = fit(
            restart.model,
            self.x,
            self.y,
            batch_size=64,
            epochs=epochs,
            seed=seed,
            on_divergence="return",  # too large a rate is tried on purpose
        )
        # The history's loss is a mean over the epoch, in which the weights move.
        loss = restart.model.loss(self.y, restart.model(self.x))
        return {"history": history.history, "training_loss": float(loss)}

    def sweep(self, lab) -> dict[str, np.ndarray]:
        """Trains with every rate, and with what may cure the largest one."""
        epochs = lab.settings.epochs
        cases = {f"SGD, {rate:g}": ("SGD", rate, epochs) for rate in RATES}
        cases["SGD, 0.01, ten times the epochs"] = ("SGD", 0.01, 10 * epochs)
        cases["momentum, 10"] = ("momentum", 10.0, epochs)
        cases["Adam, 10"] = ("Adam", 10.0, epochs)
        cases["Adam, 0.001"] = ("Adam", 0.001, epochs)
        runs = lab.sweep(self.train, cases, title="learning rates on digits")
        return {name: losses_of(results) for name, results in runs.items()}


def losses_of(runs: list[dict]) -> np.ndarray:
    """Returns the training loss of each seed, bounded where training diverged."""
    losses = np.array([run["training_loss"] for run in runs], float)
    return np.clip(np.nan_to_num(losses, nan=LARGEST, posinf=LARGEST), 1e-9, LARGEST)
