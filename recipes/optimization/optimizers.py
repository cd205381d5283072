"""Optimizers: four update rules, one table, and what a learning rate explains.

The notes train one network on MNIST with SGD, Adam, RMSprop and AdaGrad and
conclude that SGD is slow. Here the table is reproduced, then every optimizer
gets a sweep of learning rates.

Notes: 1.8 Optimizers
Data: digits by default; `--data mnist` reproduces the notes' table (about 10 min).
Run: recipes run optimizers   (about 1 min on 2 CPU cores)
References: Robbins and Monro (1951); Polyak (1964); Duchi et al. (2011);
    Tieleman and Hinton (2012); Zeiler (2012); Kingma and Ba (2015).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from keras.optimizers import SGD, Adagrad, Adam, RMSprop

from recipes.lab import figures, lab_main
from recipes.optimization._optimizer_network import (
    Contestant,
    accuracy_of,
    losses_of,
    notes_optimizers,
)
from recipes.optimization._optimizer_problems import judge_problems
from recipes.optimization._optimizer_rates import (
    judge_generalization,
    judge_rates,
    sweep_rates,
)
from recipes.optimization._optimizer_recurrent import judge_recurrent
from recipes.optimization._optimizer_updates import judge_updates

CLAIMS = {
    "opt-sgd-update": "SGD: θ ← θ − η∇J.",
    "opt-momentum-update": "Momentum: v ← γv − η∇J, then θ ← θ + v.",
    "opt-adagrad-update": "AdaGrad divides by the root of the summed squares: "
    "θ ← θ − ηg/√(G + ε).",
    "opt-adadelta-update": "Adadelta's step is −RMS[Δθ]/RMS[g]·g; it has no "
    "learning rate.",
    "opt-rmsprop-update": "RMSprop divides by a decaying root mean square: "
    "E ← 0.9E + 0.1g², θ ← θ − ηg/√(E + ε).",
    "opt-adam-update": "Adam: decaying means of g and g², both corrected for their "
    "start at zero, θ ← θ − ηm̂/(√v̂ + ε).",
    "opt-adam-bias-correction": "Adam's bias correction matters early.",
    "opt-mnist-four": "Four optimizers on an MNIST MLP give the printed losses of "
    "five epochs.",
    "opt-mnist-ranking": "After five epochs the losses rank Adam < RMSprop < AdaGrad "
    "< SGD.",
    "opt-sgd-slow-is-lr": "SGD converges more slowly than Adam.",
    "opt-adam-lr-sensitivity": "Adam is less sensitive to its learning rate than the "
    "other optimizers.",
    "opt-adagrad-decay": "AdaGrad's rate shrinks all the time and may end learning "
    "early.",
    "opt-adagrad-nonconvex": "AdaGrad does not suit non-convex deep learning.",
    "opt-adagrad-sparse": "AdaGrad is good on sparse features.",
    "opt-adagrad-no-tuning": "AdaGrad needs no manual tuning of the rate.",
    "opt-rmsprop-nonstationary": "RMSprop suits objectives that move.",
    "opt-rmsprop-rnn": "RMSprop suits recurrent networks.",
    "opt-feature-scales": "Adaptive optimizers cope with features of different "
    "scales; SGD is sensitive to them.",
    "opt-adam-vs-sgd-generalisation": "SGD with momentum may generalize better than "
    "Adam.",
    "opt-adam-memory": "Adam stores two moments for each parameter.",
    "opt-weight-decay": "Some optimizers include weight decay.",
    "opt-task-table": "Many features or much data ask for Adam or RMSprop, few or "
    "little for Adam or SGD.",
    "opt-batch-gd-convex-guarantee": "Full-batch gradient descent reaches the global "
    "minimum of a convex problem.",
}
SMOKE = {"seeds": 2, "epochs": 1, "rates": 2}

NOTES = {  # running mean of the training loss, epochs 1 to 5, as the notes print it
    "SGD": (1.0196, 0.3903, 0.3279, 0.2952, 0.2698),
    "Adam": (0.3832, 0.1867, 0.1365, 0.1105, 0.0928),
    "RMSprop": (0.3958, 0.1976, 0.1500, 0.1227, 0.1047),
    "AdaGrad": (0.3821, 0.2204, 0.1833, 0.1616, 0.1460),
}


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 5
    "Independent repetitions."
    epochs: int = 5
    "Passes over the data."
    rates: int = 9
    "Learning rates of the sweep, from 1e-4 to 1."
    data: Literal["digits", "mnist", "fashion_mnist"] = "digits"
    "What the network learns."


def keras_optimizers() -> dict:
    """The same four with Keras's defaults, at the notes' learning rates."""
    return {
        "SGD": SGD(0.01),
        "Adam": Adam(0.001),
        "RMSprop": RMSprop(0.001),
        "AdaGrad": Adagrad(0.01),
    }


def experiment(lab):
    """Judges every claim of the chapter."""
    judge_updates(lab)
    judge_problems(lab)
    lab.precision("recurrent")
    judge_recurrent(lab)
    lab.precision("dense")
    data = lab.data()
    contestants = {
        name: Contestant(data, optimizer)
        for name, optimizer in notes_optimizers().items()
    }
    ours = reproduce(lab, data, contestants)
    contestants["momentum"] = Contestant(data, SGD(0.01, momentum=0.9))
    losses, best = sweep_rates(lab, contestants)
    judge_rates(lab, ours, losses, best)
    judge_generalization(lab, contestants, best)
    draw(lab, ours, losses)


def reproduce(lab, data, contestants) -> dict[str, list[dict]]:
    """Trains the notes' table, and the same with Keras's defaults beside it."""
    epochs, runs = lab.settings.epochs, {}
    defaults = {name: Contestant(data, o) for name, o in keras_optimizers().items()}
    for title, chosen, notes in (
        ("as in the notes", contestants, True),
        ("Keras's defaults", defaults, False),
    ):
        runs[title] = lab.sweep(
            lambda case, seed, notes=notes: case.train(seed, epochs, notes=notes),
            chosen,
            title=title,
        )
    ours = runs["as in the notes"]
    compared = data.name == "mnist" and epochs == 5
    columns = ["optimizer", *(f"epoch {epoch + 1}" for epoch in range(epochs)), "test"]
    z_scores, rows = {}, []
    for name, printed in NOTES.items():
        curve = losses_of(ours[name])
        mean, spread = curve.mean(0), curve.std(0, ddof=1)
        rows.append([name, *map(float, mean), accuracy_of(ours[name])])
        default = runs["Keras's defaults"][name]
        if compared:
            z_scores[name] = [float(z) for z in (np.array(printed) - mean) / spread]
            rows.append(["  notes", *printed, "-"])
            rows.append(["  z", *(f"{z:+.1f}" for z in z_scores[name]), ""])
        mean = losses_of(default).mean(0)
        rows.append(["  Keras's", *map(float, mean), accuracy_of(default)])
    lab.table(f"Training loss by epoch and test accuracy on {data.name}", columns, rows)
    far = max((abs(z) for row in z_scores.values() for z in row), default=None)
    lab.verdict(
        "opt-mnist-four",
        None if far is None else far <= 3.0,
        evidence={
            "z_scores_of_the_notes": z_scores,
            "loss_by_epoch": {name: losses_of(runs_) for name, runs_ in ours.items()},
            "test_accuracy": {
                name: [run["test_accuracy"] for run in runs_]
                for name, runs_ in ours.items()
            },
        },
        note=f"The farthest of the 20 printed losses is {far:.2f} standard deviations "
        f"from ours, over {len(lab.seeds)} seeds."
        if far is not None
        else "Only --data mnist --epochs 5 can tell.",
    )
    return ours


def draw(lab, ours, losses) -> None:
    """Draws the sweep of rates and the curves of the table."""
    figure, axes = figures.new()
    axes.set(xscale="log", yscale="log")
    for index, (name, row) in enumerate(losses.items()):
        rates = sorted(row)
        means = [min(float(row[rate].mean()), 10.0) for rate in rates]
        style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
        axes.plot(rates, means, marker="o", markersize=3, label=name, **style)
        best = min(zip(means, rates, strict=True))
        axes.plot(best[1], best[0], "o", mfc="none", ms=11, color=style["color"])
    title = "Every optimizer has a best learning rate of its own (circles)"
    figures.describe(axes, title, "learning rate", "training loss of the last epoch")
    figures.legend(axes)
    lab.figure("rates", figure, "Training loss of the last epoch by learning rate.")
    figure, axes = figures.new()
    epochs = range(1, lab.settings.epochs + 1)
    axes.set(yscale="log", xticks=list(epochs))
    if lab.settings.data == "mnist":
        for printed in NOTES.values():
            axes.plot(range(1, 6), printed, "kx", markersize=6)
    figures.curves(axes, epochs, {name: losses_of(runs) for name, runs in ours.items()})
    title = "Training loss at the notes' rates; crosses: as the notes print it"
    if lab.settings.data != "mnist":
        title = "Training loss at the notes' rates, with the range over seeds"
    figures.describe(axes, title, "epoch", "mean training loss (nats)")
    lab.figure("table", figure, "Training loss by epoch at the notes' rates.")


if __name__ == "__main__":
    lab_main(experiment)
