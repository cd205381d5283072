"""Worth: what early stopping gains on test rows, and what it saves.

The loss on the validation rows chose the epoch, so it is too low there by luck. What
stopping is worth shows on test rows. It gains where training on would have overfitted;
where it would not, it can only lose, and it does if the validation loss rises for a
while and then falls further. Patience decides how long a rise it sits out.
"""

import numpy as np

from recipes.generalization.early_stopping._stopping import stop
from recipes.generalization.early_stopping._tasks import (
    LEARNERS,
    NETWORKS,
    TASKS,
    TWO_SPEEDS,
    VALIDATION,
    at,
    records,
)
from recipes.lab import Finding, claim, experiment, figures, main, stats

PATIENCES = (0, 3, 20)
USUAL = 3  # the notes' example
# What is compared: the overfitting task with each patience, the others with two of
# them.
TRIED = (
    *((LEARNERS[0], patience) for patience in PATIENCES),
    (TWO_SPEEDS, USUAL),
    (TWO_SPEEDS, 20),
)
# A row of validation costs a forward pass, a row of training that and a backward pass,
# which takes about twice as long.
FORWARD = 1 / 3


@experiment
def stopped(lab, task: str, patience: int) -> dict[str, np.ndarray]:
    """Epochs run and test losses with early stopping and to the end, one a seed."""
    runs = records(lab, task)
    rule = [stop(run["val_loss"], patience=patience) for run in runs]
    return {
        "epochs": np.array([ran for ran, _ in rule]),
        "kept": at(runs, "test_loss", [best for _, best in rule]),
        "end": at(runs, "test_loss", len(runs[0]["loss"])),
    }


@claim(
    "es-reduces-overfit",
    "Early stopping prevents overfitting: the model does better on new data than one "
    "that is trained to the end.",
    says="always",
    notes="000 001 003 004",
    scope="digits, 60 epochs of Adam, and a linear model of two speeds, 3,000 steps; "
    "best weights restored, judged on test rows",
)
def better_on_new_rows(lab):
    """Test loss of the epoch that early stopping keeps, against the last epoch's."""
    seen = {(task, p): stopped(lab, task, p) for task in TASKS for p in PATIENCES}
    rows = [
        [task, p, *(float(found[n].mean()) for n in ("epochs", "kept", "end"))]
        for (task, p), found in seen.items()
    ]
    columns = ("task", "patience", "epochs run", "test loss", "trained to the end")
    lab.table("Early stopping on test rows", columns, rows)
    return Finding(
        {
            f"{task}, patience {p}: a tenth less test loss": stats.greater(
                seen[task, p]["end"], seen[task, p]["kept"], by=stats.TENTH, scale="log"
            )
            for task, p in TRIED
        },
        "Test loss with half of the labels wrong: {kept:.2f} at a patience of 3, "
        "{end:.2f} at the end. Of the model of two speeds: {two:.2f} at a patience of "
        "3, {twenty:.2f} at 20 and {last:.2f} at the end. Of a linear classifier, at a "
        "patience of 3 and at the end: {linear:.2f}.",
        figure=draw_worth,
        kept=seen[LEARNERS[0], USUAL]["kept"].mean(),
        end=seen[LEARNERS[0], USUAL]["end"].mean(),
        two=seen[TWO_SPEEDS, USUAL]["kept"].mean(),
        twenty=seen[TWO_SPEEDS, 20]["kept"].mean(),
        last=seen[TWO_SPEEDS, USUAL]["end"].mean(),
        linear=[seen[LEARNERS[2], USUAL][name].mean() for name in ("kept", "end")],
    )


def work(task: str, epochs):
    """The work of so many epochs with validation, in epochs of training alone."""
    rows = NETWORKS[task]["rows"] if task in NETWORKS else 100
    validation = VALIDATION if task in NETWORKS else 100
    return np.asarray(epochs) * (1 + FORWARD * validation / rows)


# That fewer epochs take less time is so by construction. What is asked is whether time
# is saved *and* nothing lost: a training that ends with a tenth more test loss than one
# to the end has saved nothing, and counts with the work of the whole. Against somebody
# who knows the right number of epochs, validation and patience can only cost.


@claim(
    "es-saves-time",
    "Early stopping saves time: it leaves out training that would bring nothing.",
    says="always",
    notes="004",
    scope="digits, 60 epochs of Adam, and a linear model of two speeds; patience 3, "
    "validation counted as a third of a training pass",
)
def time_is_saved(lab):
    """Work with early stopping against the whole, where the test loss is no worse."""
    conditions, shares = {}, {}
    for task in TASKS:
        found = stopped(lab, task, USUAL)
        whole = len(records(lab, task)[0]["loss"])
        lost = found["kept"] > stats.TENTH.value * found["end"]
        done = np.where(lost, whole, work(task, found["epochs"]))
        shares[task] = [float(done.mean() / whole), float(lost.mean())]
        conditions[f"{task}: a tenth less work, nothing lost"] = stats.greater(
            np.full(len(done), float(whole)), done, by=stats.TENTH, scale="log"
        )
    found, runs = stopped(lab, LEARNERS[0], USUAL), records(lab, LEARNERS[0])
    # The first epoch whose test loss is as low as what was kept.
    enough = [
        1 + int(np.argmax(np.array(run["test_loss"]) <= kept + 1e-12))
        for run, kept in zip(runs, found["kept"], strict=True)
    ]
    return Finding(
        conditions,
        "With half of the labels wrong early stopping takes {share:.0%} of the work "
        "({ran:.1f} epochs; who knew the right number would run {enough:.1f}). Share "
        "of the work, and share of trainings that lost by stopping: {shares:.2f}.",
        share=shares[LEARNERS[0]][0],
        enough=float(np.mean(enough)),
        ran=found["epochs"].mean(),
        shares=shares,
    )


def draw_worth(lab):
    """Test loss by patience over that of training to the end, for every task."""
    figure, axes = figures.new(width=8.4, height=4.4)
    axes.set_yscale("log")
    axes.set(xlim=(0, len(PATIENCES) - 1))
    axes.set_xticks(range(len(PATIENCES)), list(map(str, PATIENCES)))
    ratios = {
        task: np.array(
            [
                stopped(lab, task, p)["kept"] / stopped(lab, task, p)["end"]
                for p in PATIENCES
            ]
        ).T
        for task in TASKS
    }
    every = np.array(list(ratios.values()))
    ticks = {"1/8": 1 / 8, "1/4": 1 / 4, "1/2": 1 / 2, "1": 1, "2": 2, "4": 4, "8": 8}
    axes.set_yticks(list(ticks.values()), list(ticks))
    axes.set(ylim=(every.min() / 1.2, every.max() * 1.2))
    axes.minorticks_off()
    axes.axhline(1, color="#000000", lw=1)
    figures.curves(axes, range(len(PATIENCES)), ratios)
    usual = [values[:, PATIENCES.index(USUAL)].mean() for values in ratios.values()]
    gained = sum(ratio <= 1 / stats.TENTH.value for ratio in usual)
    lost = sum(ratio >= stats.TENTH.value for ratio in usual)
    title = f"Patience {USUAL}: a tenth is gained in {gained} of {len(usual)} tasks, "
    title += f"lost in {lost}"
    y = "test loss over that of the last epoch"
    figures.describe(axes, title, "patience (epochs)", y)
    lab.figure(
        "worth",
        figure,
        "Test loss of the epoch that early stopping keeps, over that of training to "
        "the end, by patience; means, with the range over seeds. It gains below the "
        "line.",
    )


if __name__ == "__main__":
    main(__file__)
