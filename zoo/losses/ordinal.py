"""The loss of ordered grades, from the logits of "above grade 0", "above 1", ..."""

from typing import Any

import keras
from keras import ops

from zoo import _checks
from zoo.losses.labels import LabelLoss


@keras.saving.register_keras_serializable(package="zoo")
class OrdinalCrossentropy(LabelLoss):
    """Cross-entropy of ordered grades, asked as "is it above this grade?".

    An output of a network with task="ordinal" says for each grade but the highest how
    sure it is that the label lies above. Each is a question of two answers, and the
    loss is the mean of their binary cross-entropies. A guess that is two grades off
    has two answers wrong, where a softmax knows right and wrong alone.

    Shapes: labels (...,) or (..., 1); predictions (..., grades - 1).

    Args:
        grades: Number of grades, at least 2; labels are 0 to grades - 1.
        from_logits: Whether predictions are logits, not probabilities.
        ignore_class: A label that doesn't count, as in
            `keras.losses.SparseCategoricalCrossentropy`; None for none.
        reduction: As in `keras.losses.Loss`.
        name: Name of the loss.
        dtype: As in `keras.losses.Loss`.

    Raises:
        ValueError: When it is called: the output has another number of units, labels
            are out of range or no whole numbers, or predictions are no
            probabilities. A compiled step on JAX or under XLA can't raise for a
            number: the loss is NaN there.

    Example:
        >>> loss = OrdinalCrossentropy(4, from_logits=False)
        >>> import numpy as np
        >>> sure = np.array([[0.9, 0.9, 0.1]])  # above 0, above 1, not above 2
        >>> [round(float(loss(np.array([grade]), sure)), 3) for grade in range(4)]
        [1.57, 0.838, 0.105, 0.838]

    References:
        Frank and Hall, A Simple Approach to Ordinal Classification (2001); Niu et al.,
        Ordinal Regression with Multiple Output CNN for Age Estimation (2016).
    """

    def __init__(
        self,
        grades: int,
        *,
        from_logits: bool = True,
        ignore_class: int | None = None,
        reduction: str = "sum_over_batch_size",
        name: str = "ordinal_crossentropy",
        dtype: Any = None,
    ):
        super().__init__(
            _checks.integer("grades", grades, 2),
            from_logits,
            ignore_class,
            name=name,
            reduction=reduction,
            dtype=dtype,
        )

    def units(self) -> tuple[int, str]:
        """One unit for each grade but the highest."""
        return self.classes - 1, f"{self.classes} grades"

    def of_labels(self, labels, y_pred, binary):
        """The mean cross-entropy of the questions, for each label."""
        steps = ops.arange(self.classes - 1, dtype=labels.dtype)
        above = ops.cast(ops.expand_dims(labels, -1) > steps, y_pred.dtype)
        each = ops.binary_crossentropy(above, y_pred, from_logits=self.from_logits)
        return ops.mean(each, axis=-1)

    def get_config(self):
        """The arguments that make the same loss."""
        return {**super().get_config(), "grades": self.classes}
