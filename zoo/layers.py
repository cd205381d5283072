"""What Keras lacks and the notes need: Maxout and DropConnect.

A saved model that holds one of them opens after `import zoo`.
"""

import keras
from keras import ops

from zoo import _checks


@keras.saving.register_keras_serializable(package="zoo")
class Maxout(keras.layers.Layer):
    """Keeps the largest of every `pool_size` neighboring channels.

    It has no weights: the affine pieces are the channels of the Dense or Conv2D in
    front of it, so that normalization and DropConnect fit between the two.

    Shapes: (..., units * pool_size) -> (..., units)

    Args:
        pool_size: How many channels compete for one unit, at least 2.

    Raises:
        ValueError: pool_size is not an integer of at least 2, or does not divide
            the number of channels.

    Example:
        >>> Maxout(2)(keras.ops.array([[1.0, 4.0, -2.0, -3.0]])).shape[-1]
        2

    References:
        Goodfellow et al., Maxout Networks (2013).
    """

    def __init__(self, pool_size: int = 2, **kwargs):
        self.pool_size = _checks.integer("pool_size", pool_size, low=2)
        super().__init__(**kwargs)

    def compute_output_shape(self, input_shape):
        """One channel for every pool_size of the input."""
        channels = input_shape[-1]
        if channels is None or channels % self.pool_size:
            raise ValueError(
                f"The last axis must be a multiple of pool_size={self.pool_size}; "
                f"got an input of shape {tuple(input_shape)}."
            )
        return (*input_shape[:-1], channels // self.pool_size)

    def build(self, input_shape):
        """Refuses inputs whose channels pool_size does not divide."""
        self.compute_output_shape(input_shape)
        super().build(input_shape)

    def call(self, inputs):
        """The largest channel of each group."""
        leading = ops.shape(inputs)[:-1]
        units = inputs.shape[-1] // self.pool_size
        return ops.max(ops.reshape(inputs, (*leading, units, self.pool_size)), axis=-1)

    def get_config(self):
        """The arguments that make the same layer."""
        return {**super().get_config(), "pool_size": self.pool_size}


@keras.saving.register_keras_serializable(package="zoo")
class DropConnect(keras.layers.Dense):
    """A Dense layer that drops weights, not units, while it trains.

    One mask is drawn a step and shared by the batch. Kept weights are scaled up by
    1 / (1 - rate), so that nothing is rescaled outside training; biases are kept.

    Shapes: (..., features) -> (..., units)

    Args:
        units: Width of the output, at least 1.
        rate: Share of the kernel's entries to drop, in [0, 1).
        seed: Integer seed of the masks, or None.
        **kwargs: The other arguments of `keras.layers.Dense`.

    Raises:
        ValueError: units or rate is out of its range.

    Example:
        >>> layer = DropConnect(3, rate=0.5)
        >>> layer.build((None, 4))
        >>> layer.count_params()
        15

    References:
        Wan et al., Regularization of Neural Networks using DropConnect (2013);
        there the mask differs from example to example and covers the biases too.
    """

    def __init__(
        self, units: int, rate: float = 0.5, seed: int | None = None, **kwargs
    ):
        _checks.integer("units", units)
        self.rate = _checks.rate("rate", rate)
        self.seed = seed
        super().__init__(units, **kwargs)
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, inputs, training=None):
        """The affine map, with a masked kernel in training."""
        kernel = self.kernel
        if training and self.rate > 0:
            kernel = keras.random.dropout(
                ops.convert_to_tensor(kernel), self.rate, seed=self.seed_generator
            )
        outputs = ops.matmul(inputs, kernel)
        if self.bias is not None:
            outputs = ops.add(outputs, self.bias)
        return outputs if self.activation is None else self.activation(outputs)

    def get_config(self):
        """The arguments that make the same layer."""
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}
