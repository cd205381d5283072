"""Objects on a grid: labels of boxes, the way back, and a small detector."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import layers

from zoo import _blocks, _checks

VALUES = 5  # of a box: x and y in its cell, width, height, confidence


class Boxes(NamedTuple):
    """Objects of one image.

    Attributes:
        boxes: (objects, 4) float: x and y of the center, width and height, each as a
            share of the image.
        classes: (objects,) int.
        confidences: (objects,) float in [0, 1], descending.
    """

    boxes: np.ndarray
    classes: np.ndarray
    confidences: np.ndarray


def encode_boxes(
    boxes: Any,
    classes: Any,
    *,
    grid: int,
    num_classes: int,
    boxes_per_cell: int = 1,
) -> tuple[np.ndarray, np.ndarray]:
    """Writes the objects of one image into the labels of a grid detector.

    The cell in which an object's center lies holds its box. A center on the border of
    two cells belongs to the right or lower one, one on the image's own edge to the last
    cell. A cell has one class: an object is lost if its cell's boxes are taken, or if
    an object before it gave the cell another class.

    Shapes:
        boxes (objects, 4), classes (objects,)
        -> labels (grid, grid, 5 boxes_per_cell + num_classes), kept (objects,)

    Args:
        boxes: x and y of the center in [0, 1], width and height in (0, 1].
        classes: Integers from 0 to num_classes - 1.
        grid: Cells a side, at least 1.
        num_classes: At least 1.
        boxes_per_cell: At least 1.

    Returns:
        float32 labels, indexed by row and column: for every box of a cell x and y
        within the cell, width and height of the image, and the confidence 1, or five
        zeros; then the class, one-hot. And which objects found a place.

    Raises:
        ValueError: An argument is out of its range.

    Example:
        >>> labels, kept = encode_boxes(
        ...     [[0.5, 0.1, 0.2, 0.2]], [1], grid=7, num_classes=3, boxes_per_cell=2
        ... )
        >>> labels.shape, labels[0, 3, 4], labels[0, 3, 10:].tolist()
        ((7, 7, 13), np.float32(1.0), [0.0, 1.0, 0.0])

    References:
        Redmon et al., You Only Look Once (2016).
    """
    _checks.integer("grid", grid)
    _checks.integer("num_classes", num_classes)
    _checks.integer("boxes_per_cell", boxes_per_cell)
    places, kinds = _checked(boxes, classes, num_classes)
    labels = np.zeros((grid, grid, VALUES * boxes_per_cell + num_classes), "float32")
    kept = np.zeros(len(places), bool)
    for index, ((x, y, width, height), kind) in enumerate(
        zip(places, kinds, strict=True)
    ):
        column, row = (min(int(share * grid), grid - 1) for share in (x, y))
        cell = labels[row, column]
        slots = cell[: VALUES * boxes_per_cell].reshape(boxes_per_cell, VALUES)
        taken, one_hot = int(slots[:, 4].sum()), cell[VALUES * boxes_per_cell :]
        if taken == boxes_per_cell or (taken and not one_hot[kind]):
            continue
        slots[taken] = (x * grid - column, y * grid - row, width, height, 1.0)
        one_hot[kind], kept[index] = 1.0, True
    return labels, kept


def decode_boxes(
    labels: Any,
    *,
    num_classes: int,
    threshold: float = 0.5,
    from_logits: bool = False,
    max_overlap: float | None = None,
) -> Boxes:
    """Reads the objects of one image from labels, or from a detector's outputs.

    Args:
        labels: (grid, grid, 5 boxes_per_cell + num_classes).
        num_classes: At least 1.
        threshold: The least confidence of an object, in (0, 1).
        from_logits: Whether the values are `grid_detector`'s outputs: everything but
            the class, which is the greatest one, goes through a sigmoid.
        max_overlap: In (0, 1): of two boxes of one class that overlap more than this,
            the less confident one is left out. None keeps all.

    Raises:
        ValueError: An argument is out of its range.

    Example:
        >>> labels, _ = encode_boxes(
        ...     [[1.0, 0.25, 0.5, 0.5]], [2], grid=4, num_classes=3
        ... )
        >>> decode_boxes(labels, num_classes=3).boxes.tolist()
        [[1.0, 0.25, 0.5, 0.5]]
    """
    _checks.integer("num_classes", num_classes)
    _checks.share("threshold", threshold)
    _checks.flag("from_logits", from_logits)
    if max_overlap is not None:
        _checks.share("max_overlap", max_overlap)
    values = _numbers("labels", labels)
    count = (values.shape[-1] - num_classes) // VALUES if values.ndim == 3 else 0
    if count < 1 or values.shape != (
        *values.shape[:1] * 2,
        VALUES * count + num_classes,
    ):
        raise _checks.fail(
            "labels", values.shape,
            f"of shape (grid, grid, 5 boxes + {num_classes})",
        )  # fmt: skip
    if not np.isfinite(values).all():
        raise ValueError("labels must be finite; they hold NaN or inf.")
    grid = len(values)
    slots = values[..., : VALUES * count].reshape(grid, grid, count, VALUES)
    if from_logits:
        slots = 0.5 * (1 + np.tanh(0.5 * slots))  # the sigmoid, without overflow
    rows, columns, which = np.nonzero(slots[..., 4] >= threshold)
    found = slots[rows, columns, which]
    order = np.argsort(-found[:, 4], kind="stable")
    found, rows, columns = found[order], rows[order], columns[order]
    centers = (found[:, :2] + np.stack([columns, rows], 1)) / grid
    boxes = np.concatenate([centers, found[:, 2:4]], 1)
    kinds = values[rows, columns, VALUES * count :].argmax(1)
    kept: list[int] = []
    for index in range(len(boxes)):
        rivals = [other for other in kept if kinds[other] == kinds[index]]
        if max_overlap is None or not rivals or (
            box_overlap(boxes[[index]], boxes[rivals]).max() <= max_overlap
        ):  # fmt: skip
            kept.append(index)
    return Boxes(boxes[kept], kinds[kept], found[kept, 4])


def box_overlap(first: Any, second: Any) -> np.ndarray:
    """The intersection of boxes over their union, in [0, 1].

    Shapes: (n, 4) and (m, 4) -> (n, m)

    Args:
        first: x and y of the center, width and height, in one unit.
        second: As many numbers for each other box.

    Raises:
        ValueError: A shape is another one.

    Example:
        >>> box_overlap([[0.5, 0.5, 1.0, 1.0]], [[0.5, 0.5, 0.5, 1.0]]).tolist()
        [[0.5]]
    """
    pair = []
    for name, boxes in (("first", first), ("second", second)):
        array = _numbers(name, boxes)
        if array.ndim != 2 or array.shape[1] != 4:
            raise _checks.fail(name, array.shape, "of shape (boxes, 4)")
        pair.append(array)
    one, other = pair[0][:, None], pair[1][None]
    low = np.maximum(
        one[..., :2] - one[..., 2:] / 2, other[..., :2] - other[..., 2:] / 2
    )
    high = np.minimum(
        one[..., :2] + one[..., 2:] / 2, other[..., :2] + other[..., 2:] / 2
    )
    shared = np.maximum(high - low, 0).prod(-1)
    union = one[..., 2:].prod(-1) + other[..., 2:].prod(-1) - shared
    return shared / np.maximum(union, 1e-12)


def grid_detector(
    input_shape: Sequence[int] = (56, 56, 1),
    num_classes: int = 3,
    *,
    boxes_per_cell: int = 1,
    filters: Sequence[int] = (16, 32, 64),
    normalization: str | None = "batch",
    momentum: float = 0.9,
    epsilon: float = 1e-3,
    rescale: bool = False,
    name: str = "grid_detector",
) -> keras.Model:
    """A small fully convolutional network that looks for objects in every cell.

    Each block halves the image, so that three of them make a grid of 7 x 7 cells of 56
    x 56 pixels. Train it on the labels of `encode_boxes` with
    `zoo.losses.GridDetectionLoss`, and read its outputs with `decode_boxes`.

    Shapes:
        images (batch, side, side, channels) float in [0, 1], or 0 to 255 with rescale
        -> logits (batch, grid, grid, 5 boxes_per_cell + num_classes)

    Args:
        input_shape: (side, side, channels), channels last; the side a multiple of 2 to
            the power of the blocks.
        num_classes: Kinds of objects, at least 1.
        boxes_per_cell: Boxes that a cell can hold, at least 1.
        filters: Filters of each block, every entry at least 1; the last 3x3 convolution
            has as many as the last block.
        normalization: "batch", "layer" or None; in front of each activation.
        momentum: Share of the old moving averages that batch normalization keeps a
            step, in [0, 1).
        epsilon: What the normalization adds to the variance, above 0.
        rescale: Whether the network itself divides its inputs by 255.
        name: Name of the model.

    Returns:
        An uncompiled Functional `keras.Model`.

    Raises:
        ValueError: An argument is out of its range.

    Example:
        >>> grid_detector().output_shape, grid_detector().count_params()
        ((None, 7, 7, 8), 61448)

    References:
        Redmon et al., You Only Look Once (2016).
    """
    height, width, channels = _checks.image_shape("input_shape", input_shape)
    _checks.integer("num_classes", num_classes)
    _checks.integer("boxes_per_cell", boxes_per_cell)
    widths = _checks.integers("filters", filters)
    normalize = _blocks.Normalization(normalization, momentum, epsilon)
    _checks.flag("rescale", rescale)
    _checks.text("name", name)
    if height != width or height % 2 ** len(widths):
        raise _checks.fail(
            "input_shape", (height, width, channels),
            f"square, with a side that is a multiple of {2 ** len(widths)} for "
            f"{len(widths)} blocks",
        )  # fmt: skip

    def convolve(x: Any, filters: int, name: str) -> Any:
        x = layers.Conv2D(
            filters, 3, padding="same", kernel_initializer="he_normal", name=name,
            **_blocks.IMAGES,
        )(x)  # fmt: skip
        x = normalize(x, f"{name}_normalization")
        return _blocks.activate(x, "relu", f"{name}_activation")

    inputs = keras.Input((height, width, channels), name="images")
    x = _blocks.rescaled(inputs, rescale)
    for block, count in enumerate(widths, start=1):
        x = convolve(x, count, f"conv_{block}")
        x = layers.MaxPooling2D(2, name=f"pool_{block}", **_blocks.IMAGES)(x)
    x = convolve(x, widths[-1], "neighborhood")  # a cell sees the cells around it
    outputs = layers.Conv2D(
        VALUES * boxes_per_cell + num_classes, 1, kernel_initializer="glorot_uniform",
        dtype=_blocks.precise(), name="logits", **_blocks.IMAGES,
    )(x)  # fmt: skip
    return keras.Model(inputs, outputs, name=name)


def _checked(boxes: Any, classes: Any, num_classes: int):
    places, kinds = _numbers("boxes", boxes), np.asarray(classes)
    if not places.size:
        places, kinds = np.zeros((0, 4)), np.zeros(0, int)
    if places.ndim != 2 or places.shape[1] != 4:
        raise _checks.fail("boxes", places.shape, "of shape (objects, 4)")
    if kinds.shape != (len(places),) or kinds.dtype.kind not in "iu":
        raise _checks.fail("classes", classes, f"{len(places)} integers, one a box")
    for name, values in (("boxes", places), ("classes", kinds)):
        if name == "classes":
            wrong = (values < 0) | (values >= num_classes)
            allowed = f"from 0 to {num_classes - 1}"
        else:
            inside = (values >= 0) & (values <= 1)
            inside[:, 2:] &= values[:, 2:] > 0
            wrong, allowed = ~inside, "shares of the image, with a width and a height"
        if wrong.any():
            raise _checks.fail(name, values[wrong][0].item(), allowed)
    return places, kinds


def _numbers(name: str, values: Any) -> np.ndarray:
    if keras.ops.is_tensor(values):
        values = keras.ops.convert_to_numpy(values)
    try:
        return np.asarray(values, float)
    except (TypeError, ValueError):  # text, or rows of unequal length
        raise _checks.fail(name, values, "an array of numbers") from None
