"""Vanishing gradients: where they come from, and what brings them back.

Networks of ten hidden layers are watched from inside `fit`: the norm of every
layer's gradient before training, how much each layer then learns, and what each
remedy changes. Recurrent networks recall the first symbol of a sequence.

Notes: 1.13 Vanishing, exploding, clipping
Data: digits; generated sequences.
Run: recipes run vanishing           (about 30 s on 2 CPU cores)
References: Hochreiter (1991); Bengio, Simard and Frasconi (1994); Glorot and Bengio
    (2010); He, Zhang, Ren and Sun (2015); Ioffe and Szegedy (2015).
"""

from dataclasses import dataclass

import numpy as np

from recipes.gradients import _vanishing_diagnosis as diagnosis
from recipes.gradients import _vanishing_figures as pictures
from recipes.gradients import _vanishing_memory as memory
from recipes.gradients import _vanishing_slopes as slopes
from recipes.gradients._vanishing_networks import (
    Trainings,
    changes,
    final_loss,
    first_to_last,
    losses,
    measured,
)
from recipes.gradients._watch import FLOWS, middle, unanimous
from recipes.lab import UsageError, lab_main, stats

CLAIMS = {
    "vanish-sigmoid-depth": "In deep sigmoid networks hardly any gradient arrives at "
    "the first layers: each layer's slope is at most 1/4.",
    "vanish-tanh-depth": "Deep tanh networks suffer from it as well.",
    "vanish-large-inputs": "The slopes of sigmoid and tanh vanish far from zero.",
    "vanish-relu-helps": "ReLU mitigates it: it does not saturate for positive inputs.",
    "vanish-early-layers-slow": "The first layers learn slowly or not at all.",
    "vanish-fixes": "Variants of ReLU, better initial weights, batch normalization and "
    "skip connections cure it.",
    "vanish-long-range": "Recurrent networks therefore fail at long dependencies.",
    "grad-diagnosis": "Loss curves, the sizes of gradients and plots of the weights "
    "show what ails a network.",
}
SMOKE = {"seeds": 1, "epochs": 1, "depth": 4, "length": 30}

FIXES = (
    "ReLU, He",
    "leaky ReLU, He",
    "sigmoid, 4 × Glorot",
    "sigmoid, batch normalization",
    "sigmoid, skip connections",
)


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 5
    "Independent repetitions."
    epochs: int = 5
    "Passes over the data."
    depth: int = 10
    "Hidden layers of the deep networks."
    length: int = 100
    "Steps of the longest sequences."


def experiment(lab):
    """Judges every claim."""
    settings = lab.settings
    if settings.depth < 4 or settings.length <= memory.LENGTHS[-1]:
        raise UsageError("--depth must be at least 4 and --length above 20.")
    slopes.judge(lab)
    trainings = Trainings(
        lab.data("digits"), settings.depth, lab.seeds, settings.epochs
    )
    runs = lab.sweep(trainings.train, list(trainings.cases), title="deep networks")
    tell(lab, runs)
    judge_sigmoid(lab, runs)
    judge_tanh(lab, runs)
    judge_relu(lab, runs)
    judge_early_layers(lab, runs)
    judge_fixes(lab, runs)
    diagnosis.judge(lab, runs)
    memory.judge(lab)
    pictures.draw_layers(lab, runs)
    pictures.draw_fixes(lab, runs, FIXES)


def tell(lab, runs) -> None:
    """Prints what flows, what moves and what is learned, as means over the seeds."""
    rows = []
    for name, row in runs.items():
        cells = [name, *(middle(first_to_last(row, k)) for k in ("signal", "kernel"))]
        moved = changes(row).mean(0)[[0, -1]].tolist() if measured(row) else ["-"] * 2
        loss = losses(row)
        rows.append([*cells, *moved, loss[:, -1].mean() if loss.shape[1] > 1 else "-"])
    lab.table(
        "First hidden layer over last, before training; relative change by an update; "
        "loss after training",
        ["network", "signal", "kernel", "first moves", "last moves", "loss"],
        rows,
    )


def judge_sigmoid(lab, runs) -> None:
    """Holds sigmoid networks of two depths against the bound of 1/4 a layer."""
    depth = lab.settings.depth
    ratios = {
        f"{depth // 2} layers": first_to_last(runs["sigmoid, half as deep"]),
        f"{depth} layers": first_to_last(runs["sigmoid"]),
        f"{depth} layers, weights 4 × Glorot": first_to_last(
            runs["sigmoid, 4 × Glorot"]
        ),
    }
    steepest = float(slopes.slope("sigmoid", np.linspace(-8, 8, 1601)).max())
    lab.verdict(
        "vanish-sigmoid-depth",
        {name: unanimous(row < FLOWS[0]) for name, row in ratios.items()},
        evidence={
            "signal_first_over_last_layer": ratios,
            "steepest_slope": steepest,
            "0.25^10": 0.25**10,
            "0.25^20": 0.25**20,
        },
        note=f"The slope is at most {steepest:g}: ten layers of it leave 0.25^10 = "
        f"{0.25**10:.1e}, twenty {0.25**20:.1e}. Measured with the weights' part, the "
        "first layer's gradient is of the last one's: "
        + "; ".join(f"{name} {middle(row):.1e}" for name, row in ratios.items())
        + ".",
    )


