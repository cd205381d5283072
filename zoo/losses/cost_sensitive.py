"""Training and deciding where errors have unequal costs."""

from typing import Any

import keras
import numpy as np
from keras import ops

from zoo import _checks
from zoo.losses.labels import LabelLoss, cross_entropy


def _cost_matrix(costs: Any) -> np.ndarray:
    allowed = "a square matrix of numbers of at least 0"
    try:
        matrix = np.asarray(costs, dtype="float32")
    except (TypeError, ValueError):
        raise _checks.fail("costs", costs, allowed) from None
    square = matrix.ndim == 2 and matrix.shape[0] == matrix.shape[1] >= 2
    if not square or not np.isfinite(matrix).all() or (matrix < 0).any():
        raise _checks.fail("costs", costs, allowed)
    return matrix


def cost_weights(costs: Any) -> dict[int, float]:
    """Class weights for `fit(class_weight=...)` from a cost matrix.

    A class weighs what its errors cost, summed over the wrong decisions, against the
    mean class. With two classes this is exact (Elkan, 2001); with more, it is the
    usual approximation, because one weight can't say which error is the dear one.

    Args:
        costs: Square; costs[i][j] is the cost of deciding j where i is true.

    Returns:
        A weight for each class, with mean 1.

    Example:
        >>> cost_weights([[0, 1], [9, 0]])
        {0: 0.2, 1: 1.8}

    References:
        Elkan, The Foundations of Cost-Sensitive Learning (2001).
    """
    matrix = _cost_matrix(costs).astype(float)
    excess = (matrix - np.diag(matrix)[:, None]).sum(1)
    if (excess <= 0).any():
        raise _checks.fail("costs", costs, "dearer off the diagonal than on it")
    return {i: float(w) for i, w in enumerate(excess / excess.mean())}


def cheapest_class(probabilities: Any, costs: Any) -> np.ndarray:
    """The decision of least expected cost for each row of probabilities.

    Args:
        probabilities: (..., classes), or (..., 1) of class 1 of two.
        costs: Square; costs[i][j] is the cost of deciding j where i is true.

    Returns:
        Integer decisions, (...,).

    Raises:
        ValueError: Probabilities and costs don't fit, or probabilities are none.

    Example:
        >>> cheapest_class([[0.8, 0.2]], [[0, 1], [9, 0]])
        array([1])

    References:
        Elkan, The Foundations of Cost-Sensitive Learning (2001).
    """
    matrix = _cost_matrix(costs)
    p = np.asarray(probabilities, dtype=float)
    if p.shape[-1:] == (1,) and len(matrix) == 2:
        p = np.concatenate([1.0 - p, p], axis=-1)
    if p.shape[-1:] != (len(matrix),):
        raise ValueError(
            f"probabilities must end in {len(matrix)} classes, as costs has; got the "
            f"shape {np.shape(probabilities)}."
        )
    if not ((p >= -1e-2) & (p <= 1.0 + 1e-2)).all():
        wrong = float(p[~((p >= -1e-2) & (p <= 1.0 + 1e-2))][0])
        raise _checks.fail("probabilities", wrong, "numbers from 0 to 1")
    return np.argmin(p @ matrix, axis=-1)


@keras.saving.register_keras_serializable(package="callbacks")
class CostSensitiveLoss(LabelLoss):
    """Cost that the predicted probabilities are expected to cause.

    For a label i it is the sum over j of costs[i][j] * p_j: the mean cost if decisions
    were drawn from p. It is bounded, so a sample that is wrong for good pulls no harder
    than one on the border; `mix` adds cross-entropy, which gets training going.

    Shapes: labels (...,) or (..., 1); predictions (..., classes), or (..., 1) from one
        sigmoid unit for class 1 of two.

    Args:
        costs: Square, of numbers of at least 0; costs[i][j] is the cost of deciding j
            where i is true.
        mix: Weight of the cross-entropy that is added, at least 0.
        from_logits: Whether predictions are logits, not probabilities.
        ignore_class: A label that doesn't count, as in
            `keras.losses.SparseCategoricalCrossentropy`; None for none.
        reduction: As in `keras.losses.Loss`.
        name: Name of the loss.
        dtype: As in `keras.losses.Loss`.

    Raises:
        ValueError: When it is called: the output has another number of classes, labels
            are one-hot, out of range or no whole numbers, or predictions are no
            probabilities. A compiled step on JAX or under XLA can't raise for a
            number: the loss is NaN there.

    Example:
        >>> loss = CostSensitiveLoss([[0, 1], [9, 0]])
        >>> float(loss(np.array([1]), np.array([[0.25, 0.75]])))
        2.25

    References:
        Elkan, The Foundations of Cost-Sensitive Learning (2001).
    """

    def __init__(
        self,
        costs: Any,
        *,
        mix: float = 0.0,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str = "sum_over_batch_size",
        name: str = "cost_sensitive_loss",
        dtype: Any = None,
    ):
        self.costs = _cost_matrix(costs)
        self.mix = _checks.number("mix", mix, 0.0)
        if not self.mix and not np.ptp(self.costs, axis=1).any():
            raise _checks.fail(
                "costs",
                self.costs.tolist(),
                "different within a row, or no decision is better than another",
            )
        super().__init__(
            len(self.costs),
            from_logits,
            ignore_class,
            name=name,
            reduction=reduction,
            dtype=dtype,
        )

    def of_labels(self, labels, y_pred, binary):
        """Expected cost of each label."""
        probabilities = y_pred
        if self.from_logits:
            probabilities = ops.sigmoid(y_pred) if binary else ops.softmax(y_pred)
        if binary:
            probabilities = ops.concatenate([1.0 - probabilities, probabilities], -1)
        costs = ops.convert_to_tensor(self.costs, dtype=probabilities.dtype)
        expected = ops.sum(ops.take(costs, labels, axis=0) * probabilities, axis=-1)
        if not self.mix:
            return expected
        entropy = cross_entropy(labels, y_pred, binary, self.from_logits)
        return expected + self.mix * entropy

    def get_config(self):
        """The arguments that make the same loss."""
        own = {"costs": self.costs.tolist(), "mix": self.mix}
        return {**super().get_config(), **own}
