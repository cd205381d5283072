"""Exploding gradients: what makes them, and what they do to a training.

Wide networks of ten layers are looked at from inside `fit` before they are trained;
chains of layers are followed until a number overflows; networks with too large
weights are trained; and a recurrence is followed over 30 steps.

Notes: 1.13 Vanishing, exploding, clipping
Data: digits; random chains and recurrences.
Run: recipes run exploding           (about 30 s on 2 CPU cores)
References: Bengio, Simard and Frasconi (1994); Glorot and Bengio (2010); Pascanu,
    Mikolov and Bengio (2013).
"""

from dataclasses import dataclass

import numpy as np

from recipes.gradients import _exploding_overflow as overflow
from recipes.gradients import _exploding_recurrence as recurrence
from recipes.gradients import _exploding_training as training
from recipes.gradients._exploding_networks import NETWORKS, WEIGHTS, Starting, growth
from recipes.gradients._watch import FLOWS, middle, unanimous
from recipes.lab import UsageError, figures, lab_main, stats

CLAIMS = {
    "explode-large-weights": "Large weights make gradients explode.",
    "explode-relu-unbounded": "ReLU makes gradients explode because it is unbounded.",
    "explode-bounded-activation-fix": "Bounded activations, sigmoid or tanh, prevent "
    "exploding gradients.",
    "explode-overflow-nan": "Exploding numbers overflow to inf and NaN.",
    "explode-divergence": "Exploding gradients make the loss rise.",
    "explode-overfitting": "Large gradients lead to overfitting.",
    "explode-rnn": "A tanh recurrence can explode: near zero its slope does not "
    "dampen.",
}
SMOKE = {"seeds": 1, "epochs": 1, "depth": 4}

LARGE = ("2 × He's", "N(0, 1)", "N(0, 3²)")


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 5
    "Independent repetitions."
    epochs: int = 30
    "Passes over the data, where networks are trained to the end."
    depth: int = 10
    "Hidden layers of the deep networks."


def experiment(lab):
    """Judges every claim."""
    depth, data = lab.settings.depth, lab.data("digits")
    if depth < 3:
        raise UsageError(f"--depth must be at least 3, not {depth}.")
    starting = Starting(data, depth, lab.seeds)
    cases = {f"{net}, {w}": (net, w) for net in NETWORKS for w in WEIGHTS}
    looked = lab.sweep(starting.look, cases, title="looked at")
    ratios = {cases[name]: growth(row) for name, row in looked.items()}
    tell(lab, cases, looked)
    judge_weights(lab, ratios)
    judge_relu(lab, ratios)
    judge_bounded(lab, ratios)
    trainings = training.Trainings(data, depth, lab.seeds, lab.settings.epochs)
    trained = lab.sweep(trainings.train, list(training.CASES), title="trained")
    training.judge_divergence(lab, trained)
    training.judge_overfitting(lab, trained)
    lost = [
        sum(run["history"]["grad_nonfinite"]) > 0
        for run in trained[next(iter(training.RATES))]
    ]
    overflow.judge(lab, data, lost)
    recurrence.judge(lab)
    draw(lab, looked)


def tell(lab, cases, looked) -> None:
    """Prints how gradients grow from the last to the first layer, and their size."""
    rows = []
    for name, (network, weights) in cases.items():
        norm = np.mean([run["history"]["grad_norm"][0] for run in looked[name]])
        pair = (middle(growth(looked[name], kind)) for kind in ("signal", "kernel"))
        rows.append([network, weights, *pair, float(norm)])
    lab.table(
        "Gradients before training: first hidden layer over last, and norm of all",
        ["network", "weights", "signal", "kernel", "norm"],
        rows,
    )


def explodes(ratios: np.ndarray) -> bool | None:
    """Whether the first layer gets more than ten times what the last one gets."""
    return unanimous(ratios > FLOWS[1])


