"""Verdicts on formulas of classification losses: the notes' against Keras's."""

import time

import keras
import numpy as np
from keras import losses
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from recipes.lab import generators, gradients, split, stats
from recipes.losses import _classification_formulas as formulas

TOLERANCE = 1e-5  # relative; Keras computes in float32
CLASSES = 5
COST_CLASSES = (1_000, 1_000_000)


def judge(lab) -> None:
    """States the verdicts that need no network."""
    _binary(lab)
    _one_hot(lab)
    _sigmoid_logits(lab)
    _softmax_logits(lab)
    _majority(lab)


def each(loss, y, predicted) -> np.ndarray:
    """Returns Keras's loss of every example."""
    loss.reduction = None
    return keras.ops.convert_to_numpy(loss(y, predicted))


def close(first, second) -> bool:
    """Whether two arrays are finite and agree to the tolerance."""
    agree = np.allclose(first, second, rtol=TOLERANCE, atol=1e-6)
    return bool(agree and np.isfinite(first).all() and np.isfinite(second).all())


def one_hot(labels, classes: int = CLASSES) -> np.ndarray:
    """Returns rows with a single 1."""
    return np.eye(classes, dtype="float32")[labels]


def _binary(lab) -> None:
    rng = np.random.default_rng(0)
    p = rng.uniform(0.001, 0.999, (100, 1)).astype("float32")
    y = rng.integers(0, 2, (100, 1)).astype("float32")
    expected = formulas.cross_entropy(y.astype(float), p.astype(float))[:, 0]
    got = each(losses.BinaryCrossentropy(), y, p)
    loss = losses.BinaryCrossentropy(reduction="sum")
    slope = gradients(lambda t: loss(y, t[0]), [p])[0]
    wrong = float(losses.BinaryCrossentropy()(np.ones((1, 1)), np.zeros((1, 1))))
    lab.verdict(
        "loss-bce",
        close(got, expected) and close(slope, (p - y) / (p * (1 - p))),
        evidence={
            "largest_difference_to_Keras": float(np.abs(got - expected).max()),
            "samples": len(p),
            "Keras_at_p_0_for_label_1": wrong,
            "relative_tolerance": TOLERANCE,
        },
        note="Equal for probabilities from 0.001 to 0.999. Where one is wrong with "
        f"certainty the formula is infinite; Keras clips it to 1e-7 off and says "
        f"{wrong:.2f}, -log 1e-7 = {-np.log(1e-7):.2f}.",
    )


def _raises(call) -> bool:
    """Whether a call is refused."""
    try:
        call()
    except ValueError:
        return True
    return False


def _one_hot(lab) -> None:
    rng = np.random.default_rng(1)
    labels = rng.integers(0, CLASSES, 200)
    p = formulas.softmax(rng.normal(size=(200, CLASSES))).astype("float32")
    dense = each(losses.CategoricalCrossentropy(), one_hot(labels), p)
    sparse = each(losses.SparseCategoricalCrossentropy(), labels, p)
    written = formulas.categorical_cross_entropy(one_hot(labels), p.astype(float))
    soft = formulas.softmax(rng.normal(size=(200, CLASSES))).astype("float32")
    with_soft = each(losses.CategoricalCrossentropy(), soft, p)
    soft_agrees = close(
        with_soft,
        formulas.categorical_cross_entropy(soft.astype(float), p.astype(float)),
    )
    refused = _raises(lambda: losses.CategoricalCrossentropy()(labels, p))
    gap = float(np.abs(dense - sparse).max())
    lab.verdict(
        "loss-cce-onehot",
        {
            "CategoricalCrossentropy wants a row for each label": refused
            and close(dense, written),
            "the row must be one-hot": not soft_agrees,
            "SparseCategoricalCrossentropy wants it too": not close(sparse, written),
        },
        evidence={
            "refuses_class_numbers": refused,
            "largest_difference_of_one_hot_to_class_numbers": gap,
            "takes_rows_of_probabilities": soft_agrees,
        },
        note="-Σ y log p wants a row of class probabilities, of which one-hot is one; "
        f"the sparse loss takes class numbers and differs by at most {gap:.0e}.",
    )


def _first_failure(loss, kind) -> int:
    """Returns the least whole logit at which a loss as written is not finite."""
    for z in range(1, 2000):
        if not np.isfinite(loss(kind(z))).all():
            return z
    return 2000


