"""Training on arrays that stay in memory: many steps in one compiled program.

Keras's `fit` runs as always; only its train function is another one while it runs.
That function takes a block of shuffled row numbers, gathers each batch inside the
program and runs the model's own `train_step` on it, block after block. On TensorFlow
validation goes the same way, in one call.
"""

import contextlib

import keras

from recipes.lab.training import checks
from recipes.lab.training.order import EpochOrder, ShuffledArrays
from recipes.lab.training.resident_arrays import ResidentArrays, keep
from recipes.lab.training.resident_function import resident

BLOCK = 128  # steps a call; beyond this the calls cost under 1 % (benchmarks/fit.py)
ENOUGH = 4000  # steps from which XLA's compilation pays
LARGEST = 2 << 30  # bytes of arrays that are held in memory a second time
TRAIN_HOOKS = ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin",
               "on_batch_end")  # fmt: skip
TEST_HOOKS = ("on_test_batch_begin", "on_test_batch_end")


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
    callbacks = [EpochOrder(rows), *callbacks]
    with contextlib.ExitStack() as stack:
        stack.enter_context(resident(model, "train", rows, bool(xla)))
        if keras.backend.backend() == "jax":
            keep(rows)
            calls: object = _Calls(batches, steps)
        else:
            arguments = {**arguments, "steps_per_epoch": steps}
            calls = _counting()
            held_out = _held_out(model, batches.batch_size, callbacks, arguments)
            if held_out is not None:
                stack.enter_context(resident(model, "test", held_out, xla=False))
                arguments["validation_data"], arguments["validation_steps"] = calls, 1
            keep(*filter(None, (rows, held_out)))
        return model.fit(calls, shuffle=False, callbacks=callbacks, **arguments)


def _counting():
    """What Keras draws a number from for every call; one iterator serves all epochs."""
    import tensorflow as tf

    return tf.data.Dataset.range(1).repeat()


def _held_out(
    model: keras.Model, batch_size: int, callbacks: list, arguments: dict
) -> ResidentArrays | None:
    """The validation data in memory, evaluated in one call, if that can be."""
    data = arguments.get("validation_data")
    if not isinstance(data, (tuple, list)) or not 2 <= len(data) <= 3:
        return None
    x, y, weights = (*data, None)[:3]
    if arguments.get("verbose") or arguments.get("validation_steps"):
        return None
    if not all(checks.are_arrays(part) for part in data if part is not None):
        return None
    if any(_overrides(callback, TEST_HOOKS) for callback in callbacks):
        return None
    tree, _ = checks.prepare(x, y, weights, None, None)
    size = arguments.get("validation_batch_size") or batch_size
    batches = ShuffledArrays(*tree, size, seed=0, shuffle=False)
    if why_not(model, batches.tree, {}):
        return None
    return ResidentArrays(batches, batches.num_batches)


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
    return _overrides(callback, TRAIN_HOOKS)


def _overrides(callback, hooks: tuple[str, ...]) -> bool:
    return any(
        getattr(type(callback), hook) is not getattr(keras.callbacks.Callback, hook)
        for hook in hooks
    )


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
    (benchmarks/fit.py --slow).
    """
    dense = (
        keras.layers.Dense,
        keras.layers.BatchNormalization,
        keras.layers.LayerNormalization,
    )
    layers = [layer for layer in model._flatten_layers() if layer.weights]
    parts = [layer for layer in layers if not isinstance(layer, keras.Model)]
    return steps >= ENOUGH and all(isinstance(layer, dense) for layer in parts)
