"""The schedules: formulas of the notes, and what they look like in Keras."""

from collections.abc import Sequence

import keras
import numpy as np


def step_decay(epoch, rate: float = 0.1, size: int = 10, factor: float = 0.1):
    """The rate times a factor for every `size` epochs that are done."""
    return rate * factor ** (np.asarray(epoch) // size)


def exponential(time, rate: float, factor: float):
    """The rate times a factor for each unit of time."""
    return rate * factor ** np.asarray(time, float)


def triangular(step, low: float = 1e-5, high: float = 1e-2, half: int = 2000):
    """Up from low to high in `half` steps, down in as many, and again (Smith)."""
    phase = np.asarray(step, float) % (2 * half) / half
    return low + (high - low) * (1 - np.abs(phase - 1))


def cosine(time, total):
    """The first half of a cosine's wave from 1 to 0; afterwards it climbs again."""
    return (1 + np.cos(np.pi * np.asarray(time, float) / total)) / 2


def linear(time, total):
    """A straight line from 1 to 0."""
    return 1 - np.asarray(time, float) / total


def plateau(losses: Sequence[float], patience: int = 5, late: int = 0) -> list[int]:
    """The epochs, from 1, at whose end the rate is lowered.

    Args:
        losses: The watched loss by epoch.
        patience: Epochs without a new best before the rate is lowered.
        late: 0 lowers in epoch `patience` without a new best, 1 one epoch later.
    """
    best, waited, drops = np.inf, 0, []
    for epoch, loss in enumerate(losses, 1):
        waited = 0 if loss < best else waited + 1
        best = min(best, loss)
        if waited >= patience + late:
            drops.append(epoch)
            waited = 0
    return drops


@keras.saving.register_keras_serializable("recipes")
class Triangular(keras.optimizers.schedules.LearningRateSchedule):
    """The triangular cycle as a schedule that any Keras optimizer takes.

    Args:
        low: The rate at steps 0, 2 half, 4 half, ...
        high: The rate at steps half, 3 half, ...
        half: Steps from low to high, at least 1.
    """

    def __init__(self, low: float = 1e-5, high: float = 1e-2, half: int = 2000):
        super().__init__()
        self.low, self.high, self.half = low, high, half

    def __call__(self, step):
        """Returns the rate of an update, counted from 0."""
        step = keras.ops.cast(step, "float32")
        phase = keras.ops.mod(step, 2.0 * self.half) / self.half
        return self.low + (self.high - self.low) * (1 - keras.ops.abs(phase - 1))

    def get_config(self) -> dict:
        """Returns the arguments, so that a model with it can be saved."""
        return {"low": self.low, "high": self.high, "half": self.half}


# The shares of the first rate by epoch t of T, for trainings of any length.
SHAPES = {
    "constant": lambda t, T: 1.0,
    "step": lambda t, T: step_decay(t, 1.0, T // 2),
    "cosine": cosine,
    "cyclical": lambda t, T: triangular(t + T // 4, 0.1, 1.0, T // 4),
    "rising cosine": lambda t, T: cosine(T - 1 - t, T),
    "drop after a quarter": lambda t, T: 0.1 if t >= T // 4 else 1.0,
    "drop after three quarters": lambda t, T: 0.1 if t >= 3 * T // 4 else 1.0,
}
