"""Targets of losses that are not Keras's own, found out by calling them once."""

from collections.abc import Callable
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
    rows = np.unique(np.concatenate(extremes))[:1024]
    outputs = np.full((len(rows), *shape[1:]), 1 / max(shape[-1], 1), "float32")
    try:
        with _watched(_refuse_out_of_range):
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


class _watched:  # noqa: N801 - a context
    """Lets a function see what Keras's sparse cross-entropy is called with."""

    name = "sparse_categorical_crossentropy"

    def __init__(self, look: Callable):
        self.look = look

    def __enter__(self):
        self.own = own = getattr(backend.nn, self.name)

        def watched(target, output, from_logits=False, axis=-1):
            self.look(target, output, axis)
            return own(target, output, from_logits=from_logits, axis=axis)

        setattr(backend.nn, self.name, watched)

    def __exit__(self, *_):
        setattr(backend.nn, self.name, self.own)


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
