"""How long an update takes, and a sample, by batch size: alternated timings."""

import time

import keras
import numpy as np

from recipes.lab import stats
from zoo import mlp_mnist

SIZES = (1, 16, 32, 64, 528)
CALLS = 3  # of which the fastest counts: the others were interrupted


def alternate(rounds: int) -> dict[int, np.ndarray]:
    """Times updates of the notes' network in turn; seconds (rounds,) by size.

    A machine that is busy for a while slows neighbors in time alike, so that the
    ratio within one round stays fair. Every other round runs backwards.
    """
    model = mlp_mnist()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.01), loss, jit_compile=False)
    rng = np.random.default_rng(0)
    x = rng.random((max(SIZES), 28, 28, 1), dtype="float32")
    y = rng.integers(10, size=max(SIZES)).astype("int32")
    for size in 2 * SIZES:  # the first calls trace the program
        model.train_on_batch(x[:size], y[:size])
    taken = {size: [] for size in SIZES}
    for index in range(rounds):
        for size in SIZES[:: 1 if index % 2 else -1]:
            calls = []
            for _ in range(CALLS):
                start = time.perf_counter()
                model.train_on_batch(x[:size], y[:size])
                calls.append(time.perf_counter() - start)
            taken[size].append(min(calls))
    return {size: np.array(values) for size, values in taken.items()}


def judge(lab) -> dict[int, np.ndarray]:
    """Judges time by update and by sample; returns seconds a sample by size."""
    lab.alone()
    updates = alternate(lab.settings.rounds)
    samples = {size: seconds / size for size, seconds in updates.items()}

    def longer(times, first, second):  # ratios are compared as logarithms
        return stats.paired(np.log(times[first]), np.log(times[second]))

    an_update, an_epoch = longer(updates, 32, 1), longer(samples, 32, 1)
    told = ", ".join(
        f"{1e6 * np.median(seconds):.3g} µs ({size})"
        for size, seconds in samples.items()
    )
    ratio = np.exp(an_update.mean), np.exp(-an_epoch.mean)
    evidence = {
        "µs_an_update": {str(b): 1e6 * np.median(s) for b, s in updates.items()},
        "µs_a_sample": {str(b): 1e6 * np.median(s) for b, s in samples.items()},
        "rounds": lab.settings.rounds,
    }
    lab.verdict(
        "gd-speed-per-sample",
        {
            "an update of 32 takes longer than one of 1": an_update.positive,
            "an epoch in batches of 32 takes longer than in single samples":
                an_epoch.positive,
        },
        evidence={**evidence, "log_ratios_32_to_1": [an_update, an_epoch]},
        note=f"An update with 32 samples takes {ratio[0]:.2f} times as long as with 1, "
        f"so that a sample, and an epoch, takes {ratio[1]:.3g} times as long in single "
        f"steps. Time a sample, by batch size: {told}.",
    )  # fmt: skip
    slow = {
        f"{small} against {large}": longer(samples, small, large)
        for small, large in ((1, 32), (16, 528), (32, 528))
    }
    ratios = ", ".join(f"{name} {np.exp(far.mean):.1f}" for name, far in slow.items())
    whole = np.exp(longer(updates, 1, SIZES[-1]).mean)
    lab.verdict(
        "batch-small-slow-hardware",
        {name: far.positive for name, far in slow.items()},
        evidence={**evidence, "log_ratio_of_time_a_sample": slow},
        note=f"Time a sample, small batches over large ones: {ratios}. An update with "
        f"1 sample takes {whole:.0%} of the time of one with {SIZES[-1]}.",
    )
    return samples