def judge_tanh(lab, runs) -> None:
    """Holds tanh networks with Glorot's and with tiny weights against the sigmoid."""
    ratios = {
        name: first_to_last(runs[name])
        for name in ("tanh", "tanh, N(0, 0.01²)", "sigmoid", "ReLU, N(0, 0.01²)")
    }
    kernels = first_to_last(runs["tanh, N(0, 0.01²)"], "kernel")
    lab.verdict(
        "vanish-tanh-depth",
        {
            "Glorot's weights": unanimous(ratios["tanh"] < FLOWS[0]),
            "weights of N(0, 0.01²)": unanimous(ratios["tanh, N(0, 0.01²)"] < FLOWS[0]),
        },
        evidence={
            "signal_first_over_last_layer": ratios,
            "kernels_first_over_last_with_N(0, 0.01²)": kernels,
        },
        note=f"With Glorot's weights the first of {lab.settings.depth} layers gets "
        f"{middle(ratios['tanh']):.2g} of the last one's gradient (sigmoid: "
        f"{middle(ratios['sigmoid']):.1e}), with N(0, 0.01²) "
        f"{middle(ratios['tanh, N(0, 0.01²)']):.1e}; ReLU with the latter weights "
        f"{middle(ratios['ReLU, N(0, 0.01²)']):.1e}. Of the kernels' gradients the "
        f"first is then {middle(kernels):.2g} of the last: they are multiplied by the "
        "layer's inputs, which tiny weights make smaller from layer to layer.",
    )


def judge_relu(lab, runs) -> None:
    """Compares ReLU and sigmoid where they have the same weights, and with He's."""
    pairs = {
        "Glorot's weights for both": ("ReLU, Glorot", "sigmoid"),
        "N(0, 0.01²) for both": ("ReLU, N(0, 0.01²)", "sigmoid, N(0, 0.01²)"),
        "He's weights, sigmoid with Glorot's": ("ReLU, He", "sigmoid"),
    }
    gains = {
        words: stats.paired(*(np.log10(first_to_last(runs[name])) for name in pair))
        for words, pair in pairs.items()
    }
    own = {words: first_to_last(runs[relu]) for words, (relu, _) in pairs.items()}
    lab.verdict(
        "vanish-relu-helps",
        {words: gain.positive for words, gain in gains.items()},
        evidence={
            "gain_in_powers_of_ten": gains,
            "signal_first_over_last_layer": own,
            "slope_at_-50_-5_5_50": slopes.slope("ReLU", [-50.0, -5.0, 5.0, 50.0]),
        },
        note="First layer over last for ReLU: "
        + "; ".join(f"{words}: {middle(row):.1e}" for words, row in own.items())
        + ". A slope of 1 passes on what the weights make of a gradient; half the "
        "slopes are 0, which He's weights make up for and others do not.",
    )


def judge_early_layers(lab, runs) -> None:
    """Compares how much an update changes the first and the last hidden layer."""
    names = ("sigmoid", "sigmoid, Adam", "tanh", "ReLU, He")
    moved = {name: changes(runs[name]) for name in names}
    lags = {name: middle(row[:, 0] / row[:, -1]) for name, row in moved.items()}
    behind = {
        name: stats.paired(np.log10(row[:, -1]), np.log10(row[:, 0]))
        for name, row in moved.items()
    }
    lab.verdict(
        "vanish-early-layers-slow",
        {name: gap.positive for name, gap in behind.items()},
        evidence={
            "relative_change_by_an_update_first_to_last_layer": {
                name: row.mean(0) for name, row in moved.items()
            },
            "powers_of_ten_that_the_first_is_behind": behind,
        },
        note="Relative change of the weights by an update, first layer over last: "
        + "; ".join(f"{name} {lag:.1e}" for name, lag in lags.items())
        + ". SGD's updates are as small as the gradient; Adam divides by its size.",
    )


def judge_fixes(lab, runs) -> None:
    """Asks of every remedy whether the gradient flows, and whether more is learned."""
    # The untreated network gets the better of two learning rates.
    plain = np.minimum(final_loss(runs["sigmoid"]), final_loss(runs["sigmoid, rate 1"]))
    ratios = {name: first_to_last(runs[name]) for name in FIXES}
    gains = {name: stats.paired(plain, final_loss(runs[name])) for name in FIXES}
    low, high = FLOWS
    lab.verdict(
        "vanish-fixes",
        {
            **{
                f"gradient: {name}": unanimous((low <= row) & (row <= high))
                for name, row in ratios.items()
            },
            **{f"learning: {name}": gain.positive for name, gain in gains.items()},
        },
        evidence={
            "signal_first_over_last_layer": ratios,
            "untreated": first_to_last(runs["sigmoid"]),
            "loss_of_the_untreated_minus_treated": gains,
        },
        note="First layer's gradient over the last's, and training loss below that of "
        "the untreated sigmoid network: "
        + "; ".join(
            f"{name} {middle(row):.2g}, {gains[name].mean:.2f}"
            for name, row in ratios.items()
        )
        + f" (untreated {middle(first_to_last(runs['sigmoid'])):.1e}).",
    )


if __name__ == "__main__":
    lab_main(experiment)
