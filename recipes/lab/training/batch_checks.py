"""Looks at the batches of a data set while a model draws them."""

import contextlib
import copy
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import keras
import numpy as np
from keras.src.trainers import data_adapters

from recipes.lab.errors import LabError
from recipes.lab.training import arrays, conversion
from recipes.lab.training.arrays import Data
from recipes.lab.training.checks import check_classes_named
from recipes.lab.training.inputs import check_inputs, check_shapes
from recipes.lab.training.options import whole
from recipes.lab.training.outputs import graph_of, pairs
from recipes.lab.training.parallel.batches import check_batch
from recipes.lab.training.parallel.spread import Spread
from recipes.lab.training.probabilities import check_activations, check_values
from recipes.lab.training.targets import check_targets


class BatchChecks:
    """Looks at the batches of a data set while a model draws them.

    An error that is raised inside of a pipeline arrives as another one, with a long
    trace; `error` keeps it.

    Args:
        model: The model that the batches are for.
        over: The devices that share each batch.
        prefix: Stands before x and y in an error.
        outputs: Whether to look if logits and probabilities are taken for each other.
        class_weight: None or {class: weight}, which Keras weighs the batches by.

    Attributes:
        seen: The number of batches drawn.
        error: What was wrong with a batch, if anything.
    """

    def __init__(
        self,
        model: keras.Model,
        over: Spread,
        prefix: str = "",
        outputs: bool = False,
        class_weight: Any = None,
    ):
        self.model, self.prefix, self.outputs = model, prefix, outputs
        self.over = over
        self.class_weight = class_weight
        self.seen, self.watching = 0, True
        self.error: Exception | None = None
        self._pairs: list | None = None
        self._used_up: LabError | None = None
        self._weights = [0, 0]  # batches with weights, and those with one above 0

    def watch(self, data: Any, passes: "Passes") -> Any:
        """Returns the data set, of the same kind, with its batches looked at.

        Args:
            data: A data set.
            passes: How often and how far a model goes through it.
        """
        name = f"{self.prefix}x"
        if data_adapters.is_tf_dataset(data) and hasattr(data, "map"):
            count = int(data.cardinality())
            if count == 0:
                raise LabError(f"{name} is empty: the data set has no batch.")
            passes.check(name, None if count == -2 else count)
            self._look_ahead(data.element_spec)
            return data.map(self._in_graph)
        if isinstance(data, keras.utils.PyDataset):
            try:
                batches = data.num_batches
            except NotImplementedError:
                raise LabError(f"{name} has no num_batches: define it.") from None
            if batches == 0:
                raise LabError(f"{name} is empty: num_batches is 0.")
            passes.check(name, -1 if batches is None else batches)
            if data.use_multiprocessing:  # batches are counted in other processes
                self.watching = False
            return _Watched(data, self._checked)
        if data_adapters.is_torch_dataloader(data):
            if hasattr(data.dataset, "__len__"):
                if not len(data):
                    raise LabError(f"{name} is empty: the loader has no batch.")
                passes.check(name, len(data))
            return self._watched_loader(data)
        if hasattr(data, "send"):
            return self._drawn(data, passes)
        self.watching = False
        return data

    def check(self, batch: Any) -> Any:
        """Refuses a batch that would train silently wrong; returns it."""
        return self._checked(lambda: batch)

    def check_numbers(self, parts: tuple) -> None:
        """Refuses numbers that are not finite, of ragged and sparse tensors."""
        with self._counted():
            for part in parts:
                conversion.check_values(part, f"a batch of {self.prefix}x or y")

    def finish(self) -> None:
        """Raises what went wrong with a batch, also where none came."""
        if self.error is not None:
            raise self.error
        if self.watching and not self.seen:
            raise LabError(f"{self.prefix}x is empty: it gave no batch.")
        weighed, above = self._weights
        if weighed and weighed == self.seen and not above:
            raise LabError(f"{self.prefix}sample_weight is 0 in every batch.")

    def reason(self, error: Exception) -> Exception | None:
        """What is behind an error that came out of a pipeline, if it is known."""
        if self.error is not None or self._used_up is not None:
            return self.error or self._used_up
        if "must yield at least one batch" in str(error):
            return LabError("a generator is empty: it gave no batch.")
        return None

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        """Counts a batch and keeps what is wrong with it."""
        self.seen += 1
        try:
            yield
        except Exception as error:
            self.error = error
            raise

    def _checked(self, draw: Callable) -> Any:
        """Draws a batch and checks it."""
        with self._counted():
            batch = draw()
            self._check(self._unpacked(batch))
        return batch

    def _drawn(self, data: Any, passes: "Passes") -> Iterator[Any]:
        """The batches of a generator, which can't begin anew."""
        for batch in self._raised(data):
            yield self.check(batch)
        needed = passes.needed()
        if self.seen and (needed is None or self.seen < needed):
            told = (
                f"and can't begin anew for the next epoch: give {passes.option}, or "
                "another kind of data set"
                if needed is None
                else f"of {needed} that {passes.option} asks for"
            )
            self._used_up = LabError(
                f"{self.prefix}x is a generator that ended after {self.seen} batches "
                f"{told}."
            )
            raise self._used_up

    def _raised(self, data: Any) -> Iterator[Any]:
        """Keeps an error of the generator's own."""
        try:
            yield from data
        except Exception as error:
            self.error = error
            raise

    def _watched_loader(self, data: Any) -> Any:
        """A copy of the loader; its batches are looked at in this process."""
        plain, check = type(data), self.check

        def iterate(loader):
            return map(check, plain.__iter__(loader))

        watched = copy.copy(data)
        watched.__class__ = type(plain.__name__, (plain,), {"__iter__": iterate})
        return watched

    def _unpacked(self, batch: Any) -> Data:
        try:
            return Data(*keras.utils.unpack_x_y_sample_weight(batch))
        except ValueError:
            parts = f"{len(batch)} parts" if isinstance(batch, tuple) else "other ones"
            raise LabError(
                f"a batch of {self.prefix}x must be x, (x, y) or (x, y, "
                f"sample_weight); it has {parts}."
            ) from None

    def _check(self, given: Data) -> None:
        prefix = f"a batch's {self.prefix}"
        parts = []
        for field, tree in zip(given._fields, given, strict=True):

            def convert(name, part, field=field):
                arrays.check_form(part, name)
                array = conversion.as_array(part, name, field != "x")
                least = 0 if field == "sample_weight" else None
                conversion.check_values(array, name, least)
                return array

            parts.append(arrays.change_named(convert, tree, prefix + field))
        data = Data(*parts)
        found = [part for _, part in arrays.leaves(tuple(data))]
        # Structures of composite tensors stay Keras's business.
        if not all(map(conversion.is_dense, found)):
            return
        lengths = {part.shape[0] for part in found}
        if len(lengths) > 1:
            raise LabError(
                f"a batch of {self.prefix}x has parts of {sorted(lengths)} rows; all "
                "need the same number."
            )
        check_batch(self.over, next(iter(lengths), 0), self.prefix)
        check_inputs(self.model, data, prefix)
        if self._pairs is None:
            self._pairs = pairs(self.model, data, self.prefix)
            if self.outputs:
                check_activations(self._pairs)
                check_values(self.model, self._pairs, data)
        check_targets(self._pairs, data, prefix)
        weights = [weight for _, weight in arrays.leaves(data.sample_weight)]
        self._weights[0] += bool(weights)
        self._weights[1] += any(np.any(weight) for weight in weights)
        if self.class_weight is not None:
            if weights:
                raise LabError("fit takes class_weight or sample_weight, not both.")
            arrays.weights_by_class(data.y, self.class_weight)
            check_classes_named(self._pairs, self.class_weight)

    def _look_ahead(self, spec: Any) -> None:
        """Looks at what a pipeline of TensorFlow says of its batches.

        Keras does so before it draws one, and its errors are long.
        """
        given = self._unpacked(spec)
        prefix = f"a batch's {self.prefix}"
        for field, tree in zip(given._fields, given, strict=True):
            for name, part in arrays.leaves(tree, prefix + field):
                shape = getattr(part, "shape", None)
                if shape is None or shape.rank is None or not hasattr(part, "dtype"):
                    return
                if shape.rank == 0:
                    raise LabError(
                        f"{name} is a single value: the data set has no batches; call "
                        "its batch()."
                    )
                if field != "x" and part.dtype.name == "string":
                    raise LabError(f"{name} holds text; fit takes numbers.")
        plain = all(type(part).__name__ == "TensorSpec" for _, part in
                    arrays.leaves(tuple(given)))  # fmt: skip
        if plain and graph_of(self.model) is not None:
            check_shapes(self.model, given.x, f"{prefix}x")
        if plain and (given.y is None or graph_of(self.model) is not None):
            pairs(self.model, given, prefix)

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