def _sigmoid_logits(lab) -> None:
    rng, holds = np.random.default_rng(2), {}
    y = rng.integers(0, 2, 101).astype("float32")
    keras_loss = losses.BinaryCrossentropy(from_logits=True)
    for most in (10, 1000):
        z = np.linspace(-most, most, 101).astype("float32")
        stable = formulas.sigmoid_cross_entropy(y.astype(float), z.astype(float))
        written = formulas.cross_entropy(y, formulas.sigmoid(z.astype(float)))
        holds[f"as written, logits to ±{most}"] = close(written, stable)
        got = each(keras_loss, y[:, None], z[:, None])
        holds[f"Keras's from_logits, logits to ±{most}"] = close(got, stable)
    fails = {
        kind.__name__: _first_failure(
            lambda z: formulas.cross_entropy(0, formulas.sigmoid(z)), kind
        )
        for kind in (np.float32, np.float64)
    }
    slope = gradients(
        lambda t: losses.BinaryCrossentropy(from_logits=True)(np.ones((1, 1)), t[0]),
        [np.full((1, 1), -5.0, "float32")],
    )[0].item()
    lab.verdict(
        "loss-sigmoid-ce-logits",
        holds,
        evidence={
            "least_whole_logit_that_is_not_finite_as_written": fails,
            "slope_in_the_logit_at_-5_for_label_1": slope,
        },
        note="Right on paper; computed as written it is infinite or NaN from logit "
        f"{fails['float32']} (float32) or {fails['float64']} (float64) on, while "
        "max(z, 0) − zy + log(1 + e^−|z|) never is. Its slope is σ(z) − y, "
        f"{slope:.4f} at z = −5 for label 1: it vanishes only at right answers.",
    )


def _seconds(classes: int) -> float:
    """Times Keras's softmax cross-entropy of 8 rows, the least of 5."""
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    labels, taken = keras.ops.zeros(8, "int32"), []
    logits = keras.random.normal((8, classes), seed=0)
    for _ in range(5):
        start = time.perf_counter()
        float(loss(labels, logits))
        taken.append(time.perf_counter() - start)
    return min(taken)


def _softmax_logits(lab) -> None:
    rng, holds = np.random.default_rng(3), {}
    y = one_hot(rng.integers(0, CLASSES, 100))
    keras_loss = losses.CategoricalCrossentropy(from_logits=True)
    for most in (10, 1000):
        z = rng.uniform(-most, most, (100, CLASSES)).astype("float32")
        z[0, :2] = -most, most
        stable = formulas.softmax_cross_entropy(y.astype(float), z.astype(float))
        written = formulas.categorical_cross_entropy(
            y, formulas.softmax(z.astype(float))
        )
        holds[f"as written, logits to ±{most}"] = close(written, stable)
        got = each(keras_loss, y, z)
        holds[f"Keras's from_logits, logits to ±{most}"] = close(got, stable)
    fails = {
        kind.__name__: _first_failure(
            lambda z: formulas.categorical_cross_entropy(
                np.array([1, 0]), formulas.softmax(np.stack([z, 0 * z]))
            ),
            kind,
        )
        for kind in (np.float32, np.float64)
    }
    times = {classes: _seconds(classes) for classes in COST_CLASSES}
    ratio = times[COST_CLASSES[1]] / times[COST_CLASSES[0]]
    holds["its cost grows with the classes"] = ratio > 10
    lab.verdict(
        "loss-softmax-ce-logits",
        holds,
        evidence={
            "least_whole_logit_that_is_not_finite_as_written": fails,
            "seconds_for_8_rows_by_classes": times,
        },
        note=f"As written e^z overflows from logit {fails['float32']} (float32) or "
        f"{fails['float64']} (float64) on; with the largest logit taken off first it "
        f"never does. A thousand times the classes take {ratio:.0f} times as long.",
    )


def _majority(lab) -> None:
    y = np.r_[np.ones(50), np.zeros(950)].astype("float32")[:, None]
    grid = np.arange(1, 1000) / 1000
    costs = formulas.cross_entropy(y, grid).mean(0)
    best, floor = float(grid[costs.argmin()]), formulas.entropy(0.05)
    bce = losses.BinaryCrossentropy()
    constant, none = (float(bce(y, np.full_like(y, p))) for p in (0.05, 0.0))
    learned = []
    for seed in lab.seeds:
        x, labels = generators.imbalanced(seed=seed)
        x, labels, new_x, new_labels = split(x, labels, seed=seed)
        model = LogisticRegression().fit(x, labels)
        learned.append(float(log_loss(new_labels, model.predict_proba(new_x))))
    accuracy = float((y == 0).mean())
    gain = stats.paired([floor] * len(learned), learned)
    lab.verdict(
        "bce-lower-bound-majority",
        bool(
            abs(constant / floor - 1) < TOLERANCE and best == 0.05 and accuracy == 0.95
        ),
        evidence={
            "entropy_of_95_to_5": floor,
            "Keras_loss_of_p_0.05": constant,
            "best_constant_of_0.001_to_0.999": best,
            "accuracy_of_always_negative": accuracy,
            "Keras_loss_of_p_0": none,
            "entropy_minus_test_loss_of_logistic_regression": gain,
        },
        note=f"The best constant is {best:g}, at {constant:.5f} nats (p = 0 costs "
        f"{none:.3f}). It bounds constants alone: logistic regression on two Gaussians "
        f"of these shares has {np.mean(learned):.3f} on test data.",
    )
