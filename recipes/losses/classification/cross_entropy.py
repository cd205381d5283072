"""Cross-entropy: the cost of a probability, in nats, and its least for constants.

A true label costs −log of the probability that was given to it. Right and sure costs
nothing, wrong and sure costs without limit; Keras limits it by clipping probabilities
to 10⁻⁷. If every sample gets the same probability, the cheapest one is the share of
the label, and it costs the entropy of the labels: no constant is below that, and every
network should be.
"""

import numpy as np
from keras import losses
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from recipes.lab import Finding, claim, generators, gradients, main, split, stats
from recipes.losses.classification._formulas import (
    CLASSES,
    TOLERANCE,
    agree,
    categorical_cross_entropy,
    cross_entropy,
    each,
    one_hot,
    softmax,
)


@claim(
    "loss-bce",
    "Binary cross-entropy is −y log p − (1 − y) log(1 − p).",
    says="is",
    notes="001 002 003",
    scope="100 random probabilities from 0.001 to 0.999; nothing is trained",
)
def binary(lab):
    """Values and slopes are compared with Keras's."""
    rng = np.random.default_rng(0)
    p = rng.uniform(0.001, 0.999, (100, 1)).astype("float32")
    y = rng.integers(0, 2, (100, 1)).astype("float32")
    expected = cross_entropy(y.astype(float), p.astype(float))[:, 0]
    got = each(losses.BinaryCrossentropy(), y, p)
    loss = losses.BinaryCrossentropy(reduction="sum")
    slope = gradients(lambda t: loss(y, t[0]), [p])[0]
    wrong = float(losses.BinaryCrossentropy()(np.ones((1, 1)), np.zeros((1, 1))))
    return Finding(
        agree(got, expected) and agree(slope, (p - y) / (p * (1 - p))),
        "Equal for probabilities from 0.001 to 0.999. Where one is wrong with "
        "certainty the formula is infinite; Keras clips it to 1e-7 off and says "
        "{wrong:.2f}, −log 1e-7 = {limit:.2f}.",
        wrong=wrong,
        limit=-np.log(1e-7),
        largest_difference_to_keras=float(np.abs(got - expected).max()),
        samples=len(p),
        relative_tolerance=TOLERANCE,
    )


@claim(
    "loss-cce-onehot",
    "The labels for categorical cross-entropy, −Σ y log p, should be one-hot rows.",
    says="advice",
    hedge="should",
    notes="001 002",
    scope="200 random rows of five probabilities; nothing is trained",
)
def one_row_a_label(lab):
    """One-hot rows, rows of probabilities, and class numbers."""
    rng = np.random.default_rng(1)
    labels = rng.integers(0, CLASSES, 200)
    p = softmax(rng.normal(size=(200, CLASSES))).astype("float32")
    dense = each(losses.CategoricalCrossentropy(), one_hot(labels), p)
    sparse = each(losses.SparseCategoricalCrossentropy(), labels, p)
    written = categorical_cross_entropy(one_hot(labels), p.astype(float))
    soft = softmax(rng.normal(size=(200, CLASSES))).astype("float32")
    takes_soft = agree(
        each(losses.CategoricalCrossentropy(), soft, p),
        categorical_cross_entropy(soft.astype(float), p.astype(float)),
    )
    try:
        losses.CategoricalCrossentropy()(labels, p)
        refused = False
    except ValueError:
        refused = True
    return Finding(
        {"Keras's CategoricalCrossentropy": refused and agree(dense, written)},
        "CategoricalCrossentropy refuses class numbers. Another loss, the sparse one, "
        "takes them and {same} the same values, to {gap:.0e}. A row "
        "need not be one-hot: {soft} chances of the classes, too.",
        soft="the loss takes" if takes_soft else "the loss does not take",
        same="gives" if agree(sparse, written) else "does not give",
        gap=float(np.abs(dense - sparse).max()),
        refuses_class_numbers=refused,
        takes_rows_of_probabilities=takes_soft,
    )


# 50 positives and 950 negatives. Of all constants the share 0.05 is the cheapest, and
# it costs the entropy −0.05 log 0.05 − 0.95 log 0.95 = 0.1985 nats.


def entropy(share: float) -> float:
    """The entropy of two classes of which one has this share, in nats."""
    return float(-share * np.log(share) - (1 - share) * np.log(1 - share))


@claim(
    "bce-lower-bound-majority",
    "At 95 % negatives the majority guess is 95 % right, and no constant has a "
    "cross-entropy below 0.1985 nats.",
    says="is",
    notes="ours",
    scope="50 positives and 950 negatives; constants from 0.001 to 0.999",
)
def no_constant_is_cheaper(lab):
    """Every constant by thousandths; and logistic regression, which is none."""
    y = np.r_[np.ones(50), np.zeros(950)].astype("float32")[:, None]
    grid = np.arange(1, 1000) / 1000
    costs = cross_entropy(y, grid).mean(0)
    best, least = float(grid[costs.argmin()]), entropy(0.05)
    loss = losses.BinaryCrossentropy()
    constant, none = (float(loss(y, np.full_like(y, p))) for p in (0.05, 0.0))
    learned = []
    for seed in lab.seeds:
        x, labels = generators.imbalanced(seed=seed)
        x, labels, new_x, new_labels = split(x, labels, seed=seed)
        model = LogisticRegression().fit(x, labels)
        learned.append(float(log_loss(new_labels, model.predict_proba(new_x))))
    accuracy = float((y == 0).mean())
    return Finding(
        abs(constant / least - 1) < TOLERANCE and best == 0.05 and accuracy == 0.95,
        "The best constant is {best:g}, at {constant:.5f} nats (p = 0 costs "
        "{none:.3f}). It bounds constants alone: logistic regression on two Gaussians "
        "of these shares has {learned:.3f} on test data.",
        best=best,
        constant=constant,
        none=none,
        learned=float(np.mean(learned)),
        entropy_of_95_to_5=least,
        accuracy_of_always_negative=accuracy,
        entropy_over_test_loss_of_logistic_regression=stats.greater(
            [least] * len(learned), learned, by=stats.ANY, scale="log"
        ),
        test_loss_of_logistic_regression=learned,
    )


if __name__ == "__main__":
    main(__file__)
