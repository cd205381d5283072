"""Looks at the batches of a data set while a model draws them."""

import contextlib
import copy
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
from keras.src.trainers import data_adapters

from recipes.lab.errors import LabError
from recipes.lab.training import arrays, conversion
from recipes.lab.training.arrays import Data
from recipes.lab.training.outputs import pairs
from recipes.lab.training.probabilities import check_activations, check_values
from recipes.lab.training.targets import check_targets


class BatchChecks:
    """Looks at the batches of a data set while a model draws them.

    An error that is raised inside of a pipeline arrives as another one, with a long
    trace; `error` keeps it.

    Args:
        model: The model that the batches are for.
        prefix: Stands before x and y in an error.
        outputs: Whether to look if logits and probabilities are taken for each other.

    Attributes:
        seen: The number of batches drawn.
        error: What was wrong with a batch, if anything.
    """

    def __init__(self, model: keras.Model, prefix: str = "", outputs: bool = False):
        self.model, self.prefix, self.outputs = model, prefix, outputs
        self.seen, self.watching = 0, True
        self.error: LabError | None = None
        self._pairs: list | None = None

    def watch(self, data: Any) -> Any:
        """Returns the data set, of the same kind, with its batches looked at."""
        name = f"{self.prefix}x"
        if data_adapters.is_tf_dataset(data) and hasattr(data, "map"):
            if data.cardinality() == 0:
                raise LabError(f"{name} is empty: the data set has no batch.")
            return data.map(self._in_graph)
        if isinstance(data, keras.utils.PyDataset):
            if data.num_batches == 0:
                raise LabError(f"{name} is empty: num_batches is 0.")
            return _Watched(data, self.check)
        if data_adapters.is_torch_dataloader(data):
            if hasattr(data.dataset, "__len__") and not len(data):
                raise LabError(f"{name} is empty: the loader has no batch.")
            if data.num_workers:  # batches are made in other processes
                self.watching = False
                return data
            watched = copy.copy(data)
            collate = data.collate_fn
            watched.collate_fn = lambda samples: self.check(collate(samples))
            return watched
        if hasattr(data, "send"):
            return (self.check(batch) for batch in data)
        self.watching = False
        return data

    def check(self, batch: Any) -> Any:
        """Refuses a batch that would train silently wrong; returns it."""
        with self._counted():
            self._check(keras.utils.unpack_x_y_sample_weight(batch))
        return batch

    def check_numbers(self, parts: tuple) -> None:
        """Refuses numbers that are not finite, of ragged and sparse tensors."""
        with self._counted():
            for part in parts:
                conversion.check_values(part, f"a batch of {self.prefix}x or y")

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        """Counts a batch and keeps what is wrong with it."""
        self.seen += 1
        try:
            yield
        except LabError as error:
            self.error = error
            raise

    def finish(self) -> None:
        """Raises what went wrong with a batch, also where none came."""
        if self.error is not None:
            raise self.error
        if self.watching and not self.seen:
            raise LabError(f"{self.prefix}x is empty: it gave no batch.")

    def _check(self, batch: tuple) -> None:
        data = Data(*batch)
        for field, tree in zip(data._fields, data, strict=True):
            least = 0 if field == "sample_weight" else None
            for name, part in arrays.leaves(tree, self.prefix + field):
                conversion.check_values(_host(part), f"a batch's {name}", least)
        # Structures of composite tensors stay Keras's business.
        parts = [part for _, part in arrays.leaves(tuple(data))]
        if not all(hasattr(part, "shape") and len(part.shape) for part in parts):
            return
        if not all(hasattr(part, "__array__") for part in parts) or any(
            conversion.is_sparse(part) or conversion.is_ragged(part) for part in parts
        ):
            return
        data = Data(*arrays.change(_host, tuple(data)))
        lengths = {part.shape[0] for _, part in arrays.leaves(tuple(data))}
        if len(lengths) > 1:
            raise LabError(
                f"a batch of {self.prefix}x has parts of {sorted(lengths)} rows; all "
                "need the same number."
            )
        if self._pairs is None:
            self._pairs = pairs(self.model, data, self.prefix)
            if self.outputs:
                check_activations(self._pairs)
                check_values(self.model, self._pairs, data)
        check_targets(self._pairs, data, f"a batch's {self.prefix}")

    def _in_graph(self, *batch: Any) -> Any:
        """Looks at a batch inside of a pipeline of TensorFlow; returns it."""
        import tensorflow as tf

        given = batch if len(batch) != 1 else batch[0]
        flat = tf.nest.flatten(given, expand_composites=True)
        dense = len(flat) == len(tf.nest.flatten(given))

        def look(*parts):
            if dense:
                self.check(tf.nest.pack_sequence_as(given, parts))
            else:
                self.check_numbers(parts)
            return np.True_

        looked = tf.numpy_function(look, flat, tf.bool)
        with tf.control_dependencies([looked]):
            return tf.nest.map_structure(tf.identity, given, expand_composites=True)


class _Watched(keras.utils.PyDataset):
    """A PyDataset whose batches are looked at."""

    def __init__(self, data: keras.utils.PyDataset, check: Callable):
        super().__init__(
            workers=data.workers,
            use_multiprocessing=data.use_multiprocessing,
            max_queue_size=data.max_queue_size,
        )
        self.data, self.check = data, check

    @property
    def num_batches(self):
        return self.data.num_batches

    def __getitem__(self, index):
        return self.check(self.data[index])

    def on_epoch_begin(self):
        self.data.on_epoch_begin()

    def on_epoch_end(self):
        self.data.on_epoch_end()


def _host(part: Any) -> Any:
    """The part as a NumPy array, where it is a dense one."""
    if hasattr(part, "detach"):
        part = part.detach().cpu()
        part = part.float() if "bfloat16" in str(part.dtype) else part
    if conversion.is_sparse(part) or conversion.is_ragged(part):
        return part
    return np.asarray(part) if hasattr(part, "__array__") else np.zeros(0)
