"""The loss of a detector that looks for objects in every cell of a grid."""

from typing import Any

import keras
from keras import ops

from zoo import _checks

_VALUES = 5


@keras.saving.register_keras_serializable(package="zoo")
class GridDetectionLoss(keras.losses.Loss):
    """Three errors of every cell, for labels of `zoo.encode_boxes` and logits.

    Where a box has an object: box_weight times the squared errors of x, y, and the
    square roots of width and height, each through a sigmoid. Where a cell has one: the
    cross-entropy of its class. For every box: the binary cross-entropy of its
    confidence, times empty_weight where there is no object. The first box of a cell
    learns from the first object in it, and so on.

    Shapes: (batch, grid, grid, 5 boxes_per_cell + num_classes), twice -> (batch,)

    Args:
        num_classes: At least 1.
        boxes_per_cell: At least 1.
        box_weight: Above 0.
        empty_weight: Above 0; most cells are empty, and would outvote the others.
        name: Name of the loss.
        **kwargs: `reduction` and `dtype` of `keras.losses.Loss`.

    Raises:
        ValueError: An argument is out of its range, or the last axis has another size.

    Example:
        >>> GridDetectionLoss(3).get_config()["box_weight"]
        5.0

    References:
        Redmon et al., You Only Look Once (2016), who have squared errors for class and
        confidence, too; Redmon and Farhadi, YOLOv3 (2018), for cross-entropies there.
    """

    def __init__(
        self,
        num_classes: int,
        boxes_per_cell: int = 1,
        box_weight: float = 5.0,
        empty_weight: float = 0.5,
        name: str = "grid_detection",
        **kwargs: Any,
    ):
        self.num_classes = _checks.integer("num_classes", num_classes)
        self.boxes_per_cell = _checks.integer("boxes_per_cell", boxes_per_cell)
        self.box_weight = _checks.number("box_weight", box_weight, 0.0, open_low=True)
        self.empty_weight = _checks.number(
            "empty_weight", empty_weight, 0.0, open_low=True
        )
        super().__init__(name=name, **kwargs)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each image: the sum over its cells."""
        count = self.boxes_per_cell
        size = _VALUES * count + self.num_classes
        for title, tensor in (("y_true", y_true), ("y_pred", y_pred)):
            if len(tensor.shape) != 4 or tensor.shape[-1] != size:
                raise ValueError(
                    f"{title} must be of shape (batch, grid, grid, {size}) for "
                    f"{count} boxes a cell and {self.num_classes} classes; got "
                    f"{tuple(tensor.shape)}."
                )
        grids = [tuple(tensor.shape[1:3]) for tensor in (y_true, y_pred)]
        if any(
            None not in pair and pair[0] != pair[1] for pair in zip(*grids, strict=True)
        ):
            raise ValueError(
                f"y_true must have the grid of the outputs, {grids[1]}; got {grids[0]}."
            )
        slots = (-1, *y_pred.shape[1:3], count, _VALUES)
        truth = ops.reshape(y_true[..., : _VALUES * count], slots)
        logits = ops.reshape(y_pred[..., : _VALUES * count], slots)
        there = truth[..., 4]
        guess = ops.sigmoid(logits[..., :4])
        centers = ops.square(guess[..., :2] - truth[..., :2])
        sizes = ops.square(
            ops.sqrt(guess[..., 2:4] + 1e-6) - ops.sqrt(truth[..., 2:4] + 1e-6)
        )
        boxes = there * ops.sum(centers + sizes, axis=-1)
        sure = ops.binary_crossentropy(there, logits[..., 4], from_logits=True)
        weights = there + self.empty_weight * (1.0 - there)
        kinds = ops.categorical_crossentropy(
            y_true[..., _VALUES * count :],
            y_pred[..., _VALUES * count :],
            from_logits=True,
        )
        by_box = ops.sum(self.box_weight * boxes + weights * sure, axis=-1)
        return ops.sum(by_box + there[..., 0] * kinds, axis=(1, 2))

    def get_config(self) -> dict[str, Any]:
        """The arguments that make the same object."""
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "boxes_per_cell": self.boxes_per_cell,
            "box_weight": self.box_weight,
            "empty_weight": self.empty_weight,
        }
