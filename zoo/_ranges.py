"""Which values a network can put out, and whether data keep to them."""

import itertools
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
from keras import layers

from zoo import _checks

Range = tuple[float, float]

# By names without case and underscores, which functions, layers and ops share.
_BOUNDED: dict[str, Range] = {
    "sigmoid": (0.0, 1.0),
    "hardsigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "hardtanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
}
_KEEP = (layers.Reshape, layers.Flatten, layers.Identity, layers.Dropout)
_FIRST_WORDS, _LAST_WORDS = "examples must lie", "their range (value_range)."
_SLACK = 1e-5  # of the range: what rounding may add


def last_operations(model: keras.Model) -> Iterator[Any]:
    """The operations behind a model's output, from the last one to the first."""
    tensor = model.outputs[0] if getattr(model, "outputs", None) else None
    while tensor is not None:
        operation, node, _ = tensor._keras_history
        if isinstance(operation, keras.Model):
            yield from last_operations(operation)
            return
        yield operation
        before = operation._inbound_nodes[node].input_tensors
        tensor = before[0] if len(before) == 1 else None


def last_activation(model: keras.Model) -> tuple[Any, str] | None:
    """The last operation that isn't mere form or scale, and its activation's name."""
    for operation in last_operations(model):
        if isinstance(operation, (*_KEEP, layers.Rescaling)):
            continue
        activation = getattr(operation, "activation", None)
        if activation is None:
            # keras.ops.sigmoid(x) and keras.layers.Softmax() are of such classes.
            return operation, type(operation).__name__
        return operation, getattr(activation, "__name__", "")
    return None


def bounds(activation: str) -> Range | None:
    """The range of an activation by the name of its function, layer or operation."""
    return _BOUNDED.get(activation.replace("_", "").lower())


def saturates(operation: Any) -> bool:
    """Whether a function without a known name keeps to [-1, 1], as a sigmoid does."""
    function = getattr(operation, "activation", getattr(operation, "function", None))
    if not callable(function):
        return False
    try:
        ends = keras.ops.convert_to_tensor(np.array([[-60.0], [60.0]], "float32"))
        values = keras.ops.convert_to_numpy(function(ends))
    except Exception:  # a function of others, which may ask for more
        return False
    return bool(np.abs(values).max() <= 1.0 + _SLACK)


def output_range(model: keras.Model) -> Range | None:
    """The open range of a network that ends in a bounded activation, else None."""
    found = last_activation(model)
    limits = bounds(found[1]) if found else None
    if found is None or limits is None:
        return None
    ends = list(limits)
    scales = []
    for operation in last_operations(model):
        if operation is found[0]:
            break
        if isinstance(operation, layers.Rescaling):
            scales.append((operation.scale, operation.offset))
    for scale, offset in reversed(scales):
        if np.ndim(scale) or np.ndim(offset):
            return None
        ends = sorted(float(end * scale + offset) for end in ends)
    return ends[0], ends[1]


def check_range(name: str, value: Any) -> Range:
    """(low, high), two finite numbers in rising order, as a tuple of floats."""
    allowed = "a pair of finite numbers in rising order, such as (0, 1) or (-1, 1)"
    if not isinstance(value, (tuple, list)) or len(value) != 2:
        raise _checks.fail(name, value, allowed)
    low, high = (_checks.number(f"{name}[{i}]", end) for i, end in enumerate(value))
    if low >= high:
        raise _checks.fail(name, value, allowed)
    return low, high


def check_values(x: Any, limits: Range) -> None:
    """Refuses an array with values outside of the range, or that are not finite."""
    low, high = _ends_of(x)
    slack = _SLACK * (limits[1] - limits[0])
    if not (limits[0] - slack <= low and high <= limits[1] + slack):
        raise ValueError(_message(limits, f"{low:g} to {high:g}"))
    if limits[0] < 0.0 <= low:
        warnings.warn(
            f"No value of the examples is below 0, but the generator makes values "
            f"from {limits[0]:g} to {limits[1]:g}: were they meant for another range?",
            stacklevel=3,
        )


