"""The callbacks of a `fit` that is kept, which hear of trained steps only."""

from collections.abc import Mapping
from typing import Any

import keras

from recipes.lab.training.checkpoint.run import Run


class ResumableCallbacks(keras.callbacks.CallbackList):
    """The callbacks of a training that is kept: its state is read behind all of them.

    Args:
        run: What keeps it.
        callbacks: Those of the training; Keras's history is added.
        arguments: Of `model.fit`.
    """

    def __init__(self, run: Run, callbacks: list, arguments: Mapping[str, Any]):
        self._run = run
        verbose = arguments.get("verbose", 0)
        super().__init__(
            callbacks,
            add_history=True,
            add_progbar=verbose != 0,
            verbose=verbose,
            epochs=arguments["epochs"],
            steps=run.calls.steps,
            model=run.model,
        )

    def _configure_async_dispatch(self, callbacks):
        """Never: a state that is read must have seen all steps."""

    def on_train_begin(self, logs=None):
        """Begins, then puts a kept state back."""
        super().on_train_begin(logs)
        self._run.train_begins(self.callbacks)

    def on_epoch_begin(self, epoch, logs=None):
        """Begins an epoch, or the rest of one."""
        super().on_epoch_begin(epoch, logs)
        self._run.epoch_begins(epoch)

    def on_train_batch_begin(self, batch, logs=None):
        """Tells the callbacks of steps that are trained."""
        self._run.batch_begins()
        if not self._run.passes_over:
            super().on_train_batch_begin(batch, logs)

    def on_train_batch_end(self, batch, logs=None):
        """Tells the callbacks of steps that were trained."""
        if not self._run.passes_over:
            super().on_train_batch_end(batch, logs)
        self._run.batch_ended()

    def on_epoch_end(self, epoch, logs=None):
        """Ends an epoch, then saves."""
        super().on_epoch_end(epoch, logs)
        self._run.epoch_ended(epoch)
