"""Multilayer perceptrons, among them the four networks of the notes."""

import itertools
from collections.abc import Sequence
from typing import Any, Protocol, cast

import keras
from keras import layers

from zoo import _blocks, _checks
from zoo._variants import variant
from zoo.layers import DropConnect
from zoo.pretrained import loads_weights


@loads_weights
def mlp(
    input_shape: Sequence[int],
    num_classes: int,
    *,
    units: Sequence[int] = (128, 64),
    activation: str = "relu",
    dropout: float = 0.0,
    dropconnect: float = 0.0,
    normalization: str | None = None,
    momentum: float = 0.9,
    epsilon: float = 1e-3,
    l1: float = 0.0,
    l2: float = 0.0,
    lp: float = 0.0,
    power: float = 0.5,
    kernel_initializer: str | keras.initializers.Initializer | None = None,
    bias_initializer: str | keras.initializers.Initializer = "zeros",
    use_bias: bool = True,
    residual: bool = False,
    include_top: bool = True,
    rescale: bool = False,
    task: str = "classification",
    weights: str | None = None,
    name: str = "mlp",
) -> keras.Model:
    """A fully connected network with linear outputs.

    Shapes:
        inputs (batch, *input_shape) float, of any rank -> logits (batch, num_classes),
        or without the top -> features (batch, units[-1])

    Args:
        input_shape: Shape of one example; more than one axis is flattened.
        num_classes: Number of outputs: at least 2 classes for a softmax; 1 or more
            for the other tasks. Without the top it is checked and not used.
        units: Widths of the hidden layers, each at least 1; `()` gives a linear
            model.
        activation: Any Keras activation by name, "maxout" (2 pieces) or "prelu".
        dropout: Share of each hidden layer's units to drop, in [0, 1).
        dropconnect: Share of each hidden layer's weights to drop, in [0, 1).
        normalization: "batch", "layer" or None; between the affine map and the
            activation.
        momentum: Share of the old moving averages that batch normalization keeps a
            step, in [0, 1).
        epsilon: What the normalization adds to the variance, above 0.
        l1: Strength of the penalty l1 * sum |w| on every kernel, at least 0.
        l2: Strength of the penalty l2 * sum w^2 on every kernel, at least 0.
        lp: Strength of the penalty lp * sum |w|^power, at least 0; not together
            with l1 or l2.
        power: Exponent of the lp penalty, above 0.
        kernel_initializer: A name or an Initializer for the hidden kernels; None
            takes the one that fits the activation.
        bias_initializer: The same for the hidden biases and the output's.
        use_bias: Whether hidden and output layers have a bias.
        residual: Adds a layer's input to its output wherever the widths agree,
            which costs no parameters.
        include_top: Whether the dense output follows the hidden layers.
        rescale: Whether the network itself divides its inputs by 255.
        task: "classification" (softmax), "binary" (independent sigmoid logits, one a
            label; their accuracy is that of threshold 0, `zoo.metrics_for`),
            "ordinal" (num_classes - 1 logits, each for "above this grade", see
            `zoo.losses.OrdinalCrossentropy`) or "regression".
        weights: None draws them. A name loads those of `zoo.list_weights()` for this
            builder; arguments that are not given are then the trained network's.
        name: Name of the model.

    Returns:
        An uncompiled Functional `keras.Model`.

    Raises:
        ValueError: An argument is out of its range, or residual=True finds no two
            equal widths in a row.

    Example:
        >>> mlp((784,), 10).count_params()
        109386
        >>> mlp((8, 8, 1), 10, units=(32,), normalization="batch").count_params()
        2538

    References:
        Rumelhart, Hinton and Williams (1986); He et al. (2015) for the initializer
        and PReLU; Goodfellow et al. (2013) for Maxout; Wan et al. (2013) for
        DropConnect; Ioffe and Szegedy (2015) and Ba et al. (2016) for the two
        normalizations.
    """
    shape = _checks.integers("input_shape", input_shape)
    outputs = _checks.outputs(num_classes, task)
    widths = _checks.integers("units", units, empty=True)
    _checks.choice("activation", activation, _blocks.activations())
    _checks.rate("dropout", dropout)
    _checks.rate("dropconnect", dropconnect)
    normalize = _blocks.Normalization(normalization, momentum, epsilon)
    _blocks.check_penalty(l1, l2, lp, power)
    _checks.initializer("kernel_initializer", kernel_initializer)
    _checks.initializer("bias_initializer", bias_initializer)
    _checks.flag("use_bias", use_bias)
    _checks.flag("include_top", include_top)
    _checks.flag("rescale", rescale)
    _checks.text("name", name)
    _check_residual(residual, shape, widths)

    kernel = kernel_initializer or _blocks.fitting_initializer(activation)

    def dense_arguments(initializer: Any) -> dict[str, Any]:
        return {
            "use_bias": use_bias,
            "kernel_initializer": _blocks.fresh(initializer),
            "bias_initializer": _blocks.fresh(bias_initializer),
            "kernel_regularizer": _blocks.penalty(l1, l2, lp, power),
        }

    inputs = keras.Input(shape, name="inputs")
    x = _blocks.rescaled(inputs, rescale)
    if len(shape) > 1:
        x = layers.Flatten(name="flatten", **_blocks.IMAGES)(x)
    for depth, width in enumerate(widths, start=1):
        block = f"hidden_{depth}"
        shortcut = x
        dense = dense_arguments(kernel)
        x = _affine(x, _blocks.widened(width, activation), dropconnect, block, dense)
        x = normalize(x, f"{block}_normalization")
        x = _blocks.activate(x, activation, f"{block}_activation")
        if dropout:
            x = layers.Dropout(dropout, name=f"{block}_dropout")(x)
        if residual and shortcut.shape[-1] == width:
            x = layers.Add(name=f"{block}_add")([shortcut, x])
    if include_top:
        x = _blocks.head(x, outputs, task, **dense_arguments("glorot_uniform"))
    return keras.Model(inputs, x, name=name)


