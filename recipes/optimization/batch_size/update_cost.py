"""Update cost: what an optimizer adds to an update, and which updates can be shared.

Adam keeps two means a weight and takes a root of one of them at every update; SGD
multiplies and subtracts. That arithmetic is the same whatever the batch, while the
gradient takes longer the more samples there are. So what Adam costs in a step depends
on the batch: most where a batch is small. Steps of the notes' network are timed in
turn, so that a machine that is busy for a while slows all of them alike.

Several machines can share an update if what they compute adds up.
"""

import time

import keras
import numpy as np

from recipes.lab import Finding, claim, experiment, figures, main, stats
from zoo import mlp_mnist

OPTIMIZERS = {
    "SGD": lambda: keras.optimizers.SGD(0.01),
    "momentum": lambda: keras.optimizers.SGD(0.01, momentum=0.9),
    "RMSprop": lambda: keras.optimizers.RMSprop(0.001),
    "Adam": lambda: keras.optimizers.Adam(0.001),
}
BATCHES = (16, 528)
CALLS = 3  # of which the fastest counts: the others were interrupted


@experiment(alone=True)
def seconds_a_step(lab) -> dict[tuple[str, int], np.ndarray]:
    """Seconds of a training step (rounds,) by optimizer and batch."""
    rng = np.random.default_rng(0)
    x = rng.random((max(BATCHES), 28, 28, 1), dtype="float32")
    y = rng.integers(10, size=max(BATCHES)).astype("int32")
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    models = {}
    for name, make in OPTIMIZERS.items():
        models[name] = mlp_mnist()
        models[name].compile(make(), loss, jit_compile=False)
        for size in 2 * BATCHES:  # the first calls trace the program
            models[name].train_on_batch(x[:size], y[:size])
    cases = [(name, size) for name in OPTIMIZERS for size in BATCHES]
    taken = {case: [] for case in cases}
    for index in range(lab.settings.rounds):
        for name, size in cases[:: 1 if index % 2 else -1]:
            calls = []
            for _ in range(CALLS):
                start = time.perf_counter()
                models[name].train_on_batch(x[:size], y[:size])
                calls.append(time.perf_counter() - start)
            taken[name, size].append(min(calls))
    return {case: np.array(values) for case, values in taken.items()}


@claim(
    "opt-update-cost",
    "Some optimizers, such as Adam with its second moments, may need more time per "
    "update.",
    says="can",
    hedge="may",
    notes="002",
    scope="784-128-64-10 on random images, this run's processor, 30 rounds",
)
def adam_takes_longer(lab):
    """A training step with Adam against one with SGD, for two batch sizes."""
    taken = seconds_a_step(lab)
    longer = {
        f"batches of {size}: a tenth longer than SGD": stats.greater(
            taken["Adam", size], taken["SGD", size], by=stats.TENTH, scale="log"
        )
        for size in BATCHES
    }
    medians = {
        f"{name}, {size}": float(1e6 * np.median(taken[name, size]))
        for name, size in taken
    }
    return Finding(
        longer,
        "A training step takes {ratios:.2f} times as long with Adam as with SGD in "
        "batches of 16 and of 528. Medians in µs: {medians:.0f}.",
        figure=draw_steps,
        ratios=[one.effect for one in longer.values()],
        medians=medians,
    )


# Sharing the work. Each of four machines takes a fourth of the rows. Because the full
# gradient is a sum, theirs add up to it; steps of single samples build on each other.
MACHINES = 4


@claim(
    "gd-parallel-exact",
    "Full-batch descent is easier to parallelize than single-sample descent.",
    says="is",
    notes="003",
    scope="a linear model of 5 weights, 100 rows, one pass in four shares, NumPy",
)
def full_batch_shares_its_work(lab):
    """One pass by one machine, against the mean of four with a share each."""
    rng = np.random.default_rng(60)
    x, y = rng.normal(size=(100, 5)), rng.normal(size=100)

    def walk(rows, size: int) -> np.ndarray:
        w = np.zeros(5)
        for batch in np.split(rows, len(rows) // size):
            w = w - 0.05 * (x[batch] @ w - y[batch]) @ x[batch] / size
        return w

    shares = np.split(np.arange(100), MACHINES)
    apart = {
        name: float(
            np.abs(
                walk(np.arange(100), whole)
                - np.mean([walk(share, part) for share in shares], 0)
            ).max()
        )
        for name, whole, part in (("full batch", 100, 25), ("single samples", 1, 1))
    }
    return Finding(
        {
            "full batch: the same step": stats.below(apart["full batch"], stats.EXACT),
            "single samples: other weights": stats.above(apart["single samples"], 0.01),
        },
        "After one pass, the weights of one machine and the mean of four with a fourth "
        "of the rows each differ by {apart:.0e}.",
        apart=apart,
    )


def draw_steps(lab):
    """The time of a step by optimizer, for both batch sizes."""
    taken = seconds_a_step(lab)
    figure, axes = figures.new(width=7.2, height=3.6)
    for index, size in enumerate(BATCHES):
        middle = [1e6 * np.median(taken[name, size]) for name in OPTIMIZERS]
        style = {"color": figures.COLORS[index], "marker": "os"[index]}
        axes.plot(range(len(middle)), middle, label=f"batches of {size}", **style)
    axes.set_xticks(range(len(OPTIMIZERS)), list(OPTIMIZERS))
    axes.set_ylim(0, None)
    figures.legend(axes)
    small, large = (
        1e6 * np.median(taken["Adam", size] - taken["SGD", size]) for size in BATCHES
    )
    title = f"What Adam adds to SGD: {small:.0f} µs by {BATCHES[0]} samples"
    title += f", {large:.0f} µs by {BATCHES[1]}"
    figures.describe(axes, title, "", "median time of a training step (µs)")
    lab.figure("update_cost", figure, "The time of a training step by optimizer.")


if __name__ == "__main__":
    main(__file__)
