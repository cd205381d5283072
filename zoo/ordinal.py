"""Ordered grades: what an ordinal head's logits say, and how far off it is."""

from typing import Any

import keras
from keras import ops


def grades(outputs: Any, from_logits: bool = True) -> Any:
    """The grade that an ordinal head answers: how many grades it is above.

    It is the median of the distribution that the outputs stand for, so that it is off
    by the fewest grades on average.

    Args:
        outputs: (..., grades - 1) of a network with task="ordinal".
        from_logits: Whether they are logits, not probabilities.

    Returns:
        int32 grades from 0, (...,), a tensor of the backend.

    Example:
        >>> found = grades([[2.0, 0.5, -1.0], [-3.0, -4.0, -9.0]])
        >>> keras.ops.convert_to_numpy(found)
        array([2, 0], dtype=int32)
    """
    outputs = ops.convert_to_tensor(outputs)
    return ops.sum(ops.cast(outputs > (0.0 if from_logits else 0.5), "int32"), axis=-1)


@keras.saving.register_keras_serializable(package="zoo")
class GradeError(keras.metrics.MeanMetricWrapper):
    """Mean distance in grades between the label and what an ordinal head answers.

    Args:
        from_logits: Whether outputs are logits, not probabilities.
        name: Name of the metric.
        dtype: As in `keras.metrics.Metric`.

    Example:
        >>> metric = GradeError()
        >>> _ = metric.update_state([3, 0], [[2.0, 0.5, -1.0], [-3.0, -4.0, -9.0]])
        >>> float(metric.result())  # answers 2 and 0
        0.5
    """

    def __init__(
        self, from_logits: bool = True, name: str = "grade_error", dtype: Any = None
    ):
        super().__init__(_off, name=name, dtype=dtype, from_logits=from_logits)
        self.from_logits = from_logits

    def get_config(self) -> dict[str, Any]:
        """The arguments that make the same metric."""
        return {
            "from_logits": self.from_logits, "name": self.name, "dtype": self.dtype
        }  # fmt: skip

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "GradeError":
        """The metric of a configuration."""
        return cls(**config)


def _off(y_true: Any, y_pred: Any, from_logits: bool) -> Any:
    found = grades(y_pred, from_logits)
    labels = ops.cast(ops.reshape(y_true, ops.shape(found)), "float32")
    return ops.abs(labels - ops.cast(found, "float32"))
