"""Losses of class labels: what they share is that labels and outputs fit together.

A label out of range, a one-hot label or an output with another number of classes gives
an error or a loss that means nothing, and a different one on every backend. Here each
gets one sentence; where a compiled step can't raise (JAX, XLA), the loss is NaN.
"""

import math
from typing import Any

import keras
import numpy as np
from keras import ops
from keras.src.backend import set_keras_mask

from zoo import _checks

# A probability may be off by so much in half precision.
_TOLERANCE = 1e-2


def label_array(name: str, labels: Any) -> np.ndarray:
    """Labels as whole numbers from 0, of the types that a table's column may have.

    Args:
        name: The argument, for messages.
        labels: Integers, whole floats or booleans, of any shape.

    Raises:
        ValueError: They are of another kind, negative, missing or one-hot.
    """
    if np.ma.is_masked(labels):
        raise _checks.fail(name, labels, "without masked entries (labels.compressed())")
    array = np.asarray(labels)
    if array.dtype == object and array.size:
        kinds = {type(entry) for entry in array.ravel()}
        numbers = all(issubclass(kind, (bool, int, float, np.number)) for kind in kinds)
        array = array.astype(float if numbers else str)
    if array.dtype.kind in "USOT":
        shown = np.unique(array.astype(str))[:3].tolist()
        raise _checks.fail(
            name,
            shown,
            "class numbers from 0 (np.unique(labels, return_inverse=True)[1] makes "
            "them of strings)",
        )
    if array.dtype.kind not in "iufb" or not array.size:
        raise _checks.fail(name, labels, "a non-empty array of integers")
    real = array.astype(float)
    wrong = real[~(np.isfinite(real) & (real == np.rint(real)))]
    if wrong.size:
        raise _checks.fail(name, float(wrong[0]), "an array of integers")
    one_hot = array.ndim > 1 and array.shape[-1] > 1
    if one_hot and np.isin(real, (0, 1)).all() and (real.sum(-1) == 1).all():
        raise _checks.fail(
            name,
            f"one-hot rows of shape {array.shape}",
            "class numbers (np.argmax(labels, -1) makes them of one-hot rows)",
        )
    return np.rint(real).astype(np.int64)


def ignored(value: Any) -> int | None:
    """The argument `ignore_class`: an integer, of either sign, or None."""
    return None if value is None else _checks.integer("ignore_class", value, -(2**31))


def cross_entropy(labels: Any, y_pred: Any, binary: bool, from_logits: bool) -> Any:
    """Cross-entropy of each label, from a softmax or from one sigmoid unit.

    Args:
        labels: int32, (...,).
        y_pred: (..., classes), or (..., 1) if binary.
        binary: Whether the output is one unit for class 1 of two.
        from_logits: Whether predictions are logits, not probabilities.
    """
    if not binary:
        return ops.sparse_categorical_crossentropy(
            labels, y_pred, from_logits=from_logits
        )
    y_pred = ops.squeeze(y_pred, -1)
    target = ops.cast(labels, y_pred.dtype)
    return ops.binary_crossentropy(target, y_pred, from_logits=from_logits)


