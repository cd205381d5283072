"""Base of the callbacks that look into the train step."""

import contextlib
from typing import Any

import keras

from callbacks._leaves import Leaf
from callbacks._recording import Recording


class TapCallback(keras.callbacks.Callback):
    """What a callback of a recording can do; each method does nothing at first.

    A subclass makes its slots in `build`, works inside the step in `on_gradients`
    (each batch, as the backward pass made them) and `on_update` (each update, after
    accumulation and Keras's own clipping), and reads on the host in `drain`.
    """

    sees_updates = False
    # Several steps may run in one call: the rings keep every step's row.
    works_between_steps = False

    def __init__(self):
        super().__init__()
        self._recording: Any = None

    def __getstate__(self) -> dict:
        # Neither the model nor its live train step is part of the callback.
        return {**vars(self), "_recording": None, "_model": None, "params": None}

    @property
    def _trained_model(self) -> Any:
        # `Callback.model` would copy the whole state to the model on JAX.
        if keras.backend.backend() == "torch":
            return self.model
        return self._model

    def on_train_begin(self, logs=None):
        """Joins the recording of this `fit`."""
        self._recording = Recording.join(self._trained_model, self.params, self)

    def on_train_batch_begin(self, batch, logs=None):
        """Says that the coming step belongs to this `fit`."""
        self._recording.announce()

    def on_epoch_end(self, epoch, logs=None):
        """Reads what the epoch left in the rings and logs it."""
        for leaf in self._recording.leaves:
            self.drain(leaf)
        if logs is not None:
            self.write_logs(epoch, logs)

    def on_train_end(self, logs=None):
        """Gives the model its own train function back."""
        self._recording.close(self.params)

    def leaf_states(self) -> dict[Any, Any]:
        """What `build` returned, by optimizer."""
        if self._recording is None:
            return {}
        leaves = self._recording.leaves
        return {leaf: leaf.state[self] for leaf in leaves if self in leaf.state}

    def build(self, leaf: Leaf) -> Any:
        """Makes the slots for one optimizer; called once for each."""

    def on_gradients(self, leaf: Leaf, grads: list, variables: list) -> Any:
        """Inside the step: sees a batch's gradients; False forbids the update."""

    def on_update(self, leaf: Leaf, grads: list, variables: list) -> list:
        """Inside the step: sees and may change what the update rule gets."""
        return grads

    def before_update(self, leaf: Leaf, variables: list) -> Any:
        """Inside the step: keeps what `after_update` needs."""

    def after_update(self, leaf: Leaf, variables: list, memo: Any) -> None:
        """Inside the step: sees the variables after the update."""

    def step_scope(self, model: Any) -> Any:
        """What else is to be in place while a step is traced."""
        return contextlib.nullcontext()

    def drain(self, leaf: Leaf) -> None:
        """On the host: reads this callback's rings of one optimizer."""

    def write_logs(self, epoch: int, logs: dict) -> None:
        """On the host: adds this epoch's keys to the logs."""
