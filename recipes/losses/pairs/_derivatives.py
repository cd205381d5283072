"""What a loss sends back to the logit, by Keras."""

import keras
import numpy as np
from keras import ops

from recipes.lab import gradients

LOSSES = {
    "bce": keras.losses.BinaryCrossentropy,
    "cce": keras.losses.CategoricalCrossentropy,
    "mse": keras.losses.MeanSquaredError,
}


def hidden(probabilities):
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
        return loss(targets, hidden(activation(tensor)))

    return losses_and_slopes(losses, logits)


def losses_and_slopes(losses, logits) -> tuple[np.ndarray, np.ndarray]:
    """Losses by row, and their derivatives in the logits, in single precision."""
    x = np.asarray(logits, "float32")
    (slopes,) = gradients(lambda tensors: ops.sum(losses(tensors[0])), [x])
    return ops.convert_to_numpy(losses(ops.convert_to_tensor(x))), slopes
