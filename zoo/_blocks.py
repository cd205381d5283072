"""Small x -> x functions that more than one family of networks is made of."""

from dataclasses import dataclass
from typing import Any

import keras
from keras import layers, regularizers

from zoo import _checks
from zoo.layers import Maxout
from zoo.normalization import FusedBatchNormalization
from zoo.penalties import Lp

NORMALIZATIONS = ("batch", "layer", None)
IMAGES = {"data_format": "channels_last"}  # for every layer, whatever keras.json says
MOMENTUM = 0.9
EPSILON = 1e-3
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


@dataclass(frozen=True)
class Normalization:
    """The normalization that all layers of one network share.

    Args:
        kind: "batch", "layer" or None.
        momentum: Share of the old moving average that batch normalization keeps a
            step, in [0, 1). Keras's 0.99 needs some 500 steps before the averages
            are those of the data; a short training ends long before.
        epsilon: What is added to the variance, above 0.

    Raises:
        ValueError: An argument is out of its range.
    """

    kind: str | None
    momentum: float = MOMENTUM
    epsilon: float = EPSILON

    def __post_init__(self) -> None:
        """Checks the arguments, which builders hand on as they got them."""
        _checks.choice("normalization", self.kind, NORMALIZATIONS)
        _checks.number("momentum", self.momentum, 0.0, 1.0, open_high=True)
        _checks.number("epsilon", self.epsilon, 0.0, open_low=True)

    def __call__(self, x: Any, name: str) -> Any:
        """Normalizes over the channels, under the given name; or does nothing."""
        if self.kind is None:
            return x
        if self.kind == "layer":
            return layers.LayerNormalization(epsilon=self.epsilon, name=name)(x)
        layer = FusedBatchNormalization(
            momentum=self.momentum, epsilon=self.epsilon, name=name
        )
        return layer(x)


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


def precise() -> str:
    """The dtype of outputs: float32 under half precision, float64 under float64.

    A softmax, sigmoid or exponential of a half-precision number would throw away
    digits that the loss needs.
    """
    policy = keras.config.dtype_policy()
    return "float64" if policy.compute_dtype == "float64" else "float32"


def head(x: Any, num_classes: int, task: str, **dense: Any) -> Any:
    """The linear output, of at least float32 under every policy.

    It is called `logits` for all kinds of classification, `prediction` for
    regression, if it has no name of its own.
    """
    name = dense.pop("name", "prediction" if task == "regression" else "logits")
    dense.setdefault("kernel_initializer", "glorot_uniform")
    return layers.Dense(num_classes, dtype=precise(), name=name, **dense)(x)


def pooled(x: Any, pooling: str) -> Any:
    """One number a channel: the mean ("avg") or the largest ("max") of all pixels."""
    if pooling == "max":
        return layers.GlobalMaxPooling2D(name="global_max", **IMAGES)(x)
    return layers.GlobalAveragePooling2D(name="global_average", **IMAGES)(x)


def rescaled(x: Any, rescale: bool) -> Any:
    """Images of 0 to 255 brought to [0, 1] inside the network, if asked for."""
    if not rescale:
        return x
    return layers.Rescaling(1.0 / 255.0, name="rescale")(x)
