"""Records: six things to write down about a training, and the weights to keep.

The notes list what one should know about a training when it is over. All six follow
from what `fit` returns, if it was given validation data; `callbacks.training_report`
reads them. The fourth, the epoch of least validation loss, also names the weights to
keep, and those are not the ones that the model has at the end. `EarlyStopping` by
itself keeps the last ones, which have been trained for `patience` epochs too long:
`restore_best_weights` is off unless it is asked for.
"""

import tempfile
from pathlib import Path

import keras
import numpy as np

from callbacks import training_report
from recipes.generalization.early_stopping._tasks import BATCH, NETWORKS, rows_of
from recipes.lab import Finding, claim, experiment, figures, fit, main, reseed
from zoo import mlp

TASK = "half of the labels wrong"
PATIENCE = 3


def train(lab, callbacks, epochs: int):
    """Trains a network of its own; returns it and its history.

    Args:
        lab: For the data.
        callbacks: Of Keras.
        epochs: At most.
    """
    data, case = lab.data(), NETWORKS[TASK]
    training, validation, _ = rows_of(case, lab.seeds[0], data)
    reseed(lab.seeds[0])
    model = mlp(data.x_train.shape[1:], data.num_classes, units=case["units"])
    model.compile(
        keras.optimizers.Adam(case["rate"]),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    history = fit(
        model,
        *training,
        batch_size=BATCH,
        epochs=epochs,
        seed=lab.seeds[0],
        validation_data=validation,
        callbacks=callbacks,
    )
    return model, history


@experiment
def trainings(lab) -> dict:
    """One training three times: to the end and stopped, with both ways to keep weights.

    All of them start from the same weights and see the same batches.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "best.weights.h5"
        keep = keras.callbacks.ModelCheckpoint(
            path, monitor="val_loss", save_best_only=True, save_weights_only=True
        )
        model, history = train(lab, [keep], lab.settings.epochs)
        model.load_weights(path)
    found = {"history": history, "checkpoint": model.get_weights()}
    ends = {"best": training_report(history).best_epoch}
    for name, restore in (("stopped", False), ("stopped, restored", True)):
        stopping = keras.callbacks.EarlyStopping(
            patience=PATIENCE, restore_best_weights=restore
        )
        stopped, history = train(lab, [stopping], lab.settings.epochs)
        found[name] = stopped.get_weights()
        found[f"{name}, report"] = training_report(history)
        ends["best so far"] = training_report(history).best_epoch
    # The weights of a best epoch, from a training that ends there.
    for name, epoch in ends.items():
        found[name] = train(lab, [], epoch)[0].get_weights()
    return found


def equal(first: list[np.ndarray], second: list[np.ndarray]) -> bool:
    """Whether two lists of weights are equal, bit by bit."""
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


# A list cannot be tried; what can is that the report's six fields are what the list
# says, each compared with the history that Keras itself keeps.


@claim(
    "monitor-curves",
    "To know of a training are its loss, its number of epochs, the least validation "
    "loss, the epoch of that, and both loss curves over the epochs.",
    says="advice",
    hedge="a list without a verb",
    notes="000",
    scope="the six fields of callbacks.training_report, on one training",
)
def six_things(lab):
    """Compares each field of the report with Keras's history."""
    history = trainings(lab)["history"]
    report, logs = training_report(history), history.history
    best = int(np.argmin(logs["val_loss"]))
    return Finding(
        {
            "1. the loss": report.loss == logs["loss"][-1],
            "2. the number of epochs": report.epochs == len(history.epoch),
            "3. the least validation loss": report.best_loss == min(logs["val_loss"]),
            "4. its epoch": report.best_epoch == best + 1,
            "5. the validation curve": bool(
                (report.validation_curve[:, 1] == logs["val_loss"]).all()
            ),
            "6. the training curve": bool(
                (report.training_curve[:, 1] == logs["loss"]).all()
            ),
        },
        "The report of one training: {report}",
        figure=draw_report,
        report=str(report),
    )


@claim(
    "ckpt-save-best",
    "Early stopping saves the weights of the epoch of least validation loss.",
    says="is",
    notes="000",
    scope="one network on 300 digits, half of the labels wrong; Keras's EarlyStopping "
    "with a patience of 3, and ModelCheckpoint",
)
def best_weights_are_kept(lab):
    """Compares kept weights with those of a training that ends at the best epoch."""
    found = trainings(lab)
    # A training that stops early never sees a later, lower minimum: its best epoch is
    # the best that it has run.
    early, best = found["stopped, report"], found["best so far"]
    return Finding(
        {
            "ModelCheckpoint(save_best_only=True)": equal(
                found["checkpoint"], found["best"]
            ),
            "EarlyStopping(restore_best_weights=True)": (
                equal(found["stopped, restored"], best)
            ),
            "EarlyStopping as it is by default": (equal(found["stopped"], best)),
        },
        "It needs restore_best_weights=True, or a ModelCheckpoint with "
        "save_best_only=True. By default EarlyStopping keeps the weights of epoch "
        "{ran}, its last; the least validation loss so far was in epoch {best}. "
        "restore_best_weights=True and ModelCheckpoint keep those of the best epoch, "
        "bit by bit.",
        ran=early.epochs,
        best=early.best_epoch,
    )


def draw_report(lab):
    """The report's curves, with the best epoch."""
    report = training_report(trainings(lab)["history"])
    figure, axes = figures.new(width=7.6, height=4.0)
    axes.plot(*report.training_curve.T, figures.LINES[1], color=figures.COLORS[1])
    axes.plot(*report.validation_curve.T, color=figures.COLORS[0])
    axes.plot(report.best_epoch, report.best_loss, "*", ms=14, color="#000000")
    for line, label in zip(
        axes.get_lines(), ("training", "validation", "_"), strict=True
    ):
        line.set_label(label)
    axes.set(xlim=(0, report.epochs))
    figures.label_ends(axes)
    title = f"The least validation loss is in epoch {report.best_epoch}"
    figures.describe(axes, title, "epoch", "loss (nats)")
    lab.figure(
        "report",
        figure,
        "Training and validation loss by epoch of a network that learns half wrong "
        "labels; the star is the epoch of least validation loss.",
    )


if __name__ == "__main__":
    main(__file__)
