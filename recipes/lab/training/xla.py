"""Whether XLA compiles the steps of a `fit` on TensorFlow; JAX has no choice."""

import os
from typing import Any, NamedTuple

import keras

from recipes.lab.training import machine
from recipes.lab.training.restart import RESTARTED

# Steps of one call from which XLA's compilation pays within it, and in a call on a
# model that was trained before (benchmarks/first_calls.py). Below the second, a
# compilation that was not made ahead takes longer than plain `model.fit`.
ENOUGH = 4000
ENOUGH_AGAIN = 900
LAYERS = (
    keras.layers.Dense,
    keras.layers.BatchNormalization,
    keras.layers.LayerNormalization,
)


class Choice(NamedTuple):
    """How the steps of a `fit` are compiled.

    Attributes:
        now: Whether XLA compiles them.
        ahead: Whether XLA compiles beside them for the next call, which changes none
            of their bits.
    """

    now: bool
    ahead: bool = False


def choose(model: keras.Model, steps: int, callbacks: list) -> Choice:
    """Chooses by what the call is: the model, what it has done, and the steps.

    It made the steps of dense networks two to three times as fast and those of
    convolutions 30 times as slow, for about a second of compilation
    (benchmarks/fit.py --slow). So a call of many steps has it; and a shorter one where
    the optimizer has made steps before: such a model is trained call by call. The first
    of those calls runs at once, while XLA compiles for the others beside it.

    Args:
        model: A compiled model.
        steps: Of the call.
        callbacks: Of the call. One that works inside the step has it traced anew in
            each call, so that no program outlives one.
    """
    if model.jit_compile:
        return Choice(True)
    if steps < ENOUGH_AGAIN or not _is_dense(model):
        return Choice(False)
    if steps >= ENOUGH:
        return Choice(True)
    if any(hasattr(callback, "works_between_steps") for callback in callbacks):
        return Choice(False)
    optimizer: Any = getattr(model, "optimizer", None)
    done = getattr(optimizer, "iterations", None)
    if done is None:  # the train step has optimizers of its own
        return Choice(False)
    if int(done):
        return Choice(True)
    return Choice(False, ahead=model not in RESTARTED and has_a_core_to_spare())


def _is_dense(model: keras.Model) -> bool:
    layers = [layer for layer in model._flatten_layers() if layer.weights]
    parts = [layer for layer in layers if not isinstance(layer, keras.Model)]
    return all(isinstance(layer, LAYERS) for layer in parts)


def has_a_core_to_spare() -> bool:
    """Whether XLA can compile beside a training without taking its processor.

    Not on a busy machine, and not in a worker of a sweep, which has one thread and
    other workers beside it. What is not compiled ahead is compiled when it is needed.
    """
    cores = machine.cores()
    if keras.backend.backend() != "tensorflow" or cores < 2:
        return False
    if machine.running_beside() > cores - 2:  # one trains, one compiles
        return False
    import tensorflow as tf

    threads = tf.config.threading.get_intra_op_parallelism_threads()
    return 1 not in (threads, int(os.environ.get("TF_NUM_INTRAOP_THREADS") or 0))
