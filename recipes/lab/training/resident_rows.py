"""Arrays that stay in memory as tensors while a model is trained on them."""

from typing import Any

import keras
import numpy as np

from recipes.lab.training.arrays import change, leaves
from recipes.lab.training.order import ShuffledArrays

LARGEST_KEPT = 512 << 20  # bytes of arrays that are kept for the next fit
PIECE = 1 << 20  # bytes that are compared at once
_KEPT: list[Any] = []  # tensors of the last fit


class ResidentRows:
    """Arrays as tensors, and the order in which an epoch goes through their rows.

    Args:
        batches: The arrays, their batch size and order.
        size: Steps a call of the train function, at least 1.

    Attributes:
        stops: Whether training ends with the next call, which then is one step: a
            callback asked for it after the epoch had begun.
    """

    def __init__(self, batches: ShuffledArrays, size: int):
        self.batches, self.size = batches, size
        self.arrays = change(_tensor, batches.tree)
        self.start(0)

    def start(self, epoch: int) -> None:
        """Puts the rows into the order of an epoch, counted from 0."""
        self.batches.start(epoch)
        self.order = keras.ops.convert_to_tensor(self.batches.order.astype("int32"))
        self.done, self.stops = 0, False

    def take(self, whole: bool) -> list[tuple[int, int, int]]:
        """Takes the next call's steps; after the last ones the first come again.

        Args:
            whole: Whether a smaller last batch is to be a part of its own.

        Returns:
            Parts of the call: the first row, the batch size, the number of steps.
        """
        size, samples = self.batches.batch_size, self.batches.samples
        if self.done == self.batches.num_batches:
            self.done = 0
        most = 1 if self.stops else self.size
        start, steps = self.done, min(most, self.batches.num_batches - self.done)
        self.done += steps
        rest = samples - (self.done - 1) * size  # rows of the last batch taken
        if not whole or rest >= size:
            return [(start * size, size, steps)]
        parts = [(start * size, size, steps - 1)] if steps > 1 else []
        return [*parts, (samples - rest, rest, 1)]


def keep(*several: ResidentRows) -> None:
    """Keeps the tensors for the next fit, if they are not too large.

    To find arrays unchanged takes a fifth of the time to copy them, and a sweep
    trains on the same ones over and over.
    """
    size = sum(x.nbytes for rows in several for _, x in leaves(rows.batches.tree))
    tensors = [tensor for rows in several for _, tensor in leaves(rows.arrays)]
    _KEPT[:] = tensors if size <= LARGEST_KEPT else []


def _tensor(array: np.ndarray) -> Any:
    """The array as a tensor; that of the last fit again where nothing has changed."""
    for kept in _KEPT:
        if _same(np.asarray(kept), array):
            return kept
    return keras.ops.convert_to_tensor(array)


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether arrays are equal, found out piece by piece, without large masks."""
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    rows = max(1, len(one) * PIECE // max(one.nbytes, 1))
    return all(
        np.array_equal(one[start : start + rows], other[start : start + rows])
        for start in range(0, len(one), rows)
    )
