"""Which entries of a variable are one unit: the weights of one output of its layer.

The shape alone doesn't say. A kernel of rank 3 is that of a Conv1D (length, inputs,
filters) or of an attention head (inputs, heads, channels); a transposed convolution
keeps its filters in the last axis but one, a depthwise one has a filter for each input.
So the layer's class decides, and only layers that Keras doesn't know go by rank.
"""

import math
from collections.abc import Callable
from typing import Any

import keras
from keras import layers

from callbacks.in_step.names import own_variables, walk

Axes = tuple[int, ...] | None


def all_but_last(layer: Any, rank: int) -> Axes:
    """(..., inputs, outputs): Dense, convolutions, Embedding, recurrent cells."""
    return tuple(range(rank - 1))


def _transposed(layer: Any, rank: int) -> Axes:
    """(..., outputs, inputs)."""
    return (*range(rank - 2), rank - 1)


def _depthwise(layer: Any, rank: int) -> Axes:
    """(..., inputs, multiplier): a filter for each input and multiple."""
    return tuple(range(rank - 2))


def _einsum(layer: Any, rank: int) -> Axes:
    """The axes of the kernel that the equation sums over."""
    operands, _, output = layer.equation.replace(" ", "").partition("->")
    kernel = operands.split(",")[1].replace("...", "")
    return tuple(i for i, letter in enumerate(kernel) if letter not in output)


def _whole(layer: Any, rank: int) -> Axes:
    return None


# By class and name of the variable; the first class that fits decides.
_RULES: list[tuple[type, dict[str, Callable]]] = [
    (layers.EinsumDense, {"kernel": _einsum}),
    (layers.Conv1DTranspose, {"kernel": _transposed}),
    (layers.Conv2DTranspose, {"kernel": _transposed}),
    (layers.Conv3DTranspose, {"kernel": _transposed}),
    (layers.DepthwiseConv1D, {"kernel": _depthwise}),
    (layers.DepthwiseConv2D, {"kernel": _depthwise}),
    (layers.SeparableConv1D, {"depthwise_kernel": _depthwise}),
    (layers.SeparableConv2D, {"depthwise_kernel": _depthwise}),
]
# What is one unit in all, whatever its rank and layer: it belongs to no single output.
_VECTORS = ("bias", "gamma", "beta", "scale", "alpha")


def unit_axes(layer: Any, name: str, shape: tuple[int, ...]) -> Axes:
    """Axes over which the norm of one unit runs; None if all entries are one unit.

    Args:
        layer: The layer that made the variable, or None.
        name: The variable's name without the layer's path, such as "kernel".
        shape: Its shape.
    """
    rank = len(shape)
    if rank <= 1:
        return None
    for kind, rules in _RULES:
        if isinstance(layer, kind) and name in rules:
            return rules[name](layer, rank)
    if name in _VECTORS or name.endswith("_bias"):
        return None
    if _is_torch(layer):
        return _torch_axes(layer, name, rank)
    return all_but_last(layer, rank)


def count_units(shape: tuple[int, ...], axes: Axes) -> int:
    """How many units a variable has."""
    kept = () if axes is None else set(range(len(shape))) - set(axes)
    return math.prod(shape[axis] for axis in kept)


def axes_of_model(model: Any, variables: list, paths: list[str]) -> list[Axes]:
    """`unit_axes` of each variable.

    Args:
        model: The model.
        variables: Its variables.
        paths: Their paths, in case no layer of the model owns them.
    """
    owners: dict[int, Any] = {}
    for layer, _ in walk(model):
        for variable in own_variables(layer):
            # A wrapper such as SpectralNormalization holds its layer's kernel, too;
            # the layer is walked after it and knows what the axes mean.
            owners[id(variable)] = layer
    result = []
    for variable, path in zip(variables, paths, strict=True):
        name = getattr(variable, "name", path).rpartition("/")[2]
        layer = owners.get(id(variable))
        result.append(unit_axes(layer, name, tuple(variable.shape)))
    return result


def _is_torch(layer: Any) -> bool:
    wrapper = getattr(keras.layers, "TorchModuleWrapper", None)
    return wrapper is not None and isinstance(layer, wrapper)


def _torch_axes(layer: Any, name: str, rank: int) -> Axes:
    """A torch module's weights: outputs first, in transposed convolutions second."""
    kept = 0
    for path, module in layer.module.named_modules():
        names = {key for key, _ in module.named_parameters(recurse=False)}
        own = {f"{path}.{key}" if path else key for key in names}
        transposed = type(module).__name__.startswith("ConvTranspose")
        if transposed and any(key.replace(".", "_") == name or key == name
                              for key in own):  # fmt: skip
            kept = 1
    return tuple(axis for axis in range(rank) if axis != kept)
