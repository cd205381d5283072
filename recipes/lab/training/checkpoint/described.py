"""What a training is made of, as plain data: two that are equal read the same.

A function is its code, its defaults and what it closes over; an object of Keras its
class and configuration; one of another class its class and what it was given, too.
Names that Keras numbers through a process are left out, and so is what is restored.
"""

import functools
import hashlib
import json
import types
from collections import deque
from collections.abc import Iterable
from typing import Any

import keras
import numpy as np

from recipes.lab.training.checkpoint import graph
from recipes.lab.training.checkpoint.code_of import (
    attributes_of,
    is_keras,
    is_own,
    of_code,
    unwrapped,
)
from recipes.lab.training.checkpoint.names import nameless, renamed, seedless

# What is restored, or described by itself.
STATE = (keras.Variable, keras.KerasTensor, keras.random.SeedGenerator)
PARTS = (keras.Layer, keras.optimizers.Optimizer)
# What the interpreter writes into a class.
NO_CONSTANTS = ("__doc__", "__module__", "__qualname__", "__firstlineno__", "__dict__",
                "__weakref__", "__annotations__", "__static_attributes__")  # fmt: skip


def describe(value: Any) -> Any:
    """Returns plain data for whatever was given to a model or a callback."""
    return _Describer().of(value)


def model(model: keras.Model) -> Any:
    """Describes layers, their settings and the shapes of their weights."""
    layers = list(model._flatten_layers())
    names = {layer.name: f"#{place}" for place, layer in enumerate(layers)}
    describer = _Describer(PARTS)
    parts = [
        [
            describer.of(type(layer)),
            describer.of(_settings(layer)),
            nameless(describer.given_to(layer)),
            [[*map(int, variable.shape)] for variable in layer._trainable_variables],
            [str(v.dtype) for v in layer._trainable_variables],
            bool(layer.trainable),
        ]
        for layer in layers
    ]
    unseen = [one for one in layers if config_of(one) is None]
    graphs = [graph.of(one, describer.of) for one in unseen]
    return renamed([parts, graphs], names)


def compiled(model: keras.Model, optimizers: Iterable[Any], rate_of: Any) -> Any:
    """Describes what `compile` was given, with all optimizers that the model holds.

    Args:
        model: A compiled model.
        optimizers: Those that it holds.
        rate_of: Returns the learning rate that an optimizer was given as a number.
    """
    given = getattr(model, "_compile_config", None)
    given = dict(getattr(given, "config", None) or {"loss": model.loss})
    given.pop("optimizer", None)
    found = [nameless(_optimizer(one, rate_of)) for one in optimizers]
    return [nameless(describe(given)), found]


def _optimizer(optimizer: Any, rate_of: Any) -> Any:
    """What an optimizer was made with.

    One that hands gradients on to others is described by them and by its numbers: the
    function that chooses may hold places in memory.
    """
    cls, describer = type(optimizer), _Describer(PARTS)
    if isinstance(optimizer, keras.optimizers.MultiOptimizer):
        numbers = {n: v for n, v in vars(optimizer).items() if type(v) in (int, float)}
        return [describer.of(cls), numbers]
    config = dict(config_of(optimizer) or {})
    config.pop("inner_optimizer", None)
    if isinstance(getattr(optimizer, "_learning_rate", None), keras.Variable):
        config["learning_rate"] = rate_of(optimizer)
    return [describer.of(cls), describer.of(config), describer.given_to(optimizer)]


def config_of(value: Any) -> Any:
    """The configuration of an object of Keras; None where it has none."""
    try:
        return value.get_config()
    except Exception:  # of one's own making: anything may come
        return None


def _settings(layer: Any) -> Any:
    """A layer's configuration; a crop without a seed draws one, which is restored."""
    config = config_of(layer)
    drawn = isinstance(layer, keras.layers.RandomCrop) and isinstance(config, dict)
    return seedless(config) if drawn else config


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


