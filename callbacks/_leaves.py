"""The optimizers of a model, and what is hung on them for one `fit`."""

import contextlib
import math
from collections.abc import Callable, Iterator
from typing import Any

import keras
from keras import ops

from callbacks._state import Ring, Slot

_ABSENT = object()


class Leaf:
    """An optimizer that updates variables itself, with its slots.

    Args:
        optimizer: The innermost optimizer.
        name: Empty for a model with one optimizer, otherwise what tells it apart.
        model: The model, whose own name is left out of the paths.
    """

    def __init__(self, optimizer: Any, name: str, model: Any):
        self.optimizer = optimizer
        self.name = name
        self.slots: list[Slot] = []
        self.rings: list[Ring] = []
        self.state: dict[Any, Any] = {}
        self.paths: list[str] = []
        self.sizes: list[int] = []
        self.applies = 0
        self._applies_so_far = 0
        self._least_rows = 4 * model.steps_per_execution
        self._model_prefix = f"{model.name}/"
        self._columns: dict[Any, int] = {}
        self._built = False

    def build(self, taps: list, variables: list) -> None:
        """Fixes the columns and lets every callback make its slots, once."""
        if self._built:
            return
        self._built = True
        known = getattr(self.optimizer, "_trainable_variables", None)
        for variable in known or variables:
            self._columns[self.optimizer._var_key(variable)] = len(self.paths)
            path = getattr(variable, "path", variable.name)
            self.paths.append(path.removeprefix(self._model_prefix))
            self.sizes.append(math.prod(variable.shape))
        for tap in taps:
            self.state[tap] = tap.build(self)

    def slot(self, shape: tuple = (), value: Any = 0, dtype: str = "float32") -> Slot:
        """An array that this optimizer's hooks read and write."""
        self.slots.append(Slot(shape, value, dtype))
        return self.slots[-1]

    def ring(self, width: int) -> Ring:
        """A ring of rows that this optimizer's hooks write."""
        capacity = Ring.capacity_for(width, self._least_rows)
        ring = Ring(self.slot((capacity, width)), self.slot(dtype="int32"))
        self.rings.append(ring)
        return ring

    def column(self, variable: Any) -> int:
        """Where this variable's number stands in a row."""
        return self._columns[self.optimizer._var_key(variable)]

    def begin_apply(self) -> None:
        """Counts how often one step calls the optimizer."""
        self._applies_so_far += 1

    def end_step(self) -> None:
        """Ends the count of one step."""
        self.applies = max(self.applies, self._applies_so_far)
        self._applies_so_far = 0

    @contextlib.contextmanager
    def as_optimizer_variables(self) -> Iterator[None]:
        """On JAX, while a step is traced: slots flow as the optimizer's state does.

        So they take part in its branches: a row written in a skipped update is lost
        with the update.
        """
        own = self.optimizer._variables
        count = len(own)
        own.extend(slot.variable for slot in self.slots)
        try:
            yield
        finally:
            del own[count:]


def find_leaves(model: Any) -> list[Leaf]:
    """All innermost optimizers of the model, each once.

    A wrapper such as `LossScaleOptimizer` or `MultiOptimizer` isn't one: its own
    `apply` sees scaled gradients, or passes them on.
    """
    found: dict[int, tuple[str, Any]] = {}
    _collect(model, "", found, set())
    leaves = list(found.values())
    if keras.backend.backend() == "jax":
        carried = {id(v) for v in model.optimizer.variables}
        leaves = [(n, o) for n, o in leaves if id(o._iterations) in carried]
    if len(leaves) == 1:
        leaves = [("", leaves[0][1])]
    return [Leaf(optimizer, name, model) for name, optimizer in leaves]


def _collect(owner: Any, name: str, found: dict, seen: set) -> None:
    for key, member in _members(owner):
        if not isinstance(member, keras.optimizers.Optimizer) or id(member) in seen:
            continue
        seen.add(id(member))
        label = key.removesuffix("_optimizer") if key else member.name
        if name and label in ("optimizer", "inner"):
            label = name
        count = len(found)
        _collect(member, label, found, seen)
        if len(found) == count:
            found[id(member)] = (label, member)


def _members(owner: Any) -> Iterator[tuple[str, Any]]:
    """Attributes with their names, then what is in lists and dictionaries."""
    attributes = list(vars(owner).items())
    yield from attributes
    for key, value in attributes:
        if key.startswith("_self_"):  # TensorFlow's own bookkeeping
            continue
        if isinstance(value, (list, tuple)):
            yield from (("", member) for member in value)
        elif isinstance(value, dict):
            yield from ((str(key), member) for key, member in value.items())


def apply_if(
    allowed: Any, leaf: Leaf, apply: Callable, grads: list, variables: list
) -> None:
    """Applies the gradients, or leaves weights and optimizer as they are."""
    optimizer = leaf.optimizer
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


@contextlib.contextmanager
def replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    """Puts an attribute on an instance and takes it off again, whatever happens.

    Writes the instance dictionary itself: Keras's own setter would track the value.
    """
    attributes = vars(owner)
    before = attributes.get(name, _ABSENT)
    attributes[name] = value
    try:
        yield
    finally:
        if before is _ABSENT:
            del attributes[name]
        else:
            attributes[name] = before
