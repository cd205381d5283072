"""The optimizers of a model, and what is attached to them for one `fit`."""

import contextlib
import dataclasses
import math
import types
from collections.abc import Callable, Iterator
from typing import Any

import keras
from keras import ops

from callbacks.in_step.names import unique_paths, walk
from callbacks.in_step.replicas import Replicas
from callbacks.in_step.variables import RowBuffer, StepVariable

# A longer list holds data, not optimizers.
_MOST = 10_000


class TrackedOptimizer:
    """An optimizer whose gradients callbacks see, with their step variables.

    Args:
        optimizer: The optimizer.
        name: Empty for a model with one optimizer, otherwise what tells it apart.
        model: The model.
        replicas: Where the model trains.

    Attributes:
        parts: Of a `MultiOptimizer`, the optimizers that it hands gradients on to.
        paths: Paths of the variables, in the order of a row's columns.
        sizes: Number of entries of each variable.
        variables: The variables.
        state: What each callback's `build` returned.
        applies: How often one step calls the optimizer.
    """

    def __init__(self, optimizer: Any, name: str, model: Any, replicas: Replicas):
        self.optimizer = optimizer
        self.name = name
        self.parts: list[TrackedOptimizer] = []
        self.step_variables: list[StepVariable] = []
        self.row_buffers: list[RowBuffer] = []
        self.state: dict[Any, Any] = {}
        self.paths: list[str] = []
        self.sizes: list[int] = []
        self.variables: list[Any] = []
        self.applies = 0
        self._model = model
        self._replicas = replicas
        self._least_rows = 4 * model.steps_per_execution
        self._columns: dict[Any, int] = {}
        self._built = False

    @property
    def is_whole(self) -> bool:
        """Whether it hands gradients on to other optimizers."""
        return isinstance(self.optimizer, keras.optimizers.MultiOptimizer)

    def build(self, callbacks: list, variables: list) -> None:
        """Fixes the columns and lets every callback make its variables, once."""
        if self._built:
            return
        self._built = True
        known = getattr(self.optimizer, "_trainable_variables", None)
        self.variables = list(known or variables)
        self.paths = unique_paths(self._model, self.variables)
        self.sizes = [math.prod(variable.shape) for variable in self.variables]
        self._columns = {self._key(v): i for i, v in enumerate(self.variables)}
        for callback in callbacks:
            state = callback.build(self)
            if state is not None:
                self.state[callback] = state

    def _key(self, variable: Any) -> Any:
        return self.optimizer._var_key(variable)

    def add_variable(
        self, shape: tuple[int, ...] = (), value: Any = 0, dtype: str = "float32"
    ) -> StepVariable:
        """An array that this optimizer's hooks read and write."""
        self.step_variables.append(StepVariable(shape, value, dtype, self._replicas))
        return self.step_variables[-1]

    def add_row_buffer(self, width: int) -> RowBuffer:
        """Rows that this optimizer's hooks write."""
        capacity = RowBuffer.capacity_for(width, self._least_rows)
        rows = self.add_variable((capacity, width))
        self.row_buffers.append(RowBuffer(rows, self.add_variable(dtype="int32")))
        return self.row_buffers[-1]

    def column(self, variable: Any) -> int:
        """Where this variable's number stands in a row.

        Raises:
            ValueError: The optimizer was built for the variables of another model.
        """
        key = self._key(variable)
        if key not in self._columns:
            raise ValueError(
                f"The optimizer '{self.optimizer.name}' was built for other variables "
                f"than '{variable.path}': give each model an optimizer of its own."
            )
        return self._columns[key]

    @contextlib.contextmanager
    def as_optimizer_variables(self) -> Iterator[None]:
        """On JAX, while a step is traced: the step variables are the optimizer's.

        So they take part in its branches: a row written in a skipped update is lost
        with the update.
        """
        own = self.optimizer._variables
        count = len(own)
        own.extend(added.variable for added in self.step_variables)
        try:
            yield
        finally:
            del own[count:]


