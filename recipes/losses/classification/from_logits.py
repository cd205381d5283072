"""From logits: the formula is right on paper, and overflows as it is written.

σ(z) rounds to 1 from logit 17 on in float32, and log(1 − 1) is infinite; e^z overflows
from 89 on. Two rearrangements cure it. For a sigmoid: max(z, 0) − zy + log(1 + e^−|z|),
in which every exponent is at most 0. For a softmax: take the largest logit off first,
which changes no probability. Keras does so with from_logits=True.
"""

import numpy as np
from keras import losses

from recipes.lab import Finding, claim, gradients, main
from recipes.losses.classification._formulas import (
    CLASSES,
    agree,
    categorical_cross_entropy,
    cross_entropy,
    each,
    one_hot,
    sigmoid,
    softmax,
)

MODERATE, EXTREME = 10, 1000  # logits of networks that learn, and that overflow


def sigmoid_cross_entropy(y, z):
    """Cross-entropy of a logit, rearranged so that nothing overflows."""
    return np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))


def softmax_cross_entropy(y, z):
    """The same of a row of logits: the largest is taken off before the exponential."""
    z = z - z.max(-1, keepdims=True)
    return (y * (np.log(np.exp(z).sum(-1, keepdims=True)) - z)).sum(-1)


def first_failure(loss) -> dict[str, int]:
    """The least whole logit at which a loss as written is not finite, by precision."""
    found = {}
    for kind in (np.float32, np.float64):
        finite = (np.isfinite(loss(kind(z))).all() for z in range(1, 2000))
        found[kind.__name__] = 1 + list(finite).index(False)
    return found


@claim(
    "loss-sigmoid-ce-logits",
    "Sigmoid cross-entropy of a logit z is −y log σ(z) − (1 − y) log(1 − σ(z)).",
    says="is",
    notes="003",
    scope="101 logits from −10 to 10; nothing is trained",
)
def of_a_sigmoid(lab):
    """The formula as written against Keras's loss; and where it overflows."""
    y = np.random.default_rng(2).integers(0, 2, 101).astype("float32")
    gaps = {}
    for most in (MODERATE, EXTREME):
        z = np.linspace(-most, most, 101).astype("float32")
        got = each(losses.BinaryCrossentropy(from_logits=True), y[:, None], z[:, None])
        gaps[most] = got, cross_entropy(y, sigmoid(z.astype(float)))
        stable = agree(got, sigmoid_cross_entropy(y.astype(float), z.astype(float)))
    one = np.ones((1, 1))
    slope = gradients(
        lambda t: losses.BinaryCrossentropy(from_logits=True)(one, t[0]),
        [np.full((1, 1), -5.0, "float32")],
    )[0].item()
    return Finding(
        agree(*gaps[MODERATE]),
        "Keras's loss of logits is that formula. Computed as it is written it is "
        "infinite or NaN from logit {fails[float32]} (float32) or {fails[float64]} "
        "(float64) on; Keras computes max(z, 0) − zy + log(1 + e^−|z|), which never "
        "is. Its slope is σ(z) − y: {slope:.4f} at z = −5 for label 1.",
        fails=first_failure(lambda z: cross_entropy(0, sigmoid(z))),
        slope=slope,
        keras_is_right_at_logits_of_1000=stable,
        finite_as_written_at_logits_of_1000=np.isfinite(gaps[EXTREME][1]).all(),
    )


@claim(
    "loss-softmax-ce-logits",
    "Softmax cross-entropy of logits z is −Σ y log softmax(z).",
    says="is",
    notes="003",
    scope="100 rows of five logits from −10 to 10; nothing is trained",
)
def of_a_softmax(lab):
    """The same of rows of logits."""
    rng, gaps = np.random.default_rng(3), {}
    y = one_hot(rng.integers(0, CLASSES, 100))
    for most in (MODERATE, EXTREME):
        z = rng.uniform(-most, most, (100, CLASSES)).astype("float32")
        z[0, :2] = -most, most
        got = each(losses.CategoricalCrossentropy(from_logits=True), y, z)
        gaps[most] = got, categorical_cross_entropy(y, softmax(z.astype(float)))
        stable = agree(got, softmax_cross_entropy(y.astype(float), z.astype(float)))
    two = np.array([1, 0])
    return Finding(
        agree(*gaps[MODERATE]),
        "Keras's loss of logits is that formula. Computed as it is written e^z "
        "overflows from logit {fails[float32]} (float32) or {fails[float64]} (float64) "
        "on; with the largest logit of a row taken off first, as Keras does, it never "
        "does.",
        fails=first_failure(
            lambda z: categorical_cross_entropy(two, softmax(np.stack([z, 0 * z])))
        ),
        keras_is_right_at_logits_of_1000=stable,
        finite_as_written_at_logits_of_1000=np.isfinite(gaps[EXTREME][1]).all(),
    )


if __name__ == "__main__":
    main(__file__)
