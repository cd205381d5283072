"""Many steps of a model as one program, for TensorFlow and for JAX."""

from collections.abc import Callable
from typing import Any

import keras

from recipes.lab.training.arrays import change
from recipes.lab.training.compiled_beside import compile_beside
from recipes.lab.training.resident_rows import ResidentRows

OPTIONS = {"autograph": False, "reduce_retracing": True}  # of functions of TensorFlow


def program_of(step: Callable) -> Any:
    """Makes a program that runs steps over resident rows.

    Args:
        step: A model's `train_step` or `test_step` of now.

    Returns:
        A function of `ResidentRows`, of whether XLA compiles the steps (on JAX it
        always does), and on JAX of the state, that runs the next call's steps and
        returns the logs of the last one, and on JAX the new state.
    """
    if keras.backend.backend() == "jax":
        return _jax_program(step)
    return _TensorFlowProgram(step)


def _jax_program(step: Callable) -> Callable:
    import jax

    def block(state, arrays, order, first, steps, size: int):
        structure = jax.tree.structure(state)

        def batch(index):
            rows = jax.lax.dynamic_slice_in_dim(order, first + index * size, size)
            data = jax.tree.map(lambda array: array[rows], arrays)
            return data if len(data) > 1 else data[0]

        def body(index, carried):
            logs, new = step(carried[1], batch(index))
            return logs, jax.tree.unflatten(structure, jax.tree.leaves(new))

        logs = jax.eval_shape(lambda: step(state, batch(0))[0])
        logs = jax.tree.map(lambda log: jax.numpy.zeros(log.shape, log.dtype), logs)
        return jax.lax.fori_loop(0, steps, body, (logs, state))

    block = jax.jit(block, static_argnames="size", donate_argnums=0)

    def program(rows, xla, state):
        logs = {}
        for first, size, steps in rows.take(whole=True):
            logs, state = block(state, rows.arrays, rows.order, first, steps, size)
        return logs, state

    return program


class _TensorFlowProgram:
    """Steps as a graph, and as what XLA compiles, each traced when it is needed."""

    def __init__(self, step: Callable):
        import tensorflow as tf

        self.graph = tf.function(_block(step), **OPTIONS)
        block = _block(step)
        self.compiled = tf.function(block, jit_compile=True, **OPTIONS)
        # A smaller last batch, one step, is not worth a second compilation.
        self.last = tf.function(block, **OPTIONS)
        self._wait: Callable[[], None] | None = None

    def __call__(self, rows: ResidentRows, xla: bool) -> dict:
        size, logs = rows.batches.batch_size, {}
        whole = xla or not rows.batches.samples % size
        if xla and self._wait:
            self._wait()
        for first, own, steps in rows.take(whole):
            run = self.compiled if own == size else self.last
            run = run if xla else self.graph
            logs = run(*_arguments(rows, first, steps, own, whole))
        return logs

    def compile_ahead(self, rows: ResidentRows) -> None:
        """Lets XLA compile while the graph trains on the same rows."""
        samples, size = rows.batches.samples, rows.batches.batch_size
        if self._wait is None and samples >= size:
            nothing = _arguments(rows, 0, 0, size, True)
            self._wait = compile_beside(self.compiled, nothing)
            if rest := samples % size:
                self.last.get_concrete_function(*_arguments(rows, 0, 1, rest, True))


def _arguments(rows, first: int, steps: int, size: int, whole: bool) -> tuple:
    import tensorflow as tf

    numbers = tf.constant(first), tf.constant(steps)
    return rows.arrays, rows.order, *numbers, size, whole


def _block(step: Callable) -> Callable:
    """Returns a function of TensorFlow that runs steps one after the other."""
    import tensorflow as tf

    traced = tf.function(lambda data: step(data), **OPTIONS)

    def block(arrays, order, first, steps, size: int, whole: bool):
        def batch(index):
            start = first + index * size
            # Not a slice: XLA would compile it anew for every place it starts at.
            places = start + tf.range(size)
            rows = tf.gather(order, places) if whole else order[start:][:size]
            data = change(lambda array: tf.gather(array, rows), arrays)
            return data if len(data) > 1 else data[0]

        def body(index, _):
            return index + 1, traced(batch(index))

        logs = traced.get_concrete_function(batch(0)).structured_outputs
        logs = tf.nest.map_structure(lambda log: tf.zeros(log.shape, log.dtype), logs)
        return tf.while_loop(
            lambda index, _: index < steps, body, (0, logs), parallel_iterations=1
        )[1]

    return block
