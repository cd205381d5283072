"""Activations in training: a race, dead units and their cures, outputs by task.

Networks of one hidden layer with ten units are so small that a machine idles between
their steps; here all kinds and seeds of an experiment train side by side in one
Keras model, each as it would alone.

Notes: 1.3 Activation functions
Data: linear and curved regressions; digits (or MNIST) for the outputs by task.
Run: recipes run activation_training (about 20 s on 2 CPU cores)
References: LeCun et al., Efficient BackProp (1998); Maas et al. (2013); He et al.
    (2015); Friedman (1991) for the curved target.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from keras import layers, ops

from recipes.basics import (
    _activation_training_death,
    _activation_training_outputs,
    _activation_training_slopes,
    _activation_training_tasks,
)
from recipes.basics._activation_data import ROWS, curved_rows, linear_rows, stacked
from recipes.basics._activation_measures import Watch, mean_square, sweep_together
from recipes.basics._activation_networks import Kind, SideBySide
from recipes.basics._activation_training_errors import (
    curves,
    duel,
    gap,
    log_error,
    ranking,
)
from recipes.lab import figures, lab_main, stats

CLAIMS = {
    "act-race-10-10-1": "In a 10-10-1 network ReLU learns fastest, tanh comes second, "
    "the sigmoid is slowest and overfits.",
    "zero-centred-helps": "Outputs centered around 0 speed up learning.",
    "dying-relu": "ReLU units that are 0 for every input get no gradient and stay "
    "dead; a large rate kills units.",
    "leaky-fixes-dying": "Leaky ReLU, PReLU and ELU keep gradients alive where ReLU "
    "units are dead.",
    "prelu-learns-slope": "PReLU learns its slope, and may overfit small data.",
    "output-activation-by-task": "Sigmoid for two classes, softmax for more, linear "
    "for regression, sigmoid a pixel for segmentation, a custom one for grades.",
    "relu-output-for-regression": "ReLU suits as the output of a regression.",
}
SMOKE = {"seeds": 1, "epochs": 2, "samples": 100}


@dataclass(frozen=True)
class Settings:
    """What can be set from the command line."""

    seeds: int = 10
    "Networks of each kind."
    epochs: int = 100
    "Passes of the race; the other experiments take a part or a multiple."
    samples: int = 2000
    "The most images for the outputs by task."
    data: Literal["digits", "mnist", "fashion_mnist"] = "digits"
    "The images for the outputs by task."


RACERS = {"ReLU": Kind("relu"), "tanh": Kind("tanh"), "sigmoid": Kind("sigmoid")}
SHIFTED = {
    "sigmoid - 1/2": Kind(lambda: layers.Activation(lambda x: ops.sigmoid(x) - 0.5)),
    "tanh + 1": Kind(lambda: layers.Activation(lambda x: ops.tanh(x) + 1.0)),
}
CENTERED = (  # the centered one first
    ("tanh", "sigmoid"),
    ("sigmoid - 1/2", "sigmoid"),
    ("tanh", "tanh + 1"),
)
TARGETS = {"linear target": linear_rows, "curved target": curved_rows}
CASES = {
    f"{kind}, {target}": (kind, place)
    for kind in RACERS | SHIFTED
    for place, target in enumerate(TARGETS)
}
EARLY = 10  # the epoch at which the race is also looked at


def experiment(lab):
    """Runs the race, the dead starts, the learned slopes and the outputs."""
    lab.precision("dense")
    last = lab.settings.epochs
    runs = sweep_together(lab, lambda seeds: train(seeds, last), CASES, "race")
    epochs = sorted({min(EARLY, last), last})
    judge_race(lab, runs, epochs)
    judge_centering(lab, runs, epochs)
    draw(lab, runs)
    _activation_training_death.judge(lab)
    _activation_training_slopes.judge(lab)
    _activation_training_outputs.judge(lab)
    _activation_training_tasks.judge(lab)


def train(seeds, epochs: int) -> dict[str, list[dict]]:
    """Trains every racer on every target with every seed."""
    x, y = stacked(rows(seed) for rows in TARGETS.values() for seed in seeds)
    networks = SideBySide(
        RACERS | SHIFTED, 10, (10,), 1, seeds * len(TARGETS), rate=1e-3
    )
    train = Watch(networks, x[:ROWS], y[:ROWS], mean_square)
    test = Watch(networks, x[ROWS:], y[ROWS:], mean_square)
    networks.train(x[:ROWS], y[:ROWS], epochs=epochs, watch=(train, test))
    errors = {"train_mse": train.curves(), "test_mse": test.curves()}
    return {
        case: [
            {"history": {m: curves[kind][i].tolist() for m, curves in errors.items()}}
            for i in range(place * len(seeds), (place + 1) * len(seeds))
        ]
        for case, (kind, place) in CASES.items()
    }


def judge_race(lab, runs, epochs) -> None:
    """Asks for the order ReLU, tanh, sigmoid, and whether the sigmoid overfits."""
    duels = {
        f"{target}: {first} ahead of {second} at epoch {epoch}": duel(
            runs, first, second, target, epoch
        )
        for target in TARGETS
        for first, second in (("ReLU", "tanh"), ("tanh", "sigmoid"))
        for epoch in epochs
    }
    worse = {
        f"{target}: the sigmoid overfits more than ReLU": stats.paired(
            gap(runs, "sigmoid", target), gap(runs, "ReLU", target)
        )
        for target in TARGETS
    }
    table = table_of_errors(lab, runs, epochs)
    order = (
        f"{target}, epoch {epoch}: {ranking(table, target, 2 + index)}"
        for target in TARGETS
        for index, epoch in enumerate(epochs)
    )
    gaps = {(target, name): value for target, name, *_, value in table}
    lab.verdict(
        "act-race-10-10-1",
        {case: found.negative for case, found in duels.items()}
        | {case: found.positive for case, found in worse.items()},
        evidence={
            "log10_of_the_ratio_of_training_errors": duels,
            "difference_of_test_minus_training_error_at_the_end": worse,
        },
        note=f"{'; '.join(order)}. Test minus training error at the end, sigmoid "
        "against ReLU: "
        + " and ".join(
            f"{gaps[t, 'sigmoid']:.4f} against {gaps[t, 'ReLU']:.4f} ({t})"
            for t in TARGETS
        )
        + ".",
    )


def table_of_errors(lab, runs, epochs) -> list[list]:
    """Shows training errors (geometric means over seeds) and how much tests exceed."""
    table = [
        [
            target,
            name,
            *(10 ** log_error(runs, name, target, epoch).mean() for epoch in epochs),
            gap(runs, name, target).mean(),
        ]
        for target in TARGETS
        for name in RACERS
    ]
    lab.table(
        "Training error of 10-10-1 (geometric mean) and test minus training at the end",
        ["target", "activation", *(f"MSE, epoch {epoch}" for epoch in epochs), "gap"],
        table,
    )
    return table


def judge_centering(lab, runs, epochs) -> None:
    """Compares activations that differ by a constant alone, and tanh with sigmoid."""

    def advantage(first, second, epoch, targets=tuple(TARGETS)):
        errors = (
            np.mean([log_error(runs, name, target, epoch) for target in targets], 0)
            for name in (first, second)
        )
        return stats.paired(*errors)

    pairs = {f"{a} against {b}": (a, b) for a, b in CENTERED}
    early, late = (
        {case: advantage(*pair, epoch) for case, pair in pairs.items()}
        for epoch in (epochs[0], epochs[-1])
    )
    lab.verdict(
        "zero-centred-helps",
        {case: found.negative for case, found in early.items()},
        evidence={
            f"log10_of_the_ratio_of_training_errors_at_epoch_{epochs[0]}": early,
            f"the_same_at_epoch_{epochs[-1]}": late,
            f"the_same_at_epoch_{epochs[0]}_by_target": {
                f"{target}: {case}": advantage(*pair, epochs[0], [target])
                for target in TARGETS
                for case, pair in pairs.items()
            },
        },
        note=f"Training error at epoch {epochs[0]} (and {epochs[-1]}) as a share of "
        "the other's, geometric mean over both targets: "
        + ", ".join(
            f"{case} {10**found.mean:.2f} ({10 ** late[case].mean:.2f})"
            for case, found in early.items()
        )
        + ". The last two pairs have the same slopes: they differ by a constant alone.",
    )


def draw(lab, runs) -> None:
    """Draws the training errors with the range over seeds."""
    figure, axes = figures.new(1, 2, width=10.5, height=4.2)
    epochs = np.arange(1, lab.settings.epochs + 1)
    for panel, target in zip(axes, TARGETS, strict=True):
        panel.set_yscale("log")
        lines = {name: curves(runs, f"{name}, {target}") for name in RACERS}
        figures.curves(panel, epochs, lines)
        early, best = (
            min(lines, key=lambda name: np.log(lines[name][:, epoch - 1]).mean())
            for epoch in (min(EARLY, len(epochs)), len(epochs))
        )
        title = f"{target.capitalize()}: {early} leads early, {best} in the end"
        figures.describe(panel, title, "epoch", "training MSE (target variance 1)")
    lab.figure(
        "race",
        figure,
        "Training error of 10-10-1 networks by activation; bands span the seeds.",
    )


if __name__ == "__main__":
    lab_main(experiment)
