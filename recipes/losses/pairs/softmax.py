"""Softmax: cross-entropy sends back p − y, squared error next to nothing when sure.

With p = softmax(z), −Σ y log p has the derivative p − y in the logits: never larger
than 1 in an entry, and near 1 where the network is sure of a wrong class. Squared error
multiplies that by the softmax's slopes, which are next to 0 there.
"""

import numpy as np

from recipes.lab import Finding, claim, experiment, main, stats
from recipes.losses.pairs._derivatives import by_logit
from recipes.losses.pairs._digits import ahead, draw_training, learned, means

SAME = 1e-5  # derivatives of up to 1 at logits of up to 400 in single precision
VANISHES = 0.01  # a gradient vanishes where it is a hundredth of its rival


def softmax(z):
    """Softmax over the last axis in double precision."""
    z = np.asarray(z, float)
    exp = np.exp(z - z.max(-1, keepdims=True))
    return exp / exp.sum(-1, keepdims=True)


@experiment
def derivatives(lab) -> dict:
    """Ten classes at random, by formula; and two classes, wrong by a logit of 10."""
    rng = np.random.default_rng(0)
    logits = np.geomspace(0.1, 100, 400)[:, None] * rng.normal(size=(400, 10))
    targets = np.eye(10)[rng.integers(0, 10, 400)]
    slopes = by_logit("cce from logits", logits, targets)[1]
    formula = softmax(logits.astype("float32")) - targets
    two, right = np.array([[10.0, 0.0]]), np.array([[0.0, 1.0]])
    pairs = {"cross-entropy": "cce from logits", "squared error": "mse after softmax"}
    return {
        "gap": float(np.abs(slopes - formula).max()),
        "largest_entry": float(np.abs(slopes).max()),
        "largest_norm": float(np.linalg.norm(slopes, axis=1).max()),
        "wrong_by_10": {
            name: float(np.abs(by_logit(pair, two, right)[1]).max())
            for name, pair in pairs.items()
        },
    }


@claim(
    "pair-softmax-cce",
    "A softmax output goes well with categorical cross-entropy.",
    says="always",
    notes="002",
    scope="the 8 × 8 digits, 64 hidden units, 10 epochs, the best of three learning "
    "rates",
)
def with_cross_entropy(lab):
    """The derivative, its bound, and whether networks learn from either start."""
    found = derivatives(lab)
    return Finding(
        {
            "the gradient is p - y": stats.below(found["gap"], SAME),
            "no entry above 1": stats.below(found["largest_entry"], 1 + 1e-6),
            **learned(lab, "cce logits"),
        },
        "The derivative in the logits is p − y to {gap:.0e}, its largest entry "
        "{largest_entry:.4f}. Balanced accuracy on ten digits: {accuracy:.3f}.",
        figure=draw_digits,
        accuracy=means(lab, "cce logits"),
        **found,
    )


@claim(
    "pair-softmax-mse-vanishes",
    "A softmax output with squared error is a problem: its gradient vanishes.",
    says="can",
    hedge="can lead to",
    notes="002",
    scope="the 8 × 8 digits, 64 hidden units, 10 epochs, the best of three learning "
    "rates",
)
def with_squared_error(lab):
    """The derivative at a sure wrong answer, and the accuracy that it costs."""
    found = derivatives(lab)
    sent = found["wrong_by_10"]
    lost = ahead(lab, "cce logits", "mse softmax")
    return Finding(
        {
            "the gradient at a sure wrong answer": stats.below(
                sent["squared error"], VANISHES * sent["cross-entropy"]
            ),
            **lost,
        },
        "Two classes, wrong by a logit of 10: cross-entropy sends back {entropy_sent:"
        ".5f}, squared error {squared_sent:.1e}. Balanced accuracy with squared error: "
        "{squared:.3f}; with cross-entropy: {entropy:.3f}.",
        figure=draw_digits,
        entropy_sent=sent["cross-entropy"],
        squared_sent=sent["squared error"],
        squared=means(lab, "mse softmax"),
        entropy=means(lab, "cce logits"),
        **found,
    )


def draw_digits(lab):
    """Balanced accuracy on ten digits, by start and optimizer."""
    title = "Sure and wrong, squared error sometimes stays where it starts"
    draw_training(lab, "ten_digits", title, ("cce logits", "mse softmax"))


if __name__ == "__main__":
    main(__file__)