class _Describer:
    """Describes values that may hold themselves.

    Args:
        skipped: Classes whose objects are described by themselves.
    """

    def __init__(self, skipped: tuple[type, ...] = ()):
        self._skipped = (*STATE, *skipped)
        self._within: set[int] = set()
        self._classes: dict[type, Any] = {}

    def of(self, value: Any) -> Any:
        """Returns plain data."""
        if value is None or type(value) in (bool, int, float, str):
            return value
        if id(value) in self._within:
            return "what it is in"
        self._within.add(id(value))
        try:
            return self._whole(value)
        finally:
            self._within.discard(id(value))

    def given_to(self, value: Any) -> dict[str, Any]:
        """What an object was given; of Keras's only what no configuration shows."""
        found = self._kept(attributes_of(value))
        if is_keras(type(value)) and config_of(value) is not None:
            found = {n: one for n, one in found.items() if _hides(one)}
        return self._items(found)

    def _whole(self, value: Any) -> Any:
        if isinstance(value, (int, float, str, np.generic)):
            return self._number(value)
        if isinstance(value, (bytes, complex, range, slice)):
            return repr(value)
        if isinstance(value, dict):
            return self._dict(value)
        if isinstance(value, (list, tuple, deque)):
            return [self.of(item) for item in value if self._counts(item)]
        if isinstance(value, (set, frozenset)):
            return sorted((self.of(item) for item in value), key=json.dumps)
        if isinstance(value, functools.partial):
            return ["partial", *map(self.of, (value.func, value.args, value.keywords))]
        if isinstance(value, types.MethodType):
            return [self.of(value.__func__), self.of(value.__self__)]
        if isinstance(value, types.FunctionType):
            return self._function(value)
        if isinstance(value, type):
            return self._class(value)
        if isinstance(value, (types.ModuleType, types.BuiltinFunctionType)):
            return value.__name__
        return self._object(value)

    def _number(self, value: Any) -> Any:
        if isinstance(value, np.generic):
            value = value.item()
        for plain in (bool, int, float, str):
            if isinstance(value, plain):
                return plain(value)
        return repr(value)

    def _dict(self, value: dict) -> Any:
        # Its code is described where the function is; Keras's text of it varies.
        if value.get("class_name") == "__lambda__":
            return "a lambda"
        return self._items(self._kept(value))

    def _items(self, value: dict) -> dict[str, Any]:
        return {
            key if isinstance(key, str) else json.dumps(self.of(key)): self.of(item)
            for key, item in value.items()
        }

    def _kept(self, value: dict) -> dict:
        return {key: item for key, item in value.items() if self._counts(item)}

    def _counts(self, value: Any) -> bool:
        return not isinstance(value, self._skipped)

    def _function(self, value: types.FunctionType) -> Any:
        cells = [cell.cell_contents for cell in value.__closure__ or () if _full(cell)]
        if not is_own(value) and not is_keras(value):  # may hold what is loaded so far
            cells = [one for one in cells if isinstance(one, (int, float, str))]
        own = [of_code(value.__code__)] if is_own(value) else []
        more = map(self.of, (value.__defaults__, value.__kwdefaults__, cells))
        return [value.__qualname__, *own, *more]

    def _class(self, cls: type) -> Any:
        """A class by its name, with what stands in it where it is no library's."""
        if cls not in self._classes:
            bodies = [
                self._items({n: v for n, v in vars(base).items() if _stands_in(n, v)})
                for base in cls.__mro__
                if is_own(base)
            ]
            name = f"{cls.__module__.split('.')[0]}:{cls.__qualname__}"
            digest = hashlib.sha256(json.dumps(bodies).encode()).hexdigest()
            self._classes[cls] = [name, digest] if bodies else [name]
        return self._classes[cls]

    def _object(self, value: Any) -> Any:
        if isinstance(value, self._skipped):
            return type(value).__qualname__
        if isinstance(value, keras.Layer):
            return [self.of(type(value)), model(value)]
        if hasattr(value, "__array__"):
            return _digest(value)
        known = is_own(type(value)) or is_keras(type(value))
        if not known and (functions := unwrapped(value)):
            return [type(value).__qualname__, *map(self.of, functions)]
        given = self.given_to(value) if known else {}
        return [self.of(type(value)), self.of(config_of(value)), given]


def _hides(value: Any) -> bool:
    """Whether Keras's configuration of what holds this may not show all of it."""
    if isinstance(value, (list, tuple)):
        return any(map(_hides, value))
    if isinstance(value, dict):
        return any(map(_hides, value.values()))
    if isinstance(value, (type, types.FunctionType)):
        return not is_keras(value)
    plain = (bool, int, float, str, np.generic, np.ndarray)
    return value is not None and not isinstance(value, plain)


def _stands_in(name: str, value: Any) -> bool:
    """Whether something in a class is its code or a constant of plain data."""
    if name in NO_CONSTANTS:
        return False
    plain = (bool, int, float, str, bytes, tuple, list, dict, set, frozenset)
    code = isinstance(value, (type, types.FunctionType)) or unwrapped(value)
    return (
        bool(code) or value is None or isinstance(value, plain) or is_own(type(value))
    )


def _digest(value: Any) -> str:
    """An array's digest; its class where it is not at hand."""
    try:
        return checksum([np.asarray(value)])
    except Exception:  # a symbol of a graph, an array that is elsewhere
        return type(value).__qualname__


def _full(cell: Any) -> bool:
    try:
        return cell.cell_contents is not cell
    except ValueError:
        return False
