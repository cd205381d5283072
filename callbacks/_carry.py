"""On JAX: slots travel through the train step with the optimizer's variables.

A step on JAX is a pure function of its state. Between two steps the slots' arrays are
appended to the optimizer's part of that state and taken off again; inside, they stand
where `optimizer.variables` says, because the slots of an optimizer are among its
variables while the step is traced.
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from callbacks._state import Slot


def call(built: Callable, slots: list[Slot], state: tuple, iterator: Iterator) -> tuple:
    """Calls a train function with the slots' arrays behind the optimizer's."""
    trained, other, optimizer, metrics = state
    sent = [*optimizer, *(slot.array for slot in slots)]
    logs, (trained, other, received, metrics) = built(
        (trained, other, sent, metrics), iterator
    )
    received, count = list(received), len(optimizer)
    for slot, array in zip(slots, received[count:], strict=True):
        slot.array = array
    return logs, (trained, other, received[:count], metrics)


def carrying(
    step: Callable, hook: Callable, model: Any, own: list[Slot], slots: list[Slot]
) -> Callable:
    """A train step whose optimizer state has the slots' arrays at its end.

    Args:
        step: The model's train step.
        hook: Wraps a train step in what has to be in place while it is traced.
        model: The model.
        own: Slots of the step itself, which belong to no optimizer.
        slots: All slots, in the order in which they are sent.
    """

    def train_step(state, data):
        trained, other, sent, metrics = state
        count = len(sent) - len(slots)
        arrays = {
            id(slot.variable): array
            for slot, array in zip(slots, sent[count:], strict=True)
        }

        def spread(state, data):
            trained, other, optimizer, metrics = state
            variables = model.optimizer.variables
            optimizer = _merged(variables, optimizer, arrays)
            logs, (trained, other, optimizer, metrics) = step(
                (trained, other, optimizer, metrics), data
            )
            optimizer = _separated(variables, optimizer, arrays)
            return logs, (trained, other, optimizer, metrics)

        with _traced(own, arrays):
            logs, (trained, other, optimizer, metrics) = hook(spread)(
                (trained, other, sent[:count], metrics), data
            )
        received = [*optimizer, *(arrays[id(slot.variable)] for slot in slots)]
        return logs, (trained, other, received, metrics)

    return train_step


@contextlib.contextmanager
def _traced(own: list[Slot], arrays: dict) -> Iterator[None]:
    """Lets the step's own slots read and write their arrays."""
    try:
        for slot in own:
            slot.traced = arrays[id(slot.variable)]
        yield
        arrays.update({id(slot.variable): slot.traced for slot in own})
    finally:
        for slot in own:
            slot.traced = None


def _merged(variables: list, optimizer: list, arrays: dict) -> list:
    """Optimizer state in the order of its variables, those of slots included."""
    rest = iter(optimizer)
    return [arrays[id(v)] if id(v) in arrays else next(rest) for v in variables]


def _separated(variables: list, optimizer: list, arrays: dict) -> list:
    """The reverse: slots' new arrays go to `arrays`, the rest is returned."""
    rest = []
    for variable, value in zip(variables, optimizer, strict=True):
        if id(variable) in arrays:
            arrays[id(variable)] = value
        else:
            rest.append(value)
    return rest
