"""What functions remember from call to call, as plain data that can be compared."""

import collections.abc
import functools
import io
import types
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from keras.src.saving.keras_saveable import KerasSaveable

from recipes.lab.training.checkpoint import described

LARGEST = 1 << 20  # bytes of an array that is looked at
# They are kept by themselves, or are no memory of a function.
LEFT_OUT = (KerasSaveable, keras.callbacks.Callback, keras.Variable, types.ModuleType,
            io.IOBase, type)  # fmt: skip


def remembered_by(value: Any, seen: frozenset = frozenset()) -> Any:
    """Returns what a function, or an object that it uses, holds by now.

    That is what it closes over, its defaults and attributes, and the variables of its
    module that it names. An iterator is never equal to itself: it moves on.

    Args:
        value: A function, or another object.
        seen: The ids of what holds it.
    """
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if id(value) in seen or isinstance(value, LEFT_OUT):
        return type(value).__qualname__
    deeper = functools.partial(remembered_by, seen=seen | {id(value)})
    if isinstance(value, np.ndarray):
        return described.checksum([value]) if value.nbytes <= LARGEST else None
    if isinstance(value, dict):
        return [[repr(key), deeper(item)] for key, item in value.items()]
    if isinstance(value, (list, tuple, collections.deque)):
        return [*map(deeper, value)]
    if isinstance(value, (set, frozenset)):
        return sorted(map(repr, value))
    if isinstance(value, collections.abc.Iterator):
        return object()
    if isinstance(value, types.MethodType):
        return [deeper(value.__func__), deeper(value.__self__)]
    if isinstance(value, types.FunctionType):
        return [*map(deeper, _used_by(value))]
    if isinstance(value, functools.partial):
        return [*map(deeper, (value.func, value.args, value.keywords))]
    called = type(value).__call__ if callable(value) else None
    return [deeper(getattr(value, "__dict__", None)), deeper(called)]


def _used_by(function: types.FunctionType) -> Iterator[Any]:
    """Yields the values that a function keeps or names."""
    yield from (function.__defaults__, function.__kwdefaults__, vars(function))
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # nothing is in it yet
            yield None
    around = function.__globals__
    for name in sorted(_names(function.__code__)):
        value = around.get(name)
        if not isinstance(value, types.FunctionType) or value.__globals__ is around:
            yield value


def _names(code: types.CodeType) -> set[str]:
    inner = [one for one in code.co_consts if isinstance(one, types.CodeType)]
    return set(code.co_names).union(*map(_names, inner))
