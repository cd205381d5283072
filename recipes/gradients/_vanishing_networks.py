"""Deep networks on the digits: one model for each architecture, one fit for each."""

from dataclasses import dataclass

import keras
import numpy as np

from callbacks import GradientNorms
from recipes.gradients._watch import Start, draw_weights, standardized, watch
from zoo import mlp

WIDTH = 64  # as many units as an image has pixels: all hidden kernels have one shape
BATCH_SIZE = 128
RATE = 0.1
GUESSING = float(np.log(10))  # the loss of ten equal chances


@dataclass(frozen=True)
class Network:
    """What is compiled once.

    Attributes:
        activation: As in `zoo.mlp`.
        depth: Hidden layers.
        normalization: "batch" or None.
        residual: Whether each layer's input is added to its output.
        optimizer: "SGD" or "Adam".
        closely: Whether updates and zeros are measured, too, which costs time.
    """

    activation: str
    depth: int
    normalization: str | None = None
    residual: bool = False
    optimizer: str = "SGD"
    closely: bool = False

    def build(self, data) -> keras.Model:
        """Makes the model, compiled."""
        model = mlp(
            data.x_train.shape[1:],
            data.num_classes,
            units=(WIDTH,) * self.depth,
            activation=self.activation,
            normalization=self.normalization,
            residual=self.residual,
        )
        model.compile(
            keras.optimizers.get(self.optimizer),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        )
        return model


@dataclass(frozen=True)
class Case:
    """A network with a way to start it.

    Attributes:
        network: The architecture.
        rule: As in `draw_weights`.
        gain: Factor on the weights.
        bias: Bias of the hidden layers.
        rate: Learning rate; None only looks at the start.
    """

    network: Network
    rule: str | float
    gain: float = 1.0
    bias: float = 0.0
    rate: float | None = None


def cases(depth: int) -> dict[str, Case]:
    """All that is looked at and trained; plain SGD, Glorot's weights where not said."""
    sigmoid, tanh, relu = (
        Network(activation, depth, closely=True)
        for activation in ("sigmoid", "tanh", "relu")
    )
    normalized = Network("sigmoid", depth, normalization="batch")
    skipping = Network("sigmoid", depth, residual=True)
    adam = Network("sigmoid", depth, optimizer="Adam", closely=True)
    return {
        "sigmoid": Case(sigmoid, "glorot", rate=RATE),
        "sigmoid, rate 1": Case(sigmoid, "glorot", rate=10 * RATE),
        "sigmoid, Adam": Case(adam, "glorot", rate=0.001),
        "sigmoid, half as deep": Case(Network("sigmoid", depth // 2), "glorot"),
        "sigmoid, N(0, 0.01²)": Case(sigmoid, 0.01),
        "tanh": Case(tanh, "glorot", rate=RATE),
        "tanh, N(0, 0.01²)": Case(tanh, 0.01),
        "ReLU, Glorot": Case(relu, "glorot"),
        "ReLU, N(0, 0.01²)": Case(relu, 0.01),
        # The fixes.
        "ReLU, He": Case(relu, "he", rate=RATE),
        "leaky ReLU, He": Case(Network("leaky_relu", depth), "he", rate=RATE),
        "sigmoid, 4 × Glorot": Case(sigmoid, "glorot", gain=4.0, rate=RATE),
        "sigmoid, batch normalization": Case(normalized, "glorot", rate=RATE),
        "sigmoid, skip connections": Case(skipping, "glorot", rate=RATE),
        # Other ailments, for the diagnosis.
        "ReLU, 3 × He": Case(relu, "he", gain=3.0, rate=RATE),
        "ReLU, biases of -10": Case(relu, "he", bias=-10.0, rate=RATE),
        "ReLU, rate 0.000001": Case(relu, "he", rate=1e-6),
    }


class Trainings:
    """Trains each network with all its cases and seeds in one fit.

    Args:
        data: A `Dataset` of images.
        depth: Hidden layers.
        seeds: Those of the run.
        epochs: Passes over the data, behind one that only looks.
    """

    def __init__(self, data, depth: int, seeds, epochs: int):
        self.data, self.x = data, standardized(data)[0]
        self.cases, self.seeds, self.epochs = cases(depth), seeds, epochs
        self._reports: dict[str, list[dict]] = {}

    def train(self, name: str, seed: int) -> dict:
        """Returns the report of one case and seed, as `watch` makes it."""
        if name not in self._reports:
            self._watch(self.cases[name].network)
        return self._reports[name][list(self.seeds).index(seed)]

    def _watch(self, network: Network) -> None:
        model = network.build(self.data)
        mine = {name: c for name, c in self.cases.items() if c.network == network}
        starts = [
            Start(
                draw_weights(model, seed, case.rule, case.gain, case.bias),
                (0.0,) if case.rate is None else (0.0, *[case.rate] * self.epochs),
            )
            for case in mine.values()
            for seed in self.seeds
        ]
        norms = GradientNorms(
            per_layer=True, update_ratio=network.closely, zero_share=network.closely
        )
        x, y = self.x, self.data.y_train
        reports = watch(model, starts, x, y, batch_size=BATCH_SIZE, norms=norms)
        count = len(self.seeds)
        for index, name in enumerate(mine):
            self._reports[name] = reports[index * count : (index + 1) * count]


def at_start(runs: list[dict], kind: str) -> np.ndarray:
    """Norms before the first update, (seeds, layers): "kernel" or "signal"."""
    return np.array([run[kind][0] for run in runs], float)


def first_to_last(runs: list[dict], kind: str = "signal") -> np.ndarray:
    """The first hidden layer's norm over that of the last, (seeds,), at the start."""
    norms = at_start(runs, kind)
    with np.errstate(invalid="ignore"):  # 0/0, where all units are dead
        return norms[:, 0] / norms[:, -2]  # the last column is the output layer's


def losses(runs: list[dict]) -> np.ndarray:
    """The training losses, (seeds, epochs); the first is that of the start."""
    return np.array([run["history"]["loss"] for run in runs], float)


def final_loss(runs: list[dict]) -> np.ndarray:
    """The last training losses, (seeds,), none above that of guessing.

    A network that diverged has learned as much as one that guesses.
    """
    return np.fmin(losses(runs)[:, -1], GUESSING)


def measured(runs: list[dict]) -> bool:
    """Whether the runs were trained, and watched closely."""
    return "update_ratio" in runs[0]["history"] and losses(runs).shape[1] > 1


def changes(runs: list[dict]) -> np.ndarray:
    """Mean share by which an update changes the weights, (seeds, hidden layers)."""
    return np.array(
        [
            [
                np.mean(run["history"][f"update_ratio/{name}"][1:])
                for name in hidden(run)
            ]
            for run in runs
        ]
    )


def hidden(run: dict) -> list[str]:
    """The names of the hidden layers, first to last."""
    return [f"hidden_{number}" for number in range(1, len(run["kernel"][0]))]
