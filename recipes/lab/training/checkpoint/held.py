"""What a model, its layers and its losses hold in attributes of their own."""

import sys
import types
from collections.abc import Iterator
from typing import Any

import keras
from keras.src.saving.keras_saveable import KerasSaveable

from recipes.lab.errors import LabError
from recipes.lab.training.checkpoint.code_of import is_keras

# Of a model inside of another one: it is not evaluated, and builds them when it likes.
COMPILED = ("_compile_loss", "_compile_metrics", "_loss_tracker")

KINDS = (KerasSaveable, keras.regularizers.Regularizer, keras.constraints.Constraint,
         keras.random.SeedGenerator)  # fmt: skip


def by_part(model: keras.Model) -> Iterator[tuple[Any, list[Any]]]:
    """Yields each part of a model with the values that it holds.

    Parts are layers, losses, metrics, regularizers, constraints and generators of
    seeds that can be reached from the model. Optimizers are none: they know their
    variables.

    Args:
        model: A compiled model.
    """
    parts = list(model._flatten_layers())
    seen = {id(part) for part in parts}
    for part in parts:  # grows
        values = _values_of(part, but=COMPILED if part is not model else ())
        for value in values:
            if isinstance(value, KINDS) and id(value) not in seen:
                seen.add(id(value))
                if not isinstance(value, keras.optimizers.Optimizer):
                    parts.append(value)
        yield part, values


def _values_of(part: Any, but: tuple[str, ...]) -> list[Any]:
    """What is in an object's attributes, also in lists and dicts."""
    waiting = [value for name, value in vars(part).items() if name not in but][::-1]
    found, seen = [], set()
    while waiting:
        value = waiting.pop()
        if not isinstance(value, (list, tuple, dict)):
            found.append(value)
        elif id(value) not in seen:
            seen.add(id(value))
            inner = value.values() if isinstance(value, dict) else value
            waiting += [*inner][::-1]
    return found


def check(model: keras.Model) -> None:
    """Refuses numbers that are no variables of Keras's, but change as these do.

    Raises:
        LabError: A part holds some.
    """
    for part, values in by_part(model):
        for value in values:
            what = _foreign(value)
            if what and (not is_keras(type(part)) or "buffers" in what):
                name = getattr(part, "name", type(part).__name__)
                raise LabError(
                    f"checkpoint= can't keep {what}, which '{name}' holds: hold the "
                    "numbers in a keras.Variable."
                )


def _foreign(value: Any) -> str | None:
    """Says what a value is, if a backend may change its numbers."""
    tensorflow, torch = (sys.modules.get(name) for name in ("tensorflow", "torch"))
    if tensorflow and isinstance(value, tensorflow.Variable):
        return "a tf.Variable"
    if not torch or isinstance(value, keras.Layer):
        return None
    if isinstance(value, torch.nn.Module) and any(True for _ in value.buffers()):
        return "a module of PyTorch with buffers"
    return None


def is_own_function(value: Any) -> bool:
    """Whether it is a function that is not Keras's."""
    return isinstance(value, types.FunctionType) and not is_keras(value)
