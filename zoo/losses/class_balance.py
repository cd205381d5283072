"""Class weights for unbalanced data, and a loss for targets Keras doesn't weigh."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from zoo import _checks
from zoo.losses.labels import LabelLoss, cross_entropy, ignored, label_array


def class_balanced_weights(
    labels: Any,
    scheme: str = "inverse_frequency",
    *,
    beta: float = 0.999,
    ignore_class: int | None = None,
) -> dict[int, float]:
    """Weights by class for `fit(class_weight=...)`, whose mean over samples is 1.

    Args:
        labels: Labels from 0, of any shape: integers, whole floats or booleans.
        scheme: "inverse_frequency": 1 / n of a class with n samples.
            "effective_number": (1 - beta) / (1 - beta^n); samples overlap, so the
            n-th adds less than the first. beta = 0 weighs all alike, and beta towards
            1 is inverse frequency.
        beta: In [0, 1), for "effective_number".
        ignore_class: A label that doesn't count, or None.

    Returns:
        A weight for each class from 0 to the largest label.

    Raises:
        ValueError: A class below the largest label has no sample, or labels aren't
            integers from 0 (strings, -1 and 1, one-hot rows).

    Example:
        >>> class_balanced_weights([0, 0, 0, 1])
        {0: 0.6666666666666666, 1: 2.0}

    References:
        Cui et al., Class-Balanced Loss Based on Effective Number of Samples (2019).
    """
    _checks.choice("scheme", scheme, ("inverse_frequency", "effective_number"))
    beta = _checks.number("beta", beta, 0.0, 1.0, open_high=True)
    numbers = label_array("labels", labels)
    skipped = ignored(ignore_class)
    numbers = numbers[numbers != skipped] if skipped is not None else numbers
    if not numbers.size:
        raise _checks.fail("labels", labels, "a non-empty array of integers")
    if numbers.min() < 0:
        raise _checks.fail(
            "labels",
            int(numbers.min()),
            "integers from 0 (np.unique(labels, return_inverse=True)[1] makes them of "
            "other class names, such as -1 and 1)",
        )
    known = np.unique(numbers)
    if known[-1] >= len(known):  # looked at first: the largest may be any number
        missing = sorted(set(range(len(known) + 10)) - set(known.tolist()))
        shown = [label for label in missing if label < known[-1]]
        more = " and more" if known[-1] + 1 - len(known) > len(shown) else ""
        raise ValueError(
            f"labels must hold every class from 0 to {known[-1]}; got none of class "
            f"{shown}{more}."
        )
    counts = np.bincount(numbers.ravel()).astype(float)
    weights = 1.0 / counts
    if scheme == "effective_number":
        weights = (1.0 - beta) / -np.expm1(counts * np.log(beta)) if beta else counts**0
    weights *= counts.sum() / (weights * counts).sum()
    return {label: float(weight) for label, weight in enumerate(weights)}


def _weight_vector(weights: Any) -> np.ndarray:
    """A vector by class, from a dict or a sequence."""
    if isinstance(weights, Mapping):
        if set(weights) != set(range(len(weights))):
            raise _checks.fail("weights", weights, "a dict with keys 0, 1, 2, ...")
        weights = [weights[label] for label in range(len(weights))]
    listed = isinstance(weights, Sequence | np.ndarray) and np.ndim(weights) > 0
    if isinstance(weights, str) or not listed:
        raise _checks.fail("weights", weights, "a dict or a sequence of numbers")
    if len(weights) < 2:
        raise _checks.fail("weights", weights, "of at least two classes")
    numbers = [_checks.number(f"weights[{i}]", w, 0.0) for i, w in enumerate(weights)]
    if not any(numbers):
        raise _checks.fail("weights", weights, "above 0 for some class")
    return np.array(numbers, "float32")


@keras.saving.register_keras_serializable(package="callbacks")
class ClassBalancedLoss(LabelLoss):
    """Sparse cross-entropy with a weight for each class.

    For one output with one label a sample, Keras's `class_weight` does the same. It
    knows neither several outputs nor targets with more axes (a label for each pixel or
    token), and `val_loss` is without it; this loss has none of the three limits.

    Shapes: labels (...,) or (..., 1); predictions (..., classes), or (..., 1) from one
        sigmoid unit for class 1 of two.

    Args:
        weights: By class, at least 0: a dict, as from `class_balanced_weights`, or a
            sequence.
        from_logits: Whether predictions are logits, not probabilities.
        ignore_class: A label that doesn't count, as in
            `keras.losses.SparseCategoricalCrossentropy`, such as -1 or 255 for pixels
            of no class; None for none.
        reduction: As in `keras.losses.Loss`; "sum_over_batch_size" divides by the
            number of labels, not by the sum of their weights.
        name: Name of the loss.
        dtype: As in `keras.losses.Loss`.

    Raises:
        ValueError: When it is called: the output has another number of classes, or
            labels are one-hot, out of range or no whole numbers. A compiled step on
            JAX or under XLA can't raise for a label: the loss is NaN there.

    Example:
        >>> weights = class_balanced_weights([0, 0, 0, 1])
        >>> loss = ClassBalancedLoss(weights, from_logits=True)

    References:
        Cui et al., Class-Balanced Loss Based on Effective Number of Samples (2019).
    """

    def __init__(
        self,
        weights: Any,
        *,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str = "sum_over_batch_size",
        name: str = "class_balanced_loss",
        dtype: Any = None,
    ):
        self.weights = _weight_vector(weights)
        super().__init__(
            len(self.weights),
            from_logits,
            ignore_class,
            name=name,
            reduction=reduction,
            dtype=dtype,
        )

    def of_labels(self, labels, y_pred, binary):
        """Weighted cross-entropy of each label."""
        losses = cross_entropy(labels, y_pred, binary, self.from_logits)
        weights = ops.convert_to_tensor(self.weights, dtype=losses.dtype)
        return losses * ops.take(weights, labels)

    def get_config(self):
        """The arguments that make the same loss."""
        return {**super().get_config(), "weights": self.weights.tolist()}
