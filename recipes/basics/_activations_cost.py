"""What an activation costs: paired, alternated timings."""

import time
from collections.abc import Callable

import keras
import numpy as np
from keras import activations, ops

from recipes.lab import figures, stats

FUNCTIONS = {
    "leaky ReLU": activations.leaky_relu,
    "tanh": activations.tanh,
    "sigmoid": activations.sigmoid,
    "ELU": activations.elu,
    "swish": activations.silu,
    "softplus": activations.softplus,
    "softmax": activations.softmax,
}
DEAR = ("sigmoid", "swish", "softplus", "softmax")  # what the notes call expensive
CALLS = 3  # of which the fastest counts: the others were interrupted
ROW = 256  # numbers a softmax runs over
BATCH = 512  # rows that reach the Dense layer
LAYER = "in a Dense layer, with gradient"


def compiled(function: Callable) -> Callable:
    """Returns the function as the backend runs it in a training step."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        return tf.function(function)
    if backend == "jax":
        import jax

        quick = jax.jit(function)
        return lambda *arrays: quick(*arrays).block_until_ready()
    return function


def with_gradient(function: Callable) -> Callable:
    """Returns x -> the gradient of the sum of squares of the function at x, halved."""
    backend = keras.backend.backend()

    def loss(x):
        return 0.5 * ops.sum(ops.square(function(x)))

    if backend == "tensorflow":
        import tensorflow as tf

        def gradient(x):
            with tf.GradientTape() as tape:
                tape.watch(x)
                value = loss(x)
            return tape.gradient(value, x)

        return gradient
    if backend == "jax":
        import jax

        return jax.grad(loss)
    import torch

    def gradient_of(x):
        x = x.detach().requires_grad_()
        return torch.autograd.grad(loss(x), x)[0]

    return gradient_of


def fastest(function: Callable, x) -> float:
    """Returns the seconds of the fastest of a few calls."""
    taken = []
    for _ in range(CALLS):
        start = time.perf_counter()
        function(x)
        taken.append(time.perf_counter() - start)
    return min(taken)


def alternate(functions: dict[str, Callable], x, rounds: int) -> dict[str, np.ndarray]:
    """Times all functions in turn, many times over; seconds (rounds,) each.

    A machine that is busy for a while slows neighbors in time alike, so that the
    ratio within one round stays fair. Every other round runs backwards.
    """
    for function in functions.values():
        function(x)
    taken = {name: [] for name in functions}
    for index in range(rounds):
        order = list(functions)[:: 1 if index % 2 else -1]
        for name in order:
            taken[name].append(fastest(functions[name], x))
    return {name: np.array(values) for name, values in taken.items()}


def judge(lab) -> None:
    """Compares every activation with ReLU, alone and in a layer."""
    rng = np.random.default_rng(0)
    rows = max(1, lab.settings.elements // ROW)
    x = ops.convert_to_tensor(rng.normal(size=(rows, ROW)).astype("float32"))
    kernel = ops.convert_to_tensor(rng.normal(0, 0.06, (ROW, ROW)).astype("float32"))
    every = {"ReLU": activations.relu, "none": activations.linear, **FUNCTIONS}
    programs = {
        "forward": {n: compiled(f) for n, f in every.items()},
        "with gradient": {n: compiled(with_gradient(f)) for n, f in every.items()},
        LAYER: {
            n: compiled(with_gradient(lambda v, f=f: f(ops.matmul(v, kernel))))
            for n, f in every.items()
        },
    }
    found, times = {}, {}
    lab.alone()
    for way, functions in programs.items():
        numbers = x[:BATCH] if way == LAYER else x
        seconds = alternate(functions, numbers, lab.settings.rounds)
        times[way] = {
            n: 1e9 * float(np.median(s)) / (len(numbers) * ROW)
            for n, s in seconds.items()
        }
        # Ratios are compared as logarithms: twice and half are equally far from 1.
        found[way] = {
            name: stats.paired(np.log(seconds[name]), np.log(seconds["ReLU"]))
            for name in seconds
            if name != "ReLU"
        }
    _verdict(lab, found, times)
    draw(lab, found)


def ratio(comparison) -> list[float]:
    """Returns the ratio of times with the ends of its interval."""
    ends = (comparison.mean, comparison.low, comparison.high)
    return [float(np.exp(value)) for value in ends]


def _verdict(lab, found, times) -> None:
    alone = {way: found[way] for way in ("forward", "with gradient")}
    layer = found[LAYER]
    span = [ratio(way[name])[0] for way in alone.values() for name in DEAR]
    inside = [ratio(layer[name])[0] for name in DEAR]
    lab.verdict(
        "relu-computational-cost",
        {
            f"{name} takes longer, {way}": comparisons[name].positive
            for way, comparisons in alone.items()
            for name in DEAR
        },
        evidence={
            "time_over_ReLU_mean_low_high": {
                way: {name: ratio(c) for name, c in comparisons.items()}
                for way, comparisons in found.items()
            },
            "ns_a_number": times,
            "rounds": lab.settings.rounds,
            "numbers": lab.settings.elements,
        },
        note=f"Alone, sigmoid, swish, softplus and softmax take {min(span):.1f} to "
        f"{max(span):.1f} times ReLU's time; in a Dense layer of {ROW} units, gradient "
        f"included, {min(inside):.2f} to {max(inside):.2f} times. With no activation "
        f"that layer takes {ratio(layer['none'])[0]:.2f} of its time with ReLU.",
    )


def draw(lab, found) -> None:
    """Draws the ratios with their intervals."""
    figure, axes = figures.new(width=7.2, height=4.4)
    for index, (way, comparisons) in enumerate(found.items()):
        center, low, high = np.array([ratio(comparisons[n]) for n in FUNCTIONS]).T
        if lab.settings.rounds < 2:
            low = high = center
        place = np.arange(len(center)) + 0.22 * (index - 1)
        axes.errorbar(
            center, place, xerr=[center - low, high - center], label=way,
            fmt="os^"[index], color=figures.COLORS[index], markersize=5, capsize=3,
            linestyle="none",
        )  # fmt: skip
    axes.axvline(1, color="black", linewidth=1)
    axes.set_yticks(range(len(FUNCTIONS)), list(FUNCTIONS))
    axes.invert_yaxis()
    figures.describe(
        axes, "What an activation costs next to ReLU (line)", "time over ReLU's", ""
    )
    figures.legend(axes, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=3)
    lab.figure(
        "cost",
        figure,
        "Times over ReLU's from alternated pairs of timings, with 95 % intervals.",
    )
