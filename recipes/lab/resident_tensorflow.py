"""Blocks of train steps as one TensorFlow function."""

import tensorflow as tf


def train_program(model, xla: bool):
    """Makes a program that trains on resident rows.

    Args:
        model: A compiled model; its `train_step` of now is what is run.
        xla: Whether XLA compiles the program.

    Returns:
        A function of `ResidentArrays` that runs the next call's steps and returns
        the logs of the last one.
    """
    train_step = model.train_step
    step = tf.function(
        lambda data: train_step(data), autograph=False, reduce_retracing=True
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
            return index + 1, step(batch(index))

        logs = step.get_concrete_function(batch(0)).structured_outputs
        logs = tf.nest.map_structure(lambda log: tf.zeros(log.shape, log.dtype), logs)
        return tf.while_loop(
            lambda index, _: index < steps, body, (0, logs), parallel_iterations=1
        )[1]

    block = tf.function(
        block, autograph=False, jit_compile=xla or None, reduce_retracing=True
    )

    def program(rows):
        whole = xla or not rows.batches.samples % rows.batches.batch_size
        logs = {}
        for first, size, steps in rows.take(whole=whole):
            first, steps = tf.constant(first), tf.constant(steps)
            logs = block(rows.arrays, rows.order, first, steps, size, whole)
        return logs

    return program
