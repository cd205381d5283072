"""Schedules as functions of time, and a bowl on which any of them can be worked out."""

import keras
import numpy as np


def step_decay(epoch, rate: float = 0.1, size: int = 10, factor: float = 0.1):
    """The rate times a factor for every `size` epochs that are done."""
    return rate * factor ** (np.asarray(epoch) // size)


def triangular(step, low: float = 1e-5, high: float = 1e-2, half: int = 2000):
    """Up from low to high in `half` steps, down in as many, and again (Smith)."""
    phase = np.asarray(step, float) % (2 * half) / half
    return low + (high - low) * (1 - np.abs(phase - 1))


def cosine(time, total):
    """The first half of a cosine's wave from 1 to 0; afterwards it climbs again."""
    return (1 + np.cos(np.pi * np.asarray(time, float) / total)) / 2


# The shares of the first rate by epoch t of T, for trainings of any length.
SHAPES = {
    "constant": lambda t, T: 1.0,
    "cosine": cosine,
    "cyclical": lambda t, T: triangular(t + T // 4, 0.1, 1.0, T // 4),
    "rising cosine": lambda t, T: cosine(T - 1 - t, T),
    "drop after a quarter": lambda t, T: 0.1 if t >= T // 4 else 1.0,
}

# How Keras's rates are compared with a formula.
CLOSE = 1e-6  # of the first rate: Keras computes in float32


def rates_in_keras(schedule, times) -> np.ndarray:
    """The rates that an optimizer with the schedule uses for some updates."""
    optimizer = keras.optimizers.SGD(schedule)
    rates = []
    for time in times:
        optimizer.iterations.assign(int(time))
        rates.append(float(optimizer.learning_rate))
    return np.array(rates)


def difference(first, second, scale: float) -> float:
    """The greatest difference of two curves, as a share of the first rate."""
    return float(np.abs(np.asarray(first) - np.asarray(second)).max() / scale)


# The bowl has curvature 1, so a step x ← x − η(x + noise) turns the expected square q
# of the distance into (1 − η)²q + η², for noise of variance 1.
STEPS, START = 400, 10.0


def squares(rates, noise: float = 1.0, start: float = START) -> np.ndarray:
    """The expected square of the distance before and after each step.

    Args:
        rates: (steps, ...): one rate a step, for any number of cases.
        noise: Variance of what is added to every slope.
        start: The first distance.

    Returns:
        (steps + 1, ...).
    """
    path = [np.full(np.shape(rates)[1:], start**2, float)]
    for rate in np.asarray(rates, float):
        path.append((1 - rate) ** 2 * path[-1] + rate**2 * noise)
    return np.array(path)
