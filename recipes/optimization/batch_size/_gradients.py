"""The gradients of a small ReLU network, written out in NumPy."""

import itertools

import numpy as np


def initial_weights(widths, seed: int, dtype="float64") -> list[np.ndarray]:
    """He's kernels for layers of the given widths; biases are left out here."""
    rng = np.random.default_rng([seed, 51])
    return [
        rng.normal(0, np.sqrt(2 / before), (before, after)).astype(dtype)
        for before, after in itertools.pairwise(widths)
    ]


def backward(weights, x, y) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Inputs of every layer, and the loss's slopes by every layer's output.

    A ReLU network with softmax and cross-entropy, a row a sample; the gradient of
    the mean loss by kernel l is inputs[l].T @ slopes[l] / rows.
    """
    inputs = [x]
    for kernel in weights[:-1]:
        inputs.append(np.maximum(inputs[-1] @ kernel, 0))
    logits = inputs[-1] @ weights[-1]
    slope = np.exp(logits - logits.max(1, keepdims=True))
    slope /= slope.sum(1, keepdims=True)
    slope[np.arange(len(y)), y] -= 1
    slopes = [slope]
    for kernel, seen in zip(weights[:0:-1], inputs[:0:-1], strict=True):
        slopes.insert(0, (slopes[0] @ kernel.T) * (seen > 0))
    return inputs, slopes
