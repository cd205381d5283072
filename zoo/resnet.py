"""Residual networks and their plain twins."""

from collections.abc import Sequence
from typing import Any, Protocol, cast

import keras

from zoo import _blocks, _checks, _residual
from zoo._variants import variant
from zoo.pretrained import loads_weights

BLOCKS = ("basic", "bottleneck")
SHORTCUTS = ("identity", "projection")
STEMS = ("small", "large")
PADDINGS = ("same", "symmetric")
POOLINGS = (None, "avg", "max")


@loads_weights
def resnet(
    input_shape: Sequence[int | None],
    num_classes: int,
    *,
    depths: Sequence[int] = (3, 3, 3),
    widths: Sequence[int] = (16, 32, 64),
    block: str = "basic",
    pre_activation: bool = False,
    residual: bool = True,
    shortcut: str = "identity",
    stem: str = "small",
    padding: str = "same",
    normalization: str | None = "batch",
    momentum: float = 0.9,
    epsilon: float = 1e-3,
    activation: str = "relu",
    kernel_initializer: str | keras.initializers.Initializer | None = None,
    l2: float = 0.0,
    include_top: bool = True,
    pooling: str | None = None,
    rescale: bool = False,
    task: str = "classification",
    weights: str | None = None,
    name: str = "resnet",
) -> keras.Model:
    """A residual network: stages of blocks y = shortcut(x) + f(x).

    The first block of every stage but the first halves height and width, rounding
    up, so that any image of at least 1x1 pixels goes through.

    Shapes:
        images (batch, height, width, channels) float in [0, 1], or 0 to 255 with
        rescale
        -> logits (batch, num_classes), or without the top
        -> feature maps (batch, height', width', channels'), or with pooling
        -> features (batch, channels')

    Args:
        input_shape: (height, width, channels), channels last; height and width may
            be None, for images of any size.
        num_classes: Number of outputs: at least 2 classes for a softmax; 1 or more
            for the other tasks. Without the top it is checked and not used.
        depths: Blocks of each stage, every entry at least 1.
        widths: Filters of each stage, as many entries as depths. A bottleneck's
            output has 4 times as many.
        block: "basic" (3x3, 3x3) or "bottleneck" (1x1, 3x3, 1x1).
        pre_activation: Normalization and activation in front of each convolution
            (version 2) and not behind it (version 1).
        residual: False takes every shortcut away and leaves the plain twin, with the
            same layers and parameters; it goes with shortcut="identity" only.
        shortcut: What joins the ends of a block that changes the shape: "identity"
            (every other pixel, new channels are zero; no parameters) or
            "projection" (a 1x1 convolution).
        stem: "small" (3x3 convolution) or "large" (7x7 with stride 2, then 3x3 max
            pooling with stride 2).
        padding: How a convolution or pooling with stride 2 meets even images:
            "same" (Keras's way, the odd pixel goes to the right and the bottom) or
            "symmetric" (PyTorch's, the same on all sides).
        normalization: "batch", "layer" or None, which gives each convolution a bias.
        momentum: Share of the old moving averages that batch normalization keeps a
            step, in [0, 1). Keras's own 0.99 leaves a network at chance after a
            short training (`zoo.reestimate_statistics` helps there).
        epsilon: What the normalization adds to the variance, above 0.
        activation: Any Keras activation by name, or "prelu".
        kernel_initializer: A name or an Initializer for the convolutions; None takes
            the one that fits the activation.
        l2: Strength of an L2 penalty on every kernel, at least 0.
        include_top: Whether global pooling and the dense output follow.
        pooling: Global pooling: "avg" or "max". None takes "avg" with the top, and
            none without it.
        rescale: Whether the network itself divides its inputs by 255.
        task: "classification" (softmax), "binary" (sigmoid), "ordinal" (num_classes
            - 1 logits, each for "above this grade") or "regression".
        weights: None draws them. A name loads those of `zoo.list_weights()` for this
            builder; arguments that are not given are then the trained network's.
        name: Name of the model.

    Returns:
        An uncompiled Functional `keras.Model`.

    Raises:
        ValueError: An argument is out of its range, depths and widths differ in
            length, or residual=False meets shortcut="projection".

    Example:
        >>> resnet((8, 8, 1), 10, depths=(1, 1), widths=(8, 16)).count_params()
        5074
        >>> plain = resnet((8, 8, 1), 10, depths=(1, 1), widths=(8, 16), residual=False)
        >>> plain.count_params()
        5074

    References:
        He et al., Deep Residual Learning for Image Recognition (2015); He et al.,
        Identity Mappings in Deep Residual Networks (2016) for pre_activation. The
        stride of a bottleneck is in its 3x3 convolution, as is now usual; in the
        paper it is in the first 1x1. Neither changes the parameters.
    """
    shape = _checks.any_image_shape("input_shape", input_shape)
    outputs = _checks.outputs(num_classes, task)
    depths = _checks.integers("depths", depths)
    widths = _checks.integers("widths", widths)
    if len(widths) != len(depths):
        raise _checks.fail("widths", widths, f"{len(depths)} integers, one a stage")
    _checks.choice("block", block, BLOCKS)
    _checks.flag("pre_activation", pre_activation)
    _checks.choice("shortcut", shortcut, SHORTCUTS)
    _check_residual(residual, shortcut, widths)
    _checks.choice("stem", stem, STEMS)
    _checks.choice("padding", padding, PADDINGS)
    normalize = _blocks.Normalization(normalization, momentum, epsilon)
    # Maxout would halve the channels between the layers of a block.
    rectifiers = [entry for entry in _blocks.activations() if entry != "maxout"]
    _checks.choice("activation", activation, rectifiers)
    _checks.initializer("kernel_initializer", kernel_initializer)
    _checks.number("l2", l2, 0.0)
    _checks.flag("include_top", include_top)
    _checks.choice("pooling", pooling, POOLINGS)
    _checks.flag("rescale", rescale)
    _checks.text("name", name)

    style = _residual.Style(
        kernel_initializer or _blocks.fitting_initializer(activation),
        normalize,
        activation,
        l2,
        shortcut if residual else None,
        padding,
    )
    build_block = _residual.pre_block if pre_activation else _residual.post_block
    inputs = keras.Input(shape, name="images")
    x = _blocks.rescaled(inputs, rescale)
    x = _residual.begin(style, x, widths[0], stem, pre_activation)
    for stage, (depth, width) in enumerate(zip(depths, widths, strict=True), start=1):
        for index in range(1, depth + 1):
            path = _residual.path_of(block, width, 2 if index == 1 and stage > 1 else 1)
            x = build_block(style, x, path, f"stage{stage}_block{index}")
    if pre_activation:
        x = style.activate(style.normalize(x, "final"), "final")
    if include_top or pooling:
        x = _blocks.pooled(x, pooling or "avg")
    if include_top:
        penalty = _blocks.penalty(0.0, l2, 0.0, 1.0)
        x = _blocks.head(x, outputs, task, kernel_regularizer=penalty)
    return keras.Model(inputs, x, name=name)


