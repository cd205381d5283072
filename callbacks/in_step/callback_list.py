"""The `CallbackList` that runs a callback: where the callbacks of one `fit` meet.

Keras tells a callback its model and parameters, but not the list that it is in. The
list is found among the callers. Through it the callbacks of one `fit` share a session,
write their keys before any other callback reads the logs, and know a train function
that is called by this `fit` from one that is called after this `fit` crashed.
"""

import sys
from typing import Any

import keras

from callbacks.in_step.attributes import replaced


def list_of_callers() -> Any:
    """The `CallbackList` among the callers, the nearest one; None if there is none."""
    frame = sys._getframe(1)
    while frame is not None:
        owner = frame.f_locals.get("self")
        if isinstance(owner, keras.callbacks.CallbackList):
            return owner
        frame = frame.f_back
    return None


def list_of_fit(depth: int) -> Any:
    """The `CallbackList` of a `fit` that is among the next callers.

    Args:
        depth: How many callers to look at, the caller of this function's caller first.
    """
    frame = sys._getframe(1).f_back
    for _ in range(depth):
        if frame is None:
            return None
        found = frame.f_locals.get("callbacks")
        if isinstance(found, keras.callbacks.CallbackList):
            return found
        frame = frame.f_back
    return None


def write_logs_first(callbacks: Any) -> None:
    """Lets the session's callbacks write their keys before others read an epoch's logs.

    So the order in the list doesn't matter to a logger or to early stopping, and keys
    come in one order: Keras's, then those of each callback.
    """
    if "_in_step_original" in vars(callbacks):
        return
    original = callbacks.on_epoch_end
    vars(callbacks)["_in_step_original"] = original
    first = _WritesLogs(callbacks)

    def on_epoch_end(epoch, logs=None):
        # Keras sorts the keys that it is given, so ours come in only after that.
        with replaced(callbacks, "callbacks", [first, *callbacks.callbacks]):
            original(epoch, logs)

    callbacks.on_epoch_end = on_epoch_end
    bar = callbacks._progbar
    if bar is None:
        return
    known = "_in_step_list" in vars(bar)
    vars(bar)["_in_step_list"] = callbacks
    if not known:
        _filter(bar, "on_epoch_end")
        _filter(bar, "on_train_batch_end")


class _WritesLogs(keras.callbacks.Callback):
    """Stands first in the list at the end of an epoch."""

    def __init__(self, callbacks: Any):
        super().__init__()
        self._callbacks = callbacks

    def on_epoch_end(self, epoch, logs=None):
        """Adds the keys of the session's callbacks."""
        session = vars(self._callbacks).get("_in_step_session")
        if session is not None and session.is_open:
            session.complete_logs(epoch, logs)


def _filter(bar: Any, hook: str) -> None:
    """Keeps keys out of the progress bar that a callback wants to be left out."""
    original = getattr(bar, hook)

    def filtered(number, logs=None):
        session = vars(vars(bar)["_in_step_list"]).get("_in_step_session")
        if session is not None and logs:
            hidden = session.keys_kept_from_bar
            logs = {key: value for key, value in logs.items() if key not in hidden}
        original(number, logs)

    setattr(bar, hook, filtered)
