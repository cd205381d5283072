"""Inputs that a model's layers would take for something else, without a word."""

import threading
from typing import Any

import keras
import numpy as np

from recipes.lab.errors import LabError
from recipes.lab.training.arrays import Data, change, leaves
from recipes.lab.training.conversion import is_dense
from recipes.lab.training.options import show
from recipes.lab.training.outputs import graph_of, output_of

CONVOLUTIONS = (keras.layers.Conv2D, keras.layers.DepthwiseConv2D,
                keras.layers.SeparableConv2D, keras.layers.MaxPooling2D,
                keras.layers.AveragePooling2D)  # fmt: skip
COLORS = (1, 3, 4)
_ONE_AT_A_TIME = threading.Lock()  # batches are drawn by several threads
SMALLEST_IMAGE = 8  # below this an axis may well be one of channels


def check_inputs(model: keras.Model, data: Data, prefix: str = "") -> None:
    """Refuses inputs of the wrong shape, images the wrong way round, ids without place.

    Args:
        model: A compiled model.
        data: Checked arrays.
        prefix: Stands before x in an error.

    Raises:
        LabError: An input does not fit.
    """
    check_shapes(model, data.x, f"{prefix}x")
    _check_channels(model, data.x, f"{prefix}x")
    layers = list(model._flatten_layers())
    embeddings = [one for one in layers if isinstance(one, keras.layers.Embedding)]
    if embeddings and all(is_dense(array) for _, array in leaves(data.x)):
        _check_ids(model, embeddings, data, f"{prefix}x")


def check_batches(
    model: keras.Model, rows: int, batch_size: int, prefix: str = ""
) -> None:
    """Refuses batches of another size than a network with a memory was made for."""
    graph = graph_of(model)
    fixed = graph.inputs[0].shape[0] if graph is not None else None
    layers = model._flatten_layers()
    if fixed is None or not any(getattr(one, "stateful", False) for one in layers):
        return
    if batch_size != fixed or rows % fixed:
        raise LabError(
            f"'{model.name}' is stateful and takes batches of {fixed}; {rows} samples "
            f"of {prefix}x and batch_size={batch_size} make others."
        )


def check_shapes(model: keras.Model, x: Any, name: str) -> None:
    """As a graph of layers checks it; Keras squeezes or adds a last axis of 1."""
    graph = graph_of(model)
    if graph is None:
        return
    inputs, given = graph.inputs, [array for _, array in leaves(x)]
    struct = graph._inputs_struct
    if isinstance(struct, dict) and isinstance(x, (list, tuple)):
        raise LabError(
            f"{name} is a {type(x).__name__}, but '{model.name}' names its inputs; "
            f"give a dict with {', '.join(map(repr, struct))}."
        )
    if isinstance(x, dict):
        names = list(struct) if isinstance(struct, dict) else [i.name for i in inputs]
        missing = [one for one in names if one not in x]
        if missing:
            raise LabError(
                f"{name} has no part '{missing[0]}'; '{model.name}' takes "
                f"{', '.join(names)}."
            )
        if isinstance(struct, dict):
            inputs = [struct[one] for one in names]
        pairs = [
            (f"{name}[{n!r}]", x[n], i) for n, i in zip(names, inputs, strict=True)
        ]
    elif len(given) != len(inputs):
        optional = sum(
            getattr(i._keras_history.operation, "optional", False) for i in inputs
        )
        if not len(inputs) - optional <= len(given) <= len(inputs):
            raise LabError(
                f"{name} has {len(given)} parts; '{model.name}' takes {len(inputs)}."
            )
        return
    else:
        pairs = [(n, a, i) for (n, a), i in zip(leaves(x, name), inputs, strict=True)]
    for part, array, tensor in pairs:
        if array is not None:
            _check_shape(model, array, tensor, part)


def _check_shape(model: keras.Model, array: Any, tensor: Any, name: str) -> None:
    shape = tuple(tensor.shape)
    sizes = tuple(array.shape)
    if len(sizes) == len(shape) + 1 and sizes[-1] == 1:
        sizes = sizes[:-1]
    elif len(sizes) == len(shape) - 1 and shape[-1] == 1:
        sizes = (*sizes, 1)
    fits = len(sizes) == len(shape) and all(
        None in (given, wanted) or given == wanted
        for given, wanted in zip(sizes[1:], shape[1:], strict=True)
    )
    if not fits:
        raise LabError(
            f"{name} has the shape {tuple(array.shape)}; '{model.name}' takes "
            f"{_words(shape)}."
        )
    _check_whole(array, tensor.dtype, name)
    text = is_dense(array) and array.dtype.kind in "OSU"
    if text and tensor.dtype != "string":
        raise LabError(
            f"{name} holds text, such as {show(array.ravel()[0])}; '{model.name}' "
            "takes numbers."
        )


