"""What a training step keeps in memory, measured on a step written out in NumPy."""

import itertools
import tracemalloc

import numpy as np

from recipes.optimization._batch_noise import backward, initial_weights

WIDTHS = (784, 128, 64, 10)  # the notes' network
SIZES = (16, 32, 128, 528)


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


def judge(lab) -> None:
    """Compares the batch's part with what does not depend on it."""
    kept = 4 * sum(a * b for a, b in itertools.pairwise(WIDTHS))
    step_peak(1)  # what NumPy sets up at its first call is not the step's
    peaks = {size: step_peak(size) for size in SIZES}
    sizes = np.array(SIZES)
    slope, constant = np.polyfit(sizes, [peaks[size] for size in SIZES], 1)
    # Adam holds two moments a weight, and the weights themselves are there.
    whole = {size: peak + 3 * kept for size, peak in peaks.items()}
    small, large = SIZES[0], SIZES[-1]
    share = whole[small] / whole[large]
    batch = (peaks[small] - constant) / (peaks[large] - constant)
    lab.verdict(
        "batch-small-memory",
        {
            "what belongs to the batch: in proportion to its size": bool(
                abs(batch * large / small - 1) < 0.1
            ),
            "a whole step with Adam: a tenth less, or more": share < 0.9,
            "a whole step with Adam: in proportion to the batch": abs(
                share * large / small - 1
            )
            < 0.1,
        },
        evidence={
            "bytes_of_activations": {str(b): activation_bytes(b) for b in SIZES},
            "bytes_at_the_peak_of_a_step": {str(b): peak for b, peak in peaks.items()},
            "bytes_a_sample_and_constant": [slope, constant],
            "bytes_with_weights_and_two_moments": {
                str(b): value for b, value in whole.items()
            },
        },
        note="A step of the 784-128-64-10 network takes at its peak "
        f"{slope / 1e3:.1f} kB a sample and {constant / 1e6:.2f} MB whatever the batch "
        f"({activation_bytes(1) / 1e3:.1f} kB a sample are activations). With weights "
        f"and Adam's moments batches of {small} need {whole[small] / 1e6:.2f} MB, of "
        f"{large} {whole[large] / 1e6:.2f} MB: {share:.0%}, where the samples are "
        f"{small / large:.0%}.",
    )
