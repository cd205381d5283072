"""Gradient clipping: what it does to a gradient, and to a training that explodes.

The same gradients are clipped in every way that Keras and this project's callbacks
offer, and held against the formulas. Recurrent networks whose gradients explode are
trained with and without clipping.

Notes: 1.13 Vanishing, exploding, clipping
Data: the adding problem.
Run: recipes run clipping            (about 20 s on 2 CPU cores)
References: Pascanu, Mikolov and Bengio (2013); Seetharaman et al. (2020).
"""

from dataclasses import dataclass

import numpy as np

from recipes.gradients import _clipping_rules as rules
from recipes.gradients._clipping_training import (
    GUESSING,
    RATES,
    WAYS,
    Trainings,
    losses,
    stable,
)
from recipes.gradients._watch import unanimous
from recipes.lab import figures, lab_main

CLAIMS = {
    "clip-by-norm": "Clipping scales a gradient that is too large down to a threshold "
    "and keeps its direction.",
    "clip-rescues-rnn": "Clipping makes the training of recurrent networks stable.",
}
SMOKE = {"seeds": 1, "epochs": 1}

KINDS = ("before", "after")  # of the gradients' norms: clipping


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 5
    "Independent repetitions."
    epochs: int = 10
    "Passes over the data."


def experiment(lab):
    """Judges both claims."""
    rules.judge(lab)
    trainings = Trainings(lab.seeds, lab.settings.epochs)
    runs = lab.sweep(trainings.train, list(trainings.cases), title="trained")
    tell(lab, runs)
    judge_training(lab, trainings.cases, runs)
    draw(lab, runs)


def tell(lab, runs) -> None:
    """Prints how high the loss and the norms rise, and where the loss ends."""
    rows = []
    for name, row in runs.items():
        table = losses(row)
        norms = [
            float(np.nan_to_num([run[kind] for run in row], nan=np.inf).max())
            for kind in KINDS
        ]
        worst = float(np.nan_to_num(table, nan=np.inf)[:, 1:].max())
        steady = f"{stable(row).sum()} of {len(row)}"
        rows.append([name, steady, worst, float(table[:, -1].mean()), *norms])
    lab.table(
        "Trainings that were never worse than the start and than answering 0; worst "
        "and last loss; largest gradient norm before and after clipping",
        ["training", "stable", "worst", "last", "before", "after"],
        rows,
    )


def judge_training(lab, cases, runs) -> None:
    """Asks of every training that is unstable by itself whether clipping helps."""
    steady = {name: stable(row) for name, row in runs.items()}
    plain, norm_1 = list(WAYS)[:2]
    unstable = {
        rate for n, (way, rate) in cases.items() if way == plain and not steady[n].all()
    }
    holds = {
        name: unanimous(steady[name])
        for name, (way, rate) in cases.items()
        if way != plain and rate in unstable  # else there is nothing to rescue
    }
    pair = [f"rate {RATES[1]:g}, {way}" for way in (plain, norm_1)]
    ends = [np.median(losses(runs[name])[:, -1]) for name in pair]
    lab.verdict(
        "clip-rescues-rnn",
        holds or None,
        evidence={
            "stable_trainings": {name: row.sum() for name, row in steady.items()},
            "worst_loss_over_that_of_the_start": {
                name: losses(row)[:, 1:].max(1) / losses(row)[:, 0]
                for name, row in runs.items()
            },
            "last_loss": {name: losses(row)[:, -1] for name, row in runs.items()},
            "loss_of_always_answering_the_mean": GUESSING,
        },
        note=f"Of {len(lab.seeds)} trainings never get worse than the start and than "
        "answering 0: "
        + "; ".join(f"{name} {row.sum()}" for name, row in steady.items())
        + ". A clipped step is as long as rate times threshold at most: too large a "
        "product leaves it too long. Stable is not yet learned: the median last loss "
        f"at {pair[0]} is {ends[0]:.3f}, at {pair[1]} {ends[1]:.3f} (always answering "
        f"the mean: {GUESSING:.3f}).",
    )


def draw(lab, runs) -> None:
    """Draws loss and gradient norms, with and without clipping."""
    figure, axes = figures.new(2, 1, height=6.6)
    names = {way: f"rate {RATES[0]:g}, {way}" for way in list(WAYS)[:2]}
    axes[0].set(yscale="log", xlim=(0, lab.settings.epochs))
    for (way, name), color, line in zip(
        names.items(), figures.COLORS, ("-", "--"), strict=False
    ):
        for number, curve in enumerate(losses(runs[name])):
            label = way if number == 0 else f"_{number}"
            axes[0].plot(curve, line, color=color, lw=1.2, label=label)
    title = f"Loss of {len(lab.seeds)} recurrent networks at rate {RATES[0]:g}"
    figures.describe(axes[0], title, "epoch", "mean squared error")
    axes[1].set(yscale="log")
    plain, clipped = (runs[name][0] for name in names.values())
    for norms, label, color, line in (
        (plain["before"], "never clipped", figures.COLORS[0], "-"),
        (clipped["before"], "before clipping", figures.COLORS[1], "--"),
        (clipped["after"], "after clipping", figures.COLORS[2], "-"),
    ):
        updates = range(1, len(norms) + 1)
        axes[1].plot(updates, norms, line, color=color, lw=1.2, label=label)
    title = "Gradient norms of the first network, without and with clipping"
    figures.describe(axes[1], title, "update", "norm of the gradient")
    for axis in axes:
        figures.legend(axis, loc="upper right")
    lab.figure(
        "spikes",
        figure,
        "Above: loss by epoch with and without clipping, a line a seed. Below: "
        "gradient norms of one training: never clipped, and before and after clipping.",
    )


if __name__ == "__main__":
    lab_main(experiment)
