"""Batches of arrays whose order is a function of seed and epoch."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from recipes.lab.errors import LabError
from recipes.lab.training.arrays import change, leaves
from recipes.lab.training.conversion import is_ragged, is_sparse


class ShuffledArrays(keras.utils.PyDataset):
    """Batches of arrays in memory, in a new, reproducible order every epoch.

    Args:
        x: Inputs: an array (samples, ...), or a list or dict of them.
        y: Targets in the same form, or None.
        sample_weight: None or one weight a sample.
        batch_size: Samples a batch; the last one of an epoch may be smaller.
        seed: With the epoch's number, decides the order.
        shuffle: False keeps the order as given.
        steps: Batches an epoch; None takes all. The next epoch goes on in the same
            order, as in Keras, until fewer batches are left: those are left out, and
            an epoch in a new order begins.
        share: Picks the rows of a batch that this process brings; None takes all.
    """

    def __init__(
        self,
        x: Any,
        y: Any,
        sample_weight: Any,
        batch_size: int,
        seed: int,
        shuffle: bool = True,
        steps: int | None = None,
        share: Callable | None = None,
    ):
        super().__init__()
        self.share = share
        parts = (part for part in (x, y, sample_weight) if part is not None)
        # Keras makes a data set of batches in tuples, but of none in lists.
        self.tree = tuple(tuple(p) if isinstance(p, list) else p for p in parts)
        self.rows = next(leaves(x))[1].shape[0]
        self.batch_size = batch_size
        batches = -(-self.rows // batch_size)
        self.steps = batches if steps is None else steps
        self.parts = batches // self.steps  # epochs that share an order
        self.seed, self.shuffle = seed, shuffle
        self.start(0)

    def start(self, epoch: int) -> None:
        """Puts the samples into the order of an epoch, counted from 0."""
        passed, part = divmod(epoch, self.parts)
        self.order = np.arange(self.rows)
        if self.shuffle:
            rng = np.random.default_rng([self.seed, passed])
            self.order = rng.permutation(self.rows)
        samples = self.steps * self.batch_size
        self.order = self.order[part * samples : (part + 1) * samples]

    def check_parts(self) -> None:
        """Refuses what Keras can't bring to TensorFlow batch by batch."""
        missing = any(part is None for part in keras.tree.flatten(self.tree))
        if missing and keras.backend.backend() == "tensorflow":
            raise LabError(
                "y holds None, which trains on TensorFlow only with arrays in memory: "
                "give the output a target of zeros, or fit resident=True."
            )

    @property
    def samples(self) -> int:
        """Those of this epoch."""
        return len(self.order)

    @property
    def used(self) -> int:
        """Samples of one order that are trained on."""
        return min(self.rows, self.parts * self.steps * self.batch_size)

    @property
    def num_batches(self) -> int:
        """Batches an epoch."""
        return self.steps

    def __getitem__(self, index: int):
        rows = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        if self.share is not None:
            rows = self.share(rows)
        batch = change(lambda array: _take(array, rows), self.tree)
        return batch if len(batch) > 1 else batch[0]


class EpochOrder(keras.callbacks.Callback):
    """Says what is trained on which epoch begins, and how many batches it has.

    The data set's own `on_epoch_end` won't do: Keras also calls it before the
    first epoch where it has yet to build the model, and not where the model is
    built; and a run that is taken up at a later epoch starts at none of its own.

    Args:
        rows: What has a `start(epoch)`: the batches, or resident arrays.
        steps: The batches of an epoch. Keras gives one dictionary of parameters to
            all callbacks; where it counts calls of many batches, this sets it right.
    """

    def __init__(self, rows: Any, steps: int):
        super().__init__()
        self.rows, self.steps = rows, steps

    def set_params(self, params):
        """Corrects the number of steps for all callbacks."""
        params["steps"] = self.steps
        super().set_params(params)

    def on_epoch_begin(self, epoch, logs=None):
        """Orders the samples before the epoch's first batch is drawn."""
        self.rows.start(epoch)


def _take(array: Any, rows: np.ndarray) -> Any:
    """Rows of an array; those of a sparse matrix become dense, ragged ones stay."""
    if is_ragged(array):
        import tensorflow as tf

        return tf.gather(array, rows)
    return array[rows].toarray() if is_sparse(array) else array[rows]
