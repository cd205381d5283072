"""Numbers that live inside a compiled train step and are read on the host.

On TensorFlow and PyTorch a step variable is a Keras variable, written in place. On JAX
a train step is a pure function, so the variable's array travels through the step with
the optimizer's variables, and the host keeps the array that came out last.
"""

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from keras import ops

from callbacks.in_step.replicas import Replicas

# Rows that a buffer holds before the host must read it, where rows are small.
CAPACITY = 1024
_CELLS = 1 << 18

_traced_step = threading.local()


@contextlib.contextmanager
def within_step(batch: Any) -> Iterator[None]:
    """While a step on `batch` is traced: writes wait until the batch is there.

    TensorFlow learns that the data is at an end by asking for one more batch. By then
    a write that doesn't depend on the batch would have been made.
    """
    if keras.backend.backend() != "tensorflow":
        yield
        return
    import tensorflow as tf

    before = getattr(_traced_step, "batch", None)
    _traced_step.batch = [t for t in tf.nest.flatten(batch) if tf.is_tensor(t)]
    try:
        yield
    finally:
        _traced_step.batch = before


def _after_batch() -> Any:
    """A scope whose operations run only once the step's batch is there."""
    batch = getattr(_traced_step, "batch", None)
    if not batch:
        return contextlib.nullcontext()
    import tensorflow as tf

    if tf.executing_eagerly():
        return contextlib.nullcontext()
    return tf.control_dependencies(batch)


class StepVariable:
    """One array of a train step: read and written inside it, get and set outside.

    Args:
        shape: Shape of the array.
        value: What it is filled with at first.
        dtype: "float32" or "int32".
        replicas: Where the model trains.
    """

    def __init__(
        self,
        shape: tuple[int, ...] = (),
        value: Any = 0,
        dtype: str = "float32",
        replicas: Replicas | None = None,
    ):
        self.dtype = dtype
        self.traced: Any = None
        self.array: Any = None
        self._replicas = replicas or Replicas()
        self._tensorflow = keras.backend.backend() == "tensorflow"
        with self._replicas.variable_scope():
            self.variable = keras.Variable(
                np.full(shape, value, dtype),
                dtype=dtype,
                trainable=False,
                autocast=False,
                name="in_step",
                **self._replicas.variable_options(),
            )
        if keras.backend.backend() == "jax":
            self.array = self._replicas.place(self.variable.value)

    def read(self) -> Any:
        """The tensor, inside a step."""
        if self._tensorflow and self._replicas.count > 1:
            return ops.convert_to_tensor(self.variable.value)
        return self.variable.value if self.traced is None else self.traced

    def write(self, value: Any) -> None:
        """Gives the variable a new tensor, inside a step."""
        if self.traced is not None:
            self.traced = ops.cast(value, self.dtype)
            return
        with _after_batch():
            self.variable.assign(value)

    def write_row(self, place: Any, row: Any) -> None:
        """Gives one row new numbers, inside a step.

        Args:
            place: Index of the row, a scalar.
            row: The numbers, (width,).
        """
        if self._tensorflow and self._replicas.count == 1:
            import tensorflow as tf

            # In place: `ops.scatter_update` would copy all rows each step.
            with _after_batch():
                self.variable.value.scatter_update(tf.IndexedSlices(row, place))
        else:
            place = ops.reshape(place, (1, 1))
            row = ops.expand_dims(row, 0)
            self.write(ops.scatter_update(self.read(), place, row))

    def increment(self) -> None:
        """Adds one, inside a step."""
        if self._tensorflow:
            with _after_batch():
                self.variable.value.assign_add(1)  # one operation instead of three
        else:
            self.write(self.read() + 1)

    def get(self) -> np.ndarray:
        """The array on the host, between two steps."""
        source = self.variable if self.array is None else self.array
        return np.array(ops.convert_to_numpy(source))

    def set(self, value: Any) -> None:
        """Gives the variable a new array, between two steps; nothing is retraced."""
        if self.array is None:
            self.variable.assign(ops.convert_to_tensor(value, self.dtype))
        else:
            new = np.broadcast_to(np.asarray(value, self.dtype), self.array.shape)
            self.array = self._replicas.place(ops.convert_to_tensor(new))


class RowBuffer:
    """Rows written one by one inside a step and read in order on the host.

    The oldest row is overwritten where the buffer is full, so the host reads in time.

    Args:
        rows: Variable of shape (capacity, width).
        count: Variable that counts all rows ever written.
    """

    def __init__(self, rows: StepVariable, count: StepVariable):
        self.rows = rows
        self.count = count
        self.capacity = rows.variable.shape[0]
        self.read = 0

    @staticmethod
    def capacity_for(width: int, at_least: int) -> int:
        """Rows of a buffer that stays small whatever its width."""
        return max(min(CAPACITY, _CELLS // max(width, 1)), at_least)

    def write(self, row: Any) -> None:
        """Adds one row, inside a step."""
        place = ops.mod(self.count.read(), self.capacity)
        self.rows.write_row(place, ops.cast(row, "float32"))
        self.count.increment()

    def take_new(self) -> np.ndarray:
        """The rows that came in since the last call, oldest first."""
        count = int(self.count.get())
        new = count - self.read
        if new > self.capacity:
            raise RuntimeError(
                f"{new} rows came in between two batches, but the buffer holds "
                f"{self.capacity}: the train step calls its optimizer too often."
            )
        rows = self.rows.get()
        order = np.arange(self.read, count) % self.capacity
        self.read = count
        return rows[order]
