"""Networks that learn digits with one pair each, from two starts, by two optimizers."""

from dataclasses import dataclass

import keras
import numpy as np

from recipes.lab import Restart, fit
from recipes.losses._pairs_gradients import LOSSES, unseen

RATES = {"SGD": (0.1, 1.0, 10.0), "Adam": (0.001, 0.01, 0.1)}
CHOOSING = (1000, 1001)  # the seeds that decide the rate; none of those judged
BATCH_SIZE = 64
USUAL, WRONG, WRONGER = "Keras's start", "sure and wrong", "surer and wrong"
STARTS = {USUAL: 0.0, WRONG: 10.0, WRONGER: 20.0}  # logits of a wrong answer
OPTIMIZERS = tuple(RATES)


@dataclass(frozen=True)
class Case:
    """One way to train.

    Attributes:
        pair: "bce logits", "bce sigmoid", "bce relu", "mse sigmoid", "cce logits" or
            "mse softmax": the loss, and what its network ends in.
        start: A key of `STARTS`.
        optimizer: "SGD" or "Adam".
    """

    pair: str
    start: str
    optimizer: str

    def __str__(self) -> str:
        return f"{self.pair}, {self.start}, {self.optimizer}"


class Head(keras.layers.Layer):
    """An activation whose output the loss can't trace back to the logits."""

    def __init__(self, activation: str, **arguments):
        super().__init__(**arguments)
        self.activation = keras.activations.get(activation)

    def call(self, logits):
        """Returns the activation of the logits."""
        return unseen(self.activation(logits))


class Networks:
    """Networks by pair and optimizer: each is compiled once and trained often.

    Args:
        data: A `Dataset` of digits; pairs of one output tell odd from even.
    """

    def __init__(self, data):
        self.data, self._made = data, {}

    def train(self, case: Case, seed: int, rate: float, epochs: int) -> dict:
        """Trains from weights that the seed decides.

        Returns:
            The loss of each epoch and the balanced accuracy on the test set.
        """
        classes = 10 if case.pair in ("cce logits", "mse softmax") else 2
        restart = self._restart(case, classes)
        model = restart.model
        restart(draw_weights(model, case.start, seed))
        model.optimizer.learning_rate = rate
        y, y_test = (
            labels if classes == 10 else labels % 2
            for labels in (self.data.y_train, self.data.y_test)
        )
        history = fit(
            model,
            self.data.x_train,
            np.eye(10, dtype="float32")[y] if classes == 10 else y[:, None],
            batch_size=BATCH_SIZE,
            check_outputs=False,  # some pairs are mistakes on purpose
            epochs=epochs,
            seed=seed,
            on_divergence="return",  # the largest rate is too large for some
        )
        outputs = keras.ops.convert_to_numpy(model(self.data.x_test))
        border = 0.0 if case.pair.endswith("logits") else 0.5
        answers = outputs.argmax(1) if classes == 10 else outputs[:, 0] > border
        recalls = [(answers[y_test == label] == label).mean() for label in set(y_test)]
        return {
            "history": history.history,
            "balanced_accuracy": float(np.mean(recalls)),
        }

    def _restart(self, case: Case, classes: int) -> Restart:
        key = case.pair, case.optimizer
        if key not in self._made:
            loss, end = case.pair.split()
            model = keras.Sequential(
                [
                    keras.Input(self.data.x_train.shape[1:]),
                    keras.layers.Flatten(),
                    keras.layers.Dense(64, "relu"),
                    keras.layers.Dense(10 if classes == 10 else 1, dtype="float32"),
                ]
            )
            if end != "logits":
                model.add(Head(end, dtype="float32"))
            options = {"from_logits": True} if end == "logits" else {}
            optimizer = {"SGD": keras.optimizers.SGD, "Adam": keras.optimizers.Adam}
            model.compile(optimizer[case.optimizer](), LOSSES[loss](**options))
            self._made[key] = Restart(model)
        return self._made[key]


def draw_weights(model, start: str, seed: int) -> list[np.ndarray]:
    """Draws weights as Keras does; the first output's bias makes answers wrong.

    One output starts sure of "even", ten outputs start sure of "zero".
    """
    glorot = keras.initializers.GlorotUniform
    weights = []
    for index, weight in enumerate(model.weights):
        shape = tuple(weight.shape)
        kernel = len(shape) == 2
        drawn = glorot(seed=1000 * seed + index)(shape) if kernel else np.zeros(shape)
        weights.append(keras.ops.convert_to_numpy(drawn).copy())
    weights[-1][0] = STARTS[start] * (-1 if len(weights[-1]) == 1 else 1)
    return weights


def learn(lab, networks: Networks, cases: list[Case]):
    """Chooses each case's rate on seeds of its own, then trains with every seed.

    Returns:
        The rates {case: rate} and the results {case: list by seed}.
    """
    epochs = lab.settings.epochs

    def try_rates(case: Case, seed: int) -> dict:
        return {
            f"{rate:g}": last_loss(networks.train(case, seed, rate, epochs))
            for rate in RATES[case.optimizer]
        }

    by_name = {str(case): case for case in cases}
    tried = lab.sweep(try_rates, by_name, seeds=CHOOSING, title="choosing rates")
    rates = {}
    for name, case in by_name.items():
        means = {r: np.mean([run[f"{r:g}"] for run in tried[name]]) for r in
                 RATES[case.optimizer]}  # fmt: skip
        rates[name] = min(means, key=means.__getitem__)

    def train(case: Case, seed: int) -> dict:
        return networks.train(case, seed, rates[str(case)], epochs)

    runs = lab.sweep(train, by_name, title="digits")
    return (
        {case: rates[str(case)] for case in cases},
        {case: runs[str(case)] for case in cases},
    )


def last_loss(run: dict) -> float:
    """The last epoch's loss, infinite where it is no number."""
    loss = run["history"]["loss"][-1]
    return float(loss) if np.isfinite(loss) else float("inf")
