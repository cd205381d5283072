"""How Keras calls a train function, and how calls are passed over."""

from collections.abc import Callable
from typing import Any

import keras


class Calls:
    """How Keras calls the train function of a training.

    Args:
        steps: Steps an epoch.
        size: Steps a call.
        rows: Resident rows, or None where Keras brings every batch.
        xla: Whether XLA compiles the resident steps.
        held_out: Resident rows of the validation, or None.
    """

    def __init__(
        self,
        steps: int,
        size: int,
        rows: Any = None,
        xla: bool = False,
        held_out: Any = None,
    ):
        self.steps, self.size, self.rows = steps, size, rows
        self.xla, self.held_out = xla, held_out

    def settings(self, model: keras.Model) -> dict[str, Any]:
        """For the fingerprint; the size of blocks changes no bit."""
        return {
            "resident": self.rows is not None,
            "validation in memory, which verbose decides": self.held_out is not None,
            "xla": self.xla,
            "jit_compile": bool(model.jit_compile),
            "steps_per_execution": model.steps_per_execution,
        }

    def done(self, step: int) -> int:
        """Calls of an epoch that come before the rest of its steps."""
        return -(-self.steps // self.size) - -(-(self.steps - step) // self.size)

    def passing(self) -> Callable:
        """A train function that does nothing but draw its batches."""
        backend = keras.backend.backend()
        draws = self.rows is None and backend != "torch"

        def train_function(*arguments):
            for _ in range(self.size if draws else 0):
                next(arguments[-1])
            return ({}, arguments[0]) if backend == "jax" else {}

        return train_function
