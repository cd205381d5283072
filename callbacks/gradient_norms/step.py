"""The part of `GradientNorms` that runs inside the train step."""

from typing import Any

import numpy as np
from keras import ops

from callbacks.gradient_norms.nonfinite import NonFinitePolicy
from callbacks.gradient_norms.table import ABSENT
from callbacks.in_step import arithmetic
from callbacks.in_step.norms import norms as norms_of
from callbacks.in_step.optimizers import TrackedOptimizer


class NormStep:
    """Writes rows of norms for one optimizer.

    Args:
        tracked: The optimizer.
        zero_share: Whether a row holds shares of zeros, too.
        update_ratio: Whether there are rows of changes and weights, too.
        policy: What an inf or NaN does.
    """

    def __init__(
        self,
        tracked: TrackedOptimizer,
        zero_share: bool,
        update_ratio: bool,
        policy: NonFinitePolicy,
    ):
        self.tracked = tracked
        self.zero_share = zero_share
        self.policy = policy
        self.width = len(tracked.paths)
        self.norms = tracked.add_row_buffer(self.width * (2 if zero_share else 1))
        self.updates = tracked.add_row_buffer(self.width * 2) if update_ratio else None
        self.bad = tracked.add_variable(value=-1, dtype="int32")

    def write(self, grads: list, variables: list, loss_scale: Any = None) -> Any:
        """Inside the step: adds a row, returns the norms in it."""
        pairs = [(g, v) for g, v in zip(grads, variables, strict=True) if _counts(g, v)]
        grads, variables = [g for g, _ in pairs], [v for _, v in pairs]
        norms = norms_of(grads)
        if loss_scale is not None:
            norms = norms / loss_scale
        row = self._spread(variables, norms)
        if self.zero_share:
            sizes = [self.tracked.sizes[self.tracked.column(v)] for v in variables]
            nonzeros = ops.stack(list(map(arithmetic.nonzeros, grads)))
            sizes = ops.array(sizes, "float32")
            shares = (sizes - nonzeros) / sizes
            row = ops.concatenate([row, self._spread(variables, shares)])
        self.norms.write(row)
        return norms

    def allows(self, norms: Any) -> Any:
        """Inside the step, after `write`: whether the update may happen."""
        finite = ops.all(ops.isfinite(norms))
        if not self.policy.ends_training:
            return finite
        bad, step = self.bad.read(), self.norms.count.read() - 1
        first = ops.logical_and(bad < 0, ops.logical_not(finite))
        self.bad.write(ops.where(first, step, bad))
        return self.bad.read() < 0

    def write_changes(self, variables: list, before: list) -> None:
        """Inside the step: adds a row of norms of changes and weights."""
        changes = [v.value - old for v, old in zip(variables, before, strict=True)]
        norms, count = norms_of([*changes, *before]), len(variables)
        if self._in_order(variables):
            self.updates.write(norms)
            return
        both = norms[:count], norms[count:]
        self.updates.write(ops.concatenate([self._spread(variables, n) for n in both]))

    def take_new(self) -> list[tuple[str, np.ndarray]]:
        """On the host: new rows, by kind."""
        rows = self.norms.take_new()
        kinds = [("norms", rows[:, : self.width])]
        if self.zero_share:
            kinds.append(("zero_shares", rows[:, self.width :]))
        if self.updates is not None:
            rows = self.updates.take_new()
            kinds.append(("update_norms", rows[:, : self.width]))
            kinds.append(("weight_norms", rows[:, self.width :]))
        return kinds

    def _in_order(self, variables: list) -> bool:
        """Whether these are all variables, each where its column stands."""
        columns = [self.tracked.column(variable) for variable in variables]
        return columns == list(range(self.width))

    def _spread(self, variables: list, values: Any) -> Any:
        """The values in the columns of their variables."""
        if self._in_order(variables):
            return values
        columns = [self.tracked.column(variable) for variable in variables]
        row = ops.full((self.width,), ABSENT)
        return ops.scatter_update(row, np.array(columns)[:, None], values)


def _counts(gradient: Any, variable: Any) -> bool:
    """Whether this is a gradient at all; float8 scales travel as gradients, too."""
    overwritten = getattr(variable, "overwrite_with_gradient", False)
    return gradient is not None and not overwritten