def _check_residual(residual: bool, shortcut: str, widths: tuple[int, ...]) -> None:
    if not _checks.flag("residual", residual):
        if shortcut == "projection":
            raise _checks.fail(
                "residual",
                residual,
                "True where shortcut='projection'; the plain twin, with as many "
                "parameters, is that of shortcut='identity'",
            )
    elif shortcut == "identity" and list(widths) != sorted(widths):
        raise _checks.fail(
            "widths", widths, "in rising order where shortcut='identity' pads channels"
        )


class ResNetVariant(Protocol):
    """What the named variants are to a type checker: `resnet` with defaults."""

    __name__: str

    def __call__(
        self,
        input_shape: Sequence[int | None] = ...,
        num_classes: int = ...,
        *,
        depths: Sequence[int] = ...,
        widths: Sequence[int] = ...,
        block: str = ...,
        pre_activation: bool = ...,
        residual: bool = ...,
        shortcut: str = ...,
        stem: str = ...,
        padding: str = ...,
        normalization: str | None = ...,
        momentum: float = ...,
        epsilon: float = ...,
        activation: str = ...,
        kernel_initializer: str | keras.initializers.Initializer | None = ...,
        l2: float = ...,
        include_top: bool = ...,
        pooling: str | None = ...,
        rescale: bool = ...,
        task: str = ...,
        weights: str | None = ...,
        name: str = ...,
    ) -> keras.Model:
        """Builds the network."""
        ...


def _small(blocks: int, parameters: int, millions: str) -> ResNetVariant:
    """Three stages of as many basic blocks: 6 * blocks + 2 layers with weights."""
    name = f"resnet{6 * blocks + 2}"
    return _documented(
        name,
        f"for small images, {millions} million parameters ({blocks} blocks a stage)",
        parameters,
        "table 6",
        input_shape=(32, 32, 3),
        num_classes=10,
        depths=(blocks,) * 3,
    )


def _large(depth: int, depths: tuple[int, ...], parameters: int) -> ResNetVariant:
    """Four stages of basic blocks, or of bottlenecks from 50 layers on."""
    block = "bottleneck" if depth >= 50 else "basic"
    return _documented(
        f"resnet{depth}",
        f"for larger images, {block} blocks and projection shortcuts",
        parameters,
        "table 1",
        input_shape=(224, 224, 3),
        num_classes=1000,
        depths=depths,
        widths=(64, 128, 256, 512),
        block=block,
        shortcut="projection",
        stem="large",
    )


def _documented(
    name: str, what: str, parameters: int, table: str, **defaults: Any
) -> ResNetVariant:
    title = name.replace("resnet", "ResNet-")
    doc = f"""{title} {what}.

    Example:
        >>> {name}().count_params()
        {parameters}

    References:
        He et al., Deep Residual Learning for Image Recognition (2015), {table}.
    """
    return cast(ResNetVariant, variant(resnet, name, doc, **defaults))


resnet20 = _small(3, 271098, "0.27")
resnet32 = _small(5, 466426, "0.46")
resnet44 = _small(7, 661754, "0.66")
resnet56 = _small(9, 857082, "0.85")
resnet110 = _small(18, 1736058, "1.7")
resnet18 = _large(18, (2, 2, 2, 2), 11699112)
resnet34 = _large(34, (3, 4, 6, 3), 21814696)
resnet50 = _large(50, (3, 4, 6, 3), 25610152)