class LabelLoss(keras.losses.Loss):
    """Base of losses of integer labels; a subclass gives `of_labels`.

    Args:
        classes: Number of classes.
        from_logits: Whether predictions are logits, not probabilities.
        ignore_class: A label that doesn't count, as in
            `keras.losses.SparseCategoricalCrossentropy`; None for none.
        **kwargs: `name`, `reduction` and `dtype` of `keras.losses.Loss`.
    """

    def __init__(
        self, classes: int, from_logits: Any, ignore_class: Any, **kwargs: Any
    ):
        super().__init__(**kwargs)
        self.classes = classes
        self.from_logits = _checks.flag("from_logits", from_logits)
        self.ignore_class = ignored(ignore_class)
        # Keras hands labels on in the loss's type, which rounds what it can't hold.
        exact = {"bfloat16": 2**8, "float16": 2**11}.get(str(self.dtype), math.inf)
        largest = max(classes - 1, abs(self.ignore_class or 0))
        if largest > exact:
            raise ValueError(
                f"dtype of {self.name!r} must hold every label; {self.dtype} holds "
                f"whole numbers to {exact}, and there is the label {largest}. Give "
                "dtype='float32'."
            )

    def __call__(self, y_true, y_pred, sample_weight=None):
        """Refuses labels that are no numbers, then does as Keras does."""
        if _plain(y_true):
            y_true = np.asarray(y_true)
            if y_true.dtype.kind in "USO":
                y_true = label_array("y_true", y_true)
        y_pred = np.asarray(y_pred) if _plain(y_pred) else y_pred
        return super().__call__(y_true, y_pred, sample_weight)

    def units(self) -> tuple[int, str]:
        """How many units the output must have, and what for."""
        return self.classes, f"{self.classes} classes"

    def of_labels(self, labels: Any, y_pred: Any, binary: bool) -> Any:
        """The loss of each label.

        Args:
            labels: int32 from 0 to classes - 1, (...,).
            y_pred: (..., classes), or (..., 1) if binary.
            binary: Whether the output is one unit for class 1 of two.
        """
        raise NotImplementedError

    def call(self, y_true, y_pred):
        """The loss of each label; 0 where it is `ignore_class`."""
        y_true, y_pred, binary = self._fitted(y_true, y_pred)
        y_true = ops.cast(y_true, "float32")
        labels = ops.cast(ops.round(y_true), "int32")
        left_out = ops.zeros_like(labels, dtype="bool")
        if self.ignore_class is not None:
            left_out = ops.equal(labels, self.ignore_class)
        # Also false where the label is NaN.
        usable = ops.logical_and(y_true >= 0, y_true <= self.classes - 1)
        usable = ops.logical_and(usable, ops.equal(y_true, ops.round(y_true)))
        usable = ops.logical_or(usable, left_out)
        _require(
            usable,
            y_true,
            f"y_true of {self.name!r} must hold labels from 0 to {self.classes - 1}",
        )
        if not self.from_logits:
            inside = ops.logical_and(y_pred >= -_TOLERANCE, y_pred <= 1 + _TOLERANCE)
            # A NaN is passed on: it is not what is looked for here.
            inside = ops.logical_or(inside, ops.isnan(y_pred))
            _require(
                inside,
                y_pred,
                f"y_pred of {self.name!r} must be probabilities, from 0 to 1, or "
                "from_logits=True be set",
            )
            usable = ops.logical_and(usable, ops.all(inside, axis=-1))
        counted = ops.logical_and(usable, ops.logical_not(left_out))
        losses = self.of_labels(ops.where(counted, labels, 0), y_pred, binary)
        losses = ops.where(usable, losses, ops.cast(np.nan, losses.dtype))
        if self.ignore_class is not None:
            losses = ops.where(left_out, ops.zeros_like(losses), losses)
            set_keras_mask(losses, mask=ops.logical_not(left_out))
        return losses

    def _fitted(self, y_true: Any, y_pred: Any) -> tuple[Any, Any, bool]:
        """Labels (...,) and predictions (..., classes or 1), if they fit."""
        true, pred = tuple(y_true.shape), tuple(y_pred.shape)
        if len(pred) == 1 and len(true) == 1 and self.classes == 2:
            y_pred, pred = ops.expand_dims(y_pred, -1), (*pred, 1)
        width = pred[-1] if pred else 0
        binary = width == 1 and self.classes == 2
        units, purpose = self.units()
        if width is not None and width != units and not binary:
            one = " (or 1, a sigmoid for class 1)" if units == 2 else ""
            raise ValueError(
                f"{self.name!r} is made for {purpose}, so the output must have "
                f"{units} units{one}; got predictions of shape {pred}."
            )
        if _fits(true, (*pred[:-1], 1)) and len(true) == len(pred):
            return ops.squeeze(y_true, -1), y_pred, binary
        if _fits(true, pred[:-1]):
            return y_true, y_pred, binary
        hint = ""
        if len(true) == len(pred) and true[-1] in (self.classes, width):
            hint = " (one-hot labels? np.argmax(y, -1) makes class numbers of them)"
        raise ValueError(
            f"y_true of {self.name!r} must hold a class number for each prediction, of "
            f"shape {pred[:-1]}; got the shape {true}{hint}."
        )

    def get_config(self):
        """The arguments that subclasses share."""
        own = {"from_logits": self.from_logits, "ignore_class": self.ignore_class}
        return {**super().get_config(), **own}


def _plain(value: Any) -> bool:
    return isinstance(value, (list, tuple, np.ndarray))


def _fits(shape: tuple, expected: tuple) -> bool:
    pairs = zip(shape, expected, strict=False)
    alike = all(a == b for a, b in pairs if a is not None and b is not None)
    return len(shape) == len(expected) and alike


def _require(condition: Any, values: Any, sentence: str) -> None:
    """Raises where it can: everywhere outside a compiled step, on TensorFlow inside."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        if not tf.executing_eagerly():
            tf.debugging.Assert(tf.reduce_all(condition), [f"{sentence}."])
            return
    elif backend == "jax":
        import jax

        if isinstance(condition, jax.core.Tracer):
            return
    # PyTorch waits for the GPU here: a sentence is worth more than the time.
    fine = ops.convert_to_numpy(condition)
    if not fine.all():
        wrong = np.asarray(ops.convert_to_numpy(values), float)[~fine].ravel()[0]
        raise ValueError(f"{sentence}; got {float(wrong):g}.")
