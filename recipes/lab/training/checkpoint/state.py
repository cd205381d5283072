"""All that decides how a training goes on, at one moment."""

from typing import Any, NamedTuple

import keras

from recipes.lab.errors import LabError
from recipes.lab.training.checkpoint import callbacks as of_callbacks
from recipes.lab.training.checkpoint import random_states, tensors, variables
from recipes.lab.training.checkpoint.folder import Saved
from recipes.lab.training.checkpoint.packing import Tensors, pack, storable, unpack


class Position(NamedTuple):
    """How far a training is.

    Attributes:
        epoch: The epoch that it is in, or that comes next; from 0.
        step: Steps done in this epoch.
        stopped: Whether a callback has stopped it.
    """

    epoch: int
    step: int = 0
    stopped: bool = False


def gather(
    model: keras.Model, callbacks: list, position: Position
) -> tuple[dict[str, Any], Tensors] | None:
    """Returns the state as JSON and arrays; None where weights are not finite.

    Args:
        model: The model, between two steps.
        callbacks: All of them, Keras's history among them.
        position: How far it is.
    """
    if keras.backend.backend() == "jax":
        model.jax_state_sync()
    found = variables.variables_of(model)
    arrays = {name: variables.on_host(variable) for name, variable in found}
    if not variables.is_finite(model, found, arrays):
        return None
    arrays = {name: storable(array) for name, array in arrays.items()}
    remembered = []
    for place, callback in enumerate(callbacks):
        kept = of_callbacks.state_of(callback)
        try:
            remembered.append(pack(kept, arrays, f"callbacks/{place}", "state"))
        except TypeError as error:
            raise LabError(
                f"get_state() of {type(callback).__name__} must return None, bool, "
                "int, float, str, bytes, NumPy arrays and numbers that are real, and "
                f"lists, tuples and dicts of these; {error}."
            ) from None
    chance = pack(random_states.gather(), arrays, "random")
    state = {
        "position": list(position),
        "variables": [[n, str(v.dtype), list(v.shape), v.path] for n, v in found],
        "callbacks": remembered,
        "random": chance,
    }
    return state, arrays


class Kept:
    """A state that was read, to be put back once or more often.

    Args:
        model: The model, with all its variables.
        saved: The files.
        folder: For messages.

    Raises:
        LabError: The state has no place in the model.
    """

    def __init__(self, model: keras.Model, saved: Saved, folder: Any):
        self.model, self.state = model, saved.state
        self.position = Position(*saved.state["position"])
        self._variables = variables.variables_of(model)
        here = [[n, str(v.dtype), list(v.shape)] for n, v in self._variables]
        there = [kept[:3] for kept in self.state["variables"]]
        for one, other in zip(here, there, strict=False):
            if one != other:
                path = {k[0]: k[3] for k in self.state["variables"]}[other[0]]
                raise LabError(
                    f"the checkpoint in {folder} has {path!r} as {other}, the model "
                    f"has {one}; give another folder."
                )
        if len(here) != len(there):
            raise LabError(
                f"the checkpoint in {folder} has {len(there)} variables, the model has "
                f"{len(here)}; give another folder."
            )
        shapes = {n: tuple(v.shape) for n, v in self._variables}
        try:
            self.arrays = tensors.read(saved.path, shapes)
        except (OSError, ValueError) as error:
            raise LabError(f"{saved.path} can't be read: {error}.") from None

    def restore(self, callbacks: list) -> None:
        """Puts everything back, what chance draws from last."""
        for name, variable in self._variables:
            variable.assign(_typed(variable, self.arrays[name]))
        kept = unpack(self.state["callbacks"], self.arrays)
        for callback, state in zip(callbacks, kept, strict=True):
            of_callbacks.put_back(callback, state)
        self.restore_chance()

    def restore_chance(self) -> None:
        """Puts the random states outside of the model back."""
        random_states.restore(unpack(self.state["random"], self.arrays))


def _typed(variable: Any, array: Any) -> Any:
    """The array in the variable's type, where the file has only its bits."""
    if str(array.dtype) == str(variable.dtype) or not array.dtype.name.startswith(
        "uint"
    ):
        return array
    if str(variable.dtype).startswith(("bfloat16", "float8")):
        import ml_dtypes

        return array.view(getattr(ml_dtypes, str(variable.dtype)))
    return array
