"""Many steps of a model as one program, for TensorFlow and for JAX."""

from collections.abc import Callable

import keras

from recipes.lab.training.arrays import change


def program_of(step: Callable, xla: bool) -> Callable:
    """Makes a program that runs steps over resident rows.

    Args:
        step: A model's `train_step` or `test_step` of now.
        xla: Whether XLA compiles the program; on JAX it always does.

    Returns:
        A function of `ResidentArrays`, and on JAX of the state, that runs the next
        call's steps and returns the logs of the last one, and on JAX the new state.
    """
    if keras.backend.backend() == "jax":
        return _jax_program(step)
    return _tensorflow_program(step, xla)


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

    def program(rows, state):
        logs = {}
        for first, size, steps in rows.take(whole=True):
            logs, state = block(state, rows.arrays, rows.order, first, steps, size)
        return logs, state

    return program


def _tensorflow_program(step: Callable, xla: bool) -> Callable:
    import tensorflow as tf

    options = {"autograph": False, "reduce_retracing": True}
    traced = tf.function(lambda data: step(data), **options)

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

    graph = tf.function(block, **options)
    compiled = tf.function(block, jit_compile=True, **options) if xla else graph

    def program(rows):
        batch_size = rows.batches.batch_size
        whole = xla or not rows.batches.samples % batch_size
        logs = {}
        for first, size, steps in rows.take(whole=whole):
            # A smaller last batch, one step, is not worth a second compilation.
            run = compiled if size == batch_size else graph
            first, steps = tf.constant(first), tf.constant(steps)
            logs = run(rows.arrays, rows.order, first, steps, size, whole)
        return logs

    return program
