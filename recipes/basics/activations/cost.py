"""Cost: alone the others take several times ReLU's time, in a layer 1.5 at most.

ReLU compares with 0; sigmoid, swish, softplus and softmax take an exponential. Timed
alone, that shows. But an activation is never alone: it follows a matrix product with
hundreds of multiplications for each of its numbers, and next to that even an
exponential is a small part. The picture `cost` has both.

A machine that is busy for a while slows neighbors in time alike. So all functions are
timed in turn, many rounds over, and only ratios within a round are compared.
"""

import time
from collections.abc import Callable

import keras
import numpy as np
from keras import activations, ops

from recipes.lab import Finding, claim, experiment, figures, main, stats

FUNCTIONS = {
    "leaky ReLU": activations.leaky_relu,
    "tanh": activations.tanh,
    "sigmoid": activations.sigmoid,
    "ELU": activations.elu,
    "swish": activations.silu,
    "softplus": activations.softplus,
    "softmax": activations.softmax,
}
# What the notes call expensive; of ELU they say "more expensive than ReLU".
DEAR = ("sigmoid", "ELU", "swish", "softplus", "softmax")
BOTH = "forward and back"  # a training needs both: that is what is judged
FORWARD, LAYER = "forward", "in a Dense layer, forward and back"
LEVEL = 1 - 0.05 / len(DEAR)  # of the intervals that decide
CALLS = 3  # of which the fastest counts: the others were interrupted
ROW = 256  # numbers a softmax runs over, and units of the layer
BATCH = 512  # rows that reach the Dense layer


def compiled(function: Callable) -> Callable:
    """The function as the backend runs it in a training step."""
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
    """From x to the gradient of half the sum of squares of the function at x."""
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
    """The seconds of the fastest of a few calls."""
    taken = []
    for _ in range(CALLS):
        start = time.perf_counter()
        function(x)
        taken.append(time.perf_counter() - start)
    return min(taken)


def time_in_turn(functions: dict[str, Callable], x, rounds: int) -> dict[str, list]:
    """Times all functions in turn, every other round backwards; seconds by round."""
    for function in functions.values():
        function(x)
    taken = {name: [] for name in functions}
    for index in range(rounds):
        for name in list(functions)[:: 1 if index % 2 else -1]:
            taken[name].append(fastest(functions[name], x))
    return taken


@experiment(alone=True)
def seconds(lab) -> dict[str, dict[str, list]]:
    """Seconds by what is timed, by activation, by round."""
    rng = np.random.default_rng(0)
    rows = max(1, lab.settings.elements // ROW)
    x = ops.convert_to_tensor(rng.normal(size=(rows, ROW)).astype("float32"))
    kernel = ops.convert_to_tensor(rng.normal(0, 0.06, (ROW, ROW)).astype("float32"))
    every = {"ReLU": activations.relu, "none": activations.linear, **FUNCTIONS}

    def layer(function):
        return lambda v: function(ops.matmul(v, kernel))

    ways = {
        FORWARD: lambda function: compiled(function),
        BOTH: lambda function: compiled(with_gradient(function)),
        LAYER: lambda function: compiled(with_gradient(layer(function))),
    }
    return {
        way: time_in_turn(
            {name: make(function) for name, function in every.items()},
            x[:BATCH] if way == LAYER else x,
            lab.settings.rounds,
        )
        for way, make in ways.items()
    }


def times_of_relu(lab) -> dict[str, dict[str, stats.Decision]]:
    """Each activation's time over ReLU's, paired within a round, on logarithms."""
    return {
        way: {
            name: stats.greater(
                taken[name], taken["ReLU"], by=stats.TENTH, scale="log"
            ).at(LEVEL)
            for name in taken
            if name != "ReLU"
        }
        for way, taken in seconds(lab).items()
    }


@claim(
    "relu-computational-cost",
    "ReLU is cheaper to compute than sigmoid, ELU, swish, softplus and softmax.",
    says="is",
    notes="000 001 002 003",
    scope="a million numbers in float32 on this machine, alone and in a layer of 256 "
    "units",
)
def costs_more(lab):
    """Compares every activation with ReLU, alone and in a layer."""
    ratios = times_of_relu(lab)
    effects = {
        way: [ratios[way][name].effect for name in DEAR]
        for way in (FORWARD, BOTH, LAYER)
    }
    numbers = {"ns_a_number": {}, "rounds": lab.settings.rounds}
    for way, taken in seconds(lab).items():
        rows = max(1, lab.settings.elements // ROW)
        count = (min(rows, BATCH) if way == LAYER else rows) * ROW
        numbers["ns_a_number"][way] = {
            name: 1e9 * float(np.median(values)) / count
            for name, values in taken.items()
        }
    return Finding(
        {f"{name} takes longer": ratios[BOTH][name] for name in DEAR},
        "Alone, forward and back, they take {alone[0]:.1f} to {alone[1]:.1f} times "
        "ReLU's time (forward only {forward[0]:.1f} to {forward[1]:.1f}); in a Dense "
        "layer of {units} units {layer[0]:.2f} to {layer[1]:.2f} times. With no "
        "activation that layer takes {without:.2f} of its time with ReLU.",
        figure=draw_cost,
        alone=[min(effects[BOTH]), max(effects[BOTH])],
        forward=[min(effects[FORWARD]), max(effects[FORWARD])],
        layer=[min(effects[LAYER]), max(effects[LAYER])],
        units=ROW,
        without=ratios[LAYER]["none"].effect,
        time_over_relu=ratios,
        elements=lab.settings.elements,
        **numbers,
    )


def draw_cost(lab):
    """The ratios with the intervals that decide."""
    figure, axes = figures.new(width=7.6, height=4.6)
    for index, (way, ratios) in enumerate(times_of_relu(lab).items()):
        shown = [ratios[name] for name in FUNCTIONS]
        center = np.array([ratio.effect for ratio in shown])
        ends = [[r.effect - r.low for r in shown], [r.high - r.effect for r in shown]]
        place = np.arange(len(center)) + 0.22 * (index - 1)
        axes.errorbar(
            center,
            place,
            xerr=ends if lab.settings.rounds > 4 else None,
            label=way,
            fmt="os^"[index],
            color=figures.COLORS[index],
            markersize=5,
            capsize=3,
            linestyle="none",
        )
        if way == LAYER:
            dearest = max(center)
    axes.axvline(1, color="black", linewidth=1)
    axes.set_xscale("log")
    axes.set_xticks([0.5, 1, 2, 5, 10, 20], ["0.5", "1", "2", "5", "10", "20"])
    axes.set_xticks([], minor=True)
    axes.set_yticks(range(len(FUNCTIONS)), list(FUNCTIONS))
    axes.invert_yaxis()
    title = f"In a layer no activation takes more than {dearest:.2f} times ReLU's time"
    figures.describe(axes, title, "time relative to ReLU (ReLU: line at 1)", "")
    figures.legend(axes, loc="upper center", bbox_to_anchor=(0.45, -0.14), ncols=3)
    lab.figure(
        "cost",
        figure,
        "Times relative to ReLU's from alternated timings, with the intervals that "
        "decide.",
    )


if __name__ == "__main__":
    main(__file__)
