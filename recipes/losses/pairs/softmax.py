"""Softmax: cross-entropy sends back p − y, squared error next to nothing when sure.

With p = softmax(z), −Σ y log p has the derivative p − y in the logits: never larger
than 1 in an entry, and near 1 where the network is sure of a wrong class. Squared error
multiplies that by the softmax's slopes, which are next to 0 there. And a softmax that
is taken for logits is taken twice.
"""

import numpy as np
from keras import ops

from recipes.lab import Finding, claim, experiment, main, stats
from recipes.losses.pairs._derivatives import (
    LOSSES,
    by_logit,
    hidden,
    losses_and_slopes,
)
from recipes.losses.pairs._digits import (
    MARGIN,
    RATES,
    USUAL,
    ahead,
    draw_training,
    learn,
    learned,
    means,
)

VANISHES = 0.01  # a gradient vanishes where it is a hundredth of its rival
SAME = 1e-5  # derivatives of up to 1 at logits of up to 400 in single precision


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
    scope="the 8 × 8 digits, 64 hidden units, 10 epochs, the best of five learning "
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
    "pair-softmax-mse",
    "A softmax output with squared error can lead to suboptimal training.",
    says="can",
    hedge="can lead to",
    notes="002",
    scope="the 8 × 8 digits, 64 hidden units, 10 epochs, the best of five learning "
    "rates",
)
def with_squared_error(lab):
    """The accuracy that it costs, and the derivative at a sure wrong answer."""
    found = derivatives(lab)
    sent = found["wrong_by_10"]
    return Finding(
        ahead(lab, "cce logits", "mse softmax"),
        "Balanced accuracy with squared error: {squared:.3f}; with cross-entropy: "
        "{entropy:.3f}. Two classes, wrong by a logit of 10: the derivative of "
        "cross-entropy is {entropy_sent:.5f}, that of squared error "
        "{squared_sent:.1e}, so that a network that starts sure and wrong may stay so.",
        figure=draw_digits,
        entropy_sent=sent["cross-entropy"],
        squared_sent=sent["squared error"],
        squared=means(lab, "mse softmax"),
        entropy=means(lab, "cce logits"),
        **found,
    )


# One of the notes' networks returns a softmax; others are trained there with a loss
# that takes logits, PyTorch's CrossEntropyLoss. Together the softmax is taken twice:
# of probabilities, whose greatest difference is 1. A sure right answer then costs
# log(1 + (classes − 1)/e), and nothing costs less.

TWICE = [(USUAL, optimizer) for optimizer in RATES]
WITHIN = stats.Threshold(
    "two points behind", 0.0, "balanced accuracy",
    "a finer choice of rates moves accuracy by a point; two points are put in before.",
)  # fmt: skip


def sent_back(pair: str) -> float:
    """The derivative at two classes, wrong by a logit of 10, in size."""
    z, right = np.array([[10.0, 0.0]]), np.array([[0.0, 1.0]])
    if pair == "softmax once":
        return float(np.abs(by_logit("cce from logits", z, right)[1]).max())
    loss = LOSSES["cce"](from_logits=True, reduction=None)
    slopes = losses_and_slopes(lambda x: loss(right, hidden(ops.softmax(x))), z)[1]
    return float(np.abs(slopes).max())


def floor(classes: int) -> float:
    """The loss of a sure right answer, by Keras, if its softmax is taken for logits."""
    sure = np.eye(classes)[:1]
    return float(by_logit("cce from logits", sure, sure)[0][0])


@claim(
    "pair-softmax-twice",
    "A network that returns a softmax, as one of the examples does, goes with "
    "cross-entropy of logits as well as the others, which return logits.",
    says="is",
    notes="002",
    scope="the 8 × 8 digits, 64 hidden units, 10 epochs, the best of five learning "
    "rates",
)
def softmax_of_a_softmax(lab):
    """The least loss there is; and accuracy with the softmax taken twice."""
    floors = {classes: floor(classes) for classes in (2, 10, 1000)}
    sent = [sent_back(f"softmax {times}") for times in ("once", "twice")]
    once, twice = learn(lab, "cce logits"), learn(lab, "cce softmax")
    return Finding(
        {
            "a sure right answer costs nothing": stats.below(floors[10], 1e-3),
            "a sure wrong answer sends a gradient back": stats.above(
                sent[1], VANISHES * sent[0]
            ),
            **{
                f"training, {optimizer}, at most two points behind": stats.greater(
                    twice[USUAL, optimizer] + MARGIN.value,
                    once[USUAL, optimizer],
                    by=WITHIN,
                    scale="ranks",  # some trainings are partly lost
                )
                for optimizer in RATES
            },
        },
        "With the softmax taken twice the loss stays above {floors:.4f} for {classes} "
        "classes, however right the network is: log(1 + (classes − 1)/e). Where two "
        "classes are wrong by a logit of 10 the derivative is {sent[1]:.1e}, from "
        "logits {sent[0]:.5f}. Balanced accuracy on ten digits: {twice:.3f}; from "
        "logits: {once:.3f}.",
        sent=sent,
        floors=list(floors.values()),
        classes=list(floors),
        twice=means(lab, "cce softmax", TWICE),
        once=means(lab, "cce logits", TWICE),
    )


def draw_digits(lab):
    """Balanced accuracy on ten digits, by start and optimizer."""
    draw_training(lab, "ten_digits", ("cce logits", "mse softmax"))


if __name__ == "__main__":
    main(__file__)
