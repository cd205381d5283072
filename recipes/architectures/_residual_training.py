"""Deep plain and residual networks on small images, trained many times over."""

from dataclasses import dataclass

import keras
import numpy as np

from recipes.lab import Restart, fit
from zoo import mlp

RATES = (0.01, 0.03, 0.1)
CHOOSING = 1000  # the seed that decides the rate; it is none of those judged
BATCH_SIZE = 64
GUESSING = float(np.log(10))  # the loss of ten equal chances


@dataclass(frozen=True)
class Case:
    """One kind of network.

    Attributes:
        residual: Whether every layer's input is added to its output.
        depth: Hidden layers.
        recipe: "He" (weights of variance 2/n), "small" (2/(n·depth)) or "batch"
            (He's, with batch normalization).
    """

    residual: bool
    depth: int
    recipe: str


class Networks:
    """Networks by case: each is compiled once and trained often.

    Args:
        data: A `Dataset` of images.
    """

    def __init__(self, data):
        self.data, self._made = data, {}

    def train(self, case: Case, seed: int, rate: float, epochs: int) -> dict:
        """Trains with plain SGD from weights that the seed decides.

        Returns:
            The history: the training loss of each epoch, up to one that is no number.
        """
        restart = self._restart(case)
        model = restart.model
        restart(draw_weights(model, case, seed))
        model.optimizer.learning_rate = rate
        history = fit(
            model,
            self.data.x_train,
            self.data.y_train,
            batch_size=BATCH_SIZE,
            epochs=epochs,
            seed=seed,
            on_divergence="return",  # some networks do, and that is a result
            callbacks=[StopWhereLost()],
        )
        return {"history": history.history}

    def _restart(self, case: Case) -> Restart:
        normalization = "batch" if case.recipe == "batch" else None
        key = case.residual, case.depth, normalization
        if key not in self._made:
            shape = self.data.x_train.shape[1:]
            model = mlp(
                shape,
                self.data.num_classes,
                # As wide as an image has pixels: no layer changes the width.
                units=(int(np.prod(shape)),) * case.depth,
                residual=case.residual,
                normalization=normalization,
            )
            model.compile(
                keras.optimizers.SGD(),
                keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            )
            self._made[key] = Restart(model)
        return self._made[key]


class StopWhereLost(keras.callbacks.Callback):
    """Stops at the end of an epoch whose loss is no number: it stays none."""

    def on_epoch_end(self, epoch, logs=None):
        """Looks at the epoch's mean loss."""
        if not np.isfinite(logs["loss"]):
            self.model.stop_training = True


def draw_weights(model, case: Case, seed: int) -> list[np.ndarray]:
    """Draws kernels by the case's recipe; twins of one seed start alike."""
    rng = np.random.default_rng([seed, 6])
    variance = 2 / case.depth if case.recipe == "small" else 2.0
    weights = []
    for weight in model.weights:
        if weight.path.endswith("kernel"):
            inputs, outputs = weight.shape
            scale = variance if inputs == outputs else 1.0  # the logits' stays small
            weights.append(rng.normal(0, (scale / inputs) ** 0.5, (inputs, outputs)))
        else:
            ones = weight.path.endswith(("gamma", "variance"))
            weights.append(np.full(weight.shape, float(ones)))
    return weights


def learn(lab, networks: Networks, cases: dict[str, Case]):
    """Chooses each case's rate, then trains with every seed.

    The rate is that of the least loss after half the epochs on a seed of its own:
    no network is judged by the runs that its rate was chosen from.

    Returns:
        The rates {case: rate} and the training losses {case: (seeds, epochs)}.
    """
    epochs = lab.settings.epochs
    half = -(-epochs // 2)

    def try_rates(case: Case, seed: int) -> dict:
        runs = {rate: networks.train(case, seed, rate, half) for rate in RATES}
        return {f"{rate:g}": losses([run], half)[0, -1] for rate, run in runs.items()}

    tried = lab.sweep(try_rates, cases, seeds=[CHOOSING], title="choosing rates")
    rates = {
        name: min(RATES, key=lambda rate, run=run: run[f"{rate:g}"])
        for name, (run,) in tried.items()
    }
    runs = lab.sweep(
        lambda name, seed: networks.train(cases[name], seed, rates[name], epochs),
        {name: name for name in cases},
        title="training",
    )
    return rates, {name: losses(row, epochs) for name, row in runs.items()}


def losses(runs: list[dict], epochs: int) -> np.ndarray:
    """Returns training losses (seeds, epochs), inf from where they are no numbers."""
    table = np.full((len(runs), epochs), np.inf)
    for row, run in zip(table, runs, strict=True):
        curve = run["history"]["loss"]
        row[: len(curve)] = np.where(np.isfinite(curve), curve, np.inf)
    return table


def final(table: np.ndarray) -> np.ndarray:
    """Returns the last losses (seeds,), none above that of guessing.

    A network that diverged has learned as much as one that guesses; its loss says
    no more than that, and differences of infinities say nothing at all.
    """
    return np.minimum(table[:, -1], GUESSING)
