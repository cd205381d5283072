"""Curves: what the losses of training and validation say about the number of epochs.

A network with too few epochs has learned little; with too many it may have learned its
rows by heart, and the validation loss rises while the training loss still falls. That
is the picture that the rule "stop when the validation loss rises" is made for. The
other tasks here ask how general it is: a linear classifier that does not overfit; and a
model whose validation loss falls, rises and falls again.
"""

import numpy as np

from recipes.generalization.early_stopping._stopping import stop
from recipes.generalization.early_stopping._tasks import (
    LEARNERS,
    TASKS,
    TWO_SPEEDS,
    at,
    records,
)
from recipes.lab import Finding, claim, experiment, figures, main, stats

CONTROL = "half wrong, with L2"


def slopes(runs: list[dict], name: str) -> np.ndarray:
    """The slope of a line through the last third of a curve, per epoch, one a seed."""
    values = stats.column(runs, name)
    last = values[:, -(values.shape[1] // 3) :]
    return np.polyfit(np.arange(last.shape[1]), last.T, 1)[0]


# The slope at the very end is noise. A line through the last third is steadier, and its
# interval is over seeds. L2 is the control: it doesn't overfit, so nothing should rise.


@claim(
    "val-vs-train-divergence",
    "When a network overfits, its training loss goes on falling while its validation "
    "loss rises.",
    says="always",
    notes="004",
    scope="300 digits, 128 units, 60 epochs of Adam; lines through the last third; L2 "
    "as the control",
)
def curves_part(lab):
    """Slopes of both losses over the last third of the epochs."""
    seen = {
        task: {name: slopes(records(lab, task), name) for name in ("loss", "val_loss")}
        for task in (*LEARNERS[:2], CONTROL)
    }
    flat = np.zeros(len(lab.seeds))
    conditions = {}
    for task in LEARNERS[:2]:
        conditions[f"{task}: the training loss falls"] = stats.greater(
            flat, seen[task]["loss"], by=stats.ANY
        )
        conditions[f"{task}: the validation loss rises"] = stats.greater(
            seen[task]["val_loss"], flat, by=stats.ANY
        )
    conditions["half wrong: it rises more than with L2"] = stats.greater(
        seen[LEARNERS[0]]["val_loss"], seen[CONTROL]["val_loss"], by=stats.ANY
    )
    return Finding(
        conditions,
        "With half of the labels wrong the validation loss changes by {rises:+.3f} "
        "nats an epoch, with L2 by {control:+.4f}. Slopes of both "
        "losses: {slopes:.2g}.",
        figure=draw_curves,
        rises=seen[LEARNERS[0]]["val_loss"].mean(),
        control=seen[CONTROL]["val_loss"].mean(),
        slopes={
            f"{task}, {name}": values.mean()
            for task, pair in seen.items()
            for name, values in pair.items()
        },
    )


def best_epochs(runs: list[dict]) -> np.ndarray:
    """The epoch of least validation loss, counted from 1, one a seed."""
    return 1 + stats.column(runs, "val_loss").argmin(1)


# The best epoch is that of the validation loss; the losses compared are of test rows,
# which have not chosen it.


# The notes' cell has two entries, "overfitting risk" and "underfitting": the first has
# a word that weakens it, and the second has none.


@experiment
def ends(lab) -> dict[str, tuple[np.ndarray, ...]]:
    """Test losses after one epoch, at the best and after all, by task."""
    found = {}
    for task in (*LEARNERS[:1], LEARNERS[2], TWO_SPEEDS):
        runs = records(lab, task)
        epochs = (1, best_epochs(runs), len(runs[0]["loss"]))
        found[task] = tuple(at(runs, "test_loss", epoch) for epoch in epochs)
    return found


@claim(
    "epochs-too-few",
    "Too few epochs underfit.",
    says="always",
    notes="003",
    scope="digits, 60 epochs of Adam, and a linear model of two speeds, 3,000 steps; "
    "test loss after one epoch against that at the epoch of least validation loss",
)
def one_is_too_few(lab):
    """Test losses after one epoch and at the best."""
    return Finding(
        {
            f"{task}: one epoch is too few": stats.greater(
                first, best, by=stats.TENTH, scale="log"
            )
            for task, (first, best, _) in ends(lab).items()
        },
        "Test loss after one epoch and at the best: {losses:.2f}.",
        figure=draw_curves,
        losses={
            task: [first.mean(), best.mean()]
            for task, (first, best, _) in ends(lab).items()
        },
    )


@claim(
    "epochs-too-many",
    "Too many epochs run the risk of overfitting.",
    says="can",
    hedge="risk",
    notes="003",
    scope="digits, 60 epochs of Adam, and a linear model of two speeds, 3,000 steps; "
    "test loss at the end against that at the epoch of least validation loss",
)
def all_are_too_many(lab):
    """Test losses at the best and after all."""
    between = stats.column(records(lab, TWO_SPEEDS), "test_loss").mean(0)
    return Finding(
        {
            f"{task}: all epochs are too many": stats.greater(
                last, best, by=stats.TENTH, scale="log"
            )
            for task, (_, best, last) in ends(lab).items()
        },
        "Too many for {holding}. Test loss at the best and after all: {losses:.2f}. "
        "The model of two speeds is worst after {when} epochs: {worst:.2f}.",
        figure=draw_curves,
        losses={
            task: [best.mean(), last.mean()]
            for task, (_, best, last) in ends(lab).items()
        },
        worst=between.max(),
        when=1 + int(between.argmax()),
    )


# Stopping at the first rise is the notes' rule. It is right where the first rise comes
# at the minimum: the least validation loss so far is then within a tenth of the least
# of the whole training.


@claim(
    "es-stop-when-val-rises",
    "Stop when the validation error starts to rise.",
    says="advice",
    notes="000 003 004",
    scope="digits, 60 epochs of Adam, and a linear model of two speeds; Keras's "
    "EarlyStopping with a patience of 0",
)
def first_rise(lab):
    """The least validation loss up to the first rise, and of the whole training."""
    conditions, rows, seen = {}, [], {}
    for task in TASKS:
        runs = records(lab, task)
        stopped = [stop(run["val_loss"]) for run in runs]
        kept = at(runs, "val_loss", [best for _, best in stopped])
        least = stats.column(runs, "val_loss").min(1)
        conditions[f"{task}: the first rise comes at the minimum"] = stats.greater(
            stats.TENTH.value * least, kept, by=stats.ANY, scale="log"
        )
        seen[task] = [kept.mean(), least.mean()]
        ran = float(np.mean([epochs for epochs, _ in stopped]))
        best = float(best_epochs(runs).mean())
        rows.append([task, ran, best, float(kept.mean()), float(least.mean())])
    columns = ("task", "stops at", "least at", "least so far", "least of all")
    lab.table("The first rise of the validation loss", columns, rows)
    return Finding(
        conditions,
        "With right labels the first rise ends training after {rise:.0f} epochs in the "
        "mean; the least validation loss is in epoch {least:.0f}. The least up to the "
        "first rise and of the whole training: {seen:.2f}.",
        figure=draw_curves,
        seen=seen,
        rise=rows[1][1],
        least=rows[1][2],
    )


def draw_curves(lab):
    """Training, validation and test loss of every task."""
    figure, axes = figures.new(2, 2, width=11.0, height=7.2)
    for panel, task in zip(axes.flat, TASKS, strict=True):
        runs = records(lab, task)
        epochs = np.arange(1, len(runs[0]["loss"]) + 1)
        panel.set(xlim=(0, epochs[-1]))
        if task == TWO_SPEEDS:
            panel.set_xscale("log")
            panel.set(xlim=(1, epochs[-1]))
        names = {"training": "loss", "validation": "val_loss", "test": "test_loss"}
        curves = {label: stats.column(runs, name) for label, name in names.items()}
        figures.curves(panel, epochs, curves)
        best = float(np.median(best_epochs(runs)))
        panel.axvline(best, color="#000000", lw=1, ls=":")
        title = f"{task[0].upper()}{task[1:]}: least validation loss at {best:.0f}"
        unit = "mean square" if task == TWO_SPEEDS else "nats"
        figures.describe(panel, title, "epoch", f"loss ({unit})")
    lab.figure(
        "curves",
        figure,
        "Training, validation and test loss by epoch of four tasks; means, with the "
        "range over seeds; the dotted line is the median epoch of least validation "
        "loss.",
    )


if __name__ == "__main__":
    main(__file__)
