"""What each pair sends back to the logit, by Keras's losses and by formula."""

import keras
import numpy as np
from keras import ops

from recipes.lab import gradients

LOSSES = {
    "bce": keras.losses.BinaryCrossentropy,
    "cce": keras.losses.CategoricalCrossentropy,
    "mse": keras.losses.MeanSquaredError,
}
WRONG = (-5.0, -10.0)  # logits of a positive: how sure the wrong answer is


def unseen(probabilities):
    """Hides where probabilities come from.

    Keras on TensorFlow takes a sigmoid or softmax right before a loss apart and
    goes back to its logits; this multiplication is enough to keep it from that.
    """
    return 1.0 * probabilities


def by_logit(pair: str, logits, targets) -> tuple[np.ndarray, np.ndarray]:
    """Loss and its derivative in the logits, one row at a time.

    Args:
        pair: An entry of `LOSSES`, taken "from logits", or after "sigmoid",
            "softmax" or "relu": for instance "bce from logits", "mse after sigmoid".
        logits: (rows, outputs).
        targets: The same shape.

    Returns:
        Losses (rows,) and derivatives (rows, outputs).
    """
    name, _, form = pair.partition(" ")
    options = {"from_logits": True} if form == "from logits" else {}
    loss = LOSSES[name](reduction=None, **options)
    targets = ops.convert_to_tensor(np.asarray(targets, "float32"))

    def losses(tensor):
        if form == "from logits":
            return loss(targets, tensor)
        activation = keras.activations.get(form.removeprefix("after "))
        return loss(targets, unseen(activation(tensor)))

    x = np.asarray(logits, "float32")
    (slopes,) = gradients(lambda tensors: ops.sum(losses(tensors[0])), [x])
    return ops.convert_to_numpy(losses(ops.convert_to_tensor(x))), slopes


def sigmoid(z):
    """The logistic function in double precision."""
    return np.exp(-np.logaddexp(0, -np.asarray(z, float)))


def softmax(z):
    """Softmax over the last axis in double precision."""
    z = np.asarray(z, float)
    exp = np.exp(z - z.max(-1, keepdims=True))
    return exp / exp.sum(-1, keepdims=True)


def sigmoid_pairs() -> dict:
    """Sigmoid with cross-entropy and with squared error, against their formulas."""
    z = np.linspace(-15, 15, 121)[:, None]
    gaps = {}
    for y in (0.0, 1.0):
        targets = np.full_like(z, y)
        s = sigmoid(z)
        formulas = {
            "bce from logits": s - y,
            "bce after sigmoid": s - y,
            "mse after sigmoid": 2 * (s - y) * s * (1 - s),  # of (σ - y)², not of half
        }
        for pair, formula in formulas.items():
            gap = np.abs(by_logit(pair, z, targets)[1] - formula).max()
            gaps[pair] = max(gaps.get(pair, 0.0), float(gap))
    wrong, ones = np.array(WRONG)[:, None], np.ones((len(WRONG), 1))
    sent = {
        "cross-entropy": by_logit("bce from logits", wrong, ones)[1][:, 0],
        "half the squared error": by_logit("mse after sigmoid", wrong, ones)[1][:, 0]
        / 2,
    }
    return {
        "largest_distance_from_the_formula": gaps,
        "logits_of_a_positive": WRONG,
        "derivative_in_the_logit": sent,
    }


def softmax_pairs(seed: int = 0) -> dict:
    """The same for softmax, on ten classes at random and on two by hand."""
    rng = np.random.default_rng(seed)
    scale = np.geomspace(0.1, 100, 400)[:, None]
    logits = scale * rng.normal(size=(400, 10))
    targets = np.eye(10)[rng.integers(0, 10, 400)]
    slopes = by_logit("cce from logits", logits, targets)[1]
    formula = softmax(logits.astype("float32")) - targets
    two, right = np.array([[10.0, 0.0]]), np.array([[0.0, 1.0]])
    pairs = {"cross-entropy": "cce from logits", "squared error": "mse after softmax"}
    return {
        "largest_distance_from_p_minus_y": float(np.abs(slopes - formula).max()),
        "largest_entry": float(np.abs(slopes).max()),
        "largest_norm": float(np.linalg.norm(slopes, axis=1).max()),
        "two_classes_wrong_by_logit_10": {
            name: float(np.abs(by_logit(pair, two, right)[1]).max())
            for name, pair in pairs.items()
        },
    }
