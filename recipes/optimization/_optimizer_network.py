"""The network of the notes' optimizer table, trained many times over."""

import keras
import numpy as np

from recipes.lab import Restart, fit
from zoo import mlp

# A set that is 40 times smaller than MNIST gets batches that are 8 times smaller.
BATCH_SIZE = {"digits": 8, "mnist": 64, "fashion_mnist": 64}


class Contestant:
    """The notes' network with one optimizer: compiled once, trained often.

    Args:
        data: A `Dataset` of images in [0, 1]; the notes map them to [-1, 1].
        optimizer: A Keras optimizer.
    """

    def __init__(self, data, optimizer: keras.optimizers.Optimizer):
        self.batch_size = BATCH_SIZE[data.name]
        self.x, self.y = 2 * data.x_train - 1, data.y_train
        self.test = 2 * data.x_test - 1, data.y_test
        self.model = mlp(data.x_train.shape[1:], data.num_classes, units=(128, 64))
        self.model.compile(
            optimizer,
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )
        self.restart = Restart(self.model)

    def train(self, seed: int, epochs: int, *, rate=None, notes=True, callbacks=()):
        """Trains anew from weights that the seed decides.

        Args:
            seed: Decides the weights and the order of the samples.
            epochs: Passes over the data.
            rate: A learning rate; None for the optimizer's own.
            notes: Whether weights start as in the notes' framework, or as Keras
                starts them.
            callbacks: For `fit`.

        Returns:
            The history, and loss and accuracy on the test set.
        """
        self.restart(initial_weights(self.model, seed, notes))
        if rate is not None:
            self.model.optimizer.learning_rate = rate
        history = fit(
            self.model,
            self.x,
            self.y,
            batch_size=self.batch_size,
            epochs=epochs,
            seed=seed,
            callbacks=list(callbacks),
            on_divergence="return",  # the sweep over rates goes too far on purpose
            xla=True,  # compiled once for some twenty trainings
        )
        loss, accuracy = self.model.evaluate(*self.test, batch_size=1000, verbose=0)
        return {
            "history": history.history,
            "test_loss": loss,
            "test_accuracy": accuracy,
        }


def initial_weights(model, seed: int, notes: bool) -> list[np.ndarray]:
    """Draws the weights of a stack of Dense layers.

    The notes' framework draws kernels and biases from U(-1/√fan_in, 1/√fan_in);
    Keras draws kernels from U(±√(6/(fan_in + fan_out))) and zeroes biases
    (Glorot and Bengio, 2010).
    """
    rng = np.random.default_rng([seed, 5])
    weights = []
    for layer in model.layers:
        if not layer.weights:
            continue
        kernel, bias = (tuple(weight.shape) for weight in layer.weights)
        limit = 1 / np.sqrt(kernel[0]) if notes else np.sqrt(6 / sum(kernel))
        weights.append(rng.uniform(-limit, limit, kernel))
        weights.append(rng.uniform(-limit, limit, bias) if notes else np.zeros(bias))
    return weights


def notes_optimizers() -> dict:
    """The four optimizers with the settings of the notes' framework.

    Its RMSprop has rho 0.99, its AdaGrad starts at 0, and both add epsilon
    outside the root; Keras adds it inside, so it is squared here.
    """
    return {
        "SGD": keras.optimizers.SGD(0.01),
        "Adam": keras.optimizers.Adam(0.001, epsilon=1e-8),
        "RMSprop": keras.optimizers.RMSprop(0.001, rho=0.99, epsilon=1e-16),
        "AdaGrad": keras.optimizers.Adagrad(
            0.01, initial_accumulator_value=0.0, epsilon=1e-20
        ),
    }


class StopAtLoss(keras.callbacks.Callback):
    """Stops at the end of the epoch whose training loss reaches a goal."""

    def __init__(self, goal: float):
        super().__init__()
        self.goal = goal

    def on_epoch_end(self, epoch, logs=None):
        """Looks at the epoch's mean loss."""
        if logs["loss"] <= self.goal:
            self.model.stop_training = True


def losses_of(runs: list[dict]) -> np.ndarray:
    """Returns the training losses (seeds, epochs); short runs repeat their last."""
    curves = [run["history"]["loss"] for run in runs]
    longest = max(map(len, curves))
    return np.array([c + [c[-1]] * (longest - len(c)) for c in curves], float)


def final_losses(runs: list[dict]) -> np.ndarray:
    """Returns the last epoch's loss for each seed, inf where it diverged."""
    return np.nan_to_num(losses_of(runs)[:, -1], nan=np.inf, posinf=np.inf)


def accuracy_of(runs: list[dict]) -> str:
    """Returns the mean test accuracy as text."""
    return f"{np.mean([run['test_accuracy'] for run in runs]):.2%}"
