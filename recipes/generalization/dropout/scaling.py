"""Scaling: classic dropout shrinks at test time, Keras's stretches in training.

Where units are dropped, the next layer gets less. Two conventions make up for it. The
classic one, which the notes describe, leaves training alone and multiplies weights by 1
− rate at test time. Keras and PyTorch divide what is kept by 1 − rate in training, and
at test time nothing is left to do. Weights that differ by the factor 1 − rate turn the
one into the other.

With 10 units all 1,024 masks can be tried, so means are exact.
"""

import itertools

import keras
import numpy as np
from keras import ops

from recipes.lab import Finding, claim, main, stats

UNITS, RATE = 10, 0.3
EXACT = 1e-12
FLOAT32 = 1e-5  # relative: sums of ten products


def every_mask(rate: float = RATE) -> tuple[np.ndarray, np.ndarray]:
    """All masks of the units, (masks, units), and the probability of each."""
    masks = np.array(list(itertools.product((0.0, 1.0), repeat=UNITS)))
    kept = masks.sum(1)
    return masks, (1 - rate) ** kept * rate ** (UNITS - kept)


def example() -> tuple[np.ndarray, np.ndarray]:
    """Hidden activations of one example, and the weights of one next unit."""
    rng = np.random.default_rng(95)
    return rng.normal(1.0, 1.0, UNITS), rng.normal(size=UNITS)


def mean_over_masks(function, factor: float = 1.0) -> float:
    """The mean of function(w · masked h) over all masks; `factor` on what is kept."""
    hidden, weights = example()
    masks, chances = every_mask()
    return float(chances @ function((masks * hidden * factor) @ weights))


@claim(
    "dropout-test-scaling",
    "At test time all neurons are active and the weights are scaled down for those "
    "that were dropped in training.",
    says="is",
    notes="004",
    scope="10 units and all 1,024 masks, in NumPy; Keras's Dropout(0.3) and Dense",
)
def scaled_at_test(lab):
    """The mean over all masks against scaled and unscaled weights, and Keras."""
    hidden, weights = example()
    kept = 1 - RATE
    linear, full = mean_over_masks(lambda z: z), float(hidden @ weights)
    # Behind a bend the mean is not what the mean input gives.
    bent, at_mean = mean_over_masks(np.tanh), float(np.tanh(kept * full))
    layer, dense = keras.layers.Dropout(RATE), keras.layers.Dense(1, use_bias=False)
    h = hidden.astype("float32")[None]
    dense.build(h.shape)
    dense.kernel.assign(weights[:, None])
    in_keras = float(ops.convert_to_numpy(dense(layer(h, training=False)))[0, 0])
    # The other convention: Keras's training with weights 0.7 W is the classic one's.
    stretched = mean_over_masks(np.tanh, 1 / kept)
    masks, _ = every_mask()
    classic = (masks * hidden) @ weights
    inverted = (masks * hidden / kept) @ (kept * weights)
    return Finding(
        {
            "classic dropout: scaled weights give the mean": stats.close(
                linear, kept * full, EXACT * abs(full)
            ),
            "classic dropout: unscaled weights don't": stats.above(
                abs(linear - full), 0.1 * abs(full)
            ),
            "Keras: weights are scaled down at test": stats.close(
                in_keras, kept * full, FLOAT32 * abs(full)
            ),
        },
        "Classic dropout does; Keras scales up in training instead, and nothing at "
        "test. The mean over all masks is {share:.1f} times what all units give, so "
        "classic dropout scales by 0.7. Keras hands on {keras:.1f} of it at test: it "
        "divided by 0.7 in training. Both compute the same in training and at test "
        "if weights differ by 0.7 (largest difference {between:.0e}). Behind tanh no "
        "scaling gives the mean: {bent:.3f} against {at_mean:.3f}.",
        share=linear / full,
        keras=in_keras / full,
        between=np.abs(classic - inverted).max(),
        bent=bent,
        at_mean=at_mean,
        tanh_in_keras={"mean": stretched, "at test": float(np.tanh(full))},
    )


if __name__ == "__main__":
    main(__file__)
