"""Four ways: the same loop in Keras, TensorFlow, JAX and PyTorch, to the same weights.

Zero the gradients, run forward, compute the loss, go backward, update: a library may
hide a step or give it another name. In PyTorch all five are lines. A TensorFlow tape
and `jax.value_and_grad` return new gradients each time, so there is nothing to zero.
Keras's `fit` is the whole loop. Given one start and one order of the batches, all of
them end with the same weights.

Keras runs on one backend a process, so JAX and PyTorch stand here without Keras, and
each function alone is a loop to begin a project of your own with. A library that isn't
installed is not judged.
"""

import importlib.util

import keras
import numpy as np

from recipes.lab import Finding, claim, experiment, figures, main, stats
from recipes.practice.training_loop._by_hand import (
    BATCH,
    RATE,
    UNITS,
    apart,
    batches,
    descend,
    start,
)

Weights = list[np.ndarray]
Batches = list[tuple[np.ndarray, np.ndarray]]


def with_keras(weights: Weights, data: Batches) -> Weights:
    """`fit` is the loop: `compile` names the loss and the update."""
    inputs, classes = weights[0].shape[0], weights[2].shape[1]
    model = keras.Sequential(
        [
            keras.layers.Input((inputs,)),
            keras.layers.Dense(UNITS, activation="relu"),
            keras.layers.Dense(classes),
        ]
    )
    model.set_weights(weights)
    model.compile(
        keras.optimizers.SGD(RATE),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    x, y = (np.concatenate(parts) for parts in zip(*data, strict=True))
    model.fit(x, y, batch_size=BATCH, shuffle=False, verbose=0)  # type: ignore[arg-type]
    return model.get_weights()


def with_tensorflow(weights: Weights, data: Batches) -> Weights:
    """A tape records the forward pass; its gradients are new ones at every step."""
    import tensorflow as tf

    variables = [tf.Variable(weight) for weight in weights]

    @tf.function
    def step(x, y):
        with tf.GradientTape() as tape:
            first, bias, second, bias_2 = variables
            logits = tf.nn.relu(x @ first + bias) @ second + bias_2  # forward
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(y, logits)
            loss = tf.reduce_mean(losses)
        slopes = tape.gradient(loss, variables)  # backward
        for variable, slope in zip(variables, slopes, strict=True):
            variable.assign_sub(RATE * slope)  # update

    for x, y in data:
        step(tf.constant(x), tf.constant(y))
    return [variable.numpy() for variable in variables]


def with_jax(weights: Weights, data: Batches) -> Weights:
    """Nothing is changed in place: a step takes weights and returns new ones."""
    import jax
    import jax.numpy as jnp

    def mean_loss(values, x, y):
        first, bias, second, bias_2 = values
        logits = jax.nn.relu(x @ first + bias) @ second + bias_2  # forward
        log_p = jax.nn.log_softmax(logits)
        return -jnp.take_along_axis(log_p, y[:, None], axis=1).mean()

    @jax.jit
    def step(values, x, y):
        slopes = jax.grad(mean_loss)(values, x, y)  # backward
        return [value - RATE * slope for value, slope in zip(values, slopes)]  # noqa: B905

    values = [jnp.asarray(weight) for weight in weights]
    for x, y in data:
        values = step(values, x, y)
    return [np.asarray(value) for value in values]


def with_pytorch(weights: Weights, data: Batches) -> Weights:
    """All five steps are lines; a kernel is kept as (outputs, inputs)."""
    import torch

    inputs, classes = weights[0].shape[0], weights[2].shape[1]
    model = torch.nn.Sequential(
        torch.nn.Linear(inputs, UNITS),
        torch.nn.ReLU(),
        torch.nn.Linear(UNITS, classes),
    )
    with torch.no_grad():
        for parameter, weight in zip(model.parameters(), weights, strict=True):
            parameter.copy_(torch.tensor(weight.T))
    loss_of = torch.nn.CrossEntropyLoss()
    descent = torch.optim.SGD(model.parameters(), lr=RATE)
    for x, y in data:
        descent.zero_grad()  # or the gradients of the last step stay in the sum
        logits = model(torch.tensor(x))  # forward
        loss = loss_of(logits, torch.tensor(y).long())
        loss.backward()  # adds to each parameter's .grad
        descent.step()  # update
    return [parameter.detach().numpy().T for parameter in model.parameters()]


# The name, the module that it needs, and the loop.
WAYS = {
    "Keras's fit": ("keras", with_keras),
    "a TensorFlow tape": ("tensorflow", with_tensorflow),
    "JAX": ("jax", with_jax),
    "PyTorch": ("torch", with_pytorch),
}


@experiment
def trained(lab) -> dict[str, Weights | None]:
    """The weights by way after all steps; None where the library isn't installed."""
    data, found = lab.data(lab.like_digits), {}
    for way, (module, loop) in WAYS.items():
        here = importlib.util.find_spec(module) is not None
        found[way] = (
            loop(start(data), batches(data, lab.settings.steps)) if here else None
        )
    return found


# "Equal" allows for float32: sums in another order differ in the last of seven digits,
# and every step adds some of that.


@claim(
    "loop-four-ways",
    "The training loop is one procedure: from one start and on the same batches every "
    "library reaches the same weights.",
    says="is",
    notes="ours",
    scope="a ReLU network of 32 units on digits, 60 steps of SGD at rate 0.1, float32",
)
def same_weights(lab):
    """Compares the weights of every way with those of the loop in NumPy."""
    data, found = lab.data(lab.like_digits), trained(lab)
    hand = descend(data, lab.settings.steps)
    gaps = {way: apart(hand, weights) for way, weights in found.items() if weights}
    missing = [way for way, weights in found.items() if weights is None]
    conditions: dict = {
        way: stats.below(gap, stats.CLOSE_FLOAT32) for way, gap in gaps.items()
    }
    conditions |= {f"{way} (not judged: it is not installed)": None for way in missing}
    moved = apart(hand, [weight.astype(float) for weight in start(data)])
    return Finding(
        conditions,
        "After {steps} steps the weights differ from those in NumPy by at most "
        "{largest:.0e} of the largest weight; training moved them by {moved:.2f}. Not "
        "installed, and so not judged: {missing}.",
        figure=draw_apart,
        steps=lab.settings.steps,
        largest=max(gaps.values()),
        moved=moved,
        missing=missing or ["none"],
        relative_differences=gaps,
    )


def draw_apart(lab):
    """How far the weights of each way are from those in NumPy, step by step."""
    figure, axes = figures.new(width=7.8)
    data, steps = lab.data(lab.like_digits), lab.settings.steps
    counts = sorted({1, steps // 4, steps // 2, steps})
    hands = {count: descend(data, count) for count in counts}
    rows = {}
    for way, (module, loop) in WAYS.items():
        if importlib.util.find_spec(module) is not None:
            rows[way] = [
                apart(hand, loop(start(data), batches(data, count)))
                for count, hand in hands.items()
            ]
    lowest = max(1e-9, min(min(row) for row in rows.values()))
    axes.set(yscale="log", xlim=(0, steps), ylim=(lowest / 2, 3 * stats.CLOSE_FLOAT32))
    axes.axhline(stats.CLOSE_FLOAT32, color="#888888", linewidth=1)
    figures.curves(axes, list(hands), rows)
    equal = max(row[-1] for row in rows.values()) < stats.CLOSE_FLOAT32
    title = (
        f"{len(rows)} ways, one training: the weights differ by rounding alone"
        if equal
        else f"The weights of {len(rows)} ways differ by more than rounding"
    )
    label = "difference / largest weight"
    figures.describe(axes, title, "steps of SGD", label)
    lab.figure(
        "apart",
        figure,
        "Largest difference of the weights from those of the loop in NumPy, in "
        "float64. Gray: what counts as equal in float32.",
    )


if __name__ == "__main__":
    main(__file__)
