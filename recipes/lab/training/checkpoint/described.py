"""What a training is made of, as plain data: two that are equal read the same.

A function is its code, its defaults and what it closes over; an object of Keras its
class and configuration. Names that Keras numbers through a process are left out.
"""

import functools
import hashlib
import inspect
import types
from collections.abc import Iterable
from typing import Any

import keras
import numpy as np

DEEPEST = 12


def describe(value: Any, depth: int = 0) -> Any:
    """Returns plain data for whatever was given to a model or a callback."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value.item() if isinstance(value, np.generic) else value
    if depth > DEEPEST:
        return type(value).__qualname__
    deeper = functools.partial(describe, depth=depth + 1)
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray) or hasattr(value, "__array__"):
        return checksum([np.asarray(value)])
    if isinstance(value, dict):
        return {str(key): deeper(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        items = sorted(value, key=repr) if isinstance(value, set) else value
        return [deeper(item) for item in items]
    if isinstance(value, functools.partial):
        return ["partial", *map(deeper, (value.func, value.args, value.keywords))]
    if isinstance(value, types.MethodType):
        return [deeper(value.__func__), deeper(value.__self__)]
    if isinstance(value, types.FunctionType):
        cells = [cell.cell_contents for cell in value.__closure__ or () if _full(cell)]
        own = [] if _is_keras(value) else [code_of(value.__code__)]
        more = map(deeper, (value.__defaults__, value.__kwdefaults__, cells))
        return [value.__qualname__, *own, *more]
    if isinstance(value, type):
        return class_of(value)
    return [class_of(type(value)), deeper(config_of(value))]


def model(model: keras.Model) -> Any:
    """Describes layers, their settings and the shapes of their weights."""
    layers = list(model._flatten_layers())
    names = {layer.name: f"#{place}" for place, layer in enumerate(layers)}
    whole = config_of(model)
    parts = [
        [
            class_of(type(layer)),
            None if whole is not None else config_of(layer),
            [[*map(int, variable.shape)] for variable in layer._trainable_variables],
            [str(v.dtype) for v in layer._trainable_variables],
            bool(layer.trainable),
        ]
        for layer in layers
    ]
    return _renamed(describe([whole, parts]), names)


def compiled(model: keras.Model, optimizers: Iterable[Any]) -> Any:
    """Describes what `compile` was given, with all optimizers that the model holds."""
    given = getattr(model, "_compile_config", None)
    given = dict(getattr(given, "config", None) or {"loss": model.loss})
    given.pop("optimizer", None)
    found = [
        [class_of(type(one)), _nameless(describe(_settings(one)))] for one in optimizers
    ]
    return [_nameless(describe(given)), found]


def _settings(optimizer: Any) -> Any:
    """What an optimizer was made with.

    One that hands gradients on to others is described by them and by its numbers: the
    function that chooses may hold places in memory.
    """
    if not isinstance(optimizer, keras.optimizers.MultiOptimizer):
        return config_of(optimizer)
    return {n: v for n, v in vars(optimizer).items() if type(v) in (int, float)}


def class_of(cls: type) -> Any:
    """A class by its name, with the code of its methods where it is not Keras's."""
    bases = [b for b in cls.__mro__ if b is not object and not _is_keras(b)]
    codes = [
        code_of(function.__code__)
        for base in bases
        if base.__module__.split(".")[0] not in ("tensorflow", "torch", "builtins")
        for _, function in sorted(vars(base).items())
        if isinstance(function, types.FunctionType)
    ]
    return [f"{cls.__module__.split('.')[0]}:{cls.__qualname__}", *codes]


def config_of(value: Any) -> Any:
    """The configuration of an object of Keras; None where it has none."""
    try:
        return value.get_config()
    except Exception:  # of one's own making: anything may come
        return None


def settings_of(value: Any) -> dict[str, Any]:
    """What an object was made with, as far as it remembers it by the same names."""
    found = {}
    for name in inspect.signature(type(value).__init__).parameters:
        for attribute in (name, f"_{name}", "_limit"):
            if attribute in vars(value):
                found[name] = describe(vars(value)[attribute])
                break
    return found


def code_of(code: types.CodeType) -> str:
    """A digest of a function's instructions, names and constants."""
    total = hashlib.sha256(code.co_code)
    total.update(repr((code.co_names, code.co_varnames, code.co_freevars)).encode())
    total.update(_constant(code.co_consts).encode())
    return total.hexdigest()[:16]


def _constant(value: Any) -> str:
    """A constant of code as text; a set's order differs from process to process."""
    if isinstance(value, types.CodeType):
        return code_of(value)
    if isinstance(value, (tuple, frozenset)):
        items = map(_constant, value)
        if isinstance(value, frozenset):
            items = sorted(items)
        return f"{type(value).__name__}({','.join(items)})"
    return repr(value)


def checksum(arrays: Iterable[np.ndarray]) -> str:
    """One digest of arrays: types, shapes and values."""
    total = hashlib.sha256()
    for array in arrays:
        total.update(f"{array.dtype.str} {array.shape};".encode())
        if array.dtype.hasobject:
            total.update(repr(array.tolist()).encode())
        elif array.nbytes:
            total.update(np.ascontiguousarray(array).reshape(-1).view("uint8").data)
    return total.hexdigest()


def _is_keras(thing: Any) -> bool:
    return (thing.__module__ or "").split(".")[0] == "keras"


def _full(cell: Any) -> bool:
    try:
        return cell.cell_contents is not cell
    except ValueError:
        return False


def _renamed(value: Any, names: dict[str, str]) -> Any:
    """Plain data with the layers' names by their places."""
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    if isinstance(value, dict):
        # A cropping layer without a seed draws one, and shows it; the state of its
        # generator is restored.
        drawn = value.get("class_name") == "RandomCrop"
        value = {**value, "config": _seedless(value["config"])} if drawn else value
        return {key: _renamed(item, names) for key, item in value.items()}
    return names.get(value, value) if isinstance(value, str) else value


def _seedless(config: dict) -> dict:
    return {key: item for key, item in config.items() if key != "seed"}


def _nameless(value: Any) -> Any:
    """Plain data without the names of optimizers, which Keras numbers."""
    if isinstance(value, list):
        return [_nameless(item) for item in value]
    if isinstance(value, dict):
        return {k: _nameless(item) for k, item in value.items() if k != "name"}
    return value
