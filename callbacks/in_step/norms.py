"""L2 norms of lists of gradients, the same on every backend.

The plain sum of squares is right unless it over- or underflows in float32 (norms above
1.8e19 or below 1e-12); only then are the gradients scaled first. In a small network's
step an operation costs more than the numbers it works on, so each function takes as
few operations as it can.
"""

import math
from typing import Any

import keras
from keras import ops

from callbacks.in_step import arithmetic

# Below this a sum of squares in float32 may have lost its small terms.
_SMALLEST_SQUARES = 1e-24
# Entries from which a sum by columns pays.
_LARGE = 1 << 14


def norms(gradients: list) -> Any:
    """L2 norm of each gradient, as one float32 vector."""
    dense = _dense(gradients)
    squares = _squares(dense)
    return ops.cond(
        ops.all(_is_safe(squares)),
        lambda: ops.sqrt(squares),
        lambda: ops.stack([_scaled_norm(g) for g in dense]),
    )


def global_norm(gradients: list) -> Any:
    """L2 norm of all gradients together, a float32 scalar."""
    dense = _dense(gradients)
    squares = ops.sum(_squares(dense))
    return ops.cond(
        _is_safe(squares),
        lambda: ops.sqrt(squares),
        lambda: together(ops.stack([_scaled_norm(g) for g in dense])),
    )


def together(each: Any) -> Any:
    """Norm of all gradients together, from the norm of each."""
    return _scaled_norm(each)


def _dense(gradients: list) -> list:
    merged = [arithmetic.entries(arithmetic.add_repeats(g)) for g in gradients]
    return [ops.cast(entries, "float32") for entries in merged]


def _is_safe(squares: Any) -> Any:
    return ops.logical_and(squares < math.inf, squares > _SMALLEST_SQUARES)


def _squares(dense: list) -> Any:
    """Sum of squares of each, a vector."""
    if keras.backend.backend() == "tensorflow" and _under_xla():
        dense = [_columns(one) for one in dense]
    return ops.stack([ops.sum(ops.square(one)) for one in dense])


def _under_xla() -> bool:
    """Whether TensorFlow traces what XLA will compile."""
    import tensorflow as tf
    from tensorflow.python.ops import control_flow_util

    graph = tf.compat.v1.get_default_graph()
    return control_flow_util.GraphOrParentsInXlaContext(graph)


def _columns(entries: Any) -> Any:
    """A short vector of the same norm.

    XLA adds one number after the other on a CPU; columns first takes it a fifth of
    the time. The roots keep it from making one sum of the two.
    """
    size = entries.shape.num_elements() or 0
    if size < _LARGE:
        return entries
    width = max(width for width in range(1, 513) if size % width == 0)
    return ops.sqrt(ops.sum(ops.square(ops.reshape(entries, (-1, width))), 0))


def _scaled_norm(gradient: Any) -> Any:
    largest = ops.max(ops.abs(gradient))
    usable = ops.logical_and(ops.isfinite(largest), largest > 0)
    unit = ops.where(usable, largest, ops.ones_like(largest))
    return unit * ops.sqrt(ops.sum(ops.square(gradient / unit)))
