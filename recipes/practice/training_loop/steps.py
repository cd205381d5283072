"""Steps: what happens if one is left out, or comes at another time.

Each step of the loop leaves something that the next one reads. Where gradients add up,
as in PyTorch, the loop must zero them: left out, every update goes along the sum of all
gradients so far, which is momentum that never fades. Where each backward pass returns
new gradients, as on TensorFlow's tape, in JAX and in Keras, there is nothing to zero.

The adding up has its use, too: gradients of several small batches add up to that of a
large one.
"""

import importlib.util

import numpy as np

from recipes.lab import Finding, claim, experiment, figures, main, stats
from recipes.practice.training_loop._by_hand import (
    RATE,
    Network,
    apart,
    batches,
    descend,
    start,
)

# The orders of the five steps that are tried.
USUAL = ("zero", "forward", "loss", "backward", "update")
ORDERS = {
    "the notes' order": USUAL,
    "the update before the backward pass": (
        "zero", "forward", "loss", "update", "backward",
    ),
    "zeroed between backward pass and update": (
        "forward", "loss", "backward", "zero", "update",
    ),
    "zeroed at the end": ("forward", "loss", "backward", "update", "zero"),
    "never zeroed": ("forward", "loss", "backward", "update"),
}  # fmt: skip
LAST, NEVER = "zeroed at the end", "never zeroed"
CHANGES = 0.01  # of the largest weight: far above rounding, it is another training


def in_order(order: tuple[str, ...], data, steps: int) -> tuple[list, list[float]]:
    """Trains a network whose gradients add up, with the steps in some order.

    Args:
        order: Some of `USUAL`, in any order; the loss comes with the forward pass.
        data: A `Dataset` of images.
        steps: How many times.

    Returns:
        The weights, and the loss of every batch.
    """
    if order.index("backward") < order.index("forward"):
        raise ValueError("the backward pass needs a forward pass before it")
    network, losses = Network(start(data)), []
    for x, y in batches(data, steps):
        for step in order:
            if step == "zero":
                network.zero_grad()
            elif step == "forward":
                losses.append(network.forward(x, y))
            elif step == "backward":
                network.backward()
            elif step == "update":
                network.update()
    return network.weights, losses


@experiment
def orders(lab) -> dict[str, tuple[list, list[float]]]:
    """Weights and losses by order."""
    data = lab.data(lab.like_digits)
    return {
        name: in_order(order, data, lab.settings.steps)
        for name, order in ORDERS.items()
    }


@claim(
    "loop-steps-in-order",
    "A training step zeroes the gradients, runs forward, computes the loss, goes "
    "backward and updates the weights, in this order.",
    says="is",
    notes="002",
    scope="a ReLU network of 32 units on digits, 60 steps of SGD, gradients that add "
    "up; in NumPy",
)
def order_matters(lab):
    """Trains in the notes' order and in others."""
    found, data = orders(lab), lab.data(lab.like_digits)
    hand = descend(data, lab.settings.steps)
    gaps = {name: apart(hand, weights) for name, (weights, _) in found.items()}
    usual, early, between, *_ = ORDERS
    ends = {name: losses[-1] for name, (_, losses) in found.items()}
    return Finding(
        {
            "in this order: gradient descent": gaps[usual] < stats.EXACT,
            f"{early}: other weights": stats.above(gaps[early], CHANGES),
            f"{between}: other weights": stats.above(gaps[between], CHANGES),
        },
        "Zeroed before the update, a step does nothing: the losses end at {ends:.2f}. "
        "One thing may move: zeroed at the end, after the update, the weights are the "
        "same ({last:.0e} apart).",
        figure=draw_orders,
        ends=ends,
        last=gaps[LAST],
        relative_differences=gaps,
    )


def by_heavy_momentum(data, steps: int) -> list[np.ndarray]:
    """SGD with momentum 1: v ← v + g, w ← w - ηv; nothing of v ever fades."""
    network = Network(start(data))
    speeds = [np.zeros_like(weight) for weight in network.weights]
    for x, y in batches(data, steps):
        network.zero_grad()
        network.forward(x, y)
        network.backward()
        for speed, slope in zip(speeds, network.grads, strict=True):
            speed += slope
        network.grads = speeds
        network.update()
    return network.weights


