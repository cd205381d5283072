"""Unrolled: back-propagation through time is plain back-propagation.

A SimpleRNN over ten steps is a network of ten layers that share their weights. Give
each layer a copy of its own: the gradient of the shared weights is the sum of the
copies' gradients. Walking back through these layers by hand gives the gradient that
Keras computes, to the last digits.

The copies also show what a sum hides: how much of the gradient comes from which step.
The picture `shares` shows how little of it the early steps contribute.
"""

import keras
import numpy as np
from keras import ops

from recipes.architectures.recurrent._rounding import rounding
from recipes.lab import (
    Finding,
    claim,
    experiment,
    figures,
    gradients,
    main,
    reseed,
)

UNITS, FEATURES, STEPS, ROWS = 8, 3, 10, 16
LONG = 40  # steps of the picture
CELLS = {
    "SimpleRNN": keras.layers.SimpleRNN,
    "GRU": keras.layers.GRU,
    "LSTM": keras.layers.LSTM,
}


def task(seed: int, steps: int = STEPS) -> tuple[np.ndarray, np.ndarray]:
    """Random sequences, and what the last state should be: (x, y)."""
    rng = np.random.default_rng([seed, 52])
    return rng.normal(size=(ROWS, steps, FEATURES)), rng.normal(size=(ROWS, UNITS))


def weights(seed: int, cell: str = "SimpleRNN") -> list[np.ndarray]:
    """Draws a layer's weights as Keras does, and biases that are not zero."""
    reseed(seed)
    one = CELLS[cell](UNITS, dtype="float64")
    one.build((None, None, FEATURES))
    *kernels, bias = one.get_weights()
    rng = np.random.default_rng([seed, 53])
    return [*kernels, 0.1 * rng.normal(size=bias.shape)]


def by_hand(x, y, kernel, recurrent_kernel, bias) -> list[np.ndarray]:
    """Back-propagates through a SimpleRNN's steps, in NumPy.

    Forward: hₜ = tanh(xₜ W + hₜ₋₁ U + b), and the loss is the sum of (h_T - y)²/2.
    Backward: δ at a step is what reaches its sum. It goes to the weights of that step,
    and through U to the step before.

    Returns:
        What each step's copy of W, U and b gets: arrays (steps, ...).
    """
    states = [np.zeros((len(x), UNITS))]
    for step in range(x.shape[1]):
        into = x[:, step] @ kernel + states[-1] @ recurrent_kernel + bias
        states.append(np.tanh(into))
    reaching = states[-1] - y
    copies = []
    for step in reversed(range(x.shape[1])):
        delta = reaching * (1 - states[step + 1] ** 2)
        copies.append((x[:, step].T @ delta, states[step].T @ delta, delta.sum(0)))
        reaching = delta @ recurrent_kernel.T
    return [np.array(part) for part in zip(*copies[::-1], strict=True)]


def of_copies(x, y, *shared: np.ndarray) -> list[np.ndarray]:
    """Differentiates the unrolled network: a layer and weights of its own a step."""
    steps, target = x.shape[1], ops.convert_to_tensor(y)
    values = [np.repeat(value[None], steps, 0) for value in shared]

    def loss(copies):
        kernels, recurrent_kernels, biases = copies
        state = ops.zeros((len(x), UNITS), dtype="float64")
        for step in range(steps):
            into = ops.matmul(x[:, step], kernels[step]) + biases[step]
            state = ops.tanh(into + ops.matmul(state, recurrent_kernels[step]))
        return ops.sum((state - target) ** 2) / 2

    return gradients(loss, values)


def of_keras(cell: str, x, y, shared, *, unroll: bool = False) -> list[np.ndarray]:
    """Differentiates a Keras layer that loops over the steps, or is written out."""
    one = CELLS[cell](UNITS, dtype="float64", unroll=unroll)
    one.build(x.shape)
    others = [variable.value for variable in one.non_trainable_variables]
    inputs, target = ops.convert_to_tensor(x), ops.convert_to_tensor(y)

    def loss(values):
        output, _ = one.stateless_call(values, others, inputs)
        return ops.sum((output - target) ** 2) / 2

    return gradients(loss, shared)


def distance(first, second) -> float:
    """The largest difference of gradients, relative to the largest of them."""
    largest = max(float(np.abs(value).max()) for value in first)
    pairs = zip(first, second, strict=True)
    return max(float(np.abs(one - other).max()) for one, other in pairs) / largest


# Unrolled and looped gradients are sums of the same terms in another order, so they may
# differ by rounding alone.


@claim(
    "rnn-bptt",
    "Recurrent networks are trained by back-propagation through time: the network is "
    "unrolled over its steps and differentiated.",
    says="is",
    notes="002",
    scope="8 units over 10 steps, random weights in float64; nothing is trained",
)
def is_back_propagation(lab):
    """By hand, by copies of the weights, and by Keras's loop and unrolled layer."""
    seed = lab.seeds[0]
    (x, y), shared = task(seed), weights(seed)
    hand = by_hand(x, y, *shared)
    summed = [part.sum(0) for part in hand]
    looped = of_keras("SimpleRNN", x, y, shared)
    gaps = {
        "each step by hand = each copy of the unrolled network": distance(
            hand, of_copies(x, y, *shared)
        ),
        "the copies' sum = the gradient of Keras's SimpleRNN": distance(summed, looped),
    }
    for cell in CELLS:
        own = weights(seed, cell)
        gaps[f"Keras's {cell}: looped = unrolled"] = distance(
            of_keras(cell, x, y, own), of_keras(cell, x, y, own, unroll=True)
        )
    share = shares(lab)
    return Finding(
        {words: gap < rounding() for words, gap in gaps.items()},
        "By hand, unrolled and in Keras the gradients agree to {largest:.0e}. Of the "
        "recurrent kernel's gradient over {long} steps the copies of the last ten "
        "bring {last_ten:.1%} (by norms, before training).",
        figure=draw_shares,
        largest=max(gaps.values()),
        long=LONG,
        last_ten=float((share[:, -10:].sum(1) / share.sum(1)).mean()),
        relative_differences=gaps,
    )


@experiment
def shares(lab) -> np.ndarray:
    """Norms of what each step's copy of the recurrent kernel gets, (seeds, steps)."""
    rows = []
    for seed in lab.seeds:
        _, copies, _ = by_hand(*task(seed, LONG), *weights(seed))
        rows.append(np.linalg.norm(copies, axis=(1, 2)))
    return np.array(rows)


def draw_shares(lab):
    """How much each step contributes to the recurrent kernel's gradient."""
    figure, axes = figures.new(width=7.4)
    axes.set(yscale="log", xlim=(1, LONG - 1))
    # The first step has no state before it, so its copy gets nothing.
    found, back = shares(lab)[:, :0:-1], range(1, LONG)
    means = found.mean(0)
    axes.plot(back, means, color=figures.COLORS[0])
    low, high = found.min(0), found.max(0)
    axes.fill_between(back, low, high, color=figures.COLORS[0], alpha=0.15, lw=0)
    title = (
        f"Ten steps back, a step adds {means[10] / means[0]:.0%} of what the last one "
        "adds"
    )
    figures.describe(
        axes, title, "step, counted from the end (1: the last)", "gradient norm"
    )
    lab.figure(
        "shares",
        figure,
        "Norm of the gradient of each step's copy of the recurrent kernel, for a loss "
        "at the end; mean and range over seeds.",
    )


if __name__ == "__main__":
    main(__file__)
