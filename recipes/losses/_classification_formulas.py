"""Classification losses in NumPy: as the notes write them, and as one computes them."""

import numpy as np


def sigmoid(z):
    """1 / (1 + e^-z), as it is written."""
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-np.asarray(z)))


def cross_entropy(y, p):
    """-y log p - (1 - y) log(1 - p), as it is written: infinite where p is wrong."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return -y * np.log(p) - (1 - y) * np.log(1 - p)


def sigmoid_cross_entropy(y, z):
    """The same of a logit, rearranged so that nothing overflows."""
    return np.maximum(z, 0) - z * y + np.log1p(np.exp(-np.abs(z)))


def softmax(z):
    """e^z / Σ e^z over the last axis, as it is written."""
    with np.errstate(over="ignore", invalid="ignore"):
        e = np.exp(z)
        return e / e.sum(-1, keepdims=True)


def categorical_cross_entropy(y, p):
    """-Σ y log p over the last axis, as it is written."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return -(y * np.log(p)).sum(-1)


def softmax_cross_entropy(y, z):
    """The same of logits: with the largest taken off before the exponential."""
    z = z - z.max(-1, keepdims=True)
    return (y * (np.log(np.exp(z).sum(-1, keepdims=True)) - z)).sum(-1)


def hinge(y, score):
    """max(0, 1 - y score) for labels -1 and 1."""
    return np.maximum(0, 1 - y * score)


def categorical_hinge(y, scores):
    """max(0, 1 + the best wrong score - the right score) for one-hot labels."""
    right = (y * scores).sum(-1)
    wrong = np.where(y == 1, -np.inf, scores).max(-1)
    return np.maximum(0, 1 + wrong - right)


def entropy(share: float) -> float:
    """The entropy of two classes of which one has this share, in nats."""
    return float(-share * np.log(share) - (1 - share) * np.log(1 - share))
