"""Arithmetic on lists of gradients, the same on every backend.

TensorFlow hands the gradient of an Embedding as `IndexedSlices` in which a token that
occurs twice has two rows. Only their sum is the gradient, so anything that isn't
linear (a norm, a threshold) is wrong until equal rows are added up.
"""

from typing import Any

import keras
from keras import ops


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


def nonzeros(gradient: Any) -> Any:
    """How many entries of a gradient are not exactly zero, a float32 scalar."""
    values = entries(add_repeats(gradient))
    return ops.sum(ops.cast(ops.not_equal(values, 0), "float32"))
