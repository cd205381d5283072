"""What callbacks remember, and how it is put back: Keras's own by a list.

Any other one says it by itself: `get_state()` returns plain data and arrays, and
`set_state(state)` takes them back after `on_train_begin`.
"""

import csv
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras.src.utils import file_utils

from recipes.lab.errors import LabError
from recipes.lab.training.order import EpochOrder

K = keras.callbacks

# Attributes that hold what a callback has seen so far. By exact class: a subclass may
# remember more.
REMEMBER: dict[type, tuple[str, ...]] = {
    K.Callback: (),
    K.EarlyStopping: ("wait", "stopped_epoch", "best", "best_weights", "best_epoch"),
    K.History: ("history", "epoch"),
    K.LearningRateScheduler: (),
    K.ModelCheckpoint: ("best", "_batches_seen_since_last_saving", "_last_batch_seen"),
    K.ProgbarLogger: (),
    K.ReduceLROnPlateau: ("best", "wait", "cooldown_counter"),
    K.SwapEMAWeights: ("_ema_weights_in_model",),
    K.TerminateOnNaN: (),
}
REFUSED = {
    K.BackupAndRestore: "it resumes by itself, and not exactly; leave it out",
    K.TensorBoard: "its files hold times and would have events twice; leave it out",
    K.RemoteMonitor: "it would send epochs twice; leave it out",
}


def check(callbacks: list) -> None:
    """Refuses callbacks that remember what can't be known.

    Raises:
        LabError: There is one.
    """
    for callback in callbacks:
        name = type(callback).__name__
        if type(callback) in REFUSED:
            why = REFUSED[type(callback)]
            raise LabError(f"checkpoint= can't resume the callback {name}: {why}.")
        methods = [getattr(callback, m, None) for m in ("get_state", "set_state")]
        known = type(callback) in REMEMBER or type(callback) is K.CSVLogger
        if isinstance(callback, EpochOrder) or known or all(map(callable, methods)):
            continue
        raise LabError(
            f"checkpoint= can't resume the callback {name}, which may remember "
            "anything: give it get_state() and set_state(state), or leave it out."
        )


def state_of(callback: Any) -> Any:
    """What a callback has seen so far, as plain data and arrays."""
    if type(callback) is K.CSVLogger:
        content = Path(callback.filename).read_bytes()
        return {"keys": callback.keys, "header": callback.append_header,
                "content": np.frombuffer(content, "uint8")}  # fmt: skip
    if type(callback) in REMEMBER:
        names = REMEMBER[type(callback)]
        return {name: getattr(callback, name, None) for name in names}
    return None if isinstance(callback, EpochOrder) else callback.get_state()


def put_back(callback: Any, state: Any) -> None:
    """Gives a callback what `state_of` returned, after `on_train_begin`."""
    if type(callback) is K.CSVLogger:
        _continue_file(callback, state)
    elif type(callback) in REMEMBER:
        for name, value in state.items():
            setattr(callback, name, value)
    elif not isinstance(callback, EpochOrder):
        callback.set_state(state)


def _continue_file(logger: Any, state: dict[str, Any]) -> None:
    """Puts the rows back that beginning anew has deleted, and writes on behind them."""
    logger.csv_file.close()
    Path(logger.filename).write_bytes(state["content"].tobytes())
    logger.csv_file = file_utils.File(logger.filename, "a")
    logger.keys, logger.append_header = state["keys"], state["header"]
    logger.writer = None
    if logger.keys is not None:
        names = ["epoch", *logger.keys]
        logger.writer = csv.DictWriter(logger.csv_file, names, delimiter=logger.sep)
