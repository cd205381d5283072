"""What Keras lacks: Maxout, DropConnect, unshared convolutions, a crop to a size.

A saved model that holds one of them opens after `import zoo`.
"""

from collections.abc import Sequence
from typing import Any

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


@keras.saving.register_keras_serializable(package="zoo")
class CropLike2D(keras.layers.Layer):
    """Cuts images at the bottom and on the right to the size of others.

    Keras's Cropping2D must know how much to cut; here the second input says it, so
    that a network can join images of any size that it halved and doubled.

    Shapes: [(batch, rows, columns, channels), (batch, rows', columns', any)] -> (batch,
    rows', columns', channels), where rows' <= rows and columns' <= columns; channels
    are last.

    Example:
        >>> images, others = keras.ops.ones((1, 6, 4, 3)), keras.ops.ones((1, 5, 4, 1))
        >>> tuple(CropLike2D()([images, others]).shape)
        (1, 5, 4, 3)
    """

    def compute_output_shape(self, input_shape):
        """The size of the second input, with the channels of the first."""
        images, others = input_shape
        return (images[0], *others[1:3], images[-1])

    def call(self, inputs):
        """The upper left part, or all of it where the sizes are equal."""
        images, others = inputs
        rows, columns = ops.shape(others)[1:3]
        return images[:, :rows, :columns]


@keras.saving.register_keras_serializable(package="zoo")
class LocallyConnected2D(keras.layers.Layer):
    """A convolution that shares no weights: each place of the output has its own.

    It shows what weight sharing is worth, and suits images whose parts always lie in
    the same place. Keras 2 had it; Keras 3 has not. With the same kernel and bias at
    every place it is `keras.layers.Conv2D`.

    Shapes: (batch, rows, columns, channels) -> (batch, rows', columns', filters), as
    Conv2D has them; rows and columns must be known, and channels are last.

    Weights: kernel (rows', columns', *kernel_size, channels, filters), bias (rows',
    columns', filters).

    Args:
        filters: Channels of the output, at least 1.
        kernel_size: Side of the kernels in pixels, at least 1, or (height, width).
        strides: Step between two places in pixels, at least 1, or (down, across).
        padding: "valid" or "same".
        activation: Any Keras activation, or None.
        use_bias: Whether each place and filter has a bias.
        kernel_initializer: Draws each place's kernel as it draws that of a Conv2D.
        bias_initializer: Draws the biases.
        kernel_regularizer: A penalty on all kernels, or None.
        **kwargs: The arguments of `keras.layers.Layer`.

    Raises:
        ValueError: An argument is out of its range, or the images have no known size
            or are smaller than the kernel.

    Example:
        >>> layer = LocallyConnected2D(8, 3, padding="same")
        >>> layer.build((None, 8, 8, 1))
        >>> layer.count_params()  # a Conv2D has 80, at each of 64 places
        5120

    References:
        LeCun, Generalization and Network Design Strategies (1989); Taigman et al.,
        DeepFace (2014).
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int | Sequence[int],
        strides: int | Sequence[int] = 1,
        padding: str = "valid",
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        **kwargs: Any,
    ):
        self.filters = _checks.integer("filters", filters)
        self.kernel_size = _sides("kernel_size", kernel_size)
        self.strides = _sides("strides", strides)
        self.padding = _checks.choice("padding", padding, ("valid", "same"))
        self.use_bias = _checks.flag("use_bias", use_bias)
        super().__init__(**kwargs)
        self.activation = keras.activations.get(activation)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)

    def compute_output_shape(self, input_shape):
        """As many places as a Conv2D has, with a channel for each filter."""
        if len(input_shape) != 4 or None in tuple(input_shape)[1:]:
            raise ValueError(
                "LocallyConnected2D needs images (batch, rows, columns, channels) of "
                f"a known size; got an input of shape {tuple(input_shape)}."
            )
        places = [
            -(-size // step) if self.padding == "same" else (size - side) // step + 1
            for size, side, step in zip(
                input_shape[1:3], self.kernel_size, self.strides, strict=True
            )
        ]
        if min(places) < 1:
            raise ValueError(
                f"kernel_size={self.kernel_size} is larger than the images; got an "
                f"input of shape {tuple(input_shape)}."
            )
        return (input_shape[0], *places, self.filters)

    def build(self, input_shape):
        """Makes a kernel and a bias for each place of the output."""
        places = tuple(self.compute_output_shape(input_shape)[1:3])
        self.kernel = self.add_weight(
            shape=(*places, *self.kernel_size, input_shape[-1], self.filters),
            initializer=_for_each_place(self.kernel_initializer, places),
            regularizer=self.kernel_regularizer,
            name="kernel",
        )
        self.bias = None
        if self.use_bias:
            shape = (*places, self.filters)
            self.bias = self.add_weight(
                shape=shape, initializer=self.bias_initializer, name="bias"
            )
        super().build(input_shape)

    def call(self, inputs):
        """Multiplies the patch of each place by the kernel of that place."""
        patches = ops.image.extract_patches(
            inputs,
            self.kernel_size,
            strides=self.strides,
            padding=self.padding,
            data_format="channels_last",
        )
        rows, columns = self.kernel.shape[:2]
        kernel = ops.reshape(
            self.kernel, (rows, columns, patches.shape[-1], self.filters)
        )
        outputs = ops.einsum("brcp,rcpf->brcf", patches, kernel)
        if self.bias is not None:
            outputs = ops.add(outputs, self.bias)
        return self.activation(outputs)

    def get_config(self):
        """The arguments that make the same layer."""
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "activation": keras.activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
        }


def _sides(name: str, value: int | Sequence[int]) -> tuple[int, int]:
    if isinstance(value, Sequence) and not isinstance(value, str):
        if len(value) != 2:
            raise _checks.fail(name, value, "an integer or two of them")
        return _checks.integer(name, value[0]), _checks.integer(name, value[1])
    side = _checks.integer(name, value)
    return side, side


def _for_each_place(initializer: Any, places: tuple[int, int]) -> Any:
    """An initializer whose scale follows the fans of one place.

    Keras counts leading axes as a kernel's size, so that both fans are too large by
    the number of places.
    """
    if not isinstance(initializer, keras.initializers.VarianceScaling):
        return initializer
    return keras.initializers.VarianceScaling(
        scale=initializer.scale * places[0] * places[1],
        mode=initializer.mode,
        distribution=initializer.distribution,
        seed=initializer.seed,
    )
