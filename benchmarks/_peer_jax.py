"""JAX by hand, for the MLP: an epoch is one `lax.scan` over shuffled batches."""

import itertools

import _peer_works as works
import numpy as np
from _peer_worker import Contestant, serve

WIDTHS = (784, 128, 64, 10)


def build(work: works.Work) -> Contestant:
    import jax
    import jax.numpy as jnp
    import optax

    x, y = (jnp.asarray(array) for array in works.arrays(work))
    optimizer = optax.adam(1e-3, eps=1e-7)
    whole = work.samples // work.batch * work.batch

    def loss_of(parameters, images, classes):
        for kernel, bias in parameters[:-1]:
            images = jax.nn.relu(images @ kernel + bias)
        kernel, bias = parameters[-1]
        logits = images @ kernel + bias
        losses = optax.softmax_cross_entropy_with_integer_labels(logits, classes)
        return losses.mean()

    def step(state, images, classes):
        parameters, moments = state
        loss, gradients = jax.value_and_grad(loss_of)(parameters, images, classes)
        updates, moments = optimizer.update(gradients, moments, parameters)
        return (optax.apply_updates(parameters, updates), moments), loss * len(images)

    def epoch(state, x, y, order):
        state, losses = jax.lax.scan(
            lambda state, rows: step(state, x[rows], y[rows]),
            state,
            order[:whole].reshape(-1, work.batch),
        )
        total = losses.sum()
        if whole < len(order):
            state, rest = step(state, x[order[whole:]], y[order[whole:]])
            total += rest
        return state, total / len(order)

    epoch = jax.jit(epoch, donate_argnums=0)
    parameters = [
        (jax.random.normal(key, shape) * np.sqrt(2 / shape[0]), jnp.zeros(shape[1]))
        for key, shape in zip(
            jax.random.split(jax.random.key(0), 3),
            itertools.pairwise(WIDTHS),
            strict=True,
        )
    ]
    count = sum(array.size for array in jax.tree.leaves(parameters))
    state = parameters, optimizer.init(parameters)

    def train(seed):
        nonlocal state
        for number in range(work.epochs):
            rng = np.random.default_rng([seed, number])
            state, loss = epoch(state, x, y, rng.permutation(work.samples))
        return loss  # the caller's float() waits for it

    about = {"parameters": count, "detail": "lax.scan"}
    return Contestant(train, lambda: about)


if __name__ == "__main__":
    serve("optax", build)