class Passes(NamedTuple):
    """How often and how far a model goes through a data set.

    Attributes:
        option: What the steps are called.
        times: How often.
        steps: Batches each time; None goes through all.
    """

    option: str
    times: int
    steps: int | None

    def needed(self) -> int | None:
        """The batches of a generator that it takes; None where it had to begin anew."""
        if self.steps is None:
            return 0 if self.times < 2 else None
        return self.times * self.steps

    def check(self, name: str, batches: int | None) -> None:
        """Refuses a data set without end, and more steps than it has.

        Args:
            name: The data set's, in an error.
            batches: How many it has; -1 is no end, None is not known.
        """
        if batches == -1 and self.steps is None:
            raise LabError(f"{name} has no end: give {self.option}.")
        if batches not in (None, -1) and self.steps is not None:
            whole(self.option, self.steps, 1, batches)


class _Watched(keras.utils.PyDataset):
    """A PyDataset whose batches are looked at."""

    def __init__(self, data: keras.utils.PyDataset, checked: Callable):
        super().__init__(
            workers=data.workers,
            use_multiprocessing=data.use_multiprocessing,
            max_queue_size=data.max_queue_size,
        )
        self.data, self.checked = data, checked

    @property
    def num_batches(self):
        return self.data.num_batches

    def __getitem__(self, index):
        return self.checked(lambda: self.data[index])

    def on_epoch_begin(self):
        self.data.on_epoch_begin()

    def on_epoch_end(self):
        self.data.on_epoch_end()
