"""Recurrent networks whose gradients explode, trained with and without clipping."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from callbacks import AutoClip, GradientClipping, GradientNorms
from recipes.gradients._watch import Start, watch
from recipes.lab import generators
from zoo import simple_rnn

LENGTH, SAMPLES, BATCH_SIZE, UNITS = 20, 320, 64, 32
RATES = (0.03, 0.1, 1.0)
GAIN = 1.5  # of the recurrent weights: near 0 such a network is unstable
GUESSING = 1 / 6  # the mean squared error of always answering the mean, 1
ZERO = GUESSING + 1  # and of always answering 0


@dataclass(frozen=True)
class Way:
    """A way to clip.

    Attributes:
        callback: Makes the callback, or None.
        optimizer: Arguments of the optimizer.
        alone: Whether it learns from the whole `fit`, so that each seed needs its
            own.
    """

    callback: Callable[[], Any] | None = None
    optimizer: tuple[tuple[str, float], ...] = ()
    alone: bool = False


WAYS = {
    "no clipping": Way(),
    "norm 1": Way(lambda: GradientClipping(norm=1.0)),
    "norm 100": Way(lambda: GradientClipping(norm=100.0)),
    "value 0.1": Way(lambda: GradientClipping(value=0.1)),
    "global_clipnorm 1": Way(optimizer=(("global_clipnorm", 1.0),)),
    "AutoClip(10)": Way(lambda: AutoClip(10), alone=True),
}


def cases() -> dict[str, tuple[str, float]]:
    """Three rates with and without clipping; the other ways at the middle rate."""
    ways = list(WAYS)
    chosen = [(way, rate) for rate in RATES for way in ways[:2]]
    chosen += [(way, RATES[1]) for way in ways[2:]]
    return {f"rate {rate:g}, {way}": (way, rate) for way, rate in chosen}


def build(**optimizer: float) -> keras.Model:
    """Makes a simple recurrent network that reads two numbers a step, compiled."""
    model = simple_rnn((LENGTH, 2), 1, units=(UNITS,), task="regression")
    model.compile(keras.optimizers.SGD(**optimizer), "mse")
    return model


def initial_weights(model: keras.Model, seed: int) -> list[np.ndarray]:
    """Draws weights as Keras does, but for larger recurrent ones: N(0, 1.5²/n)."""
    keras.utils.set_random_seed(seed)
    kernel, recurrent, *rest = keras.models.clone_model(model).get_weights()
    recurrent = np.random.default_rng([seed, 41]).normal(size=recurrent.shape)
    return [kernel, GAIN * recurrent / UNITS**0.5, *rest]


class Trainings:
    """Trains with all rates and seeds of a way to clip in one fit.

    Args:
        seeds: Those of the run.
        epochs: Passes over the data, behind one that only looks.
    """

    def __init__(self, seeds, epochs: int):
        self.cases, self.seeds, self.epochs = cases(), seeds, epochs
        x, y = generators.adding(SAMPLES, LENGTH, seed=0)
        self.x, self.y = x, y[:, None]
        self._reports: dict[tuple, dict] = {}

    def train(self, name: str, seed: int) -> dict:
        """Trains one case.

        Returns:
            The `history`, and by update the norm of the gradient as it came
            (`before`) and as the update rule got it (`after`).
        """
        if (name, seed) not in self._reports:
            way, _ = self.cases[name]
            alike = [other for other, case in self.cases.items() if case[0] == way]
            seeds = [seed] if WAYS[way].alone else self.seeds
            self._watch(WAYS[way], [(other, s) for other in alike for s in seeds])
        return self._reports[name, seed]

    def _watch(self, way: Way, keys: list[tuple[str, int]]) -> None:
        model = build(**dict(way.optimizer))
        rates = [(0.0, *[self.cases[name][1]] * self.epochs) for name, _ in keys]
        starts = [
            Start(initial_weights(model, seed), row)
            for (_, seed), row in zip(keys, rates, strict=True)
        ]
        before = GradientNorms(per_layer=True)
        after = GradientNorms(per_layer=False, stage="update")
        reports = watch(
            model,
            starts,
            self.x,
            self.y,
            batch_size=BATCH_SIZE,
            norms=before,
            # Behind the clipping, so that it sees what the clipping leaves.
            callbacks=[way.callback(), after] if way.callback else [after],
        )
        for number, (key, report) in enumerate(zip(keys, reports, strict=True)):
            start, epoch = np.divmod(before.table.epochs, self.epochs + 1)
            mine = (start == number) & (epoch > 0)  # the first one only looked
            self._reports[key] = {
                "history": report["history"],
                "before": before.table.global_norms[mine].tolist(),
                "after": after.table.global_norms[mine].tolist(),
            }


def losses(runs: list[dict]) -> np.ndarray:
    """The training losses, (seeds, epochs); the first is that of the start."""
    return np.array([run["history"]["loss"] for run in runs], float)


def stable(runs: list[dict]) -> np.ndarray:
    """Whether no epoch was worse than the start and than answering 0, (seeds,)."""
    table = losses(runs)
    # A NaN is not less or equal.
    return (table <= np.maximum(table[:, :1], ZERO)).all(1)
