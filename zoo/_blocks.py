"""Small x -> x functions that more than one family of networks is made of."""

from typing import Any

import keras
from keras import layers, regularizers

from zoo import _checks
from zoo.layers import Maxout
from zoo.normalization import FusedBatchNormalization
from zoo.penalties import Lp

NORMALIZATIONS = ("batch", "layer", None)
MAXOUT_PIECES = 2
_NOT_ACTIVATIONS = ("deserialize", "get", "serialize", "glu", "threshold")
_HE = frozenset(
    {"celu", "elu", "gelu", "hard_silu", "hard_swish", "leaky_relu", "mish"}
    | {"prelu", "relu", "relu6", "silu", "softplus", "sparse_plus", "squareplus"}
    | {"swish"}
)


def activations() -> list[str]:
    """Every name `activate` knows.

    `glu` is left out because it halves the width, `threshold` because it has no
    default threshold.
    """
    names = [name for name in vars(keras.activations) if name[0] != "_"]
    names = [name for name in names if callable(getattr(keras.activations, name))]
    return sorted({*names, "maxout", "prelu"} - set(_NOT_ACTIVATIONS))


def fitting_initializer(activation: str) -> str:
    """The initializer that keeps the variance through this activation.

    He's 2/fan_in makes up for the half that a rectifier zeroes (He et al., 2015);
    SELU is built for 1/fan_in (Klambauer et al., 2017); the larger of two unit
    Gaussians has second moment 1, hence 1/fan_in for Maxout; everything that is
    nearly linear around zero gets Glorot and Bengio's (2010).
    """
    if activation in _HE:
        return "he_normal"
    if activation in ("selu", "maxout"):
        return "lecun_normal"
    return "glorot_uniform"


def fresh(initializer: Any) -> Any:
    """A copy to itself for each layer: a shared one would draw the same numbers."""
    if isinstance(initializer, keras.initializers.Initializer):
        return initializer.clone()
    return initializer


def penalty(l1: float, l2: float, lp: float, power: float) -> Any:
    """The kernel regularizer of these strengths, or None when all are 0."""
    if lp:
        return Lp(lp, power)
    return regularizers.L1L2(l1, l2) if l1 or l2 else None


def check_penalty(l1: object, l2: object, lp: object, power: object) -> None:
    """Refuses negative strengths, and Lp beside L1 or L2."""
    strengths = {"l1": l1, "l2": l2, "lp": lp}
    for name, value in strengths.items():
        _checks.number(name, value, 0.0)
    _checks.number("power", power, 0.0, open_low=True)
    if lp and (l1 or l2):
        raise _checks.fail("lp", lp, "0 where l1 or l2 is set")


def widened(units: int, activation: str) -> int:
    """How many channels a layer needs for its activation to leave `units`."""
    return units * MAXOUT_PIECES if activation == "maxout" else units


def normalize(x: Any, kind: str | None, name: str) -> Any:
    """Batch or layer normalization over the channels, or nothing."""
    if kind is None:
        return x
    layer = FusedBatchNormalization if kind == "batch" else layers.LayerNormalization
    return layer(name=name)(x)


def activate(x: Any, activation: str, name: str) -> Any:
    """Any Keras activation by name, Maxout, or PReLU with a slope per channel."""
    if activation == "linear":
        return x
    if activation == "maxout":
        return Maxout(MAXOUT_PIECES, name=name)(x)
    if activation == "prelu":
        shared = list(range(1, len(x.shape) - 1)) or None
        return layers.PReLU(shared_axes=shared, name=name)(x)
    return layers.Activation(activation, name=name)(x)


def head(x: Any, num_classes: int, task: str, **dense: Any) -> Any:
    """The linear output, float32 under every policy.

    It is called `logits` for both kinds of classification, `prediction` for
    regression. A softmax, sigmoid or exponential of a half-precision number would
    throw away digits that the loss needs.
    """
    name = "prediction" if task == "regression" else "logits"
    dense.setdefault("kernel_initializer", "glorot_uniform")
    return layers.Dense(num_classes, dtype="float32", name=name, **dense)(x)
