"""Four hidden units that start alike, trained with what is said to part them."""

import math
from dataclasses import dataclass

import keras
import numpy as np
from keras import layers

from recipes.basics._initialization_rules import draw
from recipes.lab import Restart, fit
from zoo import mlp

UNITS = 4
CONSTANT = 0.1
BATCH_SIZE = 64
SAME = 1e-6  # units are the same where weights differ by less, relative to the largest


@dataclass(frozen=True)
class Network:
    """A network with one hidden layer.

    Attributes:
        activation: As in `zoo.mlp`.
        dropout: Share of the hidden units that is dropped.
        l1: Strength of the L1 penalty.
        before: What changes the images in training: "augmentation", "dropout" or
            nothing.
    """

    activation: str = "sigmoid"
    dropout: float = 0.0
    l1: float = 0.0
    before: str = ""

    def build(self, shape, classes: int) -> keras.Model:
        """Makes the model, compiled."""
        changes = {
            "augmentation": [
                layers.RandomTranslation(0.125, 0.125, fill_mode="constant"),
                layers.GaussianNoise(0.1),
            ],
            "dropout": [layers.Dropout(0.5)],
        }.get(self.before, [])
        network = mlp(
            shape,
            classes,
            units=(UNITS,),
            activation=self.activation,
            dropout=self.dropout,
            l1=self.l1,
        )
        model = keras.Sequential([keras.Input(shape), *changes, network])
        model.compile(
            keras.optimizers.Adam(0.01),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        )
        return model


# Which weights are random, by which rule; all others start at one constant.
RANDOM = {
    "random, Xavier": {"hidden": "Xavier", "output": "Xavier"},
    "random, N(0, 0.01²)": {"hidden": "N(0, 0.01²)", "output": "N(0, 0.01²)"},
    "random hidden kernel only": {"hidden": "Xavier"},
    "random output kernel only": {"output": "Xavier"},
    "random hidden biases only": {"biases": "N(0, 0.01²)"},
}
IDENTICAL = ("zeros", "one constant", "one random unit, copied")
PLAIN = Network()
CASES = {
    **{start: (PLAIN, start) for start in (*IDENTICAL, *RANDOM)},
    "ReLU": (Network("relu"), "one constant"),
    "ELU": (Network("elu"), "one constant"),
    "L1": (Network(l1=1e-3), "one constant"),
    "augmentation": (Network(before="augmentation"), "one constant"),
    "dropout of hidden units": (Network(dropout=0.5), "one constant"),
    "dropout of inputs": (Network(before="dropout"), "one constant"),
}


def start_weights(how: str, features: int, classes: int, seed: int) -> list:
    """Returns hidden kernel and biases, output kernel and biases to start from."""
    rng = np.random.default_rng([seed, 4])
    hidden = np.full((features, UNITS), CONSTANT)
    biases = np.zeros(UNITS)
    output = np.full((UNITS, classes), CONSTANT)
    if how == "zeros":
        hidden, output = 0 * hidden, 0 * output
    elif how == "one random unit, copied":
        hidden[:] = draw("Xavier", hidden.shape, rng)[:, :1]
        output[:] = draw("Xavier", output.shape, rng)[:1]
    rules = RANDOM.get(how, {})
    if "hidden" in rules:
        hidden = draw(rules["hidden"], hidden.shape, rng)
    if "output" in rules:
        output = draw(rules["output"], output.shape, rng)
    if "biases" in rules:
        biases = draw(rules["biases"], (1, UNITS), rng)[0]
    return [hidden, biases, output, np.zeros(classes)]


def likeness(hidden, biases, output) -> dict:
    """Says how alike the units are, from all the weights that they have.

    Args:
        hidden: (features, units).
        biases: (units,).
        output: (units, classes).

    Returns:
        `rank` of the hidden kernel as float32 can tell, and `spread`, the largest
        difference of a weight from the first unit's over the largest weight.
    """
    own = np.concatenate([hidden, biases[None], output.T])
    largest = abs(own).max()
    differences = abs(own - own[:, :1]).max()
    return {
        "rank": int(np.linalg.matrix_rank(hidden.astype("float32"))),
        "spread": float(differences / largest) if largest else 0.0,
    }


def parted(runs: list[dict]) -> bool | None:
    """True where in every run all units differ, False where in none any does."""
    if all(run["rank"] == UNITS and run["spread"] > SAME for run in runs):
        return True
    return False if all(run["spread"] <= SAME for run in runs) else None


class Trainings:
    """Trains the cases; each network is compiled once.

    Args:
        x: Training images (samples, ...).
        y: Their classes.
        data: The `Dataset`, for its test images.
        steps: The fewest steps that train a network.
    """

    def __init__(self, x, y, data, steps: int):
        self.x, self.y, self.data = x, y, data
        self.epochs = math.ceil(steps / math.ceil(len(x) / BATCH_SIZE))
        self.restarts: dict[Network, Restart] = {}

    def train(self, case: tuple[Network, str], seed: int) -> dict:
        """Trains anew; returns how alike the units are, and what they learned."""
        network, start = case
        classes = self.data.num_classes
        if network not in self.restarts:
            model = network.build(self.x.shape[1:], classes)
            self.restarts[network] = Restart(model)
        restart = self.restarts[network]
        restart(start_weights(start, self.x[0].size, classes, seed))
        model = restart.model
        fit(
            model,
            self.x,
            self.y,
            batch_size=BATCH_SIZE,
            epochs=self.epochs,
            seed=seed,
        )
        told = model.predict_on_batch(self.data.x_test).argmax(1)
        hidden, biases, output, _ = model.get_weights()
        return {
            **likeness(hidden, biases, output),
            "accuracy": float((told == self.data.y_test).mean()),
            "hidden_kernel": hidden.tolist() if seed == 0 else [],
        }
