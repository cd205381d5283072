"""Makes a training ready for the devices that it is spread over."""

from typing import Any

import keras

from recipes.lab.errors import LabError
from recipes.lab.training import arrays
from recipes.lab.training.order import ShuffledArrays
from recipes.lab.training.parallel import agreement, batches, rank_callbacks
from recipes.lab.training.parallel.spread import Spread


def refuse_streams(spread: Spread, **named: Any) -> None:
    """Refuses data sets over several processes: who has which rows can't be known.

    Args:
        spread: Over which devices.
        **named: What was given, by name.

    Raises:
        LabError: One of them is no array.
    """
    for name, data in named.items():
        if spread.is_several and data is not None and arrays.is_stream(data):
            raise LabError(
                f"over several processes fit takes arrays, all rows on every process; "
                f"{name} is a {type(data).__name__}."
            )


def prepare(
    spread: Spread,
    model: keras.Model,
    rows: ShuffledArrays,
    callbacks: list,
    arguments: dict[str, Any],
) -> tuple[list, dict[str, Any]]:
    """Checks that the devices can share the batches and the processes agree.

    Args:
        spread: Over which devices.
        model: A compiled model.
        rows: All batches.
        callbacks: Those that were given.
        arguments: Of `model.fit`; validation data in arrays is `Data`.

    Returns:
        Callbacks and arguments for this process.

    Raises:
        LabError: Training would stop in its middle, be wrong, or wait for ever.
    """
    batches.check(spread, rows)
    batches.check_validation(spread, arguments)
    if not spread.is_several:
        return callbacks, arguments
    own = rank_callbacks.of_rank(callbacks, spread)
    agreement.agree(spread, model, rows, callbacks, arguments)
    verbose = arguments["verbose"] if spread.is_first else 0
    arguments = {**batches.own_validation(spread, arguments), "verbose": verbose}
    return own, arguments
