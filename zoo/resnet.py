"""Residual networks and their plain twins."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from zoo import _blocks, _checks, _residual

BLOCKS = ("basic", "bottleneck")
SHORTCUTS = ("identity", "projection")
STEMS = ("small", "large")


def resnet(
    input_shape: Sequence[int],
    num_classes: int,
    *,
    depths: Sequence[int] = (3, 3, 3),
    widths: Sequence[int] = (16, 32, 64),
    block: str = "basic",
    pre_activation: bool = False,
    residual: bool = True,
    shortcut: str = "identity",
    stem: str = "small",
    normalization: str | None = "batch",
    activation: str = "relu",
    kernel_initializer: str | keras.initializers.Initializer | None = None,
    l2: float = 0.0,
    include_top: bool = True,
    task: str = "classification",
    name: str = "resnet",
) -> keras.Model:
    """A residual network: stages of blocks y = shortcut(x) + f(x).

    The first block of every stage but the first halves height and width, rounding
    up, so that any image of at least 1x1 pixels goes through.

    Shapes:
        images (batch, height, width, channels) float in [0, 1]
        -> logits (batch, num_classes), or without the top
        -> feature maps (batch, height', width', channels')

    Args:
        input_shape: (height, width, channels), channels last.
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
        normalization: "batch", "layer" or None, which gives each convolution a bias.
        activation: Any Keras activation by name, or "prelu".
        kernel_initializer: A name or an Initializer for the convolutions; None takes
            the one that fits the activation.
        l2: Strength of an L2 penalty on every kernel, at least 0.
        include_top: Whether global average pooling and the dense output follow.
        task: "classification" (softmax), "binary" (sigmoid) or "regression".
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
    shape = _checks.image_shape("input_shape", input_shape)
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
    _checks.choice("normalization", normalization, _blocks.NORMALIZATIONS)
    # Maxout would halve the channels between the layers of a block.
    rectifiers = [entry for entry in _blocks.activations() if entry != "maxout"]
    _checks.choice("activation", activation, rectifiers)
    _checks.initializer("kernel_initializer", kernel_initializer)
    _checks.number("l2", l2, 0.0)
    _checks.flag("include_top", include_top)
    _checks.text("name", name)

    style = _residual.Style(
        kernel_initializer or _blocks.fitting_initializer(activation),
        normalization,
        activation,
        l2,
        shortcut if residual else None,
    )
    build_block = _residual.pre_block if pre_activation else _residual.post_block
    inputs = keras.Input(shape, name="images")
    x = _residual.begin(style, inputs, widths[0], stem, pre_activation)
    for stage, (depth, width) in enumerate(zip(depths, widths, strict=True), start=1):
        for index in range(1, depth + 1):
            path = _residual.path_of(block, width, 2 if index == 1 and stage > 1 else 1)
            x = build_block(style, x, path, f"stage{stage}_block{index}")
    if pre_activation:
        x = style.activate(style.normalize(x, "final"), "final")
    if include_top:
        x = layers.GlobalAveragePooling2D(name="global_average")(x)
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


def _cifar(
    blocks: int, name: str, input_shape: Sequence[int], num_classes: int, overrides: Any
) -> keras.Model:
    """3 stages of as many basic blocks: 6 * blocks + 2 layers with weights."""
    settings = {"depths": (blocks,) * 3, "name": name, **overrides}
    return resnet(input_shape, num_classes, **settings)


def resnet20(
    input_shape: Sequence[int] = (32, 32, 3), num_classes: int = 10, **overrides: Any
) -> keras.Model:
    """ResNet-20 for small images, 0.27 million parameters (3 blocks a stage).

    Example:
        >>> resnet20().count_params()
        271098

    References:
        He et al., Deep Residual Learning for Image Recognition (2015), table 6.
    """
    return _cifar(3, "resnet20", input_shape, num_classes, overrides)


def resnet32(
    input_shape: Sequence[int] = (32, 32, 3), num_classes: int = 10, **overrides: Any
) -> keras.Model:
    """ResNet-32 for small images, 0.46 million parameters (5 blocks a stage).

    Example:
        >>> resnet32().count_params()
        466426

    References:
        He et al., Deep Residual Learning for Image Recognition (2015), table 6.
    """
    return _cifar(5, "resnet32", input_shape, num_classes, overrides)


def resnet44(
    input_shape: Sequence[int] = (32, 32, 3), num_classes: int = 10, **overrides: Any
) -> keras.Model:
    """ResNet-44 for small images, 0.66 million parameters (7 blocks a stage).

    Example:
        >>> resnet44().count_params()
        661754

    References:
        He et al., Deep Residual Learning for Image Recognition (2015), table 6.
    """
    return _cifar(7, "resnet44", input_shape, num_classes, overrides)


def resnet56(
    input_shape: Sequence[int] = (32, 32, 3), num_classes: int = 10, **overrides: Any
) -> keras.Model:
    """ResNet-56 for small images, 0.85 million parameters (9 blocks a stage).

    Example:
        >>> resnet56().count_params()
        857082

    References:
        He et al., Deep Residual Learning for Image Recognition (2015), table 6.
    """
    return _cifar(9, "resnet56", input_shape, num_classes, overrides)


def resnet110(
    input_shape: Sequence[int] = (32, 32, 3), num_classes: int = 10, **overrides: Any
) -> keras.Model:
    """ResNet-110 for small images, 1.7 million parameters (18 blocks a stage).

    Example:
        >>> resnet110().count_params()
        1736058

    References:
        He et al., Deep Residual Learning for Image Recognition (2015), table 6.
    """
    return _cifar(18, "resnet110", input_shape, num_classes, overrides)


def resnet18(
    input_shape: Sequence[int] = (224, 224, 3),
    num_classes: int = 1000,
    **overrides: Any,
) -> keras.Model:
    """ResNet-18 for larger images: basic blocks, projection shortcuts.

    Example:
        >>> resnet18().count_params()
        11699112

    References:
        He et al., Deep Residual Learning for Image Recognition (2015), table 1.
    """
    settings = {
        "depths": (2, 2, 2, 2),
        "widths": (64, 128, 256, 512),
        "block": "basic",
        "shortcut": "projection",
        "stem": "large",
        "name": "resnet18",
        **overrides,
    }
    return resnet(input_shape, num_classes, **settings)


def resnet50(
    input_shape: Sequence[int] = (224, 224, 3),
    num_classes: int = 1000,
    **overrides: Any,
) -> keras.Model:
    """ResNet-50 for larger images: bottleneck blocks, projection shortcuts.

    Example:
        >>> resnet50().count_params()
        25610152

    References:
        He et al., Deep Residual Learning for Image Recognition (2015), table 1.
    """
    settings = {
        "depths": (3, 4, 6, 3),
        "widths": (64, 128, 256, 512),
        "block": "bottleneck",
        "shortcut": "projection",
        "stem": "large",
        "name": "resnet50",
        **overrides,
    }
    return resnet(input_shape, num_classes, **settings)
