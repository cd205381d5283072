"""Growth: large weights make gradients grow, whatever the activation is.

On its way back through a layer a gradient is multiplied by the weights and by the
activation's slope. ReLU's slope is at most 1 and tanh's, too: neither enlarges a
gradient. Weights of N(0, 1) in a layer of 256 units do, about elevenfold a layer.

The notes blame ReLU, because it has no bound, and recommend tanh and sigmoid, which
have one. A bound on the outputs makes slopes small where weights are large, and that
dampens; but it bounds no gradient. Compare ReLU, ReLU bounded at 6, and the linear
network, which has no activation at all. Batch normalization divides the weights' scale
out again.
"""

import keras
import numpy as np

from recipes.gradients._watch import (
    FLOWS,
    Start,
    draw_weights,
    middle,
    standardized,
    watch,
)
from recipes.lab import Finding, claim, experiment, figures, main, stats
from zoo import mlp

WIDTH, ROWS = 256, 256
EXPLODES = FLOWS[1]  # the first layer gets more than ten times what the last one gets

# The arguments of `zoo.mlp`, and those of `draw_weights`.
NETWORKS = {
    "linear": {"activation": "linear"},
    "ReLU": {"activation": "relu"},
    "ReLU6": {"activation": "relu6"},
    "tanh": {"activation": "tanh"},
    "sigmoid": {"activation": "sigmoid"},
    "ReLU, batch normalization": {"activation": "relu", "normalization": "batch"},
}
WEIGHTS = {
    "He's": ("he", 1.0),
    "2 × He's": ("he", 2.0),
    "N(0, 1)": (1.0, 1.0),
    "N(0, 3²)": (3.0, 1.0),
}
LARGE = list(WEIGHTS)[1:]


def measure(case, seed, data):
    """Measures a network's gradients before training, with all weights in one fit.

    Args:
        case: `network` (arguments of `zoo.mlp`), `depth`, `weights` (arguments of
            `draw_weights`) and `seeds`.
        seed: Not used: the case holds the seeds, which share a fit.
        data: Images.

    Returns:
        For each of the weights and each seed, what `watch` reports.
    """
    model = mlp(
        data.x_train.shape[1:],
        data.num_classes,
        units=(WIDTH,) * case["depth"],
        **case["network"],
    )
    model.compile(
        keras.optimizers.SGD(),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    starts = [
        Start(draw_weights(model, one, *weights), rates=(0.0,))
        for weights in case["weights"].values()
        for one in case["seeds"]
    ]
    x, y = standardized(data)[0][:ROWS], data.y_train[:ROWS]
    reports = iter(watch(model, starts, x, y, batch_size=ROWS))
    return {
        "runs": {
            name: [next(reports) for _ in case["seeds"]] for name in case["weights"]
        }
    }


@experiment
def networks(lab) -> dict[tuple[str, str], list[dict]]:
    """What flows through each network with each kind of weights, by seed."""
    shared = {
        "depth": lab.settings.depth,
        "weights": {name: list(drawn) for name, drawn in WEIGHTS.items()},
        "seeds": list(lab.seeds),
    }
    cases = {name: {"network": chosen, **shared} for name, chosen in NETWORKS.items()}
    found = lab.sweep(
        measure,
        cases,
        data="digits",
        precision="float32",
        seeds=[0],
        title="networks before training",
    )
    return {
        (name, weights): found[name][0]["runs"][weights]
        for name in NETWORKS
        for weights in WEIGHTS
    }


def growth(runs: list[dict], kind: str = "signal") -> np.ndarray:
    """The first hidden layer's gradient over that of the last, (seeds,)."""
    norms = np.array([run[kind][0] for run in runs], float)
    return norms[:, 0] / norms[:, -2]  # the last column is the output layer's


@experiment
def ratios(lab) -> dict[tuple[str, str], np.ndarray]:
    """How much gradients grow from the last layer to the first, by seed."""
    rows = []
    for (network, weights), runs in networks(lab).items():
        norm = np.mean([run["history"]["grad_norm"][0] for run in runs])
        pair = (middle(growth(runs, kind)) for kind in ("signal", "kernel"))
        rows.append([network, weights, *pair, float(norm)])
    lab.table(
        "Gradients before training: first hidden layer over last, and norm of all",
        ["network", "weights", "signal", "kernel", "norm"],
        rows,
    )
    return {key: growth(runs) for key, runs in networks(lab).items()}


# Ratios differ by powers of ten from network to network and much less from seed to
# seed: they are compared as logarithms. The limit of ten is already what matters, so
# any difference from it counts.


@claim(
    "explode-large-weights",
    "Large weights make gradients explode.",
    says="often",
    hedge="typically",
    notes="002 004",
    scope="networks of 10 layers of 256 units on digits, before training",
)
def large_weights(lab):
    """Of every network: whether large weights make its gradients explode."""
    found = ratios(lab)
    kept = {
        f"{network}, {weights}": found[network, weights]
        for network in NETWORKS
        for weights in LARGE[1:]
    }
    return Finding(
        {
            name: stats.against(row, EXPLODES, by=stats.ANY, scale="log")
            for name, row in kept.items()
        },
        "With N(0, 1) the gradient grows from the last layer to the first to these "
        "multiples: {grows:.1e}. Not always more than tenfold: {failing}. Batch "
        "normalization divides the weights' scale out again.",
        figure=draw_layers,
        grows={name: middle(found[name, "N(0, 1)"]) for name in NETWORKS},
        signal_first_over_last_layer=kept,
        the_same_with_he_s_weights={name: found[name, "He's"] for name in NETWORKS},
    )


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
        figure=draw_layers,
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
        figure=draw_layers,
        tanh=middle(kept["tanh, N(0, 1)"]),
        sigmoid=middle(kept["sigmoid, N(0, 1)"]),
        relu=middle(found["ReLU", "N(0, 1)"]),
        means={name: middle(row) for name, row in kept.items()},
        signal_first_over_last_layer=kept,
    )


def draw_layers(lab):
    """The gradients by layer with weights of N(0, 1)."""
    figure, axes = figures.new(2, 1, width=8.4, height=6.8)
    depth = lab.settings.depth
    layers = range(depth, 0, -1)  # the gradient's way; names stand where lines part
    titles = (
        "With weights of N(0, 1) gradients explode on the way back, with ReLU or not",
        "Unbounded layers have inputs that explode the other way: all kernels alike",
    )
    for axis, kind, title in zip(axes, ("signal", "kernel"), titles, strict=True):
        axis.set(yscale="log", xlim=(depth, 1), xticks=list(layers))
        norms = {
            name: [run[kind][0][-2::-1] for run in networks(lab)[name, "N(0, 1)"]]
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
