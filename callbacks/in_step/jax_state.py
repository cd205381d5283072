"""On JAX: step variables travel through the train step with the optimizer's variables.

A step on JAX is a pure function of its state. Between two steps the arrays are appended
to the optimizer's part of that state and taken off again; inside, they stand where
`optimizer.variables` says, because the step variables of an optimizer are among its
variables while the step is traced.
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from callbacks.in_step.attributes import replaced
from callbacks.in_step.variables import StepVariable


def build(session: Any, hooks: Any, step: Callable) -> tuple[Callable, Callable]:
    """Builds a train function whose state has the step variables in it.

    Args:
        session: The session of the `fit`.
        hooks: What has to be in place while a step is traced.
        step: The model's train step.

    Returns:
        The train function, and the train step that it was made from.
    """
    model, added = session.model, session.all_step_variables()
    own_step = _with_added_state(step, hooks, model, session.step_variables, added)
    shardings = model._get_state_sharding_spec

    def with_added_shardings():
        trained, other, optimizer, metrics = shardings()
        return trained, other, [*optimizer, *(v.array.sharding for v in added)], metrics

    spec = replaced(model, "_get_state_sharding_spec", with_added_shardings)
    with replaced(model, "train_step", own_step), spec:
        model.make_train_function(force=True)
    return model.train_function, own_step


def call(
    built: Callable, added: list[StepVariable], state: tuple, iterator: Iterator
) -> tuple:
    """Calls a train function with the added arrays behind the optimizer's."""
    trained, other, optimizer, metrics = state
    sent = [*optimizer, *(variable.array for variable in added)]
    logs, (trained, other, received, metrics) = built(
        (trained, other, sent, metrics), iterator
    )
    received, count = list(received), len(optimizer)
    for variable, array in zip(added, received[count:], strict=True):
        variable.array = array
    return logs, (trained, other, received[:count], metrics)


def _with_added_state(
    step: Callable,
    hooks: Any,
    model: Any,
    own: list[StepVariable],
    added: list[StepVariable],
) -> Callable:
    """A train step whose optimizer state has the added arrays at its end.

    Args:
        step: The model's train step.
        hooks: What has to be in place while a step is traced.
        model: The model.
        own: Variables of the step itself, which belong to no optimizer.
        added: All variables, in the order in which they are sent.
    """

    def train_step(state, data):
        trained, other, sent, metrics = state
        count = len(sent) - len(added)
        arrays = {
            id(variable.variable): array
            for variable, array in zip(added, sent[count:], strict=True)
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
            logs, (trained, other, optimizer, metrics) = hooks.around(spread)(
                (trained, other, sent[:count], metrics), data
            )
        received = [*optimizer, *(arrays[id(v.variable)] for v in added)]
        return logs, (trained, other, received, metrics)

    return train_step


@contextlib.contextmanager
def _traced(own: list[StepVariable], arrays: dict) -> Iterator[None]:
    """Lets the step's own variables read and write their arrays."""
    try:
        for variable in own:
            variable.traced = arrays[id(variable.variable)]
        yield
        arrays.update({id(variable.variable): variable.traced for variable in own})
    finally:
        for variable in own:
            variable.traced = None


def _merged(variables: list, optimizer: list, arrays: dict) -> list:
    """Optimizer state in the order of its variables, those added included."""
    rest = iter(optimizer)
    return [arrays[id(v)] if id(v) in arrays else next(rest) for v in variables]


def _separated(variables: list, optimizer: list, arrays: dict) -> list:
    """The reverse: new arrays of those added go to `arrays`, the rest is returned."""
    rest = []
    for variable, value in zip(variables, optimizer, strict=True):
        if id(variable) in arrays:
            arrays[id(variable)] = value
        else:
            rest.append(value)
    return rest
