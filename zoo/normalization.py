"""Batch normalization in one kernel where Keras takes a chain of operations."""

from types import MethodType
from typing import Any

import keras
from keras import ops

# TensorFlow's kernel takes these; cuDNN, behind it on a GPU, no smaller epsilon.
_DTYPES = ("float32", "bfloat16", "float16")
_SMALLEST_EPSILON = 1.001e-5


def FusedBatchNormalization(  # noqa: N802 - named as the layer that it makes
    **arguments: Any,
) -> keras.layers.BatchNormalization:
    """A `keras.layers.BatchNormalization` trained through TensorFlow's fused kernel.

    Keras computes the moments and the normalized values of a training step by a
    dozen operations, each a pass over all images, and as many for the gradients;
    the kernel takes two each way. Outside training, on other backends, with a mask
    and wherever the kernel can't be used, Keras's own way is taken.

    The layer is Keras's own, only its `call` is replaced on the object. So its
    arguments, weights, files and class are Keras's: a saved model opens where this
    package isn't installed, and weights are exchanged with Keras's layer both ways.
    A layer made from a file or a config trains Keras's way, to the same numbers but
    for rounding; `fuse` brings it back to the kernel.

    Shapes: (batch, height, width, channels) -> the same; other ranks Keras's way.

    Args:
        **arguments: Those of `keras.layers.BatchNormalization`.

    Returns:
        The layer.

    Cost:
        A train step of ResNet-20 takes 0.70 of the time with Keras's way in
        float32, 0.59 in mixed_bfloat16 (benchmarks/batch_normalization.py, 2 cores
        with AVX-512 BF16, batch 128).

    Example:
        >>> layer = FusedBatchNormalization(momentum=0.9)
        >>> layer(keras.ops.ones((2, 4, 4, 3)), training=True).shape[-1]
        3

    References:
        Ioffe and Szegedy, Batch Normalization (2015).
    """
    layer = keras.layers.BatchNormalization(**arguments)
    fuse(layer)
    return layer


def fuse(model: keras.layers.Layer) -> None:
    """Lets every batch normalization of a model train through the fused kernel.

    For a model that was loaded, cloned or written with Keras's own layers.

    Args:
        model: A model or layer, compiled or not; what was traced before a call of
            `compile` stays as it was.

    Example:
        >>> model = keras.Sequential([keras.layers.BatchNormalization()])
        >>> fuse(model)
    """
    if keras.backend.backend() != "tensorflow":
        return
    for layer in model._flatten_layers():
        if type(layer) is keras.layers.BatchNormalization:
            layer.call = MethodType(_call, layer)


def _call(layer: Any, inputs: Any, training: Any = None, mask: Any = None) -> Any:
    """Normalizes with the batch's moments in training, else the moving ones."""
    if not (training and layer.trainable) or not _fits(layer, inputs, mask):
        return type(layer).call(layer, inputs, training=training, mask=mask)
    import tensorflow as tf

    channels = inputs.shape[-1]
    outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
        x=inputs,
        scale=layer.gamma if layer.scale else tf.ones(channels),
        offset=layer.beta if layer.center else tf.zeros(channels),
        mean=tf.zeros(0),
        variance=tf.zeros(0),
        epsilon=layer.epsilon,
        is_training=True,
    )
    # The kernel divides by one sample fewer than Keras.
    samples = tf.cast(tf.size(inputs) // channels, "float32")
    variance *= (samples - 1.0) / samples
    averages = (layer.moving_mean, mean), (layer.moving_variance, variance)
    for average, now in averages:
        average.assign(average * layer.momentum + now * (1.0 - layer.momentum))
    return ops.cast(outputs, layer.compute_dtype)


def _fits(layer: Any, inputs: Any, mask: Any) -> bool:
    """Whether TensorFlow's kernel computes what Keras's layer would."""
    return (
        mask is None
        and len(inputs.shape) == 4
        and layer.axis in (-1, 3)
        and inputs.shape[-1] is not None
        and keras.backend.standardize_dtype(inputs.dtype) in _DTYPES
        and layer.variable_dtype == "float32"
        and layer.epsilon >= _SMALLEST_EPSILON
        and not (layer.renorm or layer.synchronized)
    )
