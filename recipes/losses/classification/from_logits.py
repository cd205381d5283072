"""From logits: the formula is right on paper, and overflows as it is written.

σ(z) rounds to 1 from logit 17 on in float32, and log(1 − 1) is infinite; e^z overflows
from 89 on. Two rearrangements cure it. For a sigmoid: max(z, 0) − zy + log(1 + e^−|z|),
in which every exponent is at most 0. For a softmax: take the largest logit off first,
which changes no probability. Keras does so with from_logits=True.
"""

import time

import keras
import numpy as np
from keras import losses

from recipes.lab import Finding, claim, experiment, gradients, main, stats
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

RANGES = (10, 1000)  # logits of networks that learn, and of those that overflow
COST_CLASSES = (1_000, 1_000_000)
GROWS = 10  # times as long for a thousand times the classes, at least


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
    scope="101 logits to ±10 and to ±1000; nothing is trained",
)
def of_a_sigmoid(lab):
    """The formula as written and Keras's loss are compared with the stable form."""
    rng, holds = np.random.default_rng(2), {}
    y = rng.integers(0, 2, 101).astype("float32")
    for most in RANGES:
        z = np.linspace(-most, most, 101).astype("float32")
        stable = sigmoid_cross_entropy(y.astype(float), z.astype(float))
        written = cross_entropy(y, sigmoid(z.astype(float)))
        got = each(losses.BinaryCrossentropy(from_logits=True), y[:, None], z[:, None])
        holds[f"as written, logits to ±{most}"] = agree(written, stable)
        holds[f"Keras's from_logits, logits to ±{most}"] = agree(got, stable)
    one = np.ones((1, 1))
    slope = gradients(
        lambda t: losses.BinaryCrossentropy(from_logits=True)(one, t[0]),
        [np.full((1, 1), -5.0, "float32")],
    )[0].item()
    return Finding(
        holds,
        "Right on paper; computed as written it is infinite or NaN from logit "
        "{fails[float32]} (float32) or {fails[float64]} (float64) on, while max(z, 0) "
        "− zy + log(1 + e^−|z|) never is. Its slope is σ(z) − y, {slope:.4f} at z = −5 "
        "for label 1: it vanishes only at right answers.",
        fails=first_failure(lambda z: cross_entropy(0, sigmoid(z))),
        slope=slope,
    )


@experiment(alone=True)
def seconds(lab) -> dict[int, float]:
    """Keras's softmax cross-entropy of 8 rows by classes, the least of 5 timings."""
    loss, least = losses.SparseCategoricalCrossentropy(from_logits=True), {}
    labels = keras.ops.zeros(8, "int32")
    for classes in COST_CLASSES:
        logits, taken = keras.random.normal((8, classes), seed=0), []
        for _ in range(5):
            start = time.perf_counter()
            float(loss(labels, logits))
            taken.append(time.perf_counter() - start)
        least[classes] = min(taken)
    return least


@claim(
    "loss-softmax-ce-logits",
    "Softmax cross-entropy of logits z is −Σ y log softmax(z); it costs more with more "
    "classes.",
    says="is",
    notes="003",
    scope="100 rows of five logits to ±10 and to ±1000; a thousand and a million "
    "classes on one CPU; nothing is trained",
)
def of_a_softmax(lab):
    """The same of rows of logits; and how long a thousand times the classes take."""
    rng, holds = np.random.default_rng(3), {}
    y = one_hot(rng.integers(0, CLASSES, 100))
    for most in RANGES:
        z = rng.uniform(-most, most, (100, CLASSES)).astype("float32")
        z[0, :2] = -most, most
        stable = softmax_cross_entropy(y.astype(float), z.astype(float))
        written = categorical_cross_entropy(y, softmax(z.astype(float)))
        got = each(losses.CategoricalCrossentropy(from_logits=True), y, z)
        holds[f"as written, logits to ±{most}"] = agree(written, stable)
        holds[f"Keras's from_logits, logits to ±{most}"] = agree(got, stable)
    least = seconds(lab)
    ratio = least[COST_CLASSES[1]] / least[COST_CLASSES[0]]
    holds["its cost grows with the classes"] = stats.above(ratio, GROWS)
    two = np.array([1, 0])
    return Finding(
        holds,
        "As written e^z overflows from logit {fails[float32]} (float32) or "
        "{fails[float64]} (float64) on; with the largest logit taken off first it "
        "never does. A thousand times the classes take {ratio:.0f} times as long.",
        fails=first_failure(
            lambda z: categorical_cross_entropy(two, softmax(np.stack([z, 0 * z])))
        ),
        ratio=ratio,
        seconds_for_8_rows_by_classes=least,
    )


if __name__ == "__main__":
    main(__file__)
