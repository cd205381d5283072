"""Depth: a factor below 1 in every layer leaves nothing after ten.

The sigmoid's slope is at most 1/4, so ten layers of slopes leave at most a millionth of
a gradient. The weights multiply it, too: those of Glorot change little of that, weights
four times as large win back some of it.

For tanh and ReLU, whose slopes reach 1, weights and inputs decide. With Glorot's
weights and scaled inputs, ten layers of tanh keep a good part of the gradient; with
N(0, 0.01²) both lose all of it. ReLU's slope is 0 for half of its inputs, which He's
weights make up for and others do not.
"""

import numpy as np
from keras import ops

from recipes.gradients._watch import FLOWS, middle
from recipes.gradients.vanishing._networks import (
    at_start,
    changes,
    first_to_last,
    losses,
    networks,
)
from recipes.lab import Finding, claim, experiment, figures, gradients, main, stats

VANISHES = FLOWS[0]  # the first layer gets less than a tenth of what the last one gets


@experiment
def ratios(lab) -> dict[str, np.ndarray]:
    """The first layer's gradient over the last one's before training, by seed."""
    runs = networks(lab)
    rows = []
    for name, row in runs.items():
        cells = [name, *(middle(first_to_last(row, k)) for k in ("signal", "kernel"))]
        loss = losses(row)
        trained = loss.shape[1] > 1
        measured = trained and "update_ratio" in row[0]["history"]
        moved = changes(row).mean(0)[[0, -1]].tolist() if measured else ["-"] * 2
        rows.append([*cells, *moved, float(loss[:, -1].mean()) if trained else "-"])
    lab.table(
        "First hidden layer over last, before training; relative change by an update; "
        "loss after training",
        ["network", "signal", "kernel", "first moves", "last moves", "loss"],
        rows,
    )
    return {name: first_to_last(row) for name, row in runs.items()}


def vanishes(row: np.ndarray) -> stats.Decision:
    """Asks whether the ratios, one a seed, are below a tenth.

    They differ by powers of ten: logarithms are compared. The tenth is already what
    matters, so any difference from it counts.
    """
    limit = np.full(len(row), VANISHES)
    return stats.greater(limit, row, by=stats.ANY, scale="log")


@claim(
    "vanish-sigmoid-depth",
    "In deep sigmoid networks hardly any gradient arrives at the first layers: each "
    "layer's slope is at most 1/4.",
    says="always",  # "will become exceedingly small" (004); 002 says "can suffer"
    notes="000 001 002 003 004",
    scope="5 and 10 layers of 64 units on digits, before training",
)
def sigmoid_networks(lab):
    """Compares sigmoid networks of two depths with the bound of 1/4 a layer."""
    found, depth = ratios(lab), lab.settings.depth
    kept = {
        f"{depth // 2} layers": found["sigmoid, half as deep"],
        f"{depth} layers": found["sigmoid"],
        f"{depth} layers, weights 4 × Glorot": found["sigmoid, 4 × Glorot"],
    }
    x = np.linspace(-8, 8, 1601)
    (slopes,) = gradients(lambda v: ops.sum(ops.sigmoid(v[0])), [x])
    return Finding(
        {name: vanishes(row) for name, row in kept.items()},
        "The slope is at most {steepest_slope:g}: ten layers of it leave "
        "{ten_layers:.1e}, twenty {twenty_layers:.1e}. Measured with the weights' "
        "part, the first layer's gradient is of the last one's: {means:.1e}.",
        figure=draw_layers,
        steepest_slope=float(slopes.max()),
        ten_layers=0.25**10,
        twenty_layers=0.25**20,
        means={name: middle(row) for name, row in kept.items()},
        signal_first_over_last_layer=kept,
    )


# Tanh's slope is 1 at zero, so it takes more than layers to lose a gradient: depth,
# inputs far from zero (what the notes blame), or weights that are too small.


@claim(
    "vanish-tanh-depth",
    "Deep tanh networks still suffer from vanishing gradients, especially where inputs "
    "are large.",
    says="always",
    notes="000 002 003 004",
    scope="10 and 30 layers of 64 units on digits, before training",
)
def tanh_networks(lab):
    """Tanh networks that are well started, deeper, and with large inputs."""
    found, runs, depth = ratios(lab), networks(lab), lab.settings.depth
    tiny = "tanh, N(0, 0.01²)"
    cases = {
        f"{depth} layers, Glorot's weights": found["tanh"],
        f"{3 * depth} layers, Glorot's weights": found["tanh, 3 times as deep"],
        f"{depth} layers, inputs of deviation 6": found["tanh, inputs of deviation 6"],
        f"{depth} layers, weights of N(0, 0.01²)": found[tiny],
    }
    return Finding(
        {name: vanishes(row) for name, row in cases.items()},
        "The first layer gets this much of the last one's gradient: {means:.2g} "
        "(sigmoid with Glorot's weights: {sigmoid:.1e}). Tiny weights are not tanh's "
        "fault: ReLU keeps {relu:.1e} with them. Inputs of deviation 6 are pixels from "
        "0 to 16 that nobody scaled.",
        figure=draw_layers,
        means={name: middle(row) for name, row in cases.items()},
        sigmoid=middle(found["sigmoid"]),
        relu=middle(found["ReLU, N(0, 0.01²)"]),
        signal_first_over_last_layer=cases,
        kernels_first_over_last_with_tiny_weights=first_to_last(runs[tiny], "kernel"),
    )


