"""Gradients of a function of arrays, on whichever backend Keras runs."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops


def gradients(
    function: Callable[[list[Any]], Any], values: Sequence[np.ndarray]
) -> list[np.ndarray]:
    """Differentiates a scalar function of several arrays.

    Keras leaves gradients to its backends, hence the three ways here.

    Args:
        function: Takes a list of tensors, returns a scalar; without side effects.
        values: Where to differentiate, one array a tensor.

    Returns:
        One array of derivatives for each of the values.

    Example:
        >>> gradients(lambda x: ops.sum(x[0] ** 2), [np.array([3.0])])[0].tolist()
        [6.0]
    """
    backend = keras.backend.backend()
    tensors = [ops.convert_to_tensor(value) for value in values]
    if backend == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(tensors)
            result = function(tensors)
        found = tape.gradient(result, tensors)
    elif backend == "jax":
        import jax

        found = jax.grad(function)(tensors)
    elif backend == "torch":
        import torch

        tensors = [tensor.clone().requires_grad_() for tensor in tensors]
        found = torch.autograd.grad(function(tensors), tensors)
    else:
        raise NotImplementedError(f"the {backend} backend has no gradients")
    return [ops.convert_to_numpy(gradient) for gradient in found]
