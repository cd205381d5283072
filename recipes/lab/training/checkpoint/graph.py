"""How the layers of a functional model follow on each other."""

from collections.abc import Callable
from typing import Any

import keras


def of(model: keras.Model, describe: Callable[[Any], Any]) -> list:
    """Returns what each operation takes in: others by their places, and constants.

    A layer without a configuration takes this from the configuration of the model.

    Args:
        model: Any model; one that is not functional has no operations.
        describe: Returns plain data for a constant, and nothing for a tensor in a list.
    """
    operations = list(getattr(model, "operations", ()))
    places = {id(one): place for place, one in enumerate(operations)}
    return [
        [
            describe(type(one)),
            [
                [
                    [places.get(id(n.operation)) for n in node.parent_nodes],
                    describe([node.arguments.args, node.arguments.kwargs]),
                ]
                for node in getattr(one, "_inbound_nodes", ())
            ],
        ]
        for one in operations
    ]
