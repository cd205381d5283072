"""The pure core of the clipping callbacks, and what they have in common.

Each function takes gradients and a limit and returns `Clipped`. A list with an inf or
a NaN in it is handed back as it came: scaling can't mend it, and
`GradientNorms(on_nonfinite=...)` deals with it.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from callbacks import _checks, _gradients
from callbacks._leaves import Leaf
from callbacks._taps import TapCallback

Limit = float | Callable[[int], float] | keras.optimizers.schedules.LearningRateSchedule


class Clipped(NamedTuple):
    """Gradients after clipping.

    Attributes:
        gradients: The new list.
        before: Norm of all gradients together, before.
        after: The same, after.
        share: Share of the parts (the whole, variables, entries, units) that were
            over the limit, in [0, 1].
    """

    gradients: list
    before: Any
    after: Any
    share: Any


def by_global_norm(gradients: list, limit: Any, before: Any = None) -> Clipped:
    """Scales all gradients by one factor, so that their joint norm is the limit.

    Args:
        gradients: One for each variable.
        limit: Largest joint norm.
        before: Their joint norm, where it is known.
    """
    if before is None:
        before = _gradients.global_norm(_gradients.norms(gradients))
    over = ops.logical_and(ops.isfinite(before), before > limit)
    factor = ops.where(over, limit / ops.where(over, before, 1.0), 1.0)
    clipped = [_gradients.scale(gradient, factor) for gradient in gradients]
    return Clipped(clipped, before, before * factor, ops.cast(over, "float32"))


def by_each_norm(gradients: list, limit: Any) -> Clipped:
    """Scales each gradient whose own norm is over the limit."""
    each = _gradients.norms(gradients)
    over = ops.logical_and(ops.isfinite(each), each > limit)
    factors = ops.where(over, limit / ops.where(over, each, 1.0), 1.0)
    clipped = [_gradients.scale(g, factors[i]) for i, g in enumerate(gradients)]
    before = _gradients.global_norm(each)
    after = _gradients.global_norm(each * factors)
    return Clipped(clipped, before, after, ops.mean(ops.cast(over, "float32")))


def by_value(gradients: list, limit: Any) -> Clipped:
    """Cuts each entry off at plus and minus the limit."""
    merged = [_gradients.add_repeats(gradient) for gradient in gradients]
    clipped, over, size = [], 0.0, 0
    for gradient in merged:
        entries = _gradients.entries(gradient)
        bound = ops.cast(limit, entries.dtype)
        kept = ops.where(
            ops.isfinite(entries), ops.clip(entries, -bound, bound), entries
        )
        clipped.append(_gradients.with_entries(gradient, kept))
        over += ops.sum(ops.cast(ops.not_equal(kept, entries), "float32"))
        size += ops.cast(ops.size(entries), "float32")
    before = _gradients.global_norm(_gradients.norms(merged))
    after = _gradients.global_norm(_gradients.norms(clipped))
    return Clipped(clipped, before, after, over / size)


class ClippingCallback(TapCallback):
    """Base of the clipping callbacks: a limit that may move, and their logs.

    Callbacks that clip act in the order of the `callbacks` list, each on what the one
    before it left, once for each update: after gradient accumulation, after Keras's
    own clipping and before the update rule.

    Args:
        limit: A number, a function of the epoch (from 0) that gives one, or a
            `LearningRateSchedule` of the optimizer's iterations.
        argument: The name of the limit in messages.
        name: What the logged keys begin with.
    """

    sees_updates = True

    def __init__(self, limit: Limit, argument: str, name: str):
        super().__init__()
        self.name = _checks.label("name", name)
        self._argument = argument
        self._limit = limit
        if not callable(limit):
            self._limit = _checks.number(argument, limit, 0.0, open_low=True)
        self._now = self._limit_in(0)
        self._rows: list[np.ndarray] = []

    def _limit_in(self, epoch: int) -> float:
        if isinstance(self._limit, keras.optimizers.schedules.LearningRateSchedule):
            return float("nan")
        if not callable(self._limit):
            return self._limit
        name = f"{self._argument} in epoch {epoch}"
        return _checks.number(name, self._limit(epoch), 0.0, open_low=True)

    def limit(self, leaf: Leaf) -> Any:
        """Inside the step: the limit of this update."""
        if isinstance(self._limit, keras.optimizers.schedules.LearningRateSchedule):
            return ops.cast(self._limit(leaf.optimizer.iterations), "float32")
        return leaf.state[self]["limit"].read()

    def clip(self, leaf: Leaf, gradients: list, variables: list) -> tuple[Clipped, Any]:
        """Inside the step: the clipped gradients and the limit that was used."""
        raise NotImplementedError

    def build(self, leaf: Leaf) -> dict[str, Any]:
        """A slot for the limit and a ring for what happened."""
        return {"limit": leaf.slot(value=self._now), "ring": leaf.ring(4)}

    def on_update(self, leaf: Leaf, grads: list, variables: list) -> list:
        """Clips, and writes a row."""
        clipped, limit = self.clip(leaf, grads, variables)
        row = [clipped.before, clipped.after, clipped.share, limit]
        row = ops.stack([ops.cast(number, "float32") for number in row])
        leaf.state[self]["ring"].write(row)
        return clipped.gradients

    def on_train_begin(self, logs=None):
        """Starts counting anew; refuses a second callback of the same name."""
        super().on_train_begin(logs)
        self._rows = []
        for tap in self._recording.taps:
            if tap is not self and getattr(tap, "name", None) == self.name:
                raise ValueError(
                    f"name must differ between clipping callbacks of one fit, because "
                    f"the logged keys begin with it; got {self.name!r} twice."
                )

    def on_epoch_begin(self, epoch, logs=None):
        """Moves the limit; nothing is traced again."""
        self._rows = []
        self._now = self._limit_in(epoch)
        for state in self.leaf_states().values():
            state["limit"].set(self._now)

    def drain(self, leaf: Leaf) -> None:
        """Reads the rows of one optimizer; several optimizers are taken together."""
        if self in leaf.state:
            self._rows.append(leaf.state[self]["ring"].drain())

    def write_logs(self, epoch: int, logs: dict) -> None:
        """The epoch's means; NaN if there was no update."""
        rows = np.concatenate([*self._rows, np.zeros((0, 4))]).astype(float)
        means = rows.mean(0) if len(rows) else np.full(4, np.nan)
        logs[f"{self.name}_norm_before"] = float(means[0])
        logs[f"{self.name}_norm_after"] = float(means[1])
        over = (rows[:, 2] > 0).mean() if len(rows) else np.nan
        logs[f"{self.name}_share"] = float(over)
        logs[f"{self.name}_part"] = float(means[2])
        logs[f"{self.name}_limit"] = float(means[3])