def summed_small_batches(data, parts: int = 4) -> float:
    """How far the sum of small batches' gradients is from the large batch's gradient.

    The mean over a batch divides by its size: the sum of `parts` means is `parts` times
    the mean over all.
    """
    ((x, y),) = batches(data, 1)
    large, small = Network(start(data)), Network(start(data))
    large.forward(x, y)
    large.backward()
    for rows in np.split(np.arange(len(y)), parts):
        small.forward(x[rows], y[rows])
        small.backward()
    return apart(large.grads, [slope / parts for slope in small.grads])


def adds_up_in_pytorch() -> float | None:
    """What d(w²)/dw at 3 is after a second backward pass; None without PyTorch."""
    if importlib.util.find_spec("torch") is None:
        return None
    import torch

    w = torch.tensor(3.0, requires_grad=True)
    for _ in range(2):
        (w * w).backward()
    return float(w.grad)  # type: ignore[arg-type]


def adds_up_on_a_tape() -> float | None:
    """The same on TensorFlow's tape; None without TensorFlow."""
    if importlib.util.find_spec("tensorflow") is None:
        return None
    import tensorflow as tf

    w, found = tf.Variable(3.0), None
    for _ in range(2):
        with tf.GradientTape() as tape:
            loss = w * w
        found = tape.gradient(loss, w)
    return float(found)  # type: ignore[arg-type]


def adds_up_in_jax() -> float | None:
    """The same in JAX; None without JAX."""
    if importlib.util.find_spec("jax") is None:
        return None
    import jax

    slope = jax.grad(lambda w: w * w)
    return [float(slope(3.0)) for _ in range(2)][-1]


ONCE = 6.0  # d(w²)/dw at 3; added up twice it is 12


@claim(
    "loop-zero-gradients",
    "In PyTorch, set the gradients to zero at the start of every training step.",
    says="is",
    notes="002",
    scope="the loop on digits in NumPy; two backward passes of w² in each library",
)
def zero_first(lab):
    """Asks each library whether a second backward pass adds to the first."""
    slopes = {
        "PyTorch": adds_up_in_pytorch(),
        "TensorFlow's tape": adds_up_on_a_tape(),
        "JAX": adds_up_in_jax(),
    }
    data, steps = lab.data(lab.like_digits), lab.settings.steps
    never, losses = orders(lab)[NEVER]
    # The notes' loop is PyTorch's. The other libraries are shown beside it.
    added = slopes["PyTorch"]
    return Finding(
        {"not judged: it is not installed": None}
        if added is None
        else {"gradients add up unless zeroed": added == 2 * ONCE},
        "A second backward pass of w² at 3 gives {slopes} (once: 6). Never zeroed, the "
        "loop is momentum of 1 to {heavy:.0e}. Its last loss is {last:.2f} nats; "
        "zeroed, it is {usual:.2f}. The sum of four quarter batches is the whole "
        "batch's gradient to {parts:.0e}.",
        figure=draw_orders,
        slopes={
            name: "not installed" if value is None else f"{value:g}"
            for name, value in slopes.items()
        },
        heavy=apart(by_heavy_momentum(data, steps), never),
        last=losses[-1],
        usual=orders(lab)["the notes' order"][1][-1],
        parts=summed_small_batches(data),
        rate=RATE,
    )


def draw_orders(lab):
    """The loss of every batch, by order of the steps."""
    figure, axes = figures.new(width=9.4)
    steps = lab.settings.steps
    axes.set(yscale="log", xlim=(1, steps))
    # The two orders that are the same training would hide each other.
    rows = {name: row for name, (_, row) in orders(lab).items() if name != LAST}
    figures.curves(axes, range(1, steps + 1), rows)
    idle = sum(
        apart(weights, start(lab.data(lab.like_digits))) == 0
        for weights, _ in orders(lab).values()
    )
    title = f"{idle} orders learn nothing; never zeroed is momentum that never fades"
    figures.describe(axes, title, "step", "loss of the batch (nats)")
    lab.figure(
        "orders",
        figure,
        "Loss of every batch where gradients add up, by the order of the five steps.",
    )


if __name__ == "__main__":
    main(__file__)
