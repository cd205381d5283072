"""The blocks of a residual network: small functions from tensor to tensor.

A block's path is a list of (filters, kernel size, stride), one entry a convolution.
"""

from dataclasses import dataclass
from typing import Any

from keras import layers

from zoo import _blocks

EXPANSION = 4


@dataclass(frozen=True)
class Style:
    """What all blocks of one network share."""

    kernel_initializer: Any
    normalization: _blocks.Normalization
    activation: str
    l2: float
    shortcut: str | None
    padding: str

    def conv(self, x: Any, filters: int, size: int, stride: int, name: str) -> Any:
        """A padded convolution, with a bias only where nothing normalizes it."""
        x, padding = self.padded(x, size, stride, name)
        return layers.Conv2D(
            filters,
            size,
            strides=stride,
            padding=padding,
            use_bias=self.normalization.kind is None,
            kernel_initializer=_blocks.fresh(self.kernel_initializer),
            kernel_regularizer=_blocks.penalty(0.0, self.l2, 0.0, 1.0),
            name=name,
            **_blocks.IMAGES,
        )(x)

    def padded(self, x: Any, size: int, stride: int, name: str) -> tuple[Any, str]:
        """The images, with a margin of zeros where it must be symmetric."""
        if self.padding == "same" or stride == 1 or size == 1:
            return x, "same"
        margin = layers.ZeroPadding2D(size // 2, name=f"{name}_pad", **_blocks.IMAGES)
        return margin(x), "valid"

    def normalize(self, x: Any, name: str) -> Any:
        """This network's normalization, or nothing."""
        return self.normalization(x, f"{name}_normalization")

    def activate(self, x: Any, name: str) -> Any:
        """This network's activation."""
        return _blocks.activate(x, self.activation, f"{name}_activation")


def begin(style: Style, x: Any, width: int, stem: str, pre_activation: bool) -> Any:
    """The first convolution, and for large images a pooling layer behind it."""
    size, stride = (3, 1) if stem == "small" else (7, 2)
    x = style.conv(x, width, size, stride, "stem")
    if not pre_activation:
        x = style.activate(style.normalize(x, "stem"), "stem")
    if stem == "small":
        return x
    # A margin of zeros would be wrong where inputs are negative: so the symmetric
    # one comes from a pooling without stride, which Keras pads with nothing.
    strides = 1 if style.padding == "symmetric" else 2
    pool = {"padding": "same", "name": "stem_pool", **_blocks.IMAGES}
    x = layers.MaxPooling2D(3, strides=strides, **pool)(x)
    return _subsampled(x, 2, "stem_pool") if strides == 1 else x


def path_of(block: str, width: int, stride: int) -> list[tuple[int, int, int]]:
    """(filters, kernel size, stride) of each convolution in a block."""
    if block == "basic":
        return [(width, 3, stride), (width, 3, 1)]
    return [(width, 1, 1), (width, 3, stride), (width * EXPANSION, 1, 1)]


def post_block(style: Style, x: Any, path: list, name: str) -> Any:
    """Version 1: activate(shortcut(x) + normalize(conv(...)))."""
    y = x
    for index, (filters, size, stride) in enumerate(path, start=1):
        layer = f"{name}_conv{index}"
        y = style.conv(y, filters, size, stride, layer)
        y = style.normalize(y, layer)
        if index < len(path):
            y = style.activate(y, layer)
    shortcut = x
    if style.shortcut == "projection" and _changes(x, path):
        shortcut = _project(style, x, path, name)
        shortcut = style.normalize(shortcut, f"{name}_projection")
    return style.activate(_add(style, shortcut, y, path, name), name)


def pre_block(style: Style, x: Any, path: list, name: str) -> Any:
    """Version 2: shortcut(x) + conv(activate(normalize(...)))."""
    shortcut, y = x, x
    for index, (filters, size, stride) in enumerate(path, start=1):
        layer = f"{name}_conv{index}"
        y = style.activate(style.normalize(y, layer), layer)
        # A projection starts behind the first activation, an identity before it.
        if index == 1 and style.shortcut == "projection" and _changes(x, path):
            shortcut = _project(style, y, path, name)
        y = style.conv(y, filters, size, stride, layer)
    return _add(style, shortcut, y, path, name)


def _changes(x: Any, path: list) -> bool:
    """Whether the block's output has another shape than its input."""
    return _stride(path) > 1 or x.shape[-1] != path[-1][0]


def _stride(path: list) -> int:
    return max(stride for _, _, stride in path)


def _project(style: Style, x: Any, path: list, name: str) -> Any:
    return style.conv(x, path[-1][0], 1, _stride(path), f"{name}_projection")


def _add(style: Style, shortcut: Any, y: Any, path: list, name: str) -> Any:
    if style.shortcut is None:
        return y
    if style.shortcut == "identity" and _changes(shortcut, path):
        shortcut = _stretch(shortcut, path, name)
    return layers.Add(name=f"{name}_add")([shortcut, y])


def _stretch(x: Any, path: list, name: str) -> Any:
    """Every stride-th pixel, and zeros as new channels: option A of He et al."""
    if _stride(path) > 1:
        x = _subsampled(x, _stride(path), name)
    missing = path[-1][0] - x.shape[-1]
    # The layer that pads the last two of four axes is called channels-first; here
    # those are the width and the channels.
    return layers.ZeroPadding2D(
        ((0, 0), (0, missing)), data_format="channels_first", name=f"{name}_pad"
    )(x)


def _subsampled(x: Any, stride: int, name: str) -> Any:
    """Every stride-th pixel, beginning with the first."""
    pool = {"padding": "same", "name": f"{name}_subsample", **_blocks.IMAGES}
    return layers.MaxPooling2D(1, strides=stride, **pool)(x)
