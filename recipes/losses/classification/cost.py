"""Cost: losses differ in time, more by themselves than in a training step.

The absolute error needs a subtraction and a sign, cross-entropy logarithms and
exponentials. So one loss may take several times as long as another. A training step
spends most of its time in the layers, though, unless the last one has very many
outputs: a softmax sums over all of them, for every sample.
"""

import time

import keras
import numpy as np
from keras import losses, ops

from recipes.lab import Finding, claim, experiment, gradients, main, reseed, stats
from zoo import mlp

ELEMENTS, CLASSES, TRIES = 1_000_000, 10, 5
ROWS = 4096  # samples of a step of the network
MANY = (1_000, 100_000)  # classes
LONGER = 1.1  # a training step that takes a tenth longer is slower
TWICE = 2.0
LOSSES = {
    "squared error": losses.MeanSquaredError(),
    "absolute error": losses.MeanAbsoluteError(),
    "Huber": losses.Huber(),
    "hinge": losses.Hinge(),
    "binary cross-entropy": losses.BinaryCrossentropy(from_logits=True),
    "binary focal cross-entropy": losses.BinaryFocalCrossentropy(from_logits=True),
    "softmax cross-entropy": losses.CategoricalCrossentropy(from_logits=True),
    "Poisson": losses.Poisson(),
}


def quickest(function) -> float:
    """The least of several timings, in seconds, after one that warms up."""
    function()
    taken = []
    for _ in range(TRIES):
        start = time.perf_counter()
        function()
        taken.append(time.perf_counter() - start)
    return min(taken)


@experiment(alone=True)
def seconds(lab) -> dict[str, float]:
    """Seconds of each loss of a million outputs, with its gradient."""
    rng = np.random.default_rng(0)
    rows = 1000 if lab.smoke else ELEMENTS // CLASSES
    y = np.eye(CLASSES, dtype="float32")[rng.integers(0, CLASSES, rows)]
    outputs = rng.uniform(0.1, 3, y.shape).astype("float32")
    return {
        name: quickest(lambda f=loss: gradients(lambda t: f(y, t[0]), [outputs]))
        for name, loss in LOSSES.items()
    }


@experiment(alone=True)
def seconds_of_a_step(lab, name: str) -> float:
    """Seconds of a step of Keras's on 4096 rows with a loss: 784-128-10, SGD."""
    rng = np.random.default_rng(0)
    rows = 64 if lab.smoke else ROWS
    y = np.eye(CLASSES, dtype="float32")[rng.integers(0, CLASSES, rows)]
    x = ops.convert_to_tensor(rng.normal(size=(rows, 784)).astype("float32"))
    reseed(0)
    model = mlp((784,), CLASSES, units=(128,))
    model.compile("sgd", LOSSES[name])
    return quickest(lambda: model.train_on_batch(x, y))


@claim(
    "loss-cost",
    "Some losses are more computationally intensive than others, and affect the time "
    "of training.",
    says="can",
    hedge="can be",
    notes="002",
    scope="eight losses of a million outputs with their gradients; a step of a "
    "784-128-10 network on 4096 rows, on one machine",
)
def takes_time(lab):
    """The slowest loss against the quickest, alone and in a training step."""
    taken = seconds(lab)
    quick, slow = min(taken, key=taken.__getitem__), max(taken, key=taken.__getitem__)
    alone = taken[slow] / taken[quick]
    steps = [seconds_of_a_step(lab, name) for name in (quick, slow)]
    lab.table(
        f"A loss of {ELEMENTS:,} outputs, with its gradient",
        ["loss", "milliseconds"],
        [[name, f"{1e3 * time:.1f}"] for name, time in taken.items()],
    )
    return Finding(
        {
            "the loss by itself, twice as long": stats.above(alone, TWICE),
            "a training step, a tenth longer": stats.above(steps[1] / steps[0], LONGER),
        },
        "By itself the slowest of eight ({slow}) takes {alone:.1f} times as long as "
        "the quickest ({quick}). A training step of a 784-128-10 network takes "
        "{step:.2f} times as long with it ({milliseconds:.0f} milliseconds).",
        slow=slow,
        quick=quick,
        alone=alone,
        step=steps[1] / steps[0],
        milliseconds=[1e3 * time for time in steps],
        seconds_of_loss_and_gradient=taken,
    )


@claim(
    "mae-cost",
    "The absolute error is computationally efficient.",
    says="is",
    notes="003",
    scope="a million outputs with their gradients, on one machine",
)
def absolute_error_is_quick(lab):
    """The absolute error against the quickest of the others."""
    times = dict(seconds(lab))
    mine = times.pop("absolute error")
    quickest_other = min(times, key=times.__getitem__)
    ratio = mine / times[quickest_other]
    return Finding(
        stats.below(ratio, TWICE),
        "With its gradient it takes {nanoseconds:.2g} nanoseconds an output: "
        "{ratio:.2f} times as long as the quickest of seven others ({other}), and "
        "{least:.2f} times as long as the slowest. Efficient means less than twice the "
        "quickest.",
        nanoseconds=1e9 * mine / ELEMENTS,
        ratio=ratio,
        other=quickest_other,
        least=mine / max(times.values()),
    )


@experiment(alone=True)
def by_classes(lab) -> dict[int, dict[str, float]]:
    """Seconds of softmax cross-entropy and of its layer, by the number of classes."""
    loss, found = losses.SparseCategoricalCrossentropy(from_logits=True), {}
    labels, units = keras.ops.zeros(32, "int32"), np.ones((32, 64), "float32")
    hidden = ops.convert_to_tensor(units)
    for classes in MANY:
        logits = np.random.default_rng(0).normal(size=(32, classes)).astype("float32")
        kernel = np.full((64, classes), 0.01, "float32")
        found[classes] = {
            "loss": quickest(
                lambda z=logits: gradients(lambda t: loss(labels, t[0]), [z])
            ),
            "layer": quickest(
                lambda k=kernel: gradients(
                    lambda t: ops.mean(ops.matmul(hidden, t[0])), [k]
                )
            ),
        }
    return found


GROWS = 10  # times as long for a hundred times the classes, at least


@claim(
    "softmax-ce-cost",
    "Softmax cross-entropy is computationally expensive for a large number of classes.",
    says="is",
    notes="003",
    scope="32 rows of a thousand and of a hundred thousand classes, with gradients, on "
    "one machine",
)
def grows_with_the_classes(lab):
    """A hundred times the classes; and the layer that makes their logits."""
    few, many = by_classes(lab).values()
    ratio = many["loss"] / few["loss"]
    return Finding(
        stats.above(ratio, GROWS),
        "A hundred times the classes take {ratio:.0f} times as long: the sum runs over "
        "all of them. At 100,000 the loss takes {share:.1f} times as long as the layer "
        "of 64 inputs that makes the logits, which grows as well.",
        ratio=ratio,
        share=many["loss"] / many["layer"],
        seconds_by_classes=by_classes(lab),
    )


if __name__ == "__main__":
    main(__file__)
