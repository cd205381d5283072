"""Numbers that live inside a compiled train step and are read on the host.

On TensorFlow and PyTorch a slot is a Keras variable, written in place. On JAX a
train step is a pure function, so a slot's array travels through the step with the
optimizer's variables, and the host keeps the array that came out last.
"""

import contextlib
from typing import Any

import keras
import numpy as np
from keras import ops

# Rows that a ring holds before the host must read it, where rows are small.
CAPACITY = 1024
_CELLS = 1 << 18


def outside_graph() -> Any:
    """A scope in which a variable can be made while TensorFlow traces a step."""
    if keras.backend.backend() != "tensorflow":
        return contextlib.nullcontext()
    import tensorflow as tf

    return tf.init_scope()


class Slot:
    """One array of a train step: read and written inside it, get and set outside.

    Args:
        shape: Shape of the array.
        value: What it is filled with at first.
        dtype: "float32" or "int32".
    """

    def __init__(self, shape: tuple = (), value: Any = 0, dtype: str = "float32"):
        with outside_graph():
            self.variable = keras.Variable(
                np.full(shape, value, dtype),
                dtype=dtype,
                trainable=False,
                autocast=False,
                name="recorded",
            )
        self.dtype = dtype
        self.traced: Any = None
        self.array: Any = None
        if keras.backend.backend() == "jax":
            self.array = self.variable.value

    def read(self) -> Any:
        """The tensor, inside a step."""
        return self.variable.value if self.traced is None else self.traced

    def write(self, value: Any) -> None:
        """Gives the slot a new tensor, inside a step."""
        if self.traced is None:
            self.variable.assign(value)
        else:
            self.traced = ops.cast(value, self.dtype)

    def increment(self) -> None:
        """Adds one, inside a step."""
        if keras.backend.backend() == "tensorflow":
            self.variable.value.assign_add(1)  # one operation instead of three
        else:
            self.write(self.read() + 1)

    def get(self) -> np.ndarray:
        """The array on the host, between two steps."""
        source = self.variable if self.array is None else self.array
        return np.array(ops.convert_to_numpy(source))

    def set(self, value: Any) -> None:
        """Gives the slot a new array, between two steps; nothing is traced again."""
        if self.array is None:
            self.variable.assign(ops.convert_to_tensor(value, self.dtype))
        else:
            self.array = ops.convert_to_tensor(np.asarray(value, self.dtype))


class Ring:
    """Rows written one by one inside a step and drained in order on the host.

    Args:
        rows: Slot of shape (capacity, width).
        count: Slot that counts all rows ever written.
    """

    def __init__(self, rows: Slot, count: Slot):
        self.rows = rows
        self.count = count
        self.capacity = rows.variable.shape[0]
        self.drained = 0

    @staticmethod
    def capacity_for(width: int, at_least: int) -> int:
        """Rows of a ring that stays small whatever its width."""
        return max(min(CAPACITY, _CELLS // max(width, 1)), at_least)

    def write(self, row: Any) -> None:
        """Adds one row, inside a step."""
        count = self.count.read()
        place = ops.reshape(ops.mod(count, self.capacity), (1, 1))
        row = ops.expand_dims(ops.cast(row, "float32"), 0)
        if keras.backend.backend() == "tensorflow":
            # In place: `ops.scatter_update` would copy the whole ring each step.
            self.rows.variable.value.scatter_nd_update(place, row)
        else:
            self.rows.write(ops.scatter_update(self.rows.read(), place, row))
        self.count.increment()

    def drain(self) -> np.ndarray:
        """The rows that came in since the last call, oldest first."""
        count = int(self.count.get())
        new = count - self.drained
        if new > self.capacity:
            raise RuntimeError(
                f"{new} rows came in between two batches, but the buffer holds "
                f"{self.capacity}: the train step calls its optimizer too often."
            )
        rows = self.rows.get()
        order = np.arange(self.drained, count) % self.capacity
        self.drained = count
        return rows[order]
