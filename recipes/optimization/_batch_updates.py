"""Counting updates, and what shuffling does to a full batch."""

import keras
import numpy as np

from recipes.lab import fit
from recipes.optimization._batch_digits import MIDDLE, TRAINED, Digits
from recipes.optimization._batch_noise import backward, initial_weights

UPDATES = 20  # of the training in two orders


def updates_of(samples: int, size: int) -> int:
    """Trains a network of one weight for an epoch and asks its optimizer."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile(keras.optimizers.SGD(0.0), "mse")
    x = np.zeros((samples, 1), "float32")
    fit(model, x, x, batch_size=size)
    return int(model.optimizer.iterations)


def judge_counts(lab) -> None:
    """Full batch, single samples, batches that divide the set and that do not."""
    expected = {
        (640, 640): 1,
        (640, 1): 640,
        (640, 32): 20,
        (60_000, 64): 938,
        (100, 64): 2,
    }
    found = {case: updates_of(*case) for case in expected}
    uneven = found[60_000, 64]
    lab.verdict(
        "gd-updates-per-epoch",
        {
            f"{n} samples in batches of {b}": found[n, b] == count
            for (n, b), count in expected.items()
        },
        evidence={"updates": {f"{n}/{b}": count for (n, b), count in found.items()}},
        note=f"Where B does not divide N the last batch is smaller and counts as well: "
        f"60000/64 = {60_000 / 64} makes {uneven} updates.",
    )


def judge_shuffling(lab, digits: Digits) -> None:
    """Compares gradients of two orders, and trainings with and without shuffling."""
    seeds = lab.seeds[:2]  # rounding is much the same with every seed
    gradient = max(gradient_change(digits, seed) for seed in seeds)
    apart = {
        size: max(weight_change(digits, size, seed) for seed in seeds)
        for size in (TRAINED, MIDDLE)
    }
    # The trainings differ by rounding in float32, which later steps carry on.
    lab.verdict(
        "gd-fullbatch-shuffle-irrelevant",
        {
            "one gradient": gradient < 1e-13,
            f"the weights after {UPDATES} updates": apart[TRAINED] < 1e-4
            and apart[MIDDLE] > 100 * apart[TRAINED],
        },
        evidence={
            "gradient_difference_over_its_largest_entry": gradient,
            f"largest_weight_difference_after_{UPDATES}_updates_by_batch_size": {
                str(size): far for size, far in apart.items()
            },
        },
        note="Two orders of all samples give gradients that differ by "
        f"{gradient:.0e} of the largest entry (float64: the order of a sum). After "
        f"{UPDATES} updates weights trained with and without shuffling differ by "
        f"{apart[TRAINED]:.0e}; in batches of {MIDDLE} by {apart[MIDDLE]:.0e}. "
        "Shuffling a full batch is possible, not impossible as the notes say.",
    )


def gradient_change(digits: Digits, seed: int) -> float:
    """How much the full batch's gradient changes with the order, relatively."""
    x, y = digits.training
    x = x.reshape(len(x), -1).astype(float)
    weights = initial_weights((x.shape[1], 64, digits.classes), seed)
    order = np.random.default_rng([seed, 53]).permutation(len(x))
    far = []
    one, other = backward(weights, x, y), backward(weights, x[order], y[order])
    for a, s, b, t in zip(*one, *other, strict=True):
        first, second = a.T @ s, b.T @ t
        far.append(np.abs(first - second).max() / np.abs(first).max())
    return float(max(far))


def weight_change(digits: Digits, size: int, seed: int) -> float:
    """The largest difference of weights trained with and without shuffling."""
    x, y = digits.training
    keras.utils.set_random_seed(seed)
    digits.restart()
    model, ends = digits.restart.model, []
    start = model.get_weights()
    rows = min(size * UPDATES, len(x))
    epochs = size * UPDATES // rows
    for shuffle in (True, False):
        digits.restart(start)
        model.optimizer.learning_rate = 0.2
        fit(model, x[:rows], y[:rows], batch_size=size, epochs=epochs, seed=seed,
            shuffle=shuffle)  # fmt: skip
        ends.append(model.get_weights())
    return float(max(np.abs(a - b).max() for a, b in zip(*ends, strict=True)))
