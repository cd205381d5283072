"""Blocks of train or test steps as one TensorFlow function."""

from collections.abc import Callable

import tensorflow as tf


def program_of(step: Callable, xla: bool) -> Callable:
    """Makes a program that runs steps over resident rows.

    Args:
        step: A model's `train_step` or `test_step` of now.
        xla: Whether XLA compiles the program.

    Returns:
        A function of `ResidentArrays` that runs the next call's steps and returns
        the logs of the last one.
    """
    traced = tf.function(
        lambda data: step(data), autograph=False, reduce_retracing=True
    )

    def block(arrays, order, first, steps, size: int, whole: bool):
        def batch(index):
            start = first + index * size
            # Not a slice: XLA would compile it anew for every place it starts at.
            places = start + tf.range(size)
            rows = tf.gather(order, places) if whole else order[start:][:size]
            data = tf.nest.map_structure(lambda array: tf.gather(array, rows), arrays)
            return data if len(data) > 1 else data[0]

        def body(index, _):
            return index + 1, traced(batch(index))

        logs = traced.get_concrete_function(batch(0)).structured_outputs
        logs = tf.nest.map_structure(lambda log: tf.zeros(log.shape, log.dtype), logs)
        return tf.while_loop(
            lambda index, _: index < steps, body, (0, logs), parallel_iterations=1
        )[1]

    options = {"autograph": False, "reduce_retracing": True}
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
