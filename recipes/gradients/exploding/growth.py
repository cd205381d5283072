"""Growth: large weights make gradients grow, whatever the activation is.

On its way back through a layer a gradient is multiplied by the weights and by the
activation's slope. ReLU's slope is at most 1 and tanh's, too: neither enlarges a
gradient. Weights of N(0, 1) in a layer of 256 units do, about elevenfold a layer with
ReLU.

Two networks withstand such weights: where sigmoids saturate their slopes shrink as the
weights grow, until still larger weights win; and batch normalization divides the
weights' scale out again, whatever it is.
"""

import numpy as np

from recipes.gradients._watch import FLOWS, middle
from recipes.gradients.exploding._networks import (
    NETWORKS,
    TOO_LARGE,
    networks,
    ratios,
)
from recipes.lab import Finding, claim, figures, main, stats

PROPER = "1 × He's"
EXPLODES = FLOWS[1]  # the first layer gets more than ten times what the last one gets

# Ratios differ by powers of ten from network to network and much less from seed to
# seed: they are compared as logarithms. The limit of ten is already what matters, so
# any difference from it counts.


@claim(
    "explode-large-weights",
    "Very large weights make gradients grow exponentially on their way back.",
    says="is",
    notes="002 004",
    scope="networks of 10 layers of 256 units on digits, weights of N(0, 1), before "
    "training",
)
def large_weights(lab):
    """Of every network: whether large weights make its gradients explode."""
    kept = {
        name: found
        for (name, weights), found in ratios(lab).items()
        if weights == TOO_LARGE and name != "ReLU6"
    }
    return Finding(
        {
            name: stats.against(row, EXPLODES, by=stats.ANY, scale="log")
            for name, row in kept.items()
        },
        "From the last of {depth} layers to the first the gradient becomes this many "
        "times as large: {grows:.1e}. Sigmoids that saturate dampen it, and batch "
        "normalization divides the weights' scale out again.",
        figure=draw_layers,
        depth=lab.settings.depth,
        grows={name: middle(row) for name, row in kept.items()},
        signal_first_over_last_layer=kept,
        the_same_with_he_s_weights={
            name: found
            for (name, weights), found in ratios(lab).items()
            if weights == PROPER
        },
    )


@claim(
    "explode-init-fix",
    "Proper initial weights (Glorot's, He's) can help prevent exploding gradients.",
    says="can",
    hedge="can help prevent",
    notes="002 004",
    scope="networks of 10 layers of 256 units on digits, before training",
)
def proper_weights(lab):
    """Of the networks that explode with large weights: whether He's weights do not."""
    found, limit = ratios(lab), np.full(len(lab.seeds), EXPLODES)
    names = [
        name for name in ("ReLU", "tanh") if middle(found[name, TOO_LARGE]) > EXPLODES
    ]
    return Finding(
        {
            name: stats.greater(limit, found[name, PROPER], by=stats.ANY, scale="log")
            for name in names
        }
        or {"something explodes": None},
        "With N(0, 1) the gradient grows to these multiples: {large:.1e}; with He's "
        "weights: {proper:.2g}.",
        figure=draw_layers,
        large={name: middle(found[name, TOO_LARGE]) for name in names},
        proper={name: middle(found[name, PROPER]) for name in names},
    )


def draw_layers(lab):
    """The gradients by layer with weights of N(0, 1)."""
    figure, axes = figures.new(2, 1, width=8.4, height=6.8)
    depth = lab.settings.depth
    layers = range(depth, 0, -1)  # the gradient's way; names stand where lines part
    found = [middle(ratios(lab)[name, TOO_LARGE]) for name in NETWORKS]
    grown = f"{sum(one > EXPLODES for one in found)} of {len(found)} networks"
    titles = (
        f"With weights of N(0, 1) gradients explode on the way back in {grown}",
        "Unbounded layers have inputs that explode the other way: all kernels alike",
    )
    for axis, kind, title in zip(axes, ("signal", "kernel"), titles, strict=True):
        axis.set(yscale="log", xlim=(depth, 1), xticks=list(layers))
        norms = {
            name: [run[kind][0][-2::-1] for run in networks(lab)[name, TOO_LARGE]]
            for name in NETWORKS
        }
        figures.curves(axis, layers, norms)
        what = "what flows in: biases" if kind == "signal" else "kernels"
        figures.describe(axis, title, "", f"gradient norm ({what})")
    axes[1].set_xlabel("layer, last to first: the gradient's way")
    lab.figure(
        "layers",
        figure,
        "Gradient norms by layer before training, with the range over seeds. Above of "
        "the biases (or of batch normalization's offsets), below of the kernels. Where "
        "nothing is bounded a layer's inputs grow as much as the gradient shrinks, so "
        "that the kernels' gradients are alike in all layers.",
    )


if __name__ == "__main__":
    main(__file__)
