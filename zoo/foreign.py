"""Weights that were trained elsewhere, put into this package's networks."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from zoo import _checks
from zoo.pretrained import safetensors

EPSILON = 1e-5
_BUILT_AS = "resnet18(padding='symmetric', epsilon=1e-5), or resnet34 or resnet50"
_NORMALIZATION = {
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


def load_torchvision(
    model: keras.Model, weights: Mapping[str, Any] | str | os.PathLike[str]
) -> None:
    """Puts weights of torchvision's ResNet-18, 34 or 50 into a network of this package.

    The network must compute what torchvision's does: strided layers pad on all sides
    alike, and the normalization adds 1e-5 to the variance. Images are as there,
    scaled to [0, 1], then less (0.485, 0.456, 0.406), over (0.229, 0.224, 0.225),
    but channels last. Names and shapes are checked before anything is changed.

    Args:
        model: `resnet18`, `resnet34` or `resnet50` with padding="symmetric" and
            epsilon=1e-5. Without the top, `fc` is left out.
        weights: A state dict (names to tensors or arrays), or a path to a
            `.safetensors` file with one. Pickled files (`.pth`, `.pt`) are refused:
            opening one can run any code; load it yourself with
            `torch.load(path, weights_only=True)`.

    Raises:
        ValueError: The model computes something else, or names or shapes differ.
        ImportError: The file needs the package safetensors, which is missing.

    Example:
        >>> from zoo import resnet18
        >>> model = resnet18((64, 64, 3), 10, padding="symmetric", epsilon=1e-5)
        >>> load_torchvision(model, {})
        Traceback (most recent call last):
        ...
        ValueError: weights must hold bn1.bias and 101 more; they are missing.

    References:
        He et al., Deep Residual Learning for Image Recognition (2015); the names are
        those of torchvision's models.resnet.
    """
    wanted = _places(model)
    given = {
        name: _array(name, value)
        for name, value in _opened(weights).items()
        if not name.endswith("num_batches_tracked")
    }
    if "fc.bias" not in wanted:
        given = {name: a for name, a in given.items() if not name.startswith("fc.")}
    _check_names(wanted, given)
    for name, variable in wanted.items():
        array = _turned(given[name])
        if array.shape != tuple(variable.shape):
            raise ValueError(
                f"weights[{name!r}] must have a shape for {variable.path} "
                f"{tuple(variable.shape)}; got {array.shape}, channels last."
            )
    for name, variable in wanted.items():
        variable.assign(_turned(given[name]))


def _places(model: keras.Model) -> dict[str, Any]:
    """Torchvision's name of every weight of the network."""
    layers = {layer.name: layer for layer in getattr(model, "layers", [])}
    norms = [
        layer
        for layer in layers.values()
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    fits = (
        "stem" in layers
        and bool(norms)
        and getattr(layers["stem"], "padding", None) == "valid"
        and all(layer.epsilon == EPSILON for layer in norms)
        and _computes_the_same(layers)
    )
    if not fits:
        name = getattr(model, "name", model)
        raise _checks.fail("model", name, f"built as {_BUILT_AS}")
    places = {}
    for name, layer in layers.items():
        foreign = _foreign_name(name)
        for variable in layer.weights:
            if foreign is None:
                raise _checks.fail("model", model.name, f"built as {_BUILT_AS}")
            kind = variable.name
            last = _NORMALIZATION.get(kind, "bias" if kind == "bias" else "weight")
            places[f"{foreign}.{last}"] = variable
    return places


def _computes_the_same(layers: Mapping[str, Any]) -> bool:
    """Whether what has no weights is as there: rectifiers, the mean of all pixels."""
    rectifiers = [
        getattr(getattr(layer, "activation", None), "__name__", "")
        for name, layer in layers.items()
        if name.endswith("_activation")
    ]
    others = {"global_max", "rescale"} & layers.keys()
    return bool(rectifiers) and set(rectifiers) == {"relu"} and not others


def _foreign_name(name: str) -> str | None:
    """Such as layer2.0.bn1 for stage2_block1_conv1_normalization."""
    plain = {"stem": "conv1", "stem_normalization": "bn1", "logits": "fc"}
    if name in plain:
        return plain[name]
    parts = re.fullmatch(
        r"stage(\d)_block(\d+)_(?:conv(\d)|projection)(_normalization)?", name
    )
    if parts is None:
        return None
    stage, block, conv, norm = parts.groups()
    home = f"layer{stage}.{int(block) - 1}"
    if conv is None:
        return f"{home}.downsample.{1 if norm else 0}"
    return f"{home}.{'bn' if norm else 'conv'}{conv}"


def _opened(weights: Any) -> Mapping[str, Any]:
    if isinstance(weights, Mapping):
        return weights
    allowed = "a mapping of names to arrays, or a path to a .safetensors file"
    if not isinstance(weights, (str, os.PathLike)):
        raise _checks.fail("weights", type(weights).__name__, allowed)
    if Path(weights).suffix != ".safetensors":
        raise _checks.fail("weights", os.fspath(weights), allowed)
    return read(weights)


def read(path: str | os.PathLike[str]) -> Mapping[str, Any]:
    """The arrays of a `.safetensors` file.

    Raises:
        ValueError: It can't be read, or is no such file.
    """
    reader = safetensors()
    try:
        return reader.load(Path(path).read_bytes())
    except OSError as error:
        raise ValueError(f"weights can't be read: {error}") from None
    except Exception as error:
        raise ValueError(
            f"weights must be a whole .safetensors file; {os.fspath(path)} is none "
            f"({type(error).__name__}: {error})."
        ) from None


def _array(name: str, value: Any) -> np.ndarray:
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        if str(value.dtype) == "torch.bfloat16":  # NumPy has no such numbers
            value = value.float()
        value = value.numpy()
    array = np.asarray(value)
    if array.dtype.kind not in "biuf" and array.dtype.name != "bfloat16":
        raise _checks.fail(f"weights[{name!r}]", type(value).__name__, "numbers")
    return array.astype("float32") if array.dtype.name == "bfloat16" else array


def _turned(array: np.ndarray) -> np.ndarray:
    """PyTorch's (out, in, height, width) and (out, in) as Keras keeps them."""
    if array.ndim == 4:
        return array.transpose(2, 3, 1, 0)
    return array.T if array.ndim == 2 else array


def _check_names(wanted: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    for names, what in (
        (sorted(wanted.keys() - given.keys()), "must hold {}; they are missing."),
        (sorted(given.keys() - wanted.keys()), "must not hold {}: no place for it."),
    ):
        if names:
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            raise ValueError("weights " + what.format(names[0] + more))
