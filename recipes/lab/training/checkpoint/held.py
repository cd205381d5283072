"""What a model, its layers and its losses hold in attributes of their own."""

from collections.abc import Iterator
from typing import Any

import keras
from keras.src.saving.keras_saveable import KerasSaveable

# Of a model inside of another one: it is not evaluated, and builds them when it likes.
COMPILED = ("_compile_loss", "_compile_metrics", "_loss_tracker")

KINDS = (KerasSaveable, keras.regularizers.Regularizer, keras.constraints.Constraint,
         keras.random.SeedGenerator)  # fmt: skip


def held_by(model: keras.Model) -> Iterator[Any]:
    """Yields every value that the model's parts hold, also in lists and dicts.

    Parts are layers, losses, metrics, regularizers, constraints and generators of
    seeds. Optimizers are none: they know their variables.

    Args:
        model: A compiled model.
    """
    for part in parts_of(model):
        yield from of(part, but=COMPILED if part is not model else ())


def parts_of(model: keras.Model) -> list[Any]:
    """The model and every object of Keras's kinds that can be reached from it."""
    found = list(model._flatten_layers())
    seen = {id(part) for part in found}
    for part in found:  # grows
        for value in of(part, but=COMPILED if part is not model else ()):
            if _is_part(value) and id(value) not in seen:
                seen.add(id(value))
                found.append(value)
    return found


def of(part: Any, but: tuple[str, ...] = ()) -> Iterator[Any]:
    """Yields the values of an object's attributes, and what is in those.

    Args:
        part: The object.
        but: Attributes that are left out.
    """
    waiting = [value for name, value in vars(part).items() if name not in but][::-1]
    seen: set[int] = set()
    while waiting:
        value = waiting.pop()
        if isinstance(value, (list, tuple, dict)):
            if id(value) not in seen:
                seen.add(id(value))
                inner = value.values() if isinstance(value, dict) else value
                waiting += [*inner][::-1]
        else:
            yield value


def _is_part(value: Any) -> bool:
    optimizer = isinstance(value, keras.optimizers.Optimizer)
    return isinstance(value, KINDS) and not optimizer