def judge_weights(lab, ratios) -> None:
    """Asks of every network whether large weights make its gradients explode."""
    kept = {
        f"{network}, {weights}": ratios[network, weights]
        for network in NETWORKS
        for weights in LARGE[1:]
    }
    found = {name: explodes(row) for name, row in kept.items()}
    calm = [name for name, exploded in found.items() if not exploded]
    lab.verdict(
        "explode-large-weights",
        found,
        evidence={
            "signal_first_over_last_layer": kept,
            "the_same_with_He's_weights": {n: ratios[n, "He's"] for n in NETWORKS},
        },
        note="From the last layer to the first the gradient grows with N(0, 1) "
        + "; ".join(f"{n} {middle(ratios[n, 'N(0, 1)']):.1e}" for n in NETWORKS)
        + f". Not always more than tenfold: {'; '.join(calm) or 'none'}. Batch "
        "normalization divides the weights' scale out again.",
    )


def judge_relu(lab, ratios) -> None:
    """Asks whether ReLU explodes with good weights, and whether a bound would help."""
    helped = {
        f"{weights}: ReLU explodes, bounded at 6 it does not": None
        if None in (pair := (explodes(ratios["ReLU", weights]),
                             explodes(ratios["ReLU6", weights])))
        else pair == (True, False)
        for weights in LARGE
    }  # fmt: skip
    gaps = {
        weights: stats.paired(
            np.log10(ratios["ReLU", weights]), np.log10(ratios["linear", weights])
        )
        for weights in LARGE
    }
    good = ratios["ReLU", "He's"]
    lab.verdict(
        "explode-relu-unbounded",
        {"He's: ReLU explodes": explodes(good), **helped},
        evidence={
            "signal_first_over_last_layer": {
                f"{name}, {weights}": ratios[name, weights]
                for name in ("linear", "ReLU", "ReLU6", "tanh")
                for weights in WEIGHTS
            },
            "powers_of_ten_of_ReLU_over_linear": gaps,
        },
        note=f"With He's weights ReLU passes on {middle(good):.2g} of the gradient. "
        "With larger ones it grows for linear, ReLU and ReLU6 (bounded at 6): "
        + "; ".join(
            f"{weights} "
            + ", ".join(
                f"{middle(ratios[name, weights]):.0e}"
                for name in ("linear", "ReLU", "ReLU6")
            )
            for weights in LARGE
        )
        + ". ReLU's slope is at most 1, so it enlarges no gradient: the weights do.",
    )


def judge_bounded(lab, ratios) -> None:
    """Asks whether gradients stay within bounds where the activations do."""
    kept = {
        f"{name}, {weights}": ratios[name, weights]
        for name in ("tanh", "sigmoid")
        for weights in LARGE
    }
    lab.verdict(
        "explode-bounded-activation-fix",
        {name: unanimous(row <= FLOWS[1]) for name, row in kept.items()},
        evidence={"signal_first_over_last_layer": kept},
        note="From the last layer to the first the gradient is multiplied by "
        + "; ".join(f"{name} {middle(row):.1e}" for name, row in kept.items())
        + ". A bound on the outputs is none on the gradients, which the weights "
        "multiply.",
    )


def draw(lab, looked) -> None:
    """Draws the gradients by layer with weights of N(0, 1)."""
    figure, axes = figures.new(2, 1, height=6.6)
    depth = lab.settings.depth
    layers = range(1, depth + 1)
    for axis, kind in zip(axes, ("signal", "kernel"), strict=True):
        axis.set(yscale="log", xlim=(1, depth), xticks=list(layers))
        for index, name in enumerate(NETWORKS):
            rows = np.array([run[kind][0][:-1] for run in looked[f"{name}, N(0, 1)"]])
            style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
            axis.plot(layers, rows.mean(0), label=name, **style)
            low, high = rows.min(0), rows.max(0)
            axis.fill_between(layers, low, high, color=style["color"], alpha=0.15, lw=0)
    title = "Weights of N(0, 1): gradient that flows into each layer"
    figures.describe(axes[0], title, "", "gradient norm (biases)")
    title, last = "Gradient of each layer's weights", "layer, first to last"
    figures.describe(axes[1], title, last, "gradient norm (kernels)")
    figures.legend(axes[0], fontsize=9, loc="upper right")
    lab.figure(
        "layers",
        figure,
        "Gradient norms by layer before training, with the range over seeds. Above of "
        "the biases (or of batch normalization's offsets), below of the kernels. Where "
        "nothing is bounded a layer's inputs grow as much as the gradient shrinks, so "
        "that the kernels' gradients are alike in all layers.",
    )


if __name__ == "__main__":
    lab_main(experiment)
