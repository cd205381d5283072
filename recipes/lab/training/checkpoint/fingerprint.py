"""What the numbers of a training depend on: a checkpoint of another one is refused."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from recipes.lab.errors import LabError
from recipes.lab.files import canonical
from recipes.lab.training import arrays, machine
from recipes.lab.training.checkpoint import described, given
from recipes.lab.training.checkpoint.code_of import attributes_of
from recipes.lab.training.conversion import is_dense, is_sparse
from recipes.lab.training.options import optimizers_of, show
from recipes.lab.training.order import EpochOrder, ShuffledArrays

# Arguments of `fit` that change what is computed. `verbose` doesn't by itself, but it
# decides on validation in memory, whose last digits may be others: see `Calls`.
ARGUMENTS = ("epochs", "initial_epoch", "validation_batch_size", "validation_steps",
             "validation_freq")  # fmt: skip
# Settings of callbacks that change what they print, or where they write.
ELSEWHERE = {"verbose", "filepath", "filename", "progress_bar"}


def of_training(
    model: keras.Model,
    batches: ShuffledArrays,
    callbacks: list,
    arguments: Mapping[str, Any],
    path: Mapping[str, Any],
) -> dict[str, Any]:
    """Returns what decides the bits of a training, by names for a reader.

    Args:
        model: A compiled model.
        batches: What it is trained on.
        callbacks: Those that were given.
        arguments: Of `model.fit`.
        path: How steps are run: resident, XLA and the like.
    """
    config = keras.config
    found = {
        **machine.describe(keras.backend.backend()),
        "floatx": config.floatx(),
        "the dtype policy": config.dtype_policy().name,
        "epsilon": config.epsilon(),
        "image_data_format": config.image_data_format(),
        "the model": _digest(described.model(model)),
        "what the model was compiled with": _digest(
            described.compiled(model, optimizers_of(model), _given_rate)
        ),
        "the data": of_data(batches.tree),
        "batch_size": batches.batch_size,
        "seed": batches.seed,
        "shuffle": batches.shuffle,
        "the number of steps an epoch": batches.num_batches,
        **{name: arguments.get(name) for name in ARGUMENTS},
        "the validation data": of_data(arguments.get("validation_data")),
        **path,
        "the callbacks": [of_callback(callback) for callback in callbacks],
    }
    return _as_json(found)


def of_data(tree: Any) -> str | None:
    """A digest of arrays.

    Raises:
        LabError: They are of a kind whose values can't be read here.
    """
    if tree is None:
        return None
    found = []
    for name, array in arrays.leaves(tuple(tree)):
        if is_sparse(array):
            parts = [array.data, array.indices, array.indptr, np.array(array.shape)]
        elif is_dense(array):
            parts = [np.asarray(array)]
        else:
            raise LabError(
                f"checkpoint= takes arrays and sparse matrices, not {show(array)}."
            )
        found.append([name, described.checksum(parts)])
    return _digest(found)


def of_callback(callback: Any) -> Any:
    """The class of a callback and what it was made with."""
    name, digest = _callback(callback)
    return [name, given.as_given(callback, digest)]


def leave(model: keras.Model, callbacks: list) -> None:
    """Notes how a training leaves what it moves: rates, and what callbacks keep."""
    for optimizer in optimizers_of(model):
        given.leave(optimizer, _rate(optimizer))
    for callback in callbacks:
        given.leave(callback, _callback(callback)[1])


def _callback(callback: Any) -> tuple[str, str]:
    # What keeps the order is made by `fit` of what is compared by itself.
    settings = {} if isinstance(callback, EpochOrder) else attributes_of(callback)
    kept = {name: one for name, one in settings.items() if name not in ELSEWHERE}
    if isinstance(callback, keras.callbacks.EarlyStopping):
        kept["min_delta"] = abs(callback.min_delta)  # Keras turns its sign
    code = described.describe(type(callback))
    return code[0], _digest([code, described.describe(kept)])


def _rate(optimizer: Any) -> float | None:
    rate = getattr(optimizer, "_learning_rate", None)
    if not isinstance(rate, keras.Variable):
        return None
    return float(keras.ops.convert_to_numpy(rate.value))


def _given_rate(optimizer: Any) -> float | None:
    return given.as_given(optimizer, _rate(optimizer))


def compare(folder: Any, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Refuses a checkpoint of another training, and says what differs.

    Raises:
        LabError: Something does.
    """
    names = [n for n in {**before, **now} if before.get(n) != now.get(n)]
    if not names:
        return
    told = []
    for name in names:
        values = [_show(found.get(name)) for found in (before, now)]
        told.append(
            name if None in values else f"{name} ({values[0]}, now {values[1]})"
        )
    raise LabError(
        f"the checkpoint in {folder} is of another training; these differ: "
        f"{'; '.join(told)}. Give the same call, or another folder."
    )


def _digest(value: Any) -> str:
    return described.checksum([np.frombuffer(canonical(value).encode(), "uint8")])


def _show(value: Any) -> str | None:
    """A short value; None for a digest or what is long."""
    if isinstance(value, str) and len(value) == 64:
        return None
    if isinstance(value, (list, dict)):
        return None
    return show(value)


def _as_json(found: Mapping[str, Any]) -> dict[str, Any]:
    """As it will be read back from the file."""
    import json

    return json.loads(canonical(dict(found)))
