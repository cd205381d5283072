"""training_report: what to write down about a training, from its history."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np

from callbacks import arguments


@dataclass(frozen=True, eq=False)
class TrainingReport:
    """Six things to know about a training; `training_report` makes it.

    Epochs are counted from 1, as Keras's progress bar counts them and as `{epoch}` in
    the file names of ModelCheckpoint does.

    Attributes:
        loss: The training loss of the last epoch.
        epochs: How many epochs were run.
        best_loss: The least validation loss.
        best_epoch: The first epoch that had it: the one whose weights to keep.
        validation_curve: Epochs with validation and their losses, two columns.
        training_curve: All epochs and their training losses, two columns.
    """

    loss: float
    epochs: int
    best_loss: float
    best_epoch: int
    validation_curve: np.ndarray
    training_curve: np.ndarray

    def __str__(self) -> str:
        return (
            f"Epochs: {self.epochs}. Training loss: {self.loss:.4g}. "
            f"Least validation loss: {self.best_loss:.4g}, in epoch {self.best_epoch}."
        )

    def plot(self) -> Any:
        """Draws both curves and marks the best epoch.

        Returns:
            A `matplotlib.figure.Figure` of its own. Save it with
            `figure.savefig(path)`.
        """
        from matplotlib.figure import Figure

        figure = Figure(figsize=(6.4, 4.0), layout="constrained")
        axes = figure.add_subplot()
        axes.plot(*self.training_curve.T, "--", label="training")
        axes.plot(*self.validation_curve.T, label="validation")
        label = f"epoch {self.best_epoch}"
        axes.plot(self.best_epoch, self.best_loss, "ko", label=label)
        axes.set_xlabel("epoch")
        axes.set_ylabel("loss")
        axes.set_title(f"Least validation loss in epoch {self.best_epoch}")
        axes.legend()
        return figure


def training_report(
    history: Any, *, validation_freq: int | Iterable[int] = 1
) -> TrainingReport:
    """Reports a training by its loss, epochs, best epoch and both curves.

    It reads the history alone: any compiled model will do, on any backend, and a
    history that was saved. It keeps no weights. Keras does that while it trains:
    `ModelCheckpoint(path, save_best_only=True)` writes those of the best epoch, and
    `EarlyStopping(restore_best_weights=True)` puts them back.

    Args:
        history: What `model.fit` returns, or its `history`: a mapping from names to one
            number an epoch. The mapping's first epoch counts as 1.
        validation_freq: As it was given to `fit`: validation after every so many
            epochs, or the epochs with validation, counted from 1.

    Returns:
        The report.

    Raises:
        ValueError: There is no training or no validation loss, their numbers don't fit
            `validation_freq`, or no validation loss is a number.

    Example:
        >>> losses = {"loss": [1.0, 0.5, 0.2], "val_loss": [0.9, 0.7, 0.8]}
        >>> report = training_report(losses)
        >>> report.best_epoch, report.best_loss, report.loss
        (2, 0.7, 0.2)

    References:
        Prechelt, Early Stopping - But When? (1998).
    """
    logs = getattr(history, "history", history)
    if not isinstance(logs, Mapping):
        raise arguments.fail("history", history, "what fit returns, or its history")
    training = _losses(logs, "loss")
    if training is None:
        raise ValueError("The history has no epoch with a 'loss'; train first.")
    validation = _losses(logs, "val_loss")
    if validation is None:
        raise ValueError(
            "The history has no 'val_loss': give fit validation_data or "
            "validation_split."
        )
    numbers = _epochs(history, len(training))
    validated = numbers[_with_validation(numbers, validation_freq)]
    if len(validated) != len(validation):
        raise ValueError(
            f"The history has {len(validation)} validation losses where "
            f"validation_freq={validation_freq!r} makes {len(validated)}; give the "
            "validation_freq that fit was given."
        )
    if np.isnan(validation).all():
        raise ValueError("No validation loss of the history is a number: all are NaN.")
    best = int(np.nanargmin(validation))
    return TrainingReport(
        loss=float(training[-1]),
        epochs=len(training),
        best_loss=float(validation[best]),
        best_epoch=int(validated[best]),
        validation_curve=np.column_stack([validated, validation]),
        training_curve=np.column_stack([numbers, training]),
    )


def _losses(logs: Mapping, name: str) -> np.ndarray | None:
    """One number an epoch; None where there is none."""
    given = logs.get(name, ())
    try:
        values = np.array([float(value) for value in given])
    except (TypeError, ValueError):
        what = f"history[{name!r}]"
        raise arguments.fail(what, given, "one number an epoch") from None
    return values if values.size else None


def _epochs(history: Any, count: int) -> np.ndarray:
    """The numbers of the epochs, from 1: a `fit` with initial_epoch begins later."""
    known = getattr(history, "epoch", None)
    if known is None or len(known) != count:
        return np.arange(1, count + 1)
    return np.asarray(known, int) + 1


def _with_validation(epochs: np.ndarray, frequency: int | Iterable[int]) -> np.ndarray:
    """Which epochs had validation, as `fit` decides it."""
    if isinstance(frequency, Integral) and not isinstance(frequency, bool):
        return epochs % arguments.integer("validation_freq", frequency) == 0
    if isinstance(frequency, Iterable) and not isinstance(frequency, str):
        return np.isin(epochs, np.array(list(frequency), int))
    raise arguments.fail("validation_freq", frequency, "an integer or epochs")
