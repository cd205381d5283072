"""Callbacks of a training over several processes."""

import functools
from collections.abc import Callable
from typing import Any

import keras
from keras.src.utils.python_utils import is_default

from recipes.lab.errors import LabError

K = keras.callbacks
# They write the same on every process; two would write one file at once.
WRITERS = (K.CSVLogger, K.ModelCheckpoint, K.TensorBoard, K.RemoteMonitor)


def write_files(callback: Any) -> bool:
    """Whether a callback only writes down what it sees."""
    return isinstance(callback, WRITERS)


def of_rank(callbacks: list, spread: Any) -> list:
    """The callbacks of this process: those that write files act on the first only.

    Args:
        callbacks: Those that were given; every process was given the same.
        spread: Over which devices.

    Raises:
        LabError: One can't work over several processes.
    """
    for callback in callbacks:
        if isinstance(callback, K.BackupAndRestore):
            raise LabError(
                "BackupAndRestore would write one file from every process; leave it "
                "out, and save with ModelCheckpoint."
            )
    own = []
    for callback in callbacks:
        if not write_files(callback):
            own.append(callback)
        elif spread.is_first:
            own.append(Alone(callback))
    return [*own, StopTogether(spread.store)]


class Alone(keras.callbacks.Callback):
    """Calls a callback that the other processes don't have.

    Saving a model makes variables, which Keras spreads over all devices: one process
    alone would wait for the others for ever. So no distribution is set meanwhile.

    Args:
        callback: One that writes files.
    """

    def __init__(self, callback: Any):
        super().__init__()
        self.callback = callback
        for name in dir(keras.callbacks.Callback):
            method = getattr(callback, name)
            if name.startswith("on_") and not is_default(method):
                setattr(self, name, functools.partial(self._call, method))

    def set_params(self, params):
        """Hands the parameters on."""
        self.callback.set_params(params)

    def set_model(self, model):
        """Hands the model on."""
        self._call(self.callback.set_model, model)

    def _call(self, method: Callable, *values: Any, **named: Any) -> None:
        distribution = keras.distribution.distribution()
        keras.distribution.set_distribution(None)
        try:
            method(*values, **named)
        finally:
            keras.distribution.set_distribution(distribution)


class StopTogether(keras.callbacks.Callback):
    """Ends training on all processes after the epoch in which one of them ends it.

    Else the others would wait for it for ever. Numbers in the logs are the same on all;
    a clock is not.

    Args:
        store: For exchanges.
    """

    def __init__(self, store: Any):
        super().__init__()
        self.store = store

    def on_epoch_end(self, epoch, logs=None):
        """Comes after all callbacks that may have ended training."""
        model = self._model  # `self.model` would copy all weights
        value = {"epoch": epoch, "stop": bool(model.stop_training)}
        found = self.store.exchange(value, f"the end of epoch {epoch + 1}")
        for rank, one in found.items():
            if one["epoch"] != epoch:
                raise LabError(
                    f"rank {rank} is at the end of epoch {one['epoch'] + 1}, rank "
                    f"{self.store.own} at that of epoch {epoch + 1}: every rank must "
                    "make the same calls."
                )
        model.stop_training = any(one["stop"] for one in found.values())
