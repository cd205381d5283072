"""Small convolutional networks: the notes' own, and LeNet-5."""

from collections.abc import Sequence
from types import MethodType
from typing import Any, Protocol, cast

import keras
from keras import layers, ops

from zoo import _blocks, _checks
from zoo._variants import variant
from zoo.pretrained import loads_weights

_POOLINGS = {"max": layers.MaxPooling2D, "average": layers.AveragePooling2D}
_PADDINGS = ("same", "valid", "auto")


@loads_weights
def lenet(
    input_shape: Sequence[int | None] = (28, 28, 1),
    num_classes: int = 10,
    *,
    filters: Sequence[int] = (32, 64),
    kernel_size: int = 3,
    padding: str | Sequence[str] = "same",
    activation: str = "relu",
    pooling: str | None = "max",
    pool_size: int = 2,
    pointwise: Sequence[int] = (),
    head: str = "flatten",
    units: Sequence[int] = (),
    dropout: float = 0.0,
    normalization: str | None = None,
    momentum: float = 0.9,
    epsilon: float = 1e-3,
    l2: float = 0.0,
    kernel_initializer: str | keras.initializers.Initializer | None = None,
    include_top: bool = True,
    rescale: bool = False,
    task: str = "classification",
    weights: str | None = None,
    name: str = "lenet",
) -> keras.Model:
    """Convolution and pooling in turn, then a dense head; by default the notes' CNN.

    Shapes:
        images (batch, height, width, channels) float in [0, 1], or 0 to 255 with
        rescale
        -> logits (batch, num_classes), or without the top
        -> feature maps (batch, height', width', channels')

    Args:
        input_shape: (height, width, channels), channels last; height and width may
            be None, for images of any size, where nothing is flattened.
        num_classes: Number of outputs: at least 2 classes for a softmax; 1 or more
            for the other tasks. Without the top it is checked and not used.
        filters: Filters of each convolution; one block each, every entry at least 1.
        kernel_size: Side of the square kernels in pixels, at least 1.
        padding: "same", "valid" or "auto" for every convolution, or one entry a
            block. "auto" is "same" in the first block where an image has fewer than
            32 pixels a side, else "valid". Pooling never pads.
        activation: Any Keras activation by name, "maxout" (2 pieces) or "prelu".
        pooling: "max", "average" or None.
        pool_size: Side and stride of the pooling window in pixels, at least 1.
        pointwise: Filters of a 1x1 convolution at the end of each block, one entry a
            block, where 0 means none; `()` means none anywhere.
        head: "flatten" or "global_average".
        units: Widths of dense layers between the head and the outputs.
        dropout: Share of the head's units to drop, in [0, 1).
        normalization: "batch", "layer" or None; in front of each activation.
        momentum: Share of the old moving averages that batch normalization keeps a
            step, in [0, 1).
        epsilon: What the normalization adds to the variance, above 0.
        l2: Strength of an L2 penalty on every kernel, at least 0.
        kernel_initializer: A name or an Initializer for the hidden kernels; None
            takes the one that fits the activation.
        include_top: Whether head, dense layers and outputs follow the blocks.
        rescale: Whether the network itself divides its inputs by 255.
        task: "classification" (softmax), "binary" (sigmoid), "ordinal" (num_classes
            - 1 logits, each for "above this grade") or "regression".
        weights: None draws them. A name loads those of `zoo.list_weights()` for this
            builder; arguments that are not given are then the trained network's.
        name: Name of the model.

    Returns:
        An uncompiled Functional `keras.Model`.

    Raises:
        ValueError: An argument is out of its range, or the images are too small for
            so many blocks.

    Example:
        >>> lenet().count_params()
        50186
        >>> lenet(head="global_average").count_params()
        19466

    References:
        LeCun et al., Gradient-Based Learning Applied to Document Recognition (1998);
        Lin et al., Network In Network (2013) for 1x1 convolutions and global average
        pooling.
    """
    shape = _checks.any_image_shape("input_shape", input_shape)
    outputs = _checks.outputs(num_classes, task)
    widths = _checks.integers("filters", filters)
    _checks.integer("kernel_size", kernel_size)
    paddings = _each_padding(padding, len(widths), shape)
    _checks.choice("activation", activation, _blocks.activations())
    _checks.choice("pooling", pooling, (*_POOLINGS, None))
    _checks.integer("pool_size", pool_size)
    reductions = _each_reduction(pointwise, len(widths))
    _checks.choice("head", head, ("flatten", "global_average"))
    dense_units = _checks.integers("units", units, empty=True)
    _checks.rate("dropout", dropout)
    normalize = _blocks.Normalization(normalization, momentum, epsilon)
    _checks.number("l2", l2, 0.0)
    _checks.initializer("kernel_initializer", kernel_initializer)
    _checks.flag("include_top", include_top)
    _checks.flag("rescale", rescale)
    _checks.text("name", name)
    if include_top and head == "flatten" and None in shape:
        raise _checks.fail(
            "input_shape",
            shape,
            "three integers for head='flatten'; head='global_average' and "
            "include_top=False take images of any size",
        )
    _check_size(shape[:2], kernel_size, paddings, pool_size if pooling else 1)

    kernel = kernel_initializer or _blocks.fitting_initializer(activation)

    def finish(x: Any, layer: Any, units: int, name: str, **arguments: Any) -> Any:
        x = layer(
            _blocks.widened(units, activation),
            kernel_initializer=_blocks.fresh(kernel),
            kernel_regularizer=_blocks.penalty(0.0, l2, 0.0, 1.0),
            name=name,
            **arguments,
        )(x)
        x = normalize(x, f"{name}_normalization")
        return _blocks.activate(x, activation, f"{name}_activation")

    inputs = keras.Input(shape, name="images")
    x = _blocks.rescaled(inputs, rescale)
    for block, width in enumerate(widths, start=1):
        size, pad = kernel_size, paddings[block - 1]
        conv = {"kernel_size": size, "padding": pad, **_blocks.IMAGES}
        x = finish(x, layers.Conv2D, width, f"conv_{block}", **conv)
        if pooling:
            pool = {"name": f"pool_{block}", **_blocks.IMAGES}
            x = _POOLINGS[pooling](pool_size, **pool)(x)
        if reductions[block - 1]:
            reduced, title = reductions[block - 1], f"pointwise_{block}"
            conv = {"kernel_size": 1, **_blocks.IMAGES}
            x = finish(x, layers.Conv2D, reduced, title, **conv)
    if include_top:
        x = _flat(x, head)
        for depth, width in enumerate(dense_units, start=1):
            x = finish(x, layers.Dense, width, f"dense_{depth}")
        if dropout:
            x = layers.Dropout(dropout, name="dropout")(x)
        last = {"kernel_regularizer": _blocks.penalty(0.0, l2, 0.0, 1.0)}
        x = _blocks.head(x, outputs, task, **last)
    least = _least_side(kernel_size, paddings, pool_size if pooling else 1)
    return _refuse_smaller(keras.Model(inputs, x, name=name), least)