def find_optimizers(model: Any, replicas: Replicas) -> list[TrackedOptimizer]:
    """All optimizers of the model that update variables, each once.

    Also those of submodels and in lists, dicts and plain objects. A wrapper such as
    `LossScaleOptimizer` isn't one: its own `apply` sees scaled gradients. A
    `MultiOptimizer` is one beside those that it hands gradients on to.

    Args:
        model: A compiled model.
        replicas: Where it trains.
    """
    found: dict[int, tuple[str, Any]] = {}
    seen: set[int] = set()
    _collect(model, "", found, seen)
    for layer, path in walk(model):
        _collect(layer, path.replace("/", "_"), found, seen)
    optimizers = list(found.values())
    if keras.backend.backend() == "jax":
        # The state of another optimizer doesn't travel through the step.
        carried = {id(v) for v in model.optimizer.variables}
        optimizers = [(n, o) for n, o in optimizers if id(o._iterations) in carried]
    single = [o for _, o in optimizers if not _is_multi(o)]
    if len(single) == 1:
        optimizers = [("", optimizer) for _, optimizer in optimizers]
    tracked = {
        id(optimizer): TrackedOptimizer(optimizer, name, model, replicas)
        for name, optimizer in _told_apart(optimizers)
    }
    for whole in tracked.values():
        if whole.is_whole:
            inner = whole.optimizer._inner_optimizers
            whole.parts = [tracked[id(o)] for o in inner if id(o) in tracked]
    return list(tracked.values())


def _is_multi(optimizer: Any) -> bool:
    return isinstance(optimizer, keras.optimizers.MultiOptimizer)


def _told_apart(optimizers: list) -> Iterator[tuple[str, Any]]:
    """Numbers names that several optimizers have."""
    taken: set[str] = set()
    for name, optimizer in optimizers:
        number, label = 0, name
        while name and label in taken and not _is_multi(optimizer):
            number += 1
            label = f"{name}_{number}"
        if not _is_multi(optimizer):
            taken.add(label)
        yield label, optimizer


def _collect(owner: Any, name: str, found: dict, seen: set, depth: int = 0) -> None:
    for key, member in _members(owner):
        if id(member) in seen:
            continue
        if isinstance(member, keras.optimizers.Optimizer):
            seen.add(id(member))
            label = key.removesuffix("_optimizer") if key else member.name
            if name and label in ("optimizer", "inner"):
                label = name
            count = len(found)
            if _is_multi(member):
                found[id(member)] = (label, member)
            _collect(member, label, found, seen)
            if len(found) == count:
                found[id(member)] = (label, member)
        elif depth < 3 and _holds_others(member):
            seen.add(id(member))
            _collect(member, key or name, found, seen, depth + 1)


def _holds_others(member: Any) -> bool:
    if isinstance(member, (list, tuple, dict)):
        return len(member) < _MOST
    plain = dataclasses.is_dataclass(member) and not isinstance(member, type)
    return plain or isinstance(member, types.SimpleNamespace)


def _members(owner: Any) -> Iterator[tuple[str, Any]]:
    """What an object, list or dict holds, with names where there are any."""
    if isinstance(owner, dict):
        yield from ((str(key), member) for key, member in list(owner.items()))
    elif isinstance(owner, (list, tuple)):
        yield from (("", member) for member in list(owner))
    else:
        attributes = list(getattr(owner, "__dict__", {}).items())
        for key, member in attributes:
            # TensorFlow's own bookkeeping, and layers, which are walked by themselves.
            if not key.startswith("_self_") and key not in ("_layers", "_tracker"):
                yield key, member


def apply_if(
    allowed: Any,
    tracked: TrackedOptimizer,
    apply: Callable,
    grads: list,
    variables: list,
) -> None:
    """Applies the gradients, or leaves weights and optimizer as they are."""
    optimizer = tracked.optimizer
    if not optimizer.built:
        with keras.name_scope(optimizer.name):
            optimizer.build(variables)
    if keras.backend.backend() != "jax":
        ops.cond(allowed, lambda: apply(grads, variables), lambda: None)
        return
    state = [*variables, *optimizer.variables]
    before = [variable.value for variable in state]
    apply(grads, variables)
    for variable, value in zip(state, before, strict=True):
        variable.assign(ops.where(allowed, variable.value, value))
