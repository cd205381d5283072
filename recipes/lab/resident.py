"""Training on arrays that stay in memory: many steps in one compiled program.

Keras's `fit` runs as always; only its train function is another one while it runs.
That function takes a block of shuffled row numbers, gathers each batch inside the
program and runs the model's own `train_step` on it, block after block.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

from recipes.lab.batches import EpochOrder

import keras
import numpy as np

BLOCK = 128  # steps a call; beyond this the calls cost under 1 % (benchmarks/fit.py)
ENOUGH = 4000  # steps from which XLA's compilation pays
FIRST_CALLS: list[float] = []  # seconds of the calls that traced and compiled
LARGEST = 2 << 30  # bytes of arrays that are held in memory a second time
LARGEST_KEPT = 512 << 20  # bytes of arrays that are kept for the next fit
PIECE = 1 << 20  # bytes that are compared at once
_KEPT: list[Any] = []  # tensors of the last fit


class ResidentArrays:
    """Arrays as tensors, and the order in which an epoch goes through their rows.

    Args:
        batches: A `ShuffledArrays`: the arrays, their batch size and order.
        size: Steps a call of the train function, at least 1.
    """

    def __init__(self, batches, size: int):
        self.batches, self.size = batches, size
        self.arrays = _tensors(batches.tree)
        self.start(0)

    def start(self, epoch: int) -> None:
        """Puts the rows into the order of an epoch, counted from 0."""
        self.batches.start(epoch)
        self.order = keras.ops.convert_to_tensor(self.batches.order.astype("int32"))
        self.done = 0

    def take(self, whole: bool) -> list[tuple[int, int, int]]:
        """Takes the next call's steps.

        Args:
            whole: Whether a smaller last batch is to be a part of its own.

        Returns:
            Parts of the call: the first row, the batch size, the number of steps.
        """
        size, samples = self.batches.batch_size, self.batches.samples
        start, steps = self.done, min(self.size, self.batches.num_batches - self.done)
        self.done += steps
        rest = samples - (self.done - 1) * size  # rows of the last batch taken
        if not whole or rest >= size:
            return [(start * size, size, steps)]
        parts = [(start * size, size, steps - 1)] if steps > 1 else []
        return [*parts, (samples - rest, rest, 1)]


def train(
    model: keras.Model, batches, xla: bool | None, callbacks: list, arguments: dict
) -> keras.callbacks.History:
    """Runs `model.fit` over arrays in memory.

    Args:
        model: A compiled model.
        batches: A `ShuffledArrays`.
        xla: Whether XLA compiles the steps; None decides by the model.
        callbacks: For `fit`.
        arguments: Further arguments of `fit`.
    """
    steps, size = batches.num_batches, model.steps_per_execution
    if xla is None:
        epochs = arguments.get("epochs", 1) - arguments.get("initial_epoch", 0)
        xla = model.jit_compile or suits_xla(model, epochs * steps)
    if size == 1 and not arguments.get("verbose") and not any(map(_looks, callbacks)):
        size = BLOCK
        steps = -(-steps // size)  # Keras sees a block as one step
    rows = ResidentArrays(batches, size)
    if keras.backend.backend() == "jax":
        calls: object = _Calls(batches, steps)
    else:
        import tensorflow as tf

        calls = tf.data.Dataset.range(steps)
    callbacks = [EpochOrder(rows), *callbacks]
    with _resident(model, rows, bool(xla)):
        return model.fit(calls, shuffle=False, callbacks=callbacks, **arguments)


class _Calls(keras.utils.PyDataset):
    """As many items as calls; Keras builds a new model with the first."""

    def __init__(self, batches, num_batches: int):
        super().__init__()
        self.batches, self.calls = batches, num_batches

    @property
    def num_batches(self) -> int:
        return self.calls

    def __getitem__(self, index: int):
        return self.batches[index]


def _looks(callback) -> bool:
    """Whether a callback looks at batches, so that each must be a call of its own."""
    if getattr(callback, "save_freq", None) == "epoch":
        return False  # Keras's own, which then only counts batches
    between = getattr(callback, "works_between_steps", None)
    if between is not None:
        return between
    hooks = ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin",
             "on_batch_end")  # fmt: skip
    return any(
        getattr(type(callback), hook) is not getattr(keras.callbacks.Callback, hook)
        for hook in hooks
    )


@contextlib.contextmanager
def _resident(model: keras.Model, rows: ResidentArrays, xla: bool) -> Iterator[None]:
    """Gives the model a train function over resident rows, as long as it is open.

    Args:
        model: A compiled model.
        rows: What it is to train on.
        xla: Whether the program is compiled by XLA (TensorFlow; JAX always does).
    """

    def make_train_function(force: bool = False):
        if force or model.train_function is None:
            model.train_function = _TrainFunction(model)
        model.train_function.xla = xla

    if not isinstance(model.train_function, _TrainFunction):
        model.train_function = None  # it was made for data that Keras brings
    # Not as Keras sets attributes: it would track them as a part of the model.
    object.__setattr__(model, "_resident_rows", rows)
    object.__setattr__(model, "make_train_function", make_train_function)
    try:
        yield
    finally:
        object.__delattr__(model, "make_train_function")
        object.__delattr__(model, "_resident_rows")


class _TrainFunction:
    """A train function that stays with its model, so that a next `fit` finds it.

    `compile` drops it, as it drops Keras's own. Where Keras brings the data, in a
    plain `model.fit`, it makes way for Keras's own.

    Attributes:
        xla: Which of its programs the next call runs.
    """

    def __init__(self, model: keras.Model):
        self.model, self.xla = model, False
        self.programs: dict[bool, Callable] = {}
        self.called: set[tuple] = set()

    def __call__(self, *arguments):
        *state, iterator = arguments
        rows = vars(self.model).get("_resident_rows")
        if rows is not None:
            return self._run(rows, state)
        self.model.make_train_function(force=True)
        function: Any = self.model.train_function  # now Keras's own
        return function(*state, iterator)

    def _run(self, rows: ResidentArrays, state: list):
        shapes = (array.shape for array in keras.tree.flatten(rows.batches.tree))
        form = (self.xla, rows.batches.batch_size, *shapes)
        started = time.perf_counter()
        if self.xla not in self.programs:
            self.programs[self.xla] = _train_program(self.model, self.xla)
        result = self.programs[self.xla](rows, *state)
        if form not in self.called:
            self.called.add(form)
            FIRST_CALLS.append(time.perf_counter() - started)
        return result


def _train_program(model: keras.Model, xla: bool) -> Callable:
    if keras.backend.backend() == "jax":
        from recipes.lab.resident_jax import train_program
    else:
        from recipes.lab.resident_tensorflow import train_program
    return train_program(model, xla)


def why_not(model: keras.Model, tree, arguments: dict) -> str:
    """Says why arrays can't be resident; an empty string where they can.

    Args:
        model: A compiled model.
        tree: The arrays.
        arguments: Those of `model.fit`.
    """
    arrays = keras.tree.flatten(tree)
    size = sum(array.nbytes for array in arrays)
    if keras.backend.backend() not in ("tensorflow", "jax"):
        return "PyTorch runs every step by itself"
    if model.run_eagerly or (
        keras.backend.backend() == "jax" and not model.jit_compile
    ):
        return "the model is run eagerly"
    if keras.distribution.distribution() is not None or getattr(
        model, "_distribute_strategy", None
    ):
        return "the model is distributed"
    if arguments.get("steps_per_epoch"):
        return "steps_per_epoch is given"
    if size > LARGEST:
        return f"the arrays take {size / 2**30:.1f} GiB, over {LARGEST >> 30} GiB"
    if any(array.dtype.kind not in "fiub" for array in arrays):
        return "the arrays do not all hold numbers"
    return ""


def suits_xla(model: keras.Model, steps: int) -> bool:
    """Whether XLA pays on TensorFlow and a CPU: dense layers and enough steps.

    It made the steps of dense networks two to three times as fast and those of
    convolutions 30 times as slow, for about a second of compilation
    (benchmarks/fit.py).
    """
    dense = (
        keras.layers.Dense,
        keras.layers.BatchNormalization,
        keras.layers.LayerNormalization,
    )
    layers = [layer for layer in model._flatten_layers() if layer.weights]
    parts = [layer for layer in layers if not isinstance(layer, keras.Model)]
    return steps >= ENOUGH and all(isinstance(layer, dense) for layer in parts)


def _tensors(tree):
    """The arrays as tensors; those of the last fit again where nothing has changed.

    To compare takes a fifth of the time to copy, and a sweep trains on the same
    arrays over and over.
    """
    made = keras.tree.map_structure(_tensor, tree)
    leaves = keras.tree.flatten(made)
    size = sum(array.nbytes for array in keras.tree.flatten(tree))
    _KEPT[:] = leaves if size <= LARGEST_KEPT else []
    return made


def _tensor(array: np.ndarray):
    if array.dtype.kind == "f" and array.dtype != keras.config.floatx():
        array = array.astype(keras.config.floatx())  # as `model.fit` does
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
