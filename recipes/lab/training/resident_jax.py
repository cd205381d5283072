"""Blocks of train steps as one JAX program."""

from collections.abc import Callable

import jax


def program_of(step: Callable) -> Callable:
    """Makes a program that trains on resident rows.

    Args:
        step: A model's `train_step` of now.

    Returns:
        A function of `ResidentArrays` and the state, which runs the next call's
        steps and returns the logs of the last one and the new state.
    """

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
