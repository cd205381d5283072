"""The gradient's noise by batch size, from the gradient of every single sample."""

import itertools

import numpy as np

from recipes.lab import stats
from recipes.optimization._batch_digits import MIDDLE, SIZES, TRAINED
from recipes.optimization._batch_runs import FEW, LOW_RATE

DRAWS = 150  # batches of each size for each seed


def initial_weights(sizes, seed: int, dtype="float64") -> list[np.ndarray]:
    """He's kernels for layers of the given widths; biases are left out here."""
    rng = np.random.default_rng([seed, 51])
    return [
        rng.normal(0, np.sqrt(2 / before), (before, after)).astype(dtype)
        for before, after in itertools.pairwise(sizes)
    ]


def backward(weights, x, y) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Inputs of every layer, and the loss's slopes by every layer's output.

    A ReLU network with softmax and cross-entropy, a row a sample; the gradient of
    the mean loss by kernel l is inputs[l].T @ slopes[l] / rows.
    """
    inputs = [x]
    for kernel in weights[:-1]:
        inputs.append(np.maximum(inputs[-1] @ kernel, 0))
    logits = inputs[-1] @ weights[-1]
    slope = np.exp(logits - logits.max(1, keepdims=True))
    slope /= slope.sum(1, keepdims=True)
    slope[np.arange(len(y)), y] -= 1
    slopes = [slope]
    for kernel, seen in zip(weights[:0:-1], inputs[:0:-1], strict=True):
        slopes.insert(0, (slopes[0] @ kernel.T) * (seen > 0))
    return inputs, slopes


def each_gradient(x, y, seed: int, classes: int = 10) -> np.ndarray:
    """The gradient of every sample, one row each, for new weights."""
    weights = initial_weights((x.shape[1], 64, classes), seed)
    inputs, slopes = backward(weights, x.astype(float), y)
    rows = [
        (seen[:, :, None] * slope[:, None, :]).reshape(len(x), -1)
        for seen, slope in zip(inputs, slopes, strict=True)
    ]
    return np.concatenate(rows, 1)


def variance(gradients, size: int, seed: int) -> float:
    """The mean squared distance of a batch's gradient from the gradient of all."""
    rng = np.random.default_rng([seed, 52])
    count = len(gradients)
    shares = np.zeros((DRAWS, count))
    for row in shares:
        row[rng.permutation(count)[:size]] = 1 / size
    # Centered first: the batch of all then gives 0 up to rounding.
    far = shares @ (gradients - gradients.mean(0))
    return float((far**2).sum(1).mean())


def by_formula(gradients, size: int) -> float:
    """S²/B·(1 − B/N), for B of N samples drawn without replacement."""
    count = len(gradients)
    spread = gradients.var(0, ddof=1).sum()
    return float(spread / size * (1 - size / count))


def by_size(lab, digits) -> dict[int, tuple[float, float]]:
    """Batch size to the noise measured and by formula, in shares of one sample's."""
    sizes, measured, formula = (1, *SIZES, TRAINED), {}, {}
    x, y = digits.training
    for seed in lab.seeds:
        gradients = each_gradient(x.reshape(len(x), -1), y, seed, digits.classes)
        single = by_formula(gradients, 1)
        for size in sizes:
            measured.setdefault(size, []).append(
                variance(gradients, size, seed) / single
            )
            formula[size] = by_formula(gradients, size) / single  # of N and B alone
    return {size: (float(np.mean(measured[size])), formula[size]) for size in sizes}


def judge(lab, digits, runs) -> dict[int, tuple[float, float]]:
    """Judges the three variants by their noise, and by progress an epoch.

    Returns:
        Batch size to the noise measured and by formula, in shares of one sample's.
    """
    noise = by_size(lab, digits)
    off = max(abs(seen / told - 1) for seen, told in noise.values() if told)
    losses = {
        size: np.array(
            [run["training_loss"][-1] for run in runs.results[size, LOW_RATE]]
        )
        for size in (1, MIDDLE, TRAINED)
    }
    ahead = {
        fast: stats.paired(np.log(losses[slow]), np.log(losses[fast]))
        for fast, slow in ((1, MIDDLE), (MIDDLE, TRAINED))
    }
    told = ", ".join(f"{loss.mean():.3g} ({size})" for size, loss in losses.items())
    lab.verdict(
        "gd-variants",
        {
            "noise falls as 1/B, to 0 with all": bool(
                off < 0.1 and noise[TRAINED][0] < 1e-20
            ),
            "an epoch of 32s gets further than one of the full batch": ahead[
                MIDDLE
            ].positive,
            "an epoch of single samples gets further than one of 32s": ahead[
                1
            ].positive,
        },
        evidence={
            "variance_over_that_of_one_sample_and_by_formula": {
                str(size): pair for size, pair in noise.items()
            },
            "greatest_relative_difference": off,
            f"training_loss_after_{FEW}_epochs_at_rate_{LOW_RATE}": losses,
            "log_loss_of_slower_minus_faster": {
                str(size): value for size, value in ahead.items()
            },
        },
        note="The variance of a batch's gradient follows S²/B·(1 − B/N) to "
        f"{off:.1%}: {noise[MIDDLE][0]:.4f} of one sample's with 32, "
        f"{noise[TRAINED][0]:.0e} with all {TRAINED}. Training loss after {FEW} epochs "
        f"at rate {LOW_RATE}, by batch size: {told}.",
    )
    return noise