def guarded(data: Any, limits: Range | None, check_shape: Callable[[Any], None]) -> Any:
    """The same data for `fit`, whose first batch at least is checked.

    Arrays are checked whole and at once, every batch of a `tf.data.Dataset` when it
    comes, the first batch of anything else. No order of samples changes.

    Args:
        data: What `fit` takes.
        limits: Between which the values must lie, or None.
        check_shape: Is called with the shape of a batch.
    """

    def check(x: Any) -> None:
        if not _is_array(x):
            return
        check_shape(x.shape)
        if limits is not None:
            check_values(x, limits)

    if hasattr(data, "element_spec") and hasattr(data, "map"):
        shape = getattr(_examples(data.element_spec), "shape", ())
        if shape == ():
            return data  # marks of calls, not examples
        if getattr(shape, "rank", None) is not None:
            check_shape(tuple(shape))
        return data if limits is None else _guarded_dataset(data, limits)
    if isinstance(data, keras.utils.PyDataset):
        check(_examples(data[0]))
    elif type(data).__module__.startswith("torch.utils.data"):
        check(_examples(_first_of_loader(data)))
    elif isinstance(data, Iterator):
        first = next(data)
        check(_examples(first))
        batches = itertools.chain([first], data)
        # Keras asks for a tuple, which an array alone isn't.
        return (batch if isinstance(batch, tuple) else (batch,) for batch in batches)
    elif _is_array(data) and len(data.shape) and not data.shape[0]:
        raise ValueError(f"{_FIRST_WORDS} in an array that holds some; it is empty.")
    else:
        check(data)
    return data


def refusal(error: Exception) -> str | None:
    """What `guarded` said in an error of TensorFlow's pipeline, if it was that."""
    text = str(error).replace("\\'", "'")
    start, end = text.find(_FIRST_WORDS), text.find(_LAST_WORDS)
    return None if start < 0 or end < 0 else text[start:end] + _LAST_WORDS


def _message(limits: Range, got: str) -> str:
    return (
        f"{_FIRST_WORDS} in the generator's range, {limits[0]:g} to {limits[1]:g}; "
        f"got {got}. Rescale them, or build the generator for {_LAST_WORDS}"
    )


def _examples(batch: Any) -> Any:
    return batch[0] if isinstance(batch, (tuple, list)) and len(batch) else batch


def _is_array(x: Any) -> bool:
    return hasattr(x, "shape") and hasattr(x, "dtype")


def _ends_of(x: Any) -> Range:
    if isinstance(x, np.ndarray):
        if not x.size:
            return np.inf, -np.inf
        return float(x.min()), float(x.max())
    tensor = keras.ops.cast(keras.ops.convert_to_tensor(x), "float32")
    return float(keras.ops.min(tensor)), float(keras.ops.max(tensor))


def _first_of_loader(loader: Any) -> Any:
    """Its first batch, with PyTorch's random state put back afterwards."""
    import torch

    own = getattr(loader, "generator", None)
    state = own.get_state() if own is not None else None
    with torch.random.fork_rng(devices=[]):
        first = next(iter(loader))
    if own is not None:
        own.set_state(state)
    return first


def _guarded_dataset(data: Any, limits: Range) -> Any:
    import tensorflow as tf

    slack = _SLACK * (limits[1] - limits[0])
    before, after = _message(limits, "\0").split("\0")

    def look(*parts: Any) -> Any:
        values = tf.cast(_examples(parts), "float32")
        low, high = tf.reduce_min(values), tf.reduce_max(values)
        inside = (low >= limits[0] - slack) & (high <= limits[1] + slack)
        text = tf.strings.format(before + "{} to {}" + after, (low, high))
        tf.debugging.Assert(inside, [text])
        return parts if len(parts) > 1 else _examples(parts)

    return data.map(look)
