"""The batches of a training over several devices: each device has the same share."""

from collections.abc import Mapping
from typing import Any

from recipes.lab.errors import LabError
from recipes.lab.training import arrays
from recipes.lab.training.order import ShuffledArrays
from recipes.lab.training.parallel.spread import Spread


def check(spread: Spread, batches: ShuffledArrays) -> None:
    """Refuses a batch size or a last batch that can't be shared evenly.

    JAX would stop in the middle of the first epoch, and TensorFlow weigh the samples
    of the last batch wrong.

    Args:
        spread: Over which devices.
        batches: All rows.

    Raises:
        LabError: Some batch can't be shared.
    """
    _check(spread, batches.used, batches.batch_size, "")


def check_validation(spread: Spread, arguments: Mapping[str, Any]) -> None:
    """The same for validation data, where a step needs even shares there, too."""
    data = arguments.get("validation_data")
    if not spread.even_validation or not isinstance(data, arrays.Data):
        return
    size, steps = arguments["validation_batch_size"], arguments.get("validation_steps")
    rows = arrays.len_of(data)
    _check(spread, min(rows, (steps or rows) * size), size, "validation ")


def check_batch(spread: Spread, rows: int, prefix: str = "") -> None:
    """The same for one batch of a data set.

    Args:
        spread: Over which devices.
        rows: Of the batch.
        prefix: "validation ", where it is one to validate on.
    """
    if rows % spread.shares and (spread.even_validation or not prefix):
        raise LabError(
            f"a batch of {prefix}x has {rows} rows, which can't be shared evenly by "
            f"{spread.shares} {spread.noun}: every batch needs a multiple of "
            f"{spread.shares}."
        )


def _check(spread: Spread, rows: int, batch_size: int, prefix: str) -> None:
    shares, rest = spread.shares, rows % batch_size
    if batch_size <= rows and batch_size % shares:
        raise LabError(
            f"{prefix.replace(' ', '_')}batch_size counts the samples of all {shares} "
            f"{spread.noun} and must be a multiple of {shares}, not {batch_size}."
        )
    if rest % shares:
        out = [f"{rows - rest % shares} rows"] if rows >= shares else []
        if rows > 2 * batch_size:
            option = "validation_steps" if prefix else "steps_per_epoch"
            out.append(f"{option}={rows // batch_size}")
        told = " or ".join(out) or f"at least {shares} rows"
        raise LabError(
            f"{prefix}x has {rows} rows, and the last batch of {rest} can't be shared "
            f"evenly by {shares} {spread.noun}: give {told}."
        )


def own_validation(spread: Spread, arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments with the validation data's rows of this process."""
    data = arguments.get("validation_data")
    if not isinstance(data, arrays.Data):
        return arguments
    rest = dict(arguments)
    size, steps = rest.pop("validation_batch_size"), rest.pop("validation_steps", None)
    own = ShuffledArrays(
        *data, size, seed=0, shuffle=False, steps=steps, share=spread.own_rows
    )
    return {**rest, "validation_data": own}
