"""Hardware: what a batch costs in time and memory.

A processor multiplies matrices: a batch of 32 is one product with 32 rows, not 32
products. An update has a cost of its own besides (calling the program, updating all
weights), the same for every batch. So an update with 32 samples takes little longer
than one with a single sample, and an epoch of single samples takes much longer than one
of batches. Memory is the other side: every sample's activations are kept until the
backward pass, but weights, gradients and the optimizer's moments do not depend on the
batch.
"""

import itertools
import time
import tracemalloc

import keras
import numpy as np

from recipes.lab import Finding, claim, experiment, figures, main, stats
from recipes.optimization.batch_size._gradients import backward, initial_weights
from zoo import mlp_mnist

TIMED = (1, 16, 32, 64, 528)
CALLS = 3  # of which the fastest counts: the others were interrupted


@experiment(alone=True)
def seconds_an_update(lab) -> dict[int, np.ndarray]:
    """Times updates of the notes' network in turn; seconds (rounds,) by size.

    A machine that is busy for a while slows neighbors in time alike, so that the
    ratio within one round stays fair. Every other round runs backwards.
    """
    model = mlp_mnist()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.01), loss, jit_compile=False)
    rng = np.random.default_rng(0)
    x = rng.random((max(TIMED), 28, 28, 1), dtype="float32")
    y = rng.integers(10, size=max(TIMED)).astype("int32")
    for size in 2 * TIMED:  # the first calls trace the program
        model.train_on_batch(x[:size], y[:size])
    taken = {size: [] for size in TIMED}
    for index in range(lab.settings.rounds):
        for size in TIMED[:: 1 if index % 2 else -1]:
            calls = []
            for _ in range(CALLS):
                start = time.perf_counter()
                model.train_on_batch(x[:size], y[:size])
                calls.append(time.perf_counter() - start)
            taken[size].append(min(calls))
    return {size: np.array(values) for size, values in taken.items()}


def seconds_a_sample(lab) -> dict[int, np.ndarray]:
    """The same for each sample of an update."""
    return {size: taken / size for size, taken in seconds_an_update(lab).items()}


def microseconds(times) -> dict[str, float]:
    """Medians in µs, by batch size."""
    return {str(size): float(1e6 * np.median(taken)) for size, taken in times.items()}


# The notes call mini-batches slower than single samples. Of an update that is true,
# however little longer it takes: the claim is about a direction. The rounds are ranked
# by their difference, because one that the machine interrupted may be ten times too
# long: it would decide a mean, and is only one of thirty in a ranking.
LONGER = stats.Threshold("any difference", 0.0, "µs", stats.ANY.why)


@claim(
    "gd-speed-per-sample",
    "Mini-batches are slower than single samples.",
    notes="001",
    scope="784-128-64-10 on random images, this run's processor, 30 rounds",
)
def batches_are_slower(lab):
    """Compares an update of 32 samples with one of 1, and an epoch of both."""
    updates, samples = seconds_an_update(lab), seconds_a_sample(lab)
    update, epoch = (
        stats.greater(1e6 * taken[32], 1e6 * taken[1], by=LONGER, scale="ranks")
        for taken in (updates, samples)
    )
    return Finding(
        {
            "an update of 32 takes longer than one of 1": update,
            "an epoch in batches of 32 takes longer than in single samples": epoch,
        },
        "An update with 32 samples takes {longer:.2f} times as long as with 1, so that "
        "a sample, and an epoch, takes {epoch_of_single:.3g} times as long in single "
        "steps. Time a sample in µs, by batch size: {a_sample:.3g}.",
        figure=draw_time,
        longer=float(np.median(updates[32] / updates[1])),
        epoch_of_single=float(np.median(samples[1] / samples[32])),
        a_sample=microseconds(samples),
        an_update=microseconds(updates),
        rounds=lab.settings.rounds,
    )


@claim(
    "batch-small-slow-hardware",
    "Small batches use the hardware badly.",
    notes="001",
    scope="784-128-64-10 on random images, this run's processor, 30 rounds",
)
def small_batches_waste_time(lab):
    """Badly means at least twice the time a sample."""
    updates, samples = seconds_an_update(lab), seconds_a_sample(lab)
    slower = {
        f"{small} against {large}": stats.greater(
            samples[small], samples[large], by=stats.TWICE, scale="log"
        )
        for small, large in ((1, 32), (16, 528), (32, 528))
    }
    whole = stats.greater(updates[1], updates[TIMED[-1]], by=stats.ANY, scale="log")
    return Finding(
        slower,
        "Time a sample, small batches over large ones: {ratios:.1f}. An update with 1 "
        "sample takes {share:.0%} of the time of one with {largest}.",
        figure=draw_time,
        ratios={name: decision.effect for name, decision in slower.items()},
        share=whole.effect,
        largest=TIMED[-1],
        a_sample=microseconds(samples),
        an_update=microseconds(updates),
        rounds=lab.settings.rounds,
    )


