"""The notes' activations in NumPy, each with its slope as the notes give it."""

import numpy as np


def sigmoid(x):
    """σ(x) = 1 / (1 + e^-x)."""
    return 1 / (1 + np.exp(-x))


def sigmoid_slope(x):
    """σ(x) (1 - σ(x))."""
    return sigmoid(x) * (1 - sigmoid(x))


def tanh(x):
    """(e^x - e^-x) / (e^x + e^-x)."""
    return (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))


def tanh_slope(x):
    """1 - tanh²(x)."""
    return 1 - tanh(x) ** 2


def leaky(x, alpha: float):
    """X above 0, else αx. It is PReLU, too, which learns its α; with α = 0 ReLU."""
    return np.where(x > 0, x, alpha * x)


def leaky_slope(x, alpha: float):
    """1 above 0, else α."""
    return np.where(x > 0, 1.0, alpha)


def relu(x):
    """X above 0, else 0."""
    return np.where(x > 0, x, 0.0)


def relu_slope(x):
    """1 above 0, else 0."""
    return leaky_slope(x, 0.0)


def elu(x, alpha: float = 1.0):
    """X above 0, else α (e^x - 1)."""
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def elu_slope(x, alpha: float = 1.0):
    """1 above 0, else α e^x."""
    return np.where(x > 0, 1.0, alpha * np.exp(x))


def swish(x, beta: float = 1.0):
    """X σ(βx)."""
    return x * sigmoid(beta * x)


def swish_slope(x, beta: float = 1.0):
    """β f + σ(βx) (1 - β f), where f is the function's value."""
    f = swish(x, beta)
    return beta * f + sigmoid(beta * x) * (1 - beta * f)


def softplus(x):
    """log(1 + e^x); its slope is σ(x)."""
    return np.log(1 + np.exp(x))


def softmax(x):
    """e^x over its sum along the last axis."""
    return np.exp(x) / np.exp(x).sum(-1, keepdims=True)


def softmax_jacobian(p) -> np.ndarray:
    """p_i (δ_ij - p_j) for outputs p (..., n)."""
    return p[..., :, None] * (np.eye(p.shape[-1]) - p[..., None, :])
