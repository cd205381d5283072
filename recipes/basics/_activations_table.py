"""The notes' table of activations in NumPy, with Keras's own beside each."""

from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
from keras import activations, ops

from recipes.lab import gradients


@dataclass(frozen=True)
class Activation:
    """One row of the table.

    Attributes:
        function: The formula.
        slope: The formula of the derivative, as the notes give it.
        keras: What Keras has for it, tensor to tensor.
    """

    function: Callable
    slope: Callable
    keras: Callable


def sigmoid(x):
    """Returns 1 / (1 + e^-x)."""
    return 1 / (1 + np.exp(-x))


def tanh(x):
    """Returns (e^x - e^-x) / (e^x + e^-x)."""
    return (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))


def relu(x):
    """Returns x above 0, else 0."""
    return np.where(x > 0, x, 0.0)


def leaky(x, slope: float):
    """Returns x above 0, else slope times x."""
    return np.where(x > 0, x, slope * x)


def elu(x, alpha: float):
    """Returns x above 0, else alpha (e^x - 1)."""
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def swish(x, beta: float):
    """Returns x σ(βx)."""
    return x * sigmoid(beta * x)


def swish_slope(x, beta: float):
    """Returns β f + σ(βx) (1 - β f), where f is the function's value."""
    f = swish(x, beta)
    return beta * f + sigmoid(beta * x) * (1 - beta * f)


def softplus(x):
    """Returns log(1 + e^x)."""
    return np.log(1 + np.exp(x))


def softmax(x):
    """Returns e^x over its sum along the last axis."""
    return np.exp(x) / np.exp(x).sum(-1, keepdims=True)


def softmax_jacobian(p) -> np.ndarray:
    """Returns p_i (δ_ij - p_j) for outputs p (..., n)."""
    return p[..., :, None] * (np.eye(p.shape[-1]) - p[..., None, :])


def prelu(alpha: float) -> Callable:
    """Returns Keras's PReLU with a slope that it might have learned."""
    start = keras.initializers.Constant(alpha)
    layer = keras.layers.PReLU(alpha_initializer=start, dtype="float64")
    return lambda x: layer(x[:, None])[:, 0]


def table() -> dict[str, Activation]:
    """Returns the functions of one number, by name."""
    return {
        "sigmoid": Activation(
            sigmoid, lambda x: sigmoid(x) * (1 - sigmoid(x)), activations.sigmoid
        ),
        "tanh": Activation(tanh, lambda x: 1 - tanh(x) ** 2, activations.tanh),
        "ReLU": Activation(relu, lambda x: np.where(x > 0, 1.0, 0.0), activations.relu),
        "leaky ReLU, α = 0.01": Activation(
            lambda x: leaky(x, 0.01),
            lambda x: np.where(x > 0, 1.0, 0.01),
            lambda x: activations.leaky_relu(x, negative_slope=0.01),
        ),
        "PReLU, α = 0.25": Activation(
            lambda x: leaky(x, 0.25),
            lambda x: np.where(x > 0, 1.0, 0.25),
            prelu(0.25),
        ),
        "ELU, α = 1": Activation(
            lambda x: elu(x, 1.0),
            lambda x: np.where(x > 0, 1.0, np.exp(x)),
            activations.elu,
        ),
        "ELU, α = 0.5": Activation(
            lambda x: elu(x, 0.5),
            lambda x: np.where(x > 0, 1.0, 0.5 * np.exp(x)),
            lambda x: activations.elu(x, alpha=0.5),
        ),
        "swish, β = 1": Activation(
            lambda x: swish(x, 1.0), lambda x: swish_slope(x, 1.0), activations.silu
        ),
        "swish, β = 2": Activation(
            lambda x: swish(x, 2.0),
            lambda x: swish_slope(x, 2.0),
            lambda x: activations.silu(2 * x) / 2,  # Keras has no β
        ),
        "softplus": Activation(softplus, sigmoid, activations.softplus),
    }


def apply(function, *arrays) -> np.ndarray:
    """Applies a Keras function to float64 arrays (float32 on JAX)."""
    return ops.convert_to_numpy(function(*map(ops.convert_to_tensor, arrays)))


def autodiff(function, x) -> np.ndarray:
    """Returns the slopes that the backend finds for an element-wise function."""
    return gradients(lambda values: ops.sum(function(values[0])), [np.asarray(x)])[0]


def difference(function, x, width: float = 1e-5) -> np.ndarray:
    """Returns the slopes by central differences."""
    return (function(x + width) - function(x - width)) / (2 * width)


def gap(first, second) -> float:
    """Returns the greatest difference, relative to the second where that is above 1."""
    first, second = np.asarray(first, float), np.asarray(second, float)
    return float((np.abs(first - second) / np.maximum(1, np.abs(second))).max())
