"""Base of the callbacks that act inside the train step."""

import contextlib
from typing import Any

import keras

from callbacks import arguments
from callbacks.in_step.optimizers import TrackedOptimizer
from callbacks.in_step.session import FitSession


class InStepCallback(keras.callbacks.Callback):
    """What a callback can do in a step; each method does nothing at first.

    A subclass makes its step variables in `build`, works inside the step in
    `on_gradients` (each batch, as the backward pass made them) and `on_update` (each
    update, after accumulation and Keras's own clipping), and reads on the host in
    `read_rows`.

    Args:
        progress_bar: Whether the logged keys show in Keras's progress bar.
    """

    # What the logged keys begin with, where the user may choose it.
    name = ""
    # Whether `on_update`, `before_update` and `after_update` do anything.
    sees_updates = False
    # Whether all gradients of a step that has several optimizers belong together.
    needs_whole = False
    # Several steps may run in one call: the buffers keep every step's row.
    works_between_steps = False
    # Attributes on the host, plain data or arrays, that decide how a `fit` goes on.
    remembered: tuple[str, ...] = ()

    def __init__(self, progress_bar: bool = True):
        super().__init__()
        self.progress_bar = arguments.flag("progress_bar", progress_bar)
        self.logged_keys: set[str] = set()
        self._session: Any = None

    def __getstate__(self) -> dict:
        # Neither the model nor its live train step is part of the callback.
        return {**vars(self), "_session": None, "_model": None, "params": None}

    @property
    def _trained_model(self) -> Any:
        # `Callback.model` would copy the whole state to the model on JAX.
        if keras.backend.backend() == "torch":
            return self.model
        return self._model

    def on_train_begin(self, logs=None):
        """Joins the session of this `fit`."""
        self._session = FitSession.join(self._trained_model, self)

    def on_train_batch_begin(self, batch, logs=None):
        """Says that the coming step belongs to this `fit`."""
        self._session.expect_step()

    def on_epoch_end(self, epoch, logs=None):
        """Logs what the epoch left in the buffers."""
        self._session.log_alone(self, epoch, logs)

    def on_train_end(self, logs=None):
        """Gives the model its own train function back."""
        self._session.close()

    def get_state(self) -> dict[str, Any]:
        """What it has seen so far in this `fit`, as plain data and NumPy arrays.

        The session's first callback also has what the step itself holds.
        """
        first = self._session.callbacks[0] is self
        step = self._session.get_state() if first else None
        own = {name: vars(self)[name] for name in self.remembered}
        return {"step": step, "logged_keys": sorted(self.logged_keys), "own": own}

    def set_state(self, state: dict[str, Any]) -> None:
        """Puts back what `get_state` returned, after `on_train_begin` of all."""
        if state["step"] is not None:
            self._session.set_state(state["step"])
        self.logged_keys = set(state["logged_keys"])
        vars(self).update(state["own"])

    def optimizer_states(self) -> dict[TrackedOptimizer, Any]:
        """What `build` returned, by optimizer."""
        if self._session is None:
            return {}
        optimizers = self._session.optimizers
        return {one: one.state[self] for one in optimizers if self in one.state}

    def check_others(self, others: list["InStepCallback"]) -> None:
        """Refuses a second callback of the same name in one `fit`."""
        if self.name and any(other.name == self.name for other in others):
            raise ValueError(
                f"name must differ between the callbacks of one fit, because the "
                f"logged keys begin with it; got {self.name!r} twice."
            )

    def prepare(self, model: Any) -> None:
        """Before the step is traced: makes variables that belong to all of it."""

    def check_effect(self, model: Any) -> None:
        """After the first step: says so if there was nothing to do in it."""

    def build(self, tracked: TrackedOptimizer) -> Any:
        """Makes the variables for one optimizer; called once for each."""

    def on_gradients(
        self, tracked: TrackedOptimizer, grads: list, variables: list
    ) -> Any:
        """Inside the step: sees a batch's gradients; False forbids the update."""

    def on_update(
        self, tracked: TrackedOptimizer, grads: list, variables: list
    ) -> list:
        """Inside the step: sees and may change what the update rule gets."""
        return grads

    def before_update(self, tracked: TrackedOptimizer, variables: list) -> Any:
        """Inside the step: keeps what `after_update` needs."""

    def after_update(
        self, tracked: TrackedOptimizer, variables: list, kept: Any
    ) -> None:
        """Inside the step: sees the variables after the update."""

    def step_scope(self, model: Any) -> Any:
        """What else is to be in place while a step is traced."""
        return contextlib.nullcontext()

    def read_rows(self, tracked: TrackedOptimizer) -> None:
        """On the host: reads this callback's buffers of one optimizer."""

    def write_logs(self, epoch: int, logs: dict) -> None:
        """On the host: adds this epoch's keys to the logs."""
