"""Batch normalization in one kernel where Keras takes a chain of operations."""

from typing import Any

import keras
from keras import ops

# TensorFlow's kernel takes these; cuDNN, behind it on a GPU, no smaller epsilon.
_DTYPES = ("float32", "bfloat16", "float16")
_SMALLEST_EPSILON = 1.001e-5


@keras.saving.register_keras_serializable(package="zoo")
class FusedBatchNormalization(keras.layers.BatchNormalization):
    """Keras's `BatchNormalization`, trained through TensorFlow's fused kernel.

    Keras computes the moments and the normalized values of a training step by a
    dozen operations, each a pass over all images, and as many for the gradients;
    the kernel takes two each way. Arguments, weights, moving averages and saved form
    are those of `keras.layers.BatchNormalization`. Outside training, on other
    backends, with a mask and wherever the kernel can't be used, Keras's own way is
    taken.

    Shapes: (batch, height, width, channels) -> the same; other ranks Keras's way.

    Args:
        **kwargs: Those of `keras.layers.BatchNormalization`.

    Cost:
        A train step of ResNet-20 takes 0.70 of the time with Keras's layer in
        float32, 0.59 in mixed_bfloat16 (benchmarks/batch_normalization.py, 2 cores
        with AVX-512 BF16, batch 128).

    Example:
        >>> layer = FusedBatchNormalization(momentum=0.9)
        >>> layer(keras.ops.ones((2, 4, 4, 3)), training=True).shape[-1]
        3

    References:
        Ioffe and Szegedy, Batch Normalization (2015).
    """

    def call(self, inputs, training=None, mask=None):
        """Normalizes with the batch's moments in training, else the moving ones."""
        if not (training and self.trainable) or not self._fits(inputs, mask):
            return super().call(inputs, training=training, mask=mask)
        import tensorflow as tf

        channels = inputs.shape[-1]
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=self.gamma if self.scale else tf.ones(channels),
            offset=self.beta if self.center else tf.zeros(channels),
            mean=tf.zeros(0),
            variance=tf.zeros(0),
            epsilon=self.epsilon,
            is_training=True,
        )
        # The kernel divides by one sample fewer than Keras.
        samples = tf.cast(tf.size(inputs) // channels, "float32")
        variance *= (samples - 1.0) / samples
        for average, now in (
            (self.moving_mean, mean),
            (self.moving_variance, variance),
        ):
            average.assign(average * self.momentum + now * (1.0 - self.momentum))
        return ops.cast(outputs, self.compute_dtype)

    def _fits(self, inputs: Any, mask: Any) -> bool:
        """Whether TensorFlow's kernel computes what Keras's layer would."""
        return (
            keras.backend.backend() == "tensorflow"
            and mask is None
            and len(inputs.shape) == 4
            and self.axis in (-1, 3)
            and inputs.shape[-1] is not None
            and keras.backend.standardize_dtype(inputs.dtype) in _DTYPES
            and self.variable_dtype == "float32"
            and self.epsilon >= _SMALLEST_EPSILON
            and not (self.renorm or self.synchronized)
        )