def _affine(
    x: Any, units: int, dropconnect: float, name: str, dense: dict[str, Any]
) -> Any:
    if dropconnect:
        return DropConnect(units, rate=dropconnect, name=name, **dense)(x)
    return layers.Dense(units, name=name, **dense)(x)


def _check_residual(
    residual: bool, shape: tuple[int, ...], widths: tuple[int, ...]
) -> None:
    features = 1
    for size in shape:
        features *= size
    chain = (features, *widths)
    equal = any(left == right for left, right in itertools.pairwise(chain))
    if _checks.flag("residual", residual) and not equal:
        raise _checks.fail(
            "residual", residual, f"False where no two widths of {chain} in a row agree"
        )


class MLPVariant(Protocol):
    """What the named variants are to a type checker: `mlp` with defaults."""

    __name__: str

    def __call__(
        self,
        input_shape: Sequence[int] = ...,
        num_classes: int = ...,
        *,
        units: Sequence[int] = ...,
        activation: str = ...,
        dropout: float = ...,
        dropconnect: float = ...,
        normalization: str | None = ...,
        momentum: float = ...,
        epsilon: float = ...,
        l1: float = ...,
        l2: float = ...,
        lp: float = ...,
        power: float = ...,
        kernel_initializer: str | keras.initializers.Initializer | None = ...,
        bias_initializer: str | keras.initializers.Initializer = ...,
        use_bias: bool = ...,
        residual: bool = ...,
        include_top: bool = ...,
        rescale: bool = ...,
        task: str = ...,
        weights: str | None = ...,
        name: str = ...,
    ) -> keras.Model:
        """Builds the network."""
        ...


def _named(name: str, what: str, parameters: int, **defaults: Any) -> MLPVariant:
    doc = f"""{what}

    Example:
        >>> {name}().count_params()
        {parameters}
    """
    return cast(MLPVariant, variant(mlp, name, doc, **defaults))


_MNIST: dict[str, Any] = {"input_shape": (28, 28, 1), "num_classes": 10}

mlp_mnist = _named(
    "mlp_mnist",
    "784-128-64-10 with ReLU: 109,386 parameters on 28x28 images.",
    109386,
    units=(128, 64),
    **_MNIST,
)
mlp_mnist_shallow = _named(
    "mlp_mnist_shallow",
    "784-128-10 with ReLU and He's initializer: 101,770 parameters.",
    101770,
    units=(128,),
    **_MNIST,
)
mlp_regression = _named(
    "mlp_regression",
    "10-10-1 with one linear output, for the race of the activations.",
    121,
    input_shape=(10,),
    num_classes=1,
    units=(10,),
    task="regression",
)
mlp_binary = _named(
    "mlp_binary",
    "20-32-16-1 with one sigmoid logit, for two classes.",
    1217,
    input_shape=(20,),
    num_classes=1,
    units=(32, 16),
    task="binary",
)
