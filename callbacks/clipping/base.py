"""What the clipping callbacks have in common: a limit that may move, and their logs."""

import warnings
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from callbacks import arguments
from callbacks.clipping.rules import Clipped
from callbacks.in_step.callback import InStepCallback
from callbacks.in_step.optimizers import TrackedOptimizer

Limit = float | Callable[[int], float] | keras.optimizers.schedules.LearningRateSchedule


class ClippingCallback(InStepCallback):
    """Base of the clipping callbacks.

    Callbacks that clip act in the order of the `callbacks` list, each on what the one
    before it left, once for each update: after gradient accumulation, after Keras's
    own clipping and before the update rule.

    Args:
        limit: A number, a function of the epoch (from 0) that gives one, or a
            `LearningRateSchedule` of the optimizer's iterations.
        argument: The name of the limit in messages.
        name: What the logged keys begin with.
        progress_bar: Whether they show in Keras's progress bar.
    """

    sees_updates = True
    remembered = ("_now", "_rows", "_clipped", "_warned")

    def __init__(self, limit: Limit, argument: str, name: str, progress_bar: bool):
        super().__init__(progress_bar)
        self.name = arguments.label("name", name)
        self._argument = argument
        self._limit = limit
        if not callable(limit):
            self._limit = arguments.number(argument, limit, 0.0, open_low=True)
        self._now = self._limit_in(0)
        self._rows: list[np.ndarray] = []
        self._clipped = False
        self._warned = False

    def _limit_in(self, epoch: int) -> float:
        if isinstance(self._limit, keras.optimizers.schedules.LearningRateSchedule):
            return float("nan")
        if not callable(self._limit):
            return self._limit
        name = f"{self._argument} in epoch {epoch}"
        return arguments.number(name, self._limit(epoch), 0.0, open_low=True)

    def limit(self, tracked: TrackedOptimizer) -> Any:
        """Inside the step: the limit of this update."""
        if isinstance(self._limit, keras.optimizers.schedules.LearningRateSchedule):
            return ops.cast(self._limit(tracked.optimizer.iterations), "float32")
        return tracked.state[self]["limit"].read()

    def clip(
        self, tracked: TrackedOptimizer, gradients: list, variables: list
    ) -> tuple[Clipped, Any]:
        """Inside the step: the clipped gradients and the limit that was used."""
        raise NotImplementedError

    def build(self, tracked: TrackedOptimizer) -> dict[str, Any]:
        """A variable for the limit and a buffer for what happened."""
        return {
            "limit": tracked.add_variable(value=self._now),
            "rows": tracked.add_row_buffer(4),
        }

    def on_update(
        self, tracked: TrackedOptimizer, grads: list, variables: list
    ) -> list:
        """Clips, and writes a row."""
        self._clipped = True
        clipped, limit = self.clip(tracked, grads, variables)
        row = [clipped.before, clipped.after, clipped.share, limit]
        row = ops.stack([ops.cast(number, "float32") for number in row])
        tracked.state[self]["rows"].write(row)
        return clipped.gradients

    def check_effect(self, model: Any) -> None:
        """Raises where weights can move without having been clipped."""
        if self._clipped or self._session.may_have_skipped:
            return
        if not model.trainable_variables:
            warnings.warn(
                f"{type(self).__name__} has nothing to clip: {model.name!r} has no "
                "trainable weights.",
                stacklevel=2,
            )
            return
        raise ValueError(
            f"{type(self).__name__} clipped nothing: the train step of {model.name!r} "
            "updated no weight through an optimizer that is an attribute of the model "
            "or of its layers. Make the optimizer one, or clip in the train step."
        )

    def on_train_begin(self, logs=None):
        """Starts counting anew."""
        self._rows, self._clipped, self._warned = [], False, False
        super().on_train_begin(logs)

    def on_epoch_begin(self, epoch, logs=None):
        """Moves the limit; nothing is traced again."""
        self._rows = []
        self._now = self._limit_in(epoch)
        for state in self.optimizer_states().values():
            state["limit"].set(self._now)

    def read_rows(self, tracked: TrackedOptimizer) -> None:
        """Reads the rows of one optimizer; several optimizers are taken together."""
        if self in tracked.state:
            self._rows.append(tracked.state[self]["rows"].take_new())

    def write_logs(self, epoch: int, logs: dict) -> None:
        """The epoch's means; NaN, with a warning, if there was no update."""
        rows = np.concatenate([*self._rows, np.zeros((0, 4))]).astype(float)
        acts = self._clipped or self._session.may_have_skipped
        if not len(rows) and acts and not self._warned:
            self._warned = True
            warnings.warn(
                f"{type(self).__name__} saw no update in epoch {epoch + 1}: every step "
                "was accumulated, or skipped by loss scaling.",
                stacklevel=2,
            )
        if not acts:
            return
        means = rows.mean(0) if len(rows) else np.full(4, np.nan)
        logs[f"{self.name}_norm_before"] = float(means[0])
        logs[f"{self.name}_norm_after"] = float(means[1])
        over = (rows[:, 2] > 0).mean() if len(rows) else np.nan
        logs[f"{self.name}_share"] = float(over)
        logs[f"{self.name}_part"] = float(means[2])
        logs[f"{self.name}_limit"] = float(means[3])