def _flat(x: Any, head: str) -> Any:
    if head == "flatten":
        return layers.Flatten(name="flatten", **_blocks.IMAGES)(x)
    return _blocks.pooled(x, "avg")


def _each_padding(
    padding: object, blocks: int, shape: tuple[int | None, int | None, int]
) -> tuple[str, ...]:
    entries = (padding,) * blocks if isinstance(padding, str) else padding
    if not isinstance(entries, Sequence) or len(entries) != blocks:
        raise _checks.fail(
            "padding", padding, f"'same', 'valid', 'auto' or {blocks} of them"
        )
    for entry in entries:
        _checks.choice("padding", entry, _PADDINGS)
    small = any(size is not None and size < 32 for size in shape[:2])
    auto = ["same" if small else "valid", *["valid"] * (blocks - 1)]
    pairs = zip(entries, auto, strict=True)
    return tuple(meant if entry == "auto" else entry for entry, meant in pairs)


def _each_reduction(pointwise: object, blocks: int) -> tuple[int, ...]:
    entries = _checks.integers("pointwise", pointwise, low=0, empty=True)
    if entries and len(entries) != blocks:
        raise _checks.fail(
            "pointwise", pointwise, f"() or a tuple of {blocks} integers, one a block"
        )
    return entries or (0,) * blocks