def draw_time(lab):
    """The time of an update and of a sample, by batch size."""
    figure, panels = figures.new(1, 2, width=10.0, height=4.0)
    times = [
        np.median(taken[32] / taken[1])
        for taken in (seconds_an_update(lab), seconds_a_sample(lab))
    ]
    of_an_update = f"An update with 32 samples takes {times[0]:.2g} times that with 1"
    shown = (
        (seconds_an_update, of_an_update, "an update"),
        (seconds_a_sample, f"and a sample {times[1]:.2g} times", "a sample"),
    )
    for index, (measure, title, what) in enumerate(shown):
        panel = panels[index]
        low, middle, high = (
            [1e6 * np.quantile(taken, part) for taken in measure(lab).values()]
            for part in (0.25, 0.5, 0.75)
        )
        color = figures.COLORS[index]
        panel.set(xscale="log", yscale="log" if index else "linear")
        panel.plot(TIMED, middle, "o-", color=color)
        panel.fill_between(TIMED, low, high, color=color, alpha=0.15, lw=0)
        panel.set_xticks(TIMED, [str(size) for size in TIMED])
        panel.minorticks_off()
        if not index:
            panel.set_ylim(0, None)
        y = f"time of {what} (µs)"
        figures.describe(panel, title, "batch size (samples)", y)
    lab.figure(
        "time",
        figure,
        "How long an update and a sample take by batch size: medians and quartiles.",
    )


# Memory is measured on a step written out in NumPy, where nothing else is allocated.
# Adam keeps two moments a weight beside the weight itself.
WIDTHS = (784, 128, 64, 10)  # the notes' network
MEASURED = (16, 32, 128, 528)
LESS = 0.9  # less: a tenth less, or more


def step_peak(size: int) -> int:
    """Bytes at the peak of a step: inputs, activations, slopes and gradients."""
    rng = np.random.default_rng(55)
    weights = initial_weights(WIDTHS, 0, "float32")
    labels = rng.integers(WIDTHS[-1], size=size)
    tracemalloc.start()
    x = rng.random((size, WIDTHS[0]), dtype="float32")
    inputs, slopes = backward(weights, x, labels)
    gradients = [
        a.T @ s / np.float32(size) for a, s in zip(inputs, slopes, strict=True)
    ]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(gradients) == len(weights)
    return peak


def activation_bytes(size: int) -> int:
    """Bytes of all layers' inputs and outputs in float32, as they must be kept."""
    return 4 * size * sum(WIDTHS)


@claim(
    "batch-small-memory",
    "Small batches need less memory.",
    says="is",
    notes="001 003",
    scope="784-128-64-10, one step in NumPy, batches of 16 to 528",
)
def small_batches_save_memory(lab):
    """Compares the batch's part with what does not depend on it."""
    weights = 4 * sum(a * b for a, b in itertools.pairwise(WIDTHS))
    step_peak(1)  # what NumPy sets up at its first call is not the step's
    peaks = {size: step_peak(size) for size in MEASURED}
    slope, constant = np.polyfit(MEASURED, list(peaks.values()), 1)
    whole = {size: peak + 3 * weights for size, peak in peaks.items()}
    small, large = MEASURED[0], MEASURED[-1]
    share = whole[small] / whole[large]
    return Finding(
        {
            "a step: a tenth less, or more": stats.below(
                peaks[small] / peaks[large], LESS
            ),
            "with weights and Adam's moments: a tenth less, or more": stats.below(
                share, LESS
            ),
        },
        "A step takes {kilobytes:.1f} kB a sample ({activations:.1f} kB are "
        "activations) and {megabytes:.2f} MB whatever the batch. With weights and "
        "Adam's moments batches of {small} need {whole_small:.2f} MB, of {large} "
        "{whole_large:.2f} MB: {share:.0%}, where the samples are {samples:.0%}.",
        kilobytes=slope / 1e3,
        activations=activation_bytes(1) / 1e3,
        megabytes=constant / 1e6,
        small=small,
        large=large,
        whole_small=whole[small] / 1e6,
        whole_large=whole[large] / 1e6,
        share=share,
        samples=small / large,
        bytes_of_activations={str(b): activation_bytes(b) for b in MEASURED},
        bytes_at_the_peak_of_a_step={str(b): peak for b, peak in peaks.items()},
        bytes_a_sample_and_constant=[slope, constant],
        bytes_with_weights_and_two_moments={str(b): v for b, v in whole.items()},
    )


if __name__ == "__main__":
    main(__file__)