def _check_whole(array: Any, dtype: str, name: str) -> None:
    """Refuses what an input of whole numbers would cut down."""
    if not is_dense(array) or "int" not in dtype or array.dtype.kind not in "fiu":
        return
    limits, low, high = np.iinfo(dtype), array.min(), array.max()
    if low < limits.min or high > limits.max:
        far = low if low < limits.min else high
        raise LabError(
            f"{name} holds {show(far)}; the input takes {dtype}, from {limits.min} to "
            f"{limits.max}."
        )
    if array.dtype.kind == "f" and (array != np.round(array)).any():
        odd = show(array[array != np.round(array)][0])
        raise LabError(f"{name} holds {odd}; the input takes whole numbers.")


def _check_channels(model: keras.Model, x: Any, name: str) -> None:
    """Refuses images whose channels come first where a layer counts on the last axis.

    Only where the model was given no input shape of its own: there any would do.
    """
    found = list(leaves(x, name))
    if model.built or len(found) != 1 or len(found[0][1].shape) != 4:
        return
    layers = [one for one in model._flatten_layers() if isinstance(one, CONVOLUTIONS)]
    if not layers:
        return
    name, (_, *sizes) = found[0][0], found[0][1].shape
    last = layers[0].data_format == "channels_last"
    channels, image = (sizes[0], sizes[1:]) if last else (sizes[2], sizes[:2])
    if channels in COLORS and min(image) >= SMALLEST_IMAGE and image[0] == image[1]:
        here, there = ("first", "last") if last else ("last", "first")
        raise LabError(
            f"{name} of shape {tuple(found[0][1].shape)} seems to be images with "
            f"channels {here}, but '{layers[0].name}' takes channels {there}: move the "
            "axis, or give the model an Input of this shape."
        )


class _EnoughError(Exception):
    """All embeddings have been called."""


def _check_ids(model: keras.Model, embeddings: list, data: Data, name: str) -> None:
    """Looks at which ids reach the embeddings, on the samples with extreme inputs.

    The model is called once, only as far as its embeddings. A negative id counts from
    the end, and JAX takes any id.
    """
    extremes = []
    for _, array in leaves(data.x):
        if array.dtype.kind in "OSU":
            return
        flat = array.reshape(len(array), -1)
        extremes += [flat.argmin(0), flat.argmax(0)]
    rows = np.unique(np.concatenate(extremes))
    if not model.built:
        output_of(model, data)
    waiting, wrong = set(map(id, embeddings)), []
    here = threading.get_ident()

    def watch(layer):
        own = layer.call

        def call(inputs):
            if threading.get_ident() != here:  # a batch is looked at beside training
                return own(inputs)
            ids = np.asarray(keras.ops.convert_to_numpy(inputs))
            wrong.append(_wrong_ids(layer, ids, name))
            waiting.discard(id(layer))
            if not waiting or wrong[-1]:
                raise _EnoughError
            if type(layer).call is not keras.layers.Embedding.call:
                return own(inputs)
            # On JAX a model that is being trained has no weights at hand.
            size = (*ids.shape, layer.output_dim)
            return keras.ops.zeros(size, layer.compute_dtype)

        object.__setattr__(layer, "call", call)

    x = change(lambda array: keras.ops.convert_to_tensor(array[rows]), data.x)
    with _ONE_AT_A_TIME:
        try:
            for layer in embeddings:
                watch(layer)
            with keras.StatelessScope():  # no state of a layer changes
                model(x, training=False)
        except Exception:  # enough was seen, or Keras will say what is wrong
            pass
        finally:
            for layer in embeddings:
                vars(layer).pop("call", None)
    if any(wrong):
        raise LabError(next(filter(None, wrong)))


def _wrong_ids(layer: Any, ids: np.ndarray, name: str) -> str:
    """What is wrong with the ids that an embedding gets; "" if nothing is."""
    if ids.dtype.kind == "f" and (ids != np.round(ids)).any():
        odd = show(ids[ids != np.round(ids)][0])
        return f"{name} holds {odd}; the embedding '{layer.name}' takes whole ids."
    if ids.min() < 0 or ids.max() >= layer.input_dim:
        return (
            f"{name} holds ids from {int(ids.min())} to {int(ids.max())}; the "
            f"embedding '{layer.name}' has places 0 to {layer.input_dim - 1}."
        )
    return ""


def _words(shape: tuple) -> str:
    sizes = ", ".join("any" if size is None else str(size) for size in shape[1:])
    return f"(samples, {sizes})" if sizes else "(samples,)"