def _check_size(
    size: tuple[int | None, int | None], kernel: int, paddings: Sequence[str], pool: int
) -> None:
    """Follows the image's height and width to where nothing would be left."""
    known = [side for side in size if side is not None]
    for block, padding in enumerate(paddings, start=1):
        cut = kernel - 1 if padding == "valid" else 0
        known = [(side - cut) // pool for side in known]
        if any(side < 1 for side in known):
            raise _checks.fail(
                "input_shape",
                size,
                f"large enough for {len(paddings)} blocks; nothing is left of the "
                f"height and width after block {block}",
            )


def _least_side(kernel: int, paddings: Sequence[str], pool: int) -> int:
    """The smallest side of which one pixel is left, followed from the last block."""
    side = 1
    for padding in reversed(paddings):
        side = side * pool + (kernel - 1 if padding == "valid" else 0)
    return side


def _refuse_smaller(model: keras.Model, side: int) -> keras.Model:
    """Lets the first layer of a network for any size say which images are too small.

    JAX would make NaN of them without a word, the mean of no pixel; TensorFlow and
    PyTorch name a layer far behind. The layer stays Keras's own, and so do its files.
    """
    allowed = f"of a height and width of at least {side} pixels"

    def call(layer: Any, inputs: Any) -> Any:
        sizes = tuple(ops.shape(inputs)[1:3])
        if any(isinstance(size, int) and size < side for size in sizes):
            error: Any = _checks.fail("images", sizes, allowed)
            error._keras_call_info_injected = True  # the sentence stands alone
            raise error
        if any(ops.is_tensor(size) for size in sizes):  # in a graph of TensorFlow
            import tensorflow as tf

            said = [f"images must be {allowed}; got", *sizes]
            looked = tf.debugging.Assert(tf.reduce_min(sizes) >= side, said)
            with tf.control_dependencies([looked]):
                inputs = tf.identity(inputs)
        return type(layer).call(layer, inputs)

    if None in model.input_shape[1:3]:
        first = model.layers[1]  # behind the input
        first.call = MethodType(call, first)
    return model


class LeNetVariant(Protocol):
    """What `lenet5` is to a type checker: `lenet` with other defaults."""

    __name__: str

    def __call__(
        self,
        input_shape: Sequence[int | None] = ...,
        num_classes: int = ...,
        *,
        filters: Sequence[int] = ...,
        kernel_size: int = ...,
        padding: str | Sequence[str] = ...,
        activation: str = ...,
        pooling: str | None = ...,
        pool_size: int = ...,
        pointwise: Sequence[int] = ...,
        head: str = ...,
        units: Sequence[int] = ...,
        dropout: float = ...,
        normalization: str | None = ...,
        momentum: float = ...,
        epsilon: float = ...,
        l2: float = ...,
        kernel_initializer: str | keras.initializers.Initializer | None = ...,
        include_top: bool = ...,
        rescale: bool = ...,
        task: str = ...,
        weights: str | None = ...,
        name: str = ...,
    ) -> keras.Model:
        """Builds the network."""
        ...


_LENET5 = """LeNet-5: 61,706 parameters on 28x28x1 or 32x32x1 images.

    Images smaller than 32x32 are padded in the first convolution, which stands for
    the margin of the original's 32x32 inputs. Left out of the original: its table
    that joins 6 maps to 16 in part (here each of the 16 sees all 6, which makes
    61,706 out of 60,000), the trained gain and bias of its pooling, the scaled tanh,
    and the radial basis functions of its output.

    Example:
        >>> lenet5().count_params()
        61706

    References:
        LeCun et al., Gradient-Based Learning Applied to Document Recognition (1998).
    """

lenet5 = cast(
    LeNetVariant,
    variant(
        lenet,
        "lenet5",
        _LENET5,
        filters=(6, 16),
        kernel_size=5,
        padding="auto",
        activation="tanh",
        pooling="average",
        units=(120, 84),
    ),
)
