"""Depth: for which layers Xavier's and He's weights keep variances.

Whatever one layer does to a variance, ten layers do to the tenth power. So random
weights must leave it as it is, forward for the signals and backward for the gradients.

Xavier's rule assumes an activation of slope 1 and layers of equal width. A linear layer
is that. Tanh bends its larger inputs, ReLU cuts off half of them, and the sigmoid has a
slope of at most 1/4. He's rule doubles the variance and so makes up for what a ReLU
cuts off. Where widths change, no rule can serve both directions.
"""

import numpy as np

from recipes.basics.initialization._flow import (
    FUNNEL,
    KINDS,
    TINIEST,
    Case,
    both_ways,
    change,
    factor,
    factors,
    simulate,
)
from recipes.basics.initialization._rules import (
    HIDDEN,
    IMAGES,
    errors_off,
    sampled,
    variance,
)
from recipes.lab import Finding, claim, experiment, figures, main, stats
from zoo import mlp_mnist_shallow

FACTOR = 2.0  # a variance counts as kept where it changes by less, either way
KEPT = stats.Threshold(
    "kept within a factor of two",
    1.0,
    "times less than a factor of two",
    "over ten layers that is 7 % a layer, less than the rules leave out.",
)

CASES = {
    "linear, Xavier": Case("linear", "Xavier"),
    "tanh, Xavier": Case("tanh", "Xavier"),
    "sigmoid, Xavier": Case("sigmoid", "Xavier"),
    "ReLU, Xavier": Case("ReLU", "Xavier"),
    "ReLU, He": Case("ReLU", "He"),
    "sigmoid, 4 × Xavier": Case("sigmoid", "Xavier", gain=4.0),
    "linear, Xavier, halving widths": Case("linear", "Xavier", funnel=True),
    "ReLU, He, halving widths": Case("ReLU", "He", funnel=True),
    "ReLU, N(0, 1)": Case("ReLU", "N(0, 1)"),  # for the picture alone
    "ReLU, N(0, 0.01²)": Case("ReLU", "N(0, 0.01²)"),
}


@experiment
def simulated(lab) -> dict[str, dict[str, np.ndarray]]:
    """Variances by case, network and layer."""
    chosen = lab.settings
    return simulate(CASES, chosen.width, chosen.depth, chosen.draws)


def kept(*changes: np.ndarray) -> stats.Decision:
    """Asks whether the largest change, in powers of ten by network, is below two."""
    off = 10 ** np.max(np.abs(changes), axis=0)
    return stats.greater(np.full_like(off, FACTOR), off, by=KEPT, scale="log")


@claim(
    "xavier-keeps-variance",
    # The notes pair Xavier with sigmoid (its own claim) and tanh; ReLU is in the note.
    "Xavier's weights keep the variance of signals and gradients constant from layer "
    "to layer.",
    says="is",
    notes="001 002",
    scope="12 random networks, 10 layers of 256 units, or 5 that halve from 1024",
)
def xavier_keeps(lab):
    """Linear and tanh layers with Xavier's weights; signals and gradients."""
    found = simulated(lab)
    names = ("linear, Xavier", "tanh, Xavier", "linear, Xavier, halving widths")
    lab.table(
        f"Factors of variances through {lab.settings.depth} layers: activations, "
        "their variance between inputs, gradients on their way back",
        ["activation and weights", *KINDS],
        [
            [n, *(factor(found[n], kind) for kind in KINDS)]
            for n in found
            if "N(" not in n
        ],
    )
    return Finding(
        {
            name: kept(
                change(found[name], "activations"), change(found[name], "gradients")
            )
            for name in names
        },
        "The variance is kept within a factor of two with: {holding}; not with: "
        "{failing}. Variance of activations forward and of gradients back, through "
        "{depth} layers: {changes}. The formula assumes slope 1 and equal widths: "
        "where widths halve, a layer multiplies the two variances by 4/3 and 2/3. It "
        "was not made for ReLU: {relu}.",
        figure=draw_depth,
        depth=lab.settings.depth,
        changes=both_ways(found, names),
        relu=both_ways(found, ["ReLU, Xavier"]),
        factor_through_the_layers=factors(found, (*names, "ReLU, Xavier")),
        closed_form_halving_widths={
            "activations": (4 / 3) ** (len(FUNNEL) - 2),
            "gradients": (2 / 3) ** (len(FUNNEL) - 2),
        },
        kept_below_powers_of_ten=np.log10(FACTOR),
        networks=lab.settings.draws,
    )