# Both have the same weights in the first two comparisons; in the third each has those
# that were made for it. A gain counts whatever its size: here it is powers of ten.


@claim(
    "vanish-relu-helps",
    "ReLU mitigates vanishing gradients: it does not saturate for positive inputs.",
    says="always",
    notes="000 001 002 003 004",
    scope="10 layers of 64 units on digits, before training",
)
def relu_helps(lab):
    """Compares ReLU and sigmoid where they have the same weights, and with He's."""
    found = ratios(lab)
    pairs = {
        "Glorot's weights for both": ("ReLU, Glorot", "sigmoid"),
        "N(0, 0.01²) for both": ("ReLU, N(0, 0.01²)", "sigmoid, N(0, 0.01²)"),
        "He's weights, sigmoid with Glorot's": ("ReLU, He", "sigmoid"),
    }
    gains = {
        words: stats.greater(found[relu], found[other], by=stats.TWICE, scale="log")
        for words, (relu, other) in pairs.items()
    }
    own = {words: found[relu] for words, (relu, _) in pairs.items()}
    x = np.array([-50.0, -5.0, 5.0, 50.0])
    return Finding(
        gains,
        "First layer over last for ReLU: {means:.1e}. A slope of 1 passes on what the "
        "weights make of a gradient; half the slopes are 0, which He's weights make up "
        "for and others do not.",
        figure=draw_layers,
        means={words: middle(row) for words, row in own.items()},
        gains=gains,
        mean_powers_of_ten={
            words: float(np.mean(np.log10(found[relu]) - np.log10(found[other])))
            for words, (relu, other) in pairs.items()
        },
        signal_first_over_last_layer=own,
        slope_at_minus_50_minus_5_5_50=gradients(
            lambda v: ops.sum(ops.relu(v[0])), [x]
        )[0],
    )


# The notes also say that tanh helps, which the claim above seems to deny. Both can be
# true: it suffers less than the sigmoid.


@claim(
    "vanish-tanh-helps",
    "Tanh can mitigate vanishing gradients, compared with the sigmoid.",
    says="can",
    hedge="can help mitigate",
    notes="002",
    scope="10 layers of 64 units on digits, before training",
)
def tanh_helps(lab):
    """Compares tanh and sigmoid where they have the same weights."""
    found = ratios(lab)
    pairs = {
        "Glorot's weights": ("tanh", "sigmoid"),
        "weights of N(0, 0.01²)": ("tanh, N(0, 0.01²)", "sigmoid, N(0, 0.01²)"),
    }
    return Finding(
        {
            words: stats.greater(
                found[tanh], found[sigmoid], by=stats.TWICE, scale="log"
            )
            for words, (tanh, sigmoid) in pairs.items()
        },
        "The first layer gets this much of the last one's gradient with tanh: "
        "{tanh:.1e}; with the sigmoid: {sigmoid:.1e}. At zero tanh's slope is four "
        "times as steep, layer for layer.",
        figure=draw_layers,
        tanh={words: middle(found[tanh]) for words, (tanh, _) in pairs.items()},
        sigmoid={words: middle(found[other]) for words, (_, other) in pairs.items()},
    )


SHOWN = ("ReLU, He", "tanh", "tanh, N(0, 0.01²)", "sigmoid")


def draw_layers(lab):
    """The norms of the gradients from the last to the first layer."""
    figure, axes = figures.new(2, 1, width=8.0, height=6.8)
    depth, runs = lab.settings.depth, networks(lab)
    layers = range(depth + 1, 0, -1)  # the gradient's way; names where lines part
    lost = {
        name: np.round(-np.log10(middle(ratios(lab)[name]))) + 0.0  # no -0
        for name in ("sigmoid", "ReLU, He")
    }
    titles = (
        f"Powers of ten lost in {depth} layers: sigmoid {lost['sigmoid']:.0f}, ReLU "
        f"with He's weights {lost['ReLU, He']:.0f}",
        "Tiny weights: the kernels' gradients hide it, for all of them are tiny",
    )
    for axis, kind, title in zip(axes, ("signal", "kernel"), titles, strict=True):
        axis.set(yscale="log", xlim=(depth + 1, 1), xticks=list(layers))
        axis.set_xticklabels(["out", *map(str, layers[1:])])
        norms = {name: at_start(runs[name], kind)[:, ::-1] for name in SHOWN}
        figures.curves(axis, layers, norms)
        what = "what flows in: biases" if kind == "signal" else "kernels"
        figures.describe(axis, title, "", f"gradient norm ({what})")
    axes[1].set_xlabel("layer, last to first: the gradient's way")
    lab.figure(
        "layers",
        figure,
        "Gradient norms by layer before training, with the range over seeds: above of "
        "the biases, which is what flows into a layer; below of the kernels, where it "
        "has met the layer's inputs.",
    )


if __name__ == "__main__":
    main(__file__)
