"""Keras's `EarlyStopping`, shown losses that are already known."""

from types import SimpleNamespace

import keras


def stop(
    values,
    *,
    patience: int = 0,
    min_delta: float = 0.0,
    monitor: str = "val_loss",
    mode: str = "min",
) -> tuple[int, int]:
    """Where `EarlyStopping` would have stopped a training with this record.

    It only reads the logs of each epoch, so it can be shown those of a training that
    went on.

    Args:
        values: What is monitored, one number an epoch.
        patience: As the callback takes it, like all others.
        min_delta: What counts as an improvement.
        monitor: A name for the values.
        mode: "min" or "max".

    Returns:
        How many epochs are run, and the best of them, counted from 1.
    """
    callback = keras.callbacks.EarlyStopping(
        monitor, patience=patience, min_delta=min_delta, mode=mode
    )
    model = SimpleNamespace(stop_training=False)
    callback.set_model(model)
    callback.on_train_begin()
    for epoch, value in enumerate(values):
        callback.on_epoch_end(epoch, {monitor: value})
        if model.stop_training:
            return epoch + 1, callback.best_epoch + 1
    return len(values), callback.best_epoch + 1
