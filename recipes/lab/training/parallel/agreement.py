"""What the processes of one training were given: all must have the same.

Keras trains on silently where they differ, or waits for ever.
"""

from collections.abc import Mapping
from typing import Any

import keras

from recipes.lab.errors import LabError
from recipes.lab.training.arrays import change, leaves
from recipes.lab.training.checkpoint import described, fingerprint
from recipes.lab.training.options import optimizers_of, show
from recipes.lab.training.order import ShuffledArrays
from recipes.lab.training.parallel.rank_callbacks import write_files
from recipes.lab.training.parallel.spread import Devices

# May differ from machine to machine: they change no number of a step that is shared.
OWN = ("the number of cores", "the number of threads")


def agree(
    spread: Devices,
    model: keras.Model,
    batches: ShuffledArrays,
    callbacks: list,
    arguments: Mapping[str, Any],
) -> None:
    """Compares what all processes are about to train.

    Args:
        spread: Over which devices.
        model: A compiled model.
        batches: All rows.
        callbacks: Those that were given.
        arguments: Of `model.fit`.

    Raises:
        LabError: Something differs, or another process refused to train.
    """
    facts = fingerprint.of_training(
        model,
        batches,
        [one for one in callbacks if not write_files(one)],
        arguments,
        {
            "the number of rows": batches.rows,
            "the shapes of the data": [
                [name, [*map(int, array.shape)], str(array.dtype)]
                for name, array in leaves(batches.tree)
            ],
            "the weights": _weights(model),
            "the number of devices": spread.shares,
        },
    )
    for name in OWN:
        facts.pop(name)
    spread.agreed = True  # whatever comes now, the others know it
    found = spread.store.exchange(facts, "the training")
    first, *others = spread.processes
    told = [
        f"rank {rank} has {told}"
        for rank in others
        if (told := _differences(found[rank], found[first], first))
    ]
    if told:
        raise LabError(f"all ranks must be given the same training; {'; '.join(told)}.")


def _weights(model: keras.Model) -> str:
    """A digest of everything that a step begins with."""
    optimizers = [one for one in optimizers_of(model) if one.built]
    variables = [*model.variables, *(v for one in optimizers for v in one.variables)]
    return described.checksum(
        change(keras.ops.convert_to_numpy, [one.value for one in variables])
    )


def _differences(own: dict, first: dict, rank: int) -> str:
    """What differs from what the first rank has, by name; empty where nothing does."""
    told = []
    for name in {**first, **own}:
        values = [found.get(name) for found in (own, first)]
        if values[0] == values[1]:
            continue
        short = all(isinstance(v, (int, float)) or _is_word(v) for v in values)
        both = f" ({show(values[0])}, rank {rank} has {show(values[1])})"
        told.append(f"{name}{both if short else ''}")
    return f"other values of {', '.join(told)}" if told else ""


def _is_word(value: Any) -> bool:
    return value is None or (isinstance(value, str) and len(value) < 60)