@claim(
    "xavier-for-sigmoid",
    "Xavier's weights keep the variance the same across sigmoid layers.",
    says="is",
    notes="001",
    scope="12 random networks, 10 layers of 256 sigmoid units",
)
def xavier_for_sigmoid(lab):
    """Sigmoid layers with Xavier's weights, and with four times these."""
    found = simulated(lab)
    profiles, wider = found["sigmoid, Xavier"], found["sigmoid, 4 × Xavier"]
    return Finding(
        {kind: kept(change(profiles, kind)) for kind in profiles},
        "Through {depth} layers the variance of activations changes by × "
        "{signals:.2g}, that between inputs by × {between:.1g}, that of gradients by × "
        "{gradients:.1g} (× {wider:.1g} with weights four times as large): the "
        "sigmoid's slope is at most 1/4, its mean output 1/2.",
        figure=draw_depth,
        depth=lab.settings.depth,
        signals=factor(profiles, "activations"),
        between=factor(profiles, "between inputs"),
        gradients=factor(profiles, "gradients"),
        wider=factor(wider, "gradients"),
        factor_through_the_layers=factors(
            found, ("sigmoid, Xavier", "sigmoid, 4 × Xavier", "tanh, Xavier")
        ),
        ratio_of_standard_deviations_of_gradients={
            "Xavier": factor(profiles, "gradients") ** 0.5,
            "4 × Xavier": factor(wider, "gradients") ** 0.5,
        },
    )


@claim(
    "he-for-relu",
    "He's weights, of variance 2/fan_in, help to keep the variance across ReLU layers.",
    says="often",
    hedge="helps",
    notes="001 002",
    scope="12 random networks, 10 layers of 256 units, or 5 that halve from 1024",
)
def he_for_relu(lab):
    """ReLU layers with He's weights, of equal and of halving widths."""
    found, names = simulated(lab), ("ReLU, He", "ReLU, He, halving widths")
    shape = IMAGES, HIDDEN
    kernel, expected = sampled("HeNormal", shape, 1), variance("He", *shape)
    off = errors_off(kernel, expected)
    return Finding(
        {
            f"{kind}: {name}": kept(change(found[name], kind))
            for name in names
            for kind in ("activations", "gradients")
        },
        "The variance is kept within a factor of two for: {holding}; not for: "
        "{failing}. Activations forward and gradients back: {changes}. He's rule "
        "counts a layer's inputs only, so gradients shrink with the widths. Keras's "
        "HeNormal has variance 2/fan_in ({off:.1f} standard errors off), but its "
        "default for ReLU layers is Xavier's rule: {default}.",
        figure=draw_depth,
        changes=both_ways(found, names),
        default=both_ways(found, ["ReLU, Xavier"]),
        variance_784_to_128={"2/784": expected, "sample": (kernel**2).mean()},
        off=off,
        parameters_784_128_10=mlp_mnist_shallow().count_params(),
        factor_through_the_layers=factors(found, (*names, "ReLU, Xavier")),
    )


SHOWN = (
    "ReLU, He",
    "ReLU, Xavier",
    "ReLU, N(0, 1)",
    "ReLU, N(0, 0.01²)",
    "linear, Xavier",
    "tanh, Xavier",
    "sigmoid, Xavier",
)


def keeping(found, kind: str) -> str:
    """How many of the kinds of layers that are shown keep a variance, in words."""
    off = [abs(change(found[name], kind).mean()) for name in SHOWN]
    kept_by = sum(one < np.log10(FACTOR) for one in off)
    return f"{kept_by} of {len(off)} keep the variance within a factor of two"


def draw_depth(lab):
    """The variance of activations and gradients layer by layer."""
    found = simulated(lab)
    figure, axes = figures.new(1, 2, width=13.0, height=4.6)
    for panel, kind in zip(axes, ("activations", "gradients"), strict=True):
        # A geometric mean and a band in powers of ten suit the logarithmic axis.
        logs = {n: np.log10(np.maximum(found[n][kind], TINIEST)) for n in SHOWN}
        layers = np.arange(1, logs[SHOWN[0]].shape[1] + 1)
        if kind == "gradients":  # on their way, from the last layer to the first
            layers, logs = layers[::-1], {n: v[:, ::-1] for n, v in logs.items()}
            panel.invert_xaxis()
        panel.set_xticks(layers)
        figures.curves(panel, layers, logs)
    figures.describe(
        axes[0],
        f"Forward: {keeping(found, 'activations')}",
        "layer",
        "variance of activations, powers of ten",
    )
    figures.describe(
        axes[1],
        f"Back: {keeping(found, 'gradients')}",
        "layer, the last one first",
        "variance of gradients dL/dz, powers of ten",
    )
    lab.figure(
        "depth",
        figure,
        f"Variance layer by layer in networks of width {lab.settings.width} by "
        "activation and weights: a level line is a variance that is kept. Bands span "
        "the random networks; signals start at layer 1, gradients at the last one.",
    )


if __name__ == "__main__":
    main(__file__)
