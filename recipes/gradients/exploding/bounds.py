"""Bounds: a bounded activation dampens a gradient's growth and does not end it.

The notes blame ReLU, because it has no bound, and recommend tanh and sigmoid, which
have one. A bound on the outputs makes slopes small where weights are large, and that
dampens; but it bounds no gradient. Compare ReLU, ReLU bounded at 6, and the linear
network, which has no activation at all.
"""

import numpy as np

from recipes.gradients._watch import FLOWS, middle
from recipes.gradients.exploding._networks import LARGE, WEIGHTS, ratios
from recipes.lab import Finding, claim, figures, main, stats

EXPLODES = FLOWS[1]  # the first layer gets more than ten times what the last one gets

# If the missing bound were the cause, ReLU would explode with good weights as well, and
# where it explodes with large ones a bound would end that. Both parts of the second
# question are in one number: the smaller of ReLU's factor above the limit and ReLU6's
# factor below it.


@claim(
    "explode-relu-unbounded",
    "ReLU makes gradients explode because it is unbounded.",
    says="can",
    hedge="without proper initialization can",
    notes="002 004",
    scope="networks of 10 layers of 256 units on digits, before training",
)
def relu_is_unbounded(lab):
    """Whether ReLU explodes with good weights, and whether a bound would help."""
    found = ratios(lab)
    good = found["ReLU", "He's"]
    conditions = {
        "He's: ReLU explodes": stats.against(good, EXPLODES, by=stats.ANY, scale="log")
    }
    for weights in LARGE:
        relu, bounded = found["ReLU", weights], found["ReLU6", weights]
        both = np.minimum(relu / EXPLODES, EXPLODES / bounded)
        conditions[f"{weights}: ReLU explodes, bounded at 6 it does not"] = (
            stats.against(both, 1, by=stats.ANY, scale="log")
        )
    means = {
        name: {weights: middle(found[name, weights]) for weights in LARGE}
        for name in ("linear", "ReLU", "ReLU6")
    }
    return Finding(
        conditions,
        "It shows in: {holding}. With He's weights ReLU passes on {passed:.2g} of the "
        "gradient; with N(0, 1) it grows {relu:.0e} times with ReLU, {relu6:.0e} times "
        "with ReLU bounded at 6 and {linear:.0e} times with no activation: the weights "
        "enlarge it, and a bound dampens.",
        figure=draw_bounds,
        passed=middle(good),
        linear=means["linear"]["N(0, 1)"],
        relu=means["ReLU"]["N(0, 1)"],
        relu6=means["ReLU6"]["N(0, 1)"],
        means=means,
        signal_first_over_last_layer={
            f"{name}, {weights}": found[name, weights]
            for name in ("linear", "ReLU", "ReLU6", "tanh")
            for weights in WEIGHTS
        },
        relu_over_linear={
            weights: stats.greater(
                found["ReLU", weights],
                found["linear", weights],
                by=stats.ANY,
                scale="log",
            )
            for weights in LARGE
        },
        mean_powers_of_ten_of_relu_over_linear={
            weights: float(
                np.log10(found["ReLU", weights] / found["linear", weights]).mean()
            )
            for weights in LARGE
        },
    )


@claim(
    "explode-bounded-activation-fix",
    "Bounded activations, sigmoid or tanh, prevent exploding gradients.",
    says="can",
    hedge="can help, reducing the likelihood",
    notes="004",
    scope="networks of 10 layers of 256 units on digits, before training",
)
def bounded_activations(lab):
    """Whether gradients stay within bounds where the activations do."""
    found = ratios(lab)
    kept = {
        f"{name}, {weights}": found[name, weights]
        for name in ("tanh", "sigmoid")
        for weights in LARGE
    }
    limit = np.full(len(lab.seeds), EXPLODES)
    return Finding(
        {
            name: stats.greater(limit, row, by=stats.ANY, scale="log")
            for name, row in kept.items()
        },
        "They prevent it in: {holding}. With N(0, 1) the gradient is multiplied by "
        "{tanh:.1e} with tanh, {sigmoid:.1e} with sigmoid and {relu:.1e} with ReLU: a "
        "bound on the outputs dampens, but it bounds no gradient.",
        figure=draw_bounds,
        tanh=middle(kept["tanh, N(0, 1)"]),
        sigmoid=middle(kept["sigmoid, N(0, 1)"]),
        relu=middle(found["ReLU", "N(0, 1)"]),
        means={name: middle(row) for name, row in kept.items()},
        signal_first_over_last_layer=kept,
    )


def draw_bounds(lab):
    """How much gradients grow with each kind of weights, with and without a bound."""
    figure, axes = figures.new(width=7.6)
    found, places = ratios(lab), range(len(WEIGHTS))
    axes.set(yscale="log", xlim=(0, len(WEIGHTS) - 1))
    axes.set_xticks(list(places), list(WEIGHTS))
    axes.axhline(EXPLODES, color="#000000", lw=0.8)
    curves = {
        name: np.array([found[name, weights] for weights in WEIGHTS]).T
        for name in ("linear", "ReLU", "ReLU6", "tanh", "sigmoid")
    }
    figures.curves(axes, places, curves)
    title = "A bound dampens the growth of gradients, large weights win"
    label = "gradient, first layer over last (line: 10)"
    figures.describe(axes, title, "starting weights", label)
    lab.figure(
        "bounds",
        figure,
        "How much the gradient grows from the last layer to the first, with the range "
        "over seeds, by starting weights. ReLU6, tanh and sigmoid are bounded.",
    )


if __name__ == "__main__":
    main(__file__)
