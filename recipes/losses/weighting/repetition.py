"""Repetition: a weight of k is k copies of the sample, except for a factor and noise.

The loss adds up over samples, so k copies and a weight of k give the same sum. Two
things differ. Keras's default divides by the rows, not by the weights, so that weighted
gradients are longer. And a mini-batch with one heavy row is noisier than one in which
copies come one by one.
"""

import keras
import numpy as np
from keras import ops

from recipes.lab import Finding, claim, generators, gradients, main, stats

REDUCTIONS = (
    "mean_with_sample_weight",
    "sum",
    "sum_over_batch_size",
)  # Keras's default last
SAME = 1e-4  # relative: float32 sums over 480 rows
KERAS_DEFAULT = "sum_over_batch_size"  # divides by the rows: shown, not claimed


def full_gradient(loss, kernel, x, y, weights) -> np.ndarray:
    """The gradient of a linear classifier's loss over all rows."""
    x = ops.convert_to_tensor(x)
    (gradient,) = gradients(
        lambda tensors: loss(y, ops.matmul(x, tensors[0]), sample_weight=weights),
        [kernel],
    )
    return gradient


def noise_ratio(kernel, x, y, copies) -> float:
    """Variance of one row's gradient: weighted rows over rows drawn from copies.

    Both draws have the gradient of the copied set as their mean.
    """
    logits = x.astype(float) @ kernel
    p = np.exp(logits - logits.max(1, keepdims=True))
    errors = p / p.sum(1, keepdims=True) - np.eye(2)[y]
    each = (x[:, :, None] * errors[:, None, :]).reshape(len(x), -1)
    share = copies / copies.mean()
    mean = (share[:, None] * each).mean(0)
    weighted = ((share[:, None] * each - mean) ** 2).sum(1).mean()
    copied = (share * ((each - mean) ** 2).sum(1)).mean()
    return float(weighted / copied)


# The whole set first: one gradient with weights, one with copies, by Keras's three ways
# to reduce a loss. Then one row drawn at random: weighted, or drawn from the copies.


@claim(
    "weighted-vs-resampling",
    "In a full batch, whose loss is the sum or is divided by the weights, a weight of "
    "k does what k copies of the sample do.",
    says="is",
    notes="ours",
    scope="the gradient of a linear classifier with random weights on 400 rows, 20 of "
    "them five times",
)
def weights_and_copies(lab):
    """Gradients with weights over those with copies, and their noise."""
    x, y = generators.imbalanced(400)
    copies = np.where(y == 1, 5, 1)
    rows = np.repeat(np.arange(len(y)), copies)
    kernel = np.random.default_rng(0).normal(size=(2, 2)).astype("float32")
    ratios, gaps = {}, {}
    for name in REDUCTIONS:
        loss = keras.losses.SparseCategoricalCrossentropy(
            from_logits=True, reduction=name
        )
        weighted = full_gradient(loss, kernel, x, y, copies.astype("float32"))
        copied = full_gradient(loss, kernel, x[rows], y[rows], None)
        ratios[name] = float(np.vdot(weighted, copied) / np.vdot(copied, copied))
        length = np.linalg.norm(copied)
        gaps[name] = float(np.linalg.norm(weighted - copied) / length)
    noise = {k: noise_ratio(kernel, x, y, np.where(y == 1, k, 1)) for k in (5, 19)}
    return Finding(
        {
            name: stats.below(gap, SAME)
            for name, gap in gaps.items()
            if name != KERAS_DEFAULT
        },
        "Keras's default divides by the rows, not by their weights: the weighted "
        "gradient is {ratios[sum_over_batch_size]:.4g} times that of the copies, the "
        "mean weight; the other reductions agree to {agree:.0e}. One row's gradient "
        "has the same mean either way, but weighted rows have {noisier:.2f} times the "
        "variance at weight 5, {noisiest:.2f} at 19.",
        ratios=ratios,
        agree=max(gaps["sum"], gaps["mean_with_sample_weight"]),
        noisier=noise[5],
        noisiest=noise[19],
        relative_difference_of_the_gradients=gaps,
        sum_of_weights_over_rows=copies.mean(),
        variance_with_weights_over_that_with_copies=noise,
    )


if __name__ == "__main__":
    main(__file__)
