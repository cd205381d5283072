"""A U-Net: a class, a mask or a number for each pixel of an image."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from zoo import _blocks, _checks
from zoo.layers import CropLike2D


@_checks.takes_numpy
def unet(
    input_shape: Sequence[int | None] = (64, 64, 1),
    num_classes: int = 2,
    *,
    filters: Sequence[int] = (16, 32, 64),
    activation: str = "relu",
    normalization: str | None = None,
    momentum: float = 0.9,
    epsilon: float = 1e-3,
    dropout: float = 0.0,
    l2: float = 0.0,
    kernel_initializer: str | keras.initializers.Initializer | None = None,
    rescale: bool = False,
    task: str = "classification",
    name: str = "unet",
) -> keras.Model:
    """A network that puts out logits for each pixel of an image.

    On the way down, each level has two 3x3 convolutions and halves the image by max
    pooling, rounding up; on the way up, each doubles it, cuts off the row or column
    that was rounded up, joins what the same level saw on the way down, and has two more
    convolutions. The last layer is linear, one and the same at each pixel. Any image of
    at least 1x1 pixels goes through.

    Shapes:
        images (batch, height, width, channels) float in [0, 1], or 0 to 255 with
        rescale -> logits (batch, height, width, num_classes)

    Args:
        input_shape: (height, width, channels), channels last; height and width may
            be None, for images of any size.
        num_classes: Number of outputs a pixel: at least 2 classes for a softmax; 1
            or more for the other tasks.
        filters: Filters of each level, from the finest to the coarsest, at least 1.
        activation: Any Keras activation by name, "maxout" (2 pieces) or "prelu".
        normalization: "batch", "layer" or None; in front of each activation.
        momentum: Share of the old moving averages that batch normalization keeps a
            step, in [0, 1).
        epsilon: What the normalization adds to the variance, above 0.
        dropout: Share of the coarsest level's values to drop, in [0, 1).
        l2: Strength of an L2 penalty on every kernel, at least 0.
        kernel_initializer: A name or an Initializer for the hidden kernels; None
            takes the one that fits the activation.
        rescale: Whether the network itself divides its inputs by 255.
        task: "classification" (a softmax over the classes at each pixel), "binary"
            (a sigmoid for each mask; masks may overlap), "ordinal" or "regression".
        name: Name of the model.

    Returns:
        An uncompiled Functional `keras.Model`.

    Raises:
        ValueError: An argument is out of its range.

    Example:
        >>> unet((16, 16, 3), 1, task="binary").output_shape
        (None, 16, 16, 1)
        >>> unet((8, 8, 1), 3, filters=(2, 4)).count_params()
        439

    References:
        Ronneberger, Fischer and Brox, U-Net: Convolutional Networks for Biomedical
        Image Segmentation (2015). Here convolutions pad, as is usual today.
    """
    shape = _checks.any_image_shape("input_shape", input_shape)
    outputs = _checks.outputs(num_classes, task)
    widths = _checks.integers("filters", filters)
    _checks.choice("activation", activation, _blocks.activations())
    normalize = _blocks.Normalization(normalization, momentum, epsilon)
    _checks.rate("dropout", dropout)
    _checks.number("l2", l2, 0.0)
    _checks.initializer("kernel_initializer", kernel_initializer)
    _checks.flag("rescale", rescale)
    _checks.text("name", name)
    kernel = kernel_initializer or _blocks.fitting_initializer(activation)

    def penalty() -> Any:
        return _blocks.penalty(0.0, l2, 0.0, 1.0)

    def convolve(x: Any, width: int, level: str) -> Any:
        for number in (1, 2):
            title = f"{level}_conv{number}"
            x = layers.Conv2D(
                _blocks.widened(width, activation),
                3,
                padding="same",
                kernel_initializer=_blocks.fresh(kernel),
                kernel_regularizer=penalty(),
                name=title,
                **_blocks.IMAGES,
            )(x)
            x = normalize(x, f"{title}_normalization")
            x = _blocks.activate(x, activation, f"{title}_activation")
        return x

    inputs = keras.Input(shape, name="images")
    x, seen = _blocks.rescaled(inputs, rescale), []
    for level, width in enumerate(widths, start=1):
        if seen:
            pool = f"down{level}_pool"
            x = layers.MaxPooling2D(2, padding="same", name=pool, **_blocks.IMAGES)(x)
        x = convolve(x, width, f"down{level}")
        seen.append(x)
    if dropout:
        x = layers.Dropout(dropout, name="dropout")(x)
    for level in range(len(widths) - 1, 0, -1):
        double, down = f"up{level}_double", seen[level - 1]
        x = layers.UpSampling2D(2, name=double, **_blocks.IMAGES)(x)
        x = _cropped(x, down, f"up{level}_crop")
        x = layers.Concatenate(name=f"up{level}_join")([x, down])
        x = convolve(x, widths[level - 1], f"up{level}")
    x = _blocks.head(x, outputs, task, kernel_regularizer=penalty())
    return keras.Model(inputs, x, name=name)


def _cropped(x: Any, like: Any, name: str) -> Any:
    """The images without what is more than in others, whose size may be unknown."""
    wanted = like.shape[1:3]
    if None in wanted:
        return CropLike2D(name=name)([x, like])
    rows, columns = (
        have - want for have, want in zip(x.shape[1:3], wanted, strict=True)
    )
    if not rows and not columns:
        return x
    cut = ((0, rows), (0, columns))
    return layers.Cropping2D(cut, name=name, **_blocks.IMAGES)(x)
