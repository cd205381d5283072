"""Targets of losses that are not Keras's own, found out by calling them once."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from keras import ops
from keras.src import backend

from recipes.lab.errors import LabError
from recipes.lab.training.options import show


class _OutOfRangeError(Exception):
    """Labels that reach Keras's sparse cross-entropy and have no place in it."""


def check_by_calling(loss: Any, array: np.ndarray, shape: tuple, name: str) -> None:
    """Looks at which labels a loss of one's own hands on to Keras's cross-entropy.

    It is called once, with the samples that hold the least and the largest targets,
    and with made-up outputs. On JAX a label out of range would train silently.
    """
    if None in shape[1:] or array.dtype.kind not in "fiub":
        return
    flat = array.reshape(len(array), -1)
    extremes = [flat.argmin(0), flat.argmax(0), [0, len(array) - 1]]
    if array.dtype.kind == "f":  # and one that holds no whole number
        extremes.append([(flat != np.round(flat)).any(1).argmax()])
    rows = np.unique(np.concatenate(extremes))[:1024]
    outputs = np.full((len(rows), *shape[1:]), 1 / max(shape[-1], 1), "float32")
    try:
        with watched(_refuse_out_of_range):
            losses = loss.call(
                ops.convert_to_tensor(array[rows], dtype=loss.dtype),
                ops.convert_to_tensor(outputs, dtype=loss.dtype),
            )
    except _OutOfRangeError as error:
        low, high, classes = error.args
        if classes is None:
            raise LabError(
                f"{name} holds labels that are not whole numbers, such as {show(low)}."
            ) from None
        check_classes(low, high, classes, name)
    except ValueError as error:
        words = " ".join(str(error).split())
        raise LabError(f"the loss '{loss.name}' refuses {name}: {words}") from error
    except Exception:  # it may need what only training has
        return
    else:
        count = len(rows)
        crossed = tuple(getattr(losses, "shape", ())) == (count, count)
        if crossed and count > 1 and array.ndim == 1 and shape[1:] == (1,):
            raise LabError(
                f"the loss '{loss.name}' compares every target with every output: "
                f"{name} has the shape {array.shape}, the output {samples(shape)}. "
                f"Give {name.split()[-1]} the shape {(len(array), 1)}."
            )


def _refuse_out_of_range(target, output, axis=-1) -> None:
    labels = ops.convert_to_numpy(target)
    classes = output.shape[axis]
    odd = labels[labels != np.round(labels)]
    if odd.size:
        raise _OutOfRangeError(odd.min(), odd.max(), None)
    if labels.min() < 0 or labels.max() >= classes:
        raise _OutOfRangeError(labels.min(), labels.max(), classes)


_LOOKING = threading.local()  # what looks, in each thread
_LOCK = threading.Lock()
_users = 0
_plain: Any = None


@contextlib.contextmanager
def watched(look: Callable) -> Iterator[None]:
    """Lets a function see what Keras's sparse cross-entropy is called with.

    Only in this thread: batches are looked at while another one traces a step.
    """
    global _users, _plain
    name = "sparse_categorical_crossentropy"

    def looked_at(target, output, from_logits=False, axis=-1):
        for one in getattr(_LOOKING, "functions", ()):
            one(target, output, axis)
        return plain(target, output, from_logits=from_logits, axis=axis)

    with _LOCK:
        if not _users:
            _plain = getattr(backend.nn, name)
            setattr(backend.nn, name, looked_at)
        plain = _plain
        _users += 1
    before = getattr(_LOOKING, "functions", ())
    _LOOKING.functions = (*before, look)
    try:
        yield
    finally:
        _LOOKING.functions = before
        with _LOCK:
            _users -= 1
            if not _users:
                setattr(backend.nn, name, _plain)


def check_classes(low, high, classes: int, name: str, ignored=None) -> None:
    """Refuses the least or largest label where no output stands for it."""
    low, high = int(low), int(high)
    if low < 0 or high >= classes:
        beside = "" if ignored is None else f", beside the ignored class {ignored}"
        raise LabError(
            f"{name} holds labels from {show(low)} to {show(high)}{beside}; the "
            f"model's {classes} outputs allow 0 to {classes - 1}."
        )


def samples(sizes: Any) -> str:
    """A shape as it is shown, with "samples" for the first axis."""
    rest = ", ".join("any" if size is None else str(size) for size in sizes[1:])
    return f"(samples, {rest})" if rest else "(samples,)"
