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

    def gathered(arrays, order, first, size: int):
        rows = jax.lax.dynamic_slice_in_dim(order, first, size)
        data = jax.tree.map(lambda array: array[rows], arrays)
        return data if len(data) > 1 else data[0]

    def one(state, arrays, order, first, size: int):
        return step(state, gathered(arrays, order, first, size))

    def block(state, arrays, order, first, size: int, steps, logs):
        structure = jax.tree.structure(state)

        def body(index, carried):
            logs, new = one(carried[1], arrays, order, first + index * size, size)
            return logs, jax.tree.unflatten(structure, jax.tree.leaves(new))

        return jax.lax.fori_loop(0, steps, body, (logs, state))

    compiled = {"static_argnames": "size", "donate_argnums": 0}
    one_by_one, at_once = jax.jit(one, **compiled), jax.jit(block, **compiled)
    traced = jax.make_jaxpr(one, static_argnums=4, return_shape=True)
    loops, empty = True, None

    def program(rows, xla, state):
        nonlocal loops, empty
        logs = {}
        for first, size, steps in rows.take(whole=True):
            places = rows.arrays, rows.order
            if empty is None:
                found, (logs, _) = traced(state, *places, first, size)
                empty = jax.tree.map(lambda x: jax.numpy.zeros(x.shape, x.dtype), logs)
                loops = not _slow_in_a_loop(found)
            if loops:
                logs, state = at_once(state, *places, first, size, steps, empty)
                continue
            for index in range(steps):
                logs, state = one_by_one(state, *places, first + index * size, size)
        return logs, state

    return program


def _slow_in_a_loop(traced: Any) -> bool:
    """Whether steps are called one by one: they have convolutions, on a processor.

    There XLA compiles the convolutions of a loop to code that is many times slower.
    """
    import jax

    if jax.default_backend() != "cpu":
        return False
    for equation in traced.eqns:
        if equation.primitive.name == "conv_general_dilated":
            return True
        inner = jax.tree.leaves(equation.params, is_leaf=lambda x: hasattr(x, "eqns"))
        inner = [getattr(one, "jaxpr", one) for one in inner]
        if any(_slow_in_a_loop(one) for one in inner if hasattr(one, "eqns")):
            return True
    return False


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
