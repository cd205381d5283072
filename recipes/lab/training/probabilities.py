"""Whether outputs are the logits or the probabilities that a loss takes them for."""

import weakref
from typing import Any

import keras
import numpy as np
from keras.src.models import Functional

from recipes.lab.errors import LabError
from recipes.lab.training.arrays import Data, change, leaves
from recipes.lab.training.conversion import is_dense
from recipes.lab.training.outputs import Pair, describe

CATEGORICAL = ("sparse_categorical_crossentropy", "categorical_crossentropy",
               "categorical_focal_crossentropy",
               "categorical_generalized_cross_entropy")  # fmt: skip
BINARY = ("binary_crossentropy", "binary_focal_crossentropy")
OVERLAPS = ("kl_divergence", "dice", "tversky")  # which know no logits
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

ROUNDING = 1e-3  # of probabilities in half precision
ROWS = 32  # samples that a model is called with to see its outputs
_RANGES: weakref.WeakKeyDictionary = weakref.WeakKeyDictionary()


def check_activations(found: list[Pair]) -> None:
    """Refuses outputs without the activation that a cross-entropy counts on.

    Args:
        found: What `outputs.pairs` found.

    Raises:
        LabError: Logits would be taken for probabilities, or the reverse.
    """
    for pair in found:
        of = f" for output {pair.place + 1}" if len(found) > 1 else ""
        _check_activation(*describe(pair.loss), pair, of)


def _check_activation(kind: str, settings: dict, pair: Pair, of: str) -> None:
    own = not kind and isinstance(settings.get("from_logits"), bool)
    if kind not in (*CATEGORICAL, *BINARY, *OVERLAPS) and not own:
        return
    activation = activation_of(pair.output)
    if kind in OVERLAPS and activation in UNBOUNDED:
        raise LabError(
            f"the loss {kind}{of} takes shares from 0 to 1, but the output's "
            f"activation is {activation}; give the last layer a softmax or a sigmoid."
        )
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


def check_values(model: keras.Model, found: list[Pair], data: Data) -> None:
    """Looks at outputs whose activation can't be known, as of a subclassed model.

    The model is called once in its life with a few samples, as they are and a thousand
    times as large with both signs: what stays between 0 and 1 there is no logit.

    Args:
        model: A compiled model.
        found: What `outputs.pairs` found.
        data: Checked arrays.

    Raises:
        LabError: A cross-entropy would take logits for probabilities, or the reverse.
    """
    for pair in found:
        kind, settings = describe(pair.loss)
        known = (*CATEGORICAL, *BINARY, *OVERLAPS)
        if kind not in known or activation_of(pair.output):
            continue
        ranges = _ranges(model, data)
        if ranges is None:
            return
        least, most, sums_to_one = ranges[pair.place]
        if settings.get("from_logits"):
            bounded = -ROUNDING <= least < most <= 1 + ROUNDING
            shares = sums_to_one if kind in CATEGORICAL else bounded
            if shares:
                raise LabError(
                    f"the loss {kind} has from_logits=True, but the outputs of "
                    f"'{model.name}' are probabilities already; drop one of the two."
                )
        elif least < -ROUNDING or (kind not in CATEGORICAL and most > 1 + ROUNDING):
            logits = "" if kind in OVERLAPS else "the loss from_logits=True or "
            raise LabError(
                f"the loss {kind} takes probabilities, but '{model.name}' puts out "
                f"{least:.3g} to {most:.3g}; give {logits}the model a last activation."
            )


def _ranges(model: keras.Model, data: Data) -> list[tuple[float, float, bool]] | None:
    """Of each output the least and largest value, and whether rows are shares of 1."""
    if model not in _RANGES:
        if not all(is_dense(a) and a.dtype.kind in "fiub" for _, a in leaves(data.x)):
            return None
        try:
            _RANGES[model] = _called(model, data.x)
        except Exception:  # Keras will say what is wrong
            return None
    return _RANGES[model]


def _called(model: keras.Model, x: Any) -> list[tuple[float, float, bool]]:
    results: list[list[np.ndarray]] = []
    for scale in (1, 1000, -1000):

        def few(array, scale=scale):
            rows = array[:ROWS]
            scaled = rows * scale if rows.dtype.kind == "f" else rows
            return keras.ops.convert_to_tensor(scaled.astype(rows.dtype))

        with keras.StatelessScope():  # no state of a layer changes
            output = model(change(few, x), training=False)
        flat = keras.tree.flatten(output)
        results.append([keras.ops.convert_to_numpy(part) for part in flat])
    found = []
    for parts in zip(*results, strict=True):
        both = np.concatenate([np.asarray(part, "float64") for part in parts])
        sums = both.sum(-1) if both.ndim > 1 and both.shape[-1] > 1 else np.zeros(1)
        shares = bool((both >= 0).all() and np.allclose(sums, 1, atol=1e-2))
        found.append((float(both.min()), float(both.max()), shares))
    return found


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
        name = name if name in (*PROBABILITIES, *UNBOUNDED) else ""
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
