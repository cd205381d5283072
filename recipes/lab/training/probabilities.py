"""Whether outputs are the logits or the probabilities that a loss takes them for."""

from typing import Any

import keras
from keras.src.models import Functional

from recipes.lab.errors import LabError

CATEGORICAL = ("sparse_categorical_crossentropy", "categorical_crossentropy",
               "categorical_focal_crossentropy",
               "categorical_generalized_cross_entropy")  # fmt: skip
BINARY = ("binary_crossentropy", "binary_focal_crossentropy")
PROBABILITIES = ("sigmoid", "softmax", "hard_sigmoid", "sparse_sigmoid", "sparsemax")
SIGNED = ("linear", "tanh", "elu", "selu", "celu", "gelu", "silu", "leaky_relu",
          "softsign", "mish", "hard_silu", "hard_tanh", "log_softmax",
          "log_sigmoid")  # fmt: skip
UNBOUNDED = (*SIGNED, "relu", "relu6", "softplus", "exponential")
KEEPING = (
    keras.layers.Reshape,
    keras.layers.Flatten,
    keras.layers.Permute,
    keras.layers.Identity,
    keras.layers.Dropout,
    keras.layers.RepeatVector,
)


def check_activation(kind: str, settings: dict, pair: Any, name: str) -> None:
    """Refuses outputs without the activation that a cross-entropy counts on.

    Args:
        kind: The loss, as `targets.describe` names it; "" is one of one's own.
        settings: Of the loss; `from_logits` counts.
        pair: The loss with the model's output.
        name: The target's name, which tells several outputs apart.

    Raises:
        LabError: Logits would be taken for probabilities, or the reverse.
    """
    own = not kind and isinstance(settings.get("from_logits"), bool)
    if kind not in CATEGORICAL and kind not in BINARY and not own:
        return
    activation = activation_of(pair.output)
    of = f" for {name}" if "[" in name else ""
    loss = kind or pair.loss.name
    if settings.get("from_logits"):
        if activation in PROBABILITIES:
            raise LabError(
                f"the loss {loss}{of} has from_logits=True, but the output has a "
                f"{activation} already; drop one of the two."
            )
        return
    if activation in (UNBOUNDED if kind in BINARY else SIGNED):
        wanted = "sigmoid" if kind in BINARY else "softmax"
        raise LabError(
            f"the loss {loss}{of} takes probabilities, but the output's activation is "
            f"{activation}; give the loss from_logits=True or the last layer a "
            f"{wanted}."
        )
    if activation == "softmax" and pair.output.shape[-1] == 1:
        raise LabError(
            f"the output{of} is a softmax of one unit, which is always 1; a single "
            "unit takes a sigmoid."
        )


def activation_of(output: Any) -> str:
    """The name of the activation that made an output; "" where it is not known."""
    tensor = output
    while hasattr(tensor, "_keras_history"):
        layer, node, place = tensor._keras_history
        inner = getattr(layer, "_functional", None) or layer
        if isinstance(inner, Functional):
            tensor = inner.outputs[place]
            continue
        while isinstance(layer, keras.layers.TimeDistributed):
            layer = layer.layer
        name = _name_of(layer)
        keeps = isinstance(layer, KEEPING) or type(layer).__name__ == "Reshape"
        if not keeps and not (isinstance(layer, keras.layers.Activation)
                              and name == "linear"):  # fmt: skip
            return name
        tensor = tensor._keras_history.operation._inbound_nodes[node].input_tensors[0]
    return ""


def _name_of(layer: Any) -> str:
    if isinstance(layer, (keras.layers.Softmax, keras.layers.ReLU)):
        return type(layer).__name__.lower()
    module = type(layer).__module__
    if module.startswith("keras.src.ops"):  # ops.sigmoid(x) in a functional model
        return type(layer).__name__.lower()
    known = (keras.layers.Dense, keras.layers.EinsumDense, keras.layers.Activation)
    is_convolution = "Conv" in type(layer).__name__ and module.startswith("keras")
    if isinstance(layer, known) or is_convolution:
        return getattr(getattr(layer, "activation", None), "__name__", "")
    return ""
