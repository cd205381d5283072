"""Training on arrays that stay in memory: many steps in one compiled program.

Keras's `fit` runs as always; only its train function is another one while it runs.
That function takes a block of shuffled row numbers, gathers each batch inside the
program and runs the model's own `train_step` on it, block after block. On TensorFlow
validation goes the same way, in one call. `resident_function` shows who calls whom.
"""

import contextlib
import functools
from typing import Any

import keras

from recipes.lab.errors import LabError
from recipes.lab.training import jax_programs
from recipes.lab.training.arrays import Data, leaves
from recipes.lab.training.checkpoint.calls import Calls
from recipes.lab.training.conversion import is_dense
from recipes.lab.training.hooks import TEST_HOOKS, has_hook, looks_at_batches
from recipes.lab.training.metrics_in_graph import metrics_in_graph
from recipes.lab.training.order import EpochOrder, ShuffledArrays
from recipes.lab.training.resident_function import MARK, ResidentFunction, open_rows
from recipes.lab.training.resident_rows import ResidentRows, keep
from recipes.lab.training.xla import Choice, choose

BLOCK = 128  # steps a call; beyond this the calls cost under 1 % (benchmarks/fit.py)
LARGEST = 2 << 30  # bytes of arrays that are held in memory a second time


def train(
    model: keras.Model,
    batches: ShuffledArrays,
    xla: bool | None,
    callbacks: list,
    arguments: dict[str, Any],
    keeper: Any = None,
) -> keras.callbacks.History:
    """Runs `model.fit` over arrays in memory.

    Args:
        model: A compiled model.
        batches: What to train on.
        xla: Whether XLA compiles the steps; None decides by the model.
        callbacks: For `fit`.
        arguments: Further arguments of `fit`; `validation_data` is `Data`, a data set
            or missing.
        keeper: What keeps the training in a folder, or None.

    Returns:
        The history; its `first_call_seconds` is what tracing and compiling took.
    """
    steps, size = batches.num_batches, model.steps_per_execution
    if xla is None and keeper:
        xla = keeper.setting("xla")  # as the kept training began
    if xla is None:
        epochs = arguments.get("epochs", 1) - arguments.get("initial_epoch", 0)
        choice = choose(model, epochs * steps, callbacks)
    else:
        choice = Choice(bool(xla))
    blind = not arguments.get("verbose") and not any(map(looks_at_batches, callbacks))
    in_blocks = size == 1 and blind
    if in_blocks:
        size = keeper.block(BLOCK) if keeper else BLOCK
        steps = -(-steps // size)  # Keras sees a block as one step
    rows = ResidentRows(batches, size)
    watched = callbacks if in_blocks else []
    callbacks = [_Order(rows, batches.num_batches, watched), *callbacks]
    before = ResidentFunction.first_call_seconds
    with contextlib.ExitStack() as stack:
        stack.enter_context(open_rows(model, "train", rows, *choice))
        if keras.backend.backend() == "jax":
            jax_programs.keep()
            keep(rows)
            calls: Any = _Calls(batches, steps)
            held_out = None
        else:
            calls = _marks()
            arguments = {**arguments, "steps_per_epoch": steps}
            held_out = _held_out(model, batches.batch_size, callbacks, arguments)
            keep(*filter(None, (rows, held_out)))
        if keeper:
            how = Calls(batches.num_batches, size, rows, choice.now, held_out)
            callbacks = stack.enter_context(
                keeper.training(model, batches, callbacks, arguments, how)
            )
        if held_out is not None:
            stack.enter_context(open_rows(model, "test", held_out, xla=False))
            arguments["validation_data"], arguments["validation_steps"] = calls, 1
        arguments = as_keras_takes_it(arguments)
        stack.enter_context(metrics_in_graph(model))
        history = model.fit(calls, shuffle=False, callbacks=callbacks, **arguments)
    history.first_call_seconds = ResidentFunction.first_call_seconds - before
    return history


def as_keras_takes_it(arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments with validation data as the tuple that Keras knows."""
    data = arguments.get("validation_data")
    if not isinstance(data, Data):
        return arguments
    return {**arguments, "validation_data": tuple(data)}


@functools.cache
def _marks() -> Any:
    """What Keras draws a mark from for every call; one iterator serves all epochs."""
    import tensorflow as tf

    return tf.data.Dataset.from_tensors({MARK: 0}).repeat()


def _held_out(
    model: keras.Model, batch_size: int, callbacks: list, arguments: dict
) -> ResidentRows | None:
    """The validation data in memory, evaluated in one call, if that can be."""
    data = arguments.get("validation_data")
    if not isinstance(data, Data) or data.y is None:
        return None
    if arguments.get("verbose") or arguments.get("validation_steps"):
        return None
    if any(looks_at_batches(callback, TEST_HOOKS) for callback in callbacks):
        return None
    size = arguments.get("validation_batch_size") or batch_size
    batches = ShuffledArrays(*data, size, seed=0, shuffle=False)
    if why_not(model, batches.tree):
        return None
    return ResidentRows(batches, batches.num_batches)


class _Calls(keras.utils.PyDataset):
    """As many items as calls; Keras builds a new model with the first."""

    def __init__(self, batches: ShuffledArrays, calls: int):
        super().__init__()
        self.batches, self.calls = batches, calls

    @property
    def num_batches(self) -> int:
        return self.calls

    def __getitem__(self, index: int):
        return self.batches[index]


class _Order(EpochOrder):
    """Says which epoch begins, and refuses hooks that came too late to be counted."""

    def __init__(self, rows: ResidentRows, steps: int, callbacks: list):
        super().__init__(rows, steps)
        self.callbacks = callbacks

    def on_epoch_begin(self, epoch, logs=None):
        """Orders the samples before the epoch's first batch is drawn."""
        super().on_epoch_begin(epoch, logs)
        self._refuse_late_hooks()

    def on_epoch_end(self, epoch, logs=None):
        """Refuses hooks that were set in this epoch."""
        self._refuse_late_hooks()

    def _refuse_late_hooks(self):
        for callback in self.callbacks:
            if has_hook(callback):
                raise LabError(
                    f"the callback {type(callback).__name__} got a hook for batches "
                    "after training had begun; give fit resident=False."
                )


def why_not(model: keras.Model, tree: Any) -> str:
    """Says why arrays can't be resident; an empty string where they can.

    Args:
        model: A compiled model.
        tree: The arrays.
    """
    arrays = [array for _, array in leaves(tree)]
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
    if not all(is_dense(array) and array.dtype.kind in "fiub" for array in arrays):
        return "the arrays do not all hold numbers, one for each place"
    size = sum(array.nbytes for array in arrays)
    if size > LARGEST:
        return f"the arrays take {size / 2**30:.1f} GiB, over {LARGEST >> 30} GiB"
    return ""
