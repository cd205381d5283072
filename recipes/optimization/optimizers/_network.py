"""The network of the notes' optimizer table, trained many times over."""

import keras
import numpy as np

from recipes.lab import Study, experiment
from zoo import mlp

# A set that is 40 times smaller than MNIST gets batches that are 8 times smaller.
BATCH_SIZE = {"digits": 8, "mnist": 64, "fashion_mnist": 64}
LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
NETWORK = Study(mlp, LOSS, metrics=["accuracy"])


def optimizer(name: str, **config) -> dict:
    """Returns Keras's configuration of an optimizer."""
    return {"class_name": name, "config": config}


# The settings of the notes' framework: its RMSprop has rho 0.99, its AdaGrad starts at
# 0, and both add epsilon outside the root; Keras adds it inside, so it is squared here.
NOTES_OPTIMIZERS = {
    "SGD": optimizer("SGD", learning_rate=0.01),
    "Adam": optimizer("Adam", learning_rate=0.001, epsilon=1e-8),
    "RMSprop": optimizer("RMSprop", learning_rate=0.001, rho=0.99, epsilon=1e-16),
    "AdaGrad": optimizer(
        "Adagrad", learning_rate=0.01, initial_accumulator_value=0.0, epsilon=1e-20
    ),
}
KERAS_OPTIMIZERS = {  # the same four with Keras's defaults
    "SGD": optimizer("SGD", learning_rate=0.01),
    "Adam": optimizer("Adam", learning_rate=0.001),
    "RMSprop": optimizer("RMSprop", learning_rate=0.001),
    "AdaGrad": optimizer("Adagrad", learning_rate=0.01),
}
MOMENTUM = optimizer("SGD", learning_rate=0.01, momentum=0.9)
OPTIMIZERS = {
    **NOTES_OPTIMIZERS,
    "momentum": MOMENTUM,
    "Adadelta": optimizer("Adadelta", learning_rate=1.0),  # as the method has it: none
}
UNITS = {"table": [128, 64], "linear": [], "deep": [64] * 6}  # hidden layers


def train(case, seed, data):
    """Trains the notes' network from weights that the seed decides.

    Args:
        case: `optimizer` (a configuration), `epochs`, and what may be given:
            `learning_rate` in place of the optimizer's own, `network` (a key of
            `UNITS`), `start` ("notes" or "keras"), `goal` (a training loss that ends
            it).
        seed: Decides the weights and the order of the samples.
        data: Images in [0, 1]; the notes map them to [-1, 1].

    Returns:
        The history, and loss and accuracy on the test set.
    """
    start, goal = case.get("start", "notes"), case.get("goal")
    run = NETWORK.train(
        (2 * data.x_train - 1, data.y_train),
        seed,
        epochs=case["epochs"],
        batch_size=BATCH_SIZE[data.name],
        learning_rate=case.get("learning_rate"),
        network={
            "num_classes": data.num_classes,
            "units": UNITS[case.get("network", "table")],
        },
        optimizer=case["optimizer"],
        weights=lambda model: initial_weights(model, seed, start == "notes"),
        held_out=(2 * data.x_test - 1, data.y_test),
        callbacks=[] if goal is None else [StopAtLoss(goal)],
        xla=True,  # compiled once for some twenty trainings
    )
    return {
        "history": run["history"],
        "test_loss": run["held_out_loss"],
        "test_accuracy": run["held_out_accuracy"],
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


class StopAtLoss(keras.callbacks.Callback):
    """Stops at the end of the epoch whose training loss reaches a goal."""

    def __init__(self, goal: float):
        super().__init__()
        self.goal = goal

    def on_epoch_end(self, epoch, logs=None):
        """Compares the epoch's mean loss with the goal."""
        if logs["loss"] <= self.goal:
            self.model.stop_training = True


def losses_of(runs: list[dict]) -> np.ndarray:
    """Returns the training losses (seeds, epochs); short runs repeat their last."""
    curves = [run["history"]["loss"] for run in runs]
    longest = max(map(len, curves))
    return np.array([c + [c[-1]] * (longest - len(c)) for c in curves], float)


def final_losses(runs: list[dict]) -> np.ndarray:
    """Returns the last epoch's loss for each seed, bounded where it diverged."""
    return losses_of(runs)[:, -1]


@experiment
def notes_runs(lab) -> dict[str, list[dict]]:
    """The notes' table: each optimizer at the notes' rate."""
    epochs = lab.settings.epochs
    cases = {
        name: {"optimizer": made, "epochs": epochs}
        for name, made in NOTES_OPTIMIZERS.items()
    }
    return lab.sweep(train, cases, title="as in the notes")


TUNED = 2  # seeds of the grid; the rates that it chooses are judged on others
TUNABLE = ("SGD", "momentum", "AdaGrad", "RMSprop", "Adam")


def case_of(lab, name: str, rate: float | None = None, **other) -> dict:
    """The case of `train` for an optimizer at a rate."""
    case = {"optimizer": OPTIMIZERS[name], "epochs": lab.settings.epochs, **other}
    return case if rate is None else {**case, "learning_rate": rate}


@experiment
def grid(lab) -> dict[str, dict[float, np.ndarray]]:
    """Final training losses on the tuning seeds: optimizer to rate to one a seed."""
    rates = [float(f"{rate:.2g}") for rate in np.logspace(-4, 0, lab.settings.rates)]
    cases = {
        f"{name}, {rate:g}": case_of(lab, name, rate, network="table")
        for name in TUNABLE
        for rate in rates
    }
    seeds = lab.tuning_seeds[:TUNED]
    runs = lab.sweep(train, cases, seeds=seeds, title="rate sweep")
    return {
        name: {rate: final_losses(runs[f"{name}, {rate:g}"]) for rate in rates}
        for name in TUNABLE
    }


def best_rates(lab) -> dict[str, float]:
    """The rate of the least mean loss on the tuning seeds, by optimizer."""
    tried = grid(lab)
    return {n: min(row, key=lambda r: row[r].mean()) for n, row in tried.items()}


@experiment
def at_times_best(lab, name: str, times: float = 1.0) -> list[dict]:
    """Trains the table's network at so many times an optimizer's best rate."""
    rate = float(f"{times * best_rates(lab)[name]:.2g}")
    title = f"{name} at {times:g} times its best rate"
    return lab.sweep(train, {name: case_of(lab, name, rate)}, title=title)[name]
