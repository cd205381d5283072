"""The rules that scale random weights, and Keras's own initializers sampled."""

import keras
import numpy as np

# Standard deviation by fan_in (a layer's inputs) and fan_out (its units).
RULES = {
    "Xavier": lambda fan_in, fan_out: np.sqrt(2 / (fan_in + fan_out)),
    "He": lambda fan_in, fan_out: np.sqrt(2 / fan_in),
    "LeCun": lambda fan_in, fan_out: np.sqrt(1 / fan_in),
    "N(0, 1)": lambda fan_in, fan_out: 1.0,
    "N(0, 0.01²)": lambda fan_in, fan_out: 0.01,
}
IMAGES, HIDDEN, CLASSES = 784, 128, 10  # the network 784-128-10 of the notes
ERRORS = 5  # standard errors that a sample's variance may be off


def variance(rule: str, fan_in: int, fan_out: int) -> float:
    """The variance that a rule gives the weights of a layer."""
    return float(RULES[rule](fan_in, fan_out) ** 2)


def draw(rule: str, shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Draws a Gaussian kernel (inputs, units)."""
    return RULES[rule](*shape) * rng.normal(size=shape)


def sampled(initializer: str, shape: tuple[int, int], draws: int) -> np.ndarray:
    """Draws kernels as Keras does, (draws, inputs, units)."""
    make = getattr(keras.initializers, initializer)
    kernels = [keras.ops.convert_to_numpy(make(seed=s)(shape)) for s in range(draws)]
    return np.stack(kernels).astype(float)


def errors_off(kernels: np.ndarray, expected: float) -> float:
    """How many standard errors a sample's variance is from the expected one."""
    squares = kernels.ravel() ** 2  # the mean of the weights is 0
    return float(abs(squares.mean() - expected) / squares.std() * squares.size**0.5)
