"""Monitors: the validation loss and the validation accuracy stop at different epochs.

Accuracy counts which answers are right; the loss also counts how sure they are. A
network that overfits gets sure of its wrong answers first: its loss rises while its
accuracy stands or still grows. And on 200 rows accuracy moves in steps of half a point,
so ties are common, and a tie counts as no improvement. The same trainings are shown to
Keras's `EarlyStopping` twice, and both choices are judged on test rows, by both
measures.
"""

import numpy as np

from recipes.generalization.early_stopping._stopping import stop
from recipes.generalization.early_stopping._tasks import LEARNERS, at, records
from recipes.lab import Finding, claim, experiment, figures, main, stats

PATIENCE = 10  # enough for the steps of the accuracy; both have the same
MONITORS = {"loss": ("val_loss", "min"), "accuracy": ("val_accuracy", "max")}
CHOSEN = LEARNERS[:2]  # the linear classifier goes on to the end by either


@experiment
def choices(lab, task: str) -> dict[str, dict[str, np.ndarray]]:
    """By monitor: epochs run, and test loss and accuracy of the best, one a seed."""
    runs, found = records(lab, task), {}
    for name, (monitor, mode) in MONITORS.items():
        rule = [
            stop(run[monitor], patience=PATIENCE, monitor=monitor, mode=mode)
            for run in runs
        ]
        best = [epoch for _, epoch in rule]
        found[name] = {
            "epochs": np.array([ran for ran, _ in rule]),
            "best": np.array(best),
            "test_loss": at(runs, "test_loss", best),
            "test_accuracy": at(runs, "test_accuracy", best),
        }
    return found


# "Either will do" means that the choice loses nothing that matters: at most a point of
# accuracy by monitoring the loss, at most a tenth of the loss by monitoring accuracy.


@claim(
    "es-monitor-choice",
    "Early stopping may watch the validation loss or the validation accuracy.",
    says="always",
    hedge="the validation loss (or accuracy)",
    notes="004",
    scope="300 digits, 128 units, 60 epochs of Adam; Keras's EarlyStopping with a "
    "patience of 10",
)
def either_will_do(lab):
    """What each monitor loses on test rows, in the measure of the other."""
    conditions, seen = {}, {}
    for task in CHOSEN:
        found = choices(lab, task)
        by_loss, by_accuracy = found["loss"], found["accuracy"]
        conditions[f"{task}: by loss at most a point of accuracy is lost"] = (
            stats.greater(
                by_loss["test_accuracy"] + stats.ACCURACY_POINT.value,
                by_accuracy["test_accuracy"],
                by=stats.ANY,
            )
        )
        conditions[f"{task}: by accuracy at most a tenth more loss"] = stats.greater(
            stats.TENTH.value * by_loss["test_loss"],
            by_accuracy["test_loss"],
            by=stats.ANY,
            scale="log",
        )
        for name, values in found.items():
            seen[f"{task}, by {name}"] = [
                float(values[n].mean()) for n in ("best", "test_loss", "test_accuracy")
            ]
    rows = [
        [name, *(f"{v:.3g}" for v in values[:2]), f"{values[2]:.1%}"]
        for name, values in seen.items()
    ]
    columns = ("stopped", "best epoch", "test loss", "test accuracy")
    lab.table("Early stopping by loss and by accuracy", columns, rows)
    first = [seen[f"{CHOSEN[0]}, by {name}"] for name in MONITORS]
    return Finding(
        conditions,
        "With half of the labels wrong, by loss and by accuracy, the best epoch is "
        "{epochs:.1f}. Test loss {losses:.2f}, test accuracy {accuracies:.1%}.",
        figure=draw_monitors,
        epochs=[values[0] for values in first],
        losses=[values[1] for values in first],
        accuracies=[values[2] for values in first],
        best_epoch_test_loss_and_accuracy=seen,
    )


def draw_monitors(lab):
    """Validation loss and accuracy by epoch, with the mean epoch that each chooses."""
    figure, axes = figures.new(2, 2, width=10.4, height=6.4)
    for column, task in zip(axes.T, CHOSEN, strict=True):
        runs, found = records(lab, task), choices(lab, task)
        epochs = np.arange(1, len(runs[0]["loss"]) + 1)
        for index, (panel, (name, (monitor, _))) in enumerate(
            zip(column, MONITORS.items(), strict=True)
        ):
            best = found[name]["best"].mean()
            panel.set(xlim=(0, epochs[-1]))
            values = stats.column(runs, monitor)
            panel.plot(epochs, values.mean(0), color=figures.COLORS[index])
            panel.fill_between(
                epochs,
                values.min(0),
                values.max(0),
                color=figures.COLORS[index],
                alpha=0.15,
                lw=0,
            )
            panel.axvline(best, color="#000000", lw=1, ls="--")
            title = f"{task[0].upper()}{task[1:]}: {name} chooses epoch {best:.0f}"
            unit = " (nats)" if name == "loss" else ""
            figures.describe(panel, title, "epoch", f"validation {name}{unit}")
    for panel in axes[1]:
        panel.yaxis.set_major_formatter("{x:.0%}")
    lab.figure(
        "monitors",
        figure,
        "Validation loss and accuracy by epoch, means with the range over seeds; the "
        "dashed line is the mean epoch that the monitor chooses.",
    )


if __name__ == "__main__":
    main(__file__)
