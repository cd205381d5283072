"""Training and deciding where errors have unequal costs."""

from typing import Any

import keras
import numpy as np
from keras import ops

from callbacks import _checks


def _cost_matrix(costs: Any) -> np.ndarray:
    matrix = np.asarray(costs, dtype="float32")
    square = matrix.ndim == 2 and matrix.shape[0] == matrix.shape[1] >= 2
    if not square or not np.isfinite(matrix).all() or (matrix < 0).any():
        raise _checks.fail("costs", costs, "a square matrix of numbers of at least 0")
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
        probabilities: (..., classes).
        costs: Square; costs[i][j] is the cost of deciding j where i is true.

    Returns:
        Integer decisions, (...,).

    Example:
        >>> cheapest_class([[0.8, 0.2]], [[0, 1], [9, 0]])
        array([1])

    References:
        Elkan, The Foundations of Cost-Sensitive Learning (2001).
    """
    return np.argmin(np.asarray(probabilities) @ _cost_matrix(costs), axis=-1)


@keras.saving.register_keras_serializable(package="callbacks")
class CostSensitiveLoss(keras.losses.Loss):
    """Cost that the predicted probabilities are expected to cause.

    For a label i it is the sum over j of costs[i][j] * p_j: the mean cost if decisions
    were drawn from p. It is bounded, so a sample that is wrong for good pulls no harder
    than one on the border; `mix` adds cross-entropy, which gets training going.

    Args:
        costs: Square, of numbers of at least 0; costs[i][j] is the cost of deciding j
            where i is true.
        mix: Weight of the cross-entropy that is added, at least 0.
        from_logits: Whether predictions are logits, not probabilities.
        reduction: As in `keras.losses.Loss`.
        name: Name of the loss.
        dtype: As in `keras.losses.Loss`.

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
        reduction: str = "sum_over_batch_size",
        name: str = "cost_sensitive_loss",
        dtype: Any = None,
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.costs = _cost_matrix(costs)
        self.mix = _checks.number("mix", mix, 0.0)
        self.from_logits = _checks.flag("from_logits", from_logits)

    def call(self, y_true, y_pred):
        """Expected cost of each label."""
        if len(y_true.shape) == len(y_pred.shape):
            y_true = ops.squeeze(y_true, -1)
        labels = ops.cast(y_true, "int32")
        probabilities = ops.softmax(y_pred) if self.from_logits else y_pred
        costs = ops.convert_to_tensor(self.costs, dtype=probabilities.dtype)
        expected = ops.sum(ops.take(costs, labels, axis=0) * probabilities, axis=-1)
        if not self.mix:
            return expected
        entropy = ops.sparse_categorical_crossentropy(
            labels, y_pred, from_logits=self.from_logits
        )
        return expected + self.mix * entropy

    def get_config(self):
        """The arguments that make the same loss."""
        own = {
            "costs": self.costs.tolist(),
            "mix": self.mix,
            "from_logits": self.from_logits,
        }
        return {**super().get_config(), **own}
