"""Keras's functions on NumPy arrays, and slopes found without a formula."""

import numpy as np
from keras import ops

from recipes.lab import gradients


def apply(function, *arrays) -> np.ndarray:
    """Applies a Keras function to float64 arrays (float32 on JAX)."""
    return ops.convert_to_numpy(function(*map(ops.convert_to_tensor, arrays)))


def autodiff(function, x) -> np.ndarray:
    """Returns the slopes that the backend finds for an element-wise function."""
    return gradients(lambda values: ops.sum(function(values[0])), [np.asarray(x)])[0]


def central_difference(function, x, width: float = 1e-5) -> np.ndarray:
    """Returns the slopes by central differences."""
    return (function(x + width) - function(x - width)) / (2 * width)


def gap(first, second) -> float:
    """Returns the largest difference, relative to the second where that is above 1."""
    first, second = np.asarray(first, float), np.asarray(second, float)
    return float((np.abs(first - second) / np.maximum(1, np.abs(second))).max())
