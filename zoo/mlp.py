"""Multilayer perceptrons, among them the four networks of the notes."""

import itertools
from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from zoo import _blocks, _checks
from zoo.layers import DropConnect


def mlp(
    input_shape: Sequence[int],
    num_classes: int,
    *,
    units: Sequence[int] = (128, 64),
    activation: str = "relu",
    dropout: float = 0.0,
    dropconnect: float = 0.0,
    normalization: str | None = None,
    l1: float = 0.0,
    l2: float = 0.0,
    lp: float = 0.0,
    power: float = 0.5,
    kernel_initializer: str | keras.initializers.Initializer | None = None,
    bias_initializer: str | keras.initializers.Initializer = "zeros",
    use_bias: bool = True,
    residual: bool = False,
    task: str = "classification",
    name: str = "mlp",
) -> keras.Model:
    """A fully connected network with linear outputs.

    Shapes:
        inputs (batch, *input_shape) float, of any rank -> logits (batch, num_classes)

    Args:
        input_shape: Shape of one example; more than one axis is flattened.
        num_classes: Number of outputs: at least 2 classes for a softmax; 1 or more
            for the other tasks.
        units: Widths of the hidden layers, each at least 1; `()` gives a linear
            model.
        activation: Any Keras activation by name, "maxout" (2 pieces) or "prelu".
        dropout: Share of each hidden layer's units to drop, in [0, 1).
        dropconnect: Share of each hidden layer's weights to drop, in [0, 1).
        normalization: "batch", "layer" or None; between the affine map and the
            activation.
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
        task: "classification" (softmax), "binary" (independent sigmoid logits) or
            "regression".
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
    _checks.choice("normalization", normalization, _blocks.NORMALIZATIONS)
    _blocks.check_penalty(l1, l2, lp, power)
    _checks.initializer("kernel_initializer", kernel_initializer)
    _checks.initializer("bias_initializer", bias_initializer)
    _checks.flag("use_bias", use_bias)
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
    x = layers.Flatten(name="flatten")(inputs) if len(shape) > 1 else inputs
    for depth, width in enumerate(widths, start=1):
        block = f"hidden_{depth}"
        shortcut = x
        dense = dense_arguments(kernel)
        x = _affine(x, _blocks.widened(width, activation), dropconnect, block, dense)
        x = _blocks.normalize(x, normalization, f"{block}_normalization")
        x = _blocks.activate(x, activation, f"{block}_activation")
        if dropout:
            x = layers.Dropout(dropout, name=f"{block}_dropout")(x)
        if residual and shortcut.shape[-1] == width:
            x = layers.Add(name=f"{block}_add")([shortcut, x])
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


def mlp_mnist(
    input_shape: Sequence[int] = (28, 28, 1), num_classes: int = 10, **overrides: Any
) -> keras.Model:
    """784-128-64-10 with ReLU: 109,386 parameters on 28x28 images.

    Example:
        >>> mlp_mnist().count_params()
        109386
    """
    settings = {"units": (128, 64), "name": "mlp_mnist", **overrides}
    return mlp(input_shape, num_classes, **settings)


def mlp_mnist_shallow(
    input_shape: Sequence[int] = (28, 28, 1), num_classes: int = 10, **overrides: Any
) -> keras.Model:
    """784-128-10 with ReLU and He's initializer: 101,770 parameters.

    Example:
        >>> mlp_mnist_shallow().count_params()
        101770
    """
    settings = {"units": (128,), "name": "mlp_mnist_shallow", **overrides}
    return mlp(input_shape, num_classes, **settings)


def mlp_regression(
    input_shape: Sequence[int] = (10,), num_classes: int = 1, **overrides: Any
) -> keras.Model:
    """10-10-1 with one linear output, for the race of the activations.

    Example:
        >>> mlp_regression().count_params()
        121
    """
    settings = {
        "units": (10,),
        "task": "regression",
        "name": "mlp_regression",
        **overrides,
    }
    return mlp(input_shape, num_classes, **settings)


def mlp_binary(
    input_shape: Sequence[int] = (20,), num_classes: int = 1, **overrides: Any
) -> keras.Model:
    """20-32-16-1 with one sigmoid logit, for two classes.

    Example:
        >>> mlp_binary().count_params()
        1217
    """
    settings = {
        "units": (32, 16),
        "task": "binary",
        "name": "mlp_binary",
        **overrides,
    }
    return mlp(input_shape, num_classes, **settings)
