"""The numbers that a model holds, by what they are for; paths differ by process."""

import math
from typing import Any, NamedTuple

import keras
import numpy as np

from recipes.lab.errors import LabError
from recipes.lab.training.checkpoint.held import by_part
from recipes.lab.training.options import optimizers_of


class Named(NamedTuple):
    """A variable of the model.

    Attributes:
        name: Its role and place, such as "optimizer/3".
        variable: The `keras.Variable`.
    """

    name: str
    variable: Any


def variables_of(model: keras.Model) -> list[Named]:
    """Weights, seeds of layers, metrics and all optimizers, each variable once.

    What else Keras's objects hold comes last: the states of recurrent layers, what a
    loss counts.

    Raises:
        LabError: An optimizer has none yet.
    """
    groups = {"model": model.variables, "metrics": model.metrics_variables}
    inner = [one for one in model._flatten_layers() if one is not model]
    held = [optimizer for layer in inner for optimizer in optimizers_of(layer)]
    # That of a submodel is used where something has built it.
    all_of = [*optimizers_of(model), *(one for one in held if one.built)]
    for place, optimizer in enumerate([model.optimizer, *all_of]):
        if optimizer is None:
            continue
        if not optimizer.built:
            raise LabError(
                f"the optimizer '{optimizer.name}' of '{model.name}' has no variables "
                "before training, so that they can't be restored; build it with "
                "optimizer.build(variables), or leave checkpoint out."
            )
        groups[f"optimizer{place or ''}"] = optimizer.variables
    groups["held"] = [
        value
        for _, values in by_part(model)
        for value in values
        if isinstance(value, keras.Variable)
    ]
    seen: set[int] = set()
    found = []
    for role, variables in groups.items():
        for place, variable in enumerate(variables):
            if id(variable) not in seen:
                seen.add(id(variable))
                found.append(Named(f"{role}/{place}", variable))
    return found


def on_host(variable: Any) -> np.ndarray:
    """The numbers of a variable."""
    return np.asarray(keras.ops.convert_to_numpy(variable.value))


def size_of(variable: Any) -> int:
    """Its bytes, at four a number."""
    return 4 * math.prod(variable.shape)


def is_finite(
    model: keras.Model, named: list[Named], arrays: dict[str, np.ndarray]
) -> bool:
    """Whether all that training moves is finite; other numbers may be anything.

    Args:
        model: Its weights that were made to be trained are looked at, frozen or not.
        named: All variables; those of optimizers are looked at, too.
        arrays: Their numbers by name.
    """
    layers = model._flatten_layers()
    moved = {id(v) for layer in layers for v in layer._trainable_variables}
    return all(
        np.isfinite(arrays[name]).all()
        for name, variable in named
        if id(variable) in moved or name.startswith("optimizer")
        if "float" in str(variable.dtype)
    )
