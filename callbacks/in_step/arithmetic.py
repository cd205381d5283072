"""Arithmetic on lists of gradients, the same on every backend.

TensorFlow hands the gradient of an Embedding as `IndexedSlices` in which a token that
occurs twice has two rows. Only their sum is the gradient, so anything that isn't
linear (a norm, a threshold) is wrong until equal rows are added up.
"""

import math
from typing import Any

import keras
from keras import ops

# Below this a sum of squares in float32 may have lost its small terms.
_SMALLEST_SQUARES = 1e-24
# Entries from which a sum pays that takes several operations.
_LARGE = 1 << 14


def is_sliced(gradient: Any) -> bool:
    """Whether the gradient lists rows of its variable instead of all of it."""
    if keras.backend.backend() != "tensorflow":
        return False
    import tensorflow as tf

    return isinstance(gradient, tf.IndexedSlices)


def add_repeats(gradient: Any) -> Any:
    """The same gradient, with at most one nonzero row for each index.

    Rows are sorted by index and added up segment by segment; what is left over at the
    end are rows of zeros, so that shapes stay as they were (which XLA needs).
    """
    if not is_sliced(gradient):
        return gradient
    import tensorflow as tf

    order = tf.argsort(gradient.indices, stable=True)
    indices = tf.gather(gradient.indices, order)
    new = tf.concat([[0], tf.cast(indices[1:] != indices[:-1], tf.int32)], 0)
    segments = tf.cumsum(new[: tf.size(indices)])
    rows = tf.size(indices)
    return tf.IndexedSlices(
        tf.math.unsorted_segment_sum(tf.gather(gradient.values, order), segments, rows),
        tf.maximum(tf.math.unsorted_segment_max(indices, segments, rows), 0),
        gradient.dense_shape,
    )


def with_entries(gradient: Any, entries: Any) -> Any:
    """The gradient with other numbers in the same places."""
    if not is_sliced(gradient):
        return entries
    import tensorflow as tf

    return tf.IndexedSlices(entries, gradient.indices, gradient.dense_shape)


def entries(gradient: Any) -> Any:
    """The numbers of a gradient as one dense tensor."""
    return gradient.values if is_sliced(gradient) else gradient


def scale(gradient: Any, factor: Any) -> Any:
    """The gradient times a scalar."""
    values = entries(gradient)
    return with_entries(gradient, values * ops.cast(factor, values.dtype))


def norms(gradients: list) -> Any:
    """L2 norm of each gradient, as one float32 vector.

    The plain sum of squares is right unless it over- or underflows in float32 (norms
    above 1.8e19 or below 1e-12); only then are the gradients scaled first.
    """
    dense = [ops.cast(entries(add_repeats(g)), "float32") for g in gradients]
    squares = ops.stack([_sum_of_squares(g) for g in dense])
    safe = ops.logical_and(squares < math.inf, squares > _SMALLEST_SQUARES)
    return ops.cond(
        ops.all(safe),
        lambda: ops.sqrt(squares),
        lambda: ops.stack([_scaled_norm(g) for g in dense]),
    )


def _sum_of_squares(gradient: Any) -> Any:
    if keras.backend.backend() != "tensorflow":
        return ops.sum(ops.square(gradient))
    import tensorflow as tf

    size = gradient.shape.num_elements() or 0
    if size < _LARGE:
        return 2.0 * tf.nn.l2_loss(gradient)  # a single operation
    # Columns first: one number after the other takes TensorFlow and its XLA five
    # times as long. The roots keep XLA from making one sum of the two.
    width = max(width for width in range(1, 513) if size % width == 0)
    columns = tf.reshape(gradient, (-1, width))
    roots = tf.sqrt(tf.reduce_sum(tf.square(columns), 0))
    return tf.reduce_sum(tf.square(roots))


def _scaled_norm(gradient: Any) -> Any:
    largest = ops.max(ops.abs(gradient))
    usable = ops.logical_and(ops.isfinite(largest), largest > 0)
    unit = ops.where(usable, largest, ops.ones_like(largest))
    return unit * ops.sqrt(ops.sum(ops.square(gradient / unit)))


def global_norm(each: Any) -> Any:
    """Norm of all gradients together, from the norm of each."""
    return _scaled_norm(each)


def zero_share(gradient: Any, size: int) -> Any:
    """Share of a variable's `size` entries whose gradient is exactly zero."""
    values = entries(add_repeats(gradient))
    nonzero = ops.sum(ops.cast(ops.not_equal(values, 0), "float32"))
    return (size - nonzero) / size
