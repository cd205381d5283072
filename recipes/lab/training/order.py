"""Batches of arrays whose order is a function of seed and epoch."""

import keras
import numpy as np


class ShuffledArrays(keras.utils.PyDataset):
    """Batches of arrays in memory, in a new, reproducible order every epoch.

    Args:
        x: Inputs: an array (samples, ...), or a list or dict of them.
        y: Targets in the same form, or None.
        sample_weight: None or one weight a sample.
        batch_size: Samples a batch; the last one of an epoch may be smaller.
        seed: With the epoch's number, decides the order.
        shuffle: False keeps the order as given.
    """

    def __init__(self, x, y, sample_weight, batch_size, seed, shuffle=True):
        super().__init__()
        parts = (part for part in (x, y, sample_weight) if part is not None)
        # Keras makes a data set of batches in tuples, but of none in lists.
        self.tree = tuple(tuple(p) if isinstance(p, list) else p for p in parts)
        first = keras.tree.flatten(self.tree)[0]
        self.samples, self.batch_size = len(first), batch_size
        self.seed, self.shuffle = seed, shuffle
        self.start(0)

    def start(self, epoch: int) -> None:
        """Puts the samples into the order of an epoch, counted from 0."""
        self.order = np.arange(self.samples)
        if self.shuffle:
            rng = np.random.default_rng([self.seed, epoch])
            self.order = rng.permutation(self.samples)

    @property
    def num_batches(self) -> int:
        """Batches an epoch."""
        return -(-self.samples // self.batch_size)

    def __getitem__(self, index: int):
        rows = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        batch = keras.tree.map_structure(lambda array: array[rows], self.tree)
        return batch if len(batch) > 1 else batch[0]


class EpochOrder(keras.callbacks.Callback):
    """Tells what is trained on which epoch begins.

    The data set's own `on_epoch_end` won't do: Keras also calls it before the
    first epoch where it has yet to build the model, and not where the model is
    built; and a run that is taken up at a later epoch starts at none of its own.

    Args:
        rows: What has a `start(epoch)`: the batches, or resident arrays.
    """

    def __init__(self, rows):
        super().__init__()
        self.rows = rows

    def on_epoch_begin(self, epoch, logs=None):
        """Orders the samples before the epoch's first batch is drawn."""
        self.rows.start(epoch)
