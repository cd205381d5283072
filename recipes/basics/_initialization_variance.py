"""Verdicts on variances: what Xavier's, He's and poor weights make of them."""

import numpy as np

from recipes.basics import _initialization_depth as depths
from recipes.basics import _initialization_rules as rules
from recipes.basics._initialization_depth import change, explodes, factor, kept
from zoo import mlp_mnist_shallow


def judge(lab, found) -> None:
    """States the verdicts on what `simulate` found."""
    kinds = ("activations", "between inputs", "gradients")
    lab.table(
        f"Factors of variances through {lab.settings.depth} layers: activations, "
        "their variance between inputs, gradients on their way back",
        ["activation and weights", *kinds],
        [[name, *(factor(found[name], kind) for kind in kinds)] for name in found],
    )
    judge_xavier(lab, found)
    judge_sigmoid(lab, found)
    judge_he(lab, found)
    judge_explosion(lab, found)


def factors(found, names) -> dict:
    """The factors by which variances change in some cases, kind by kind."""
    return {
        name: {kind: factor(found[name], kind) for kind in found[name]}
        for name in names
    }


def told_factors(found, names) -> str:
    """Says for a note what becomes of signals and gradients."""
    return "; ".join(
        f"{name} × {factor(found[name], 'activations'):.2g} and × "
        f"{factor(found[name], 'gradients'):.2g}"
        for name in names
    )


def judge_xavier(lab, found) -> None:
    """Linear, tanh and ReLU layers with Xavier's weights."""
    names = [f"{activation}, Xavier" for activation in ("linear", "tanh", "ReLU")]
    names.append("linear, Xavier, halving widths")
    lab.verdict(
        "xavier-keeps-variance",
        {
            f"{kind}: {name}": kept(found[name], kind)
            for name in names
            for kind in ("activations", "gradients")
        },
        evidence={
            "factor_through_the_layers": factors(found, names),
            "interval_of_powers_of_ten_that_counts_as_kept": [
                -depths.KEPT,
                depths.KEPT,
            ],
            "closed_form_halving_widths": {
                "activations": (4 / 3) ** (len(depths.FUNNEL) - 2),
                "gradients": (2 / 3) ** (len(depths.FUNNEL) - 2),
            },
            "networks": lab.settings.draws,
        },
        note="Variance of activations from the first to the last of "
        f"{lab.settings.depth} layers, and of gradients back: "
        f"{told_factors(found, names)}. The formula assumes slope 1 and layers of "
        "equal width: where widths halve, a layer multiplies the two variances by 4/3 "
        "and 2/3.",
    )


def judge_sigmoid(lab, found) -> None:
    """Sigmoid layers with Xavier's weights, and with four times these."""
    profiles, wider = found["sigmoid, Xavier"], found["sigmoid, 4 × Xavier"]
    lab.verdict(
        "xavier-for-sigmoid",
        {kind: kept(profiles, kind) for kind in profiles},
        evidence={
            "factor_through_the_layers": factors(
                found, ("sigmoid, Xavier", "sigmoid, 4 × Xavier", "tanh, Xavier")
            ),
            "ratio_of_gradients'_standard_deviations": {
                "Xavier": factor(profiles, "gradients") ** 0.5,
                "4 × Xavier": factor(wider, "gradients") ** 0.5,
            },
        },
        note=f"Through {lab.settings.depth} layers the variance of activations changes "
        f"by × {factor(profiles, 'activations'):.2g}, that between inputs by × "
        f"{factor(profiles, 'between inputs'):.1g}, that of gradients by × "
        f"{factor(profiles, 'gradients'):.1g} (× {factor(wider, 'gradients'):.1g} with "
        "weights four times as large): the sigmoid's slope is at most 1/4, its mean "
        "output 1/2.",
    )


def judge_he(lab, found) -> None:
    """ReLU layers with He's weights, and Keras's sample of them."""
    names = ("ReLU, He", "ReLU, He, halving widths")
    shape = rules.IMAGES, rules.HIDDEN
    kernel, expected = rules.sampled("HeNormal", shape, 1), rules.variance("He", *shape)
    off = rules.errors_off(kernel, expected)
    lab.verdict(
        "he-for-relu",
        {
            "Keras's HeNormal has variance 2/fan_in": off < rules.ERRORS,
            **{
                f"{kind}: {name}": kept(found[name], kind)
                for name in names
                for kind in ("activations", "gradients")
            },
        },
        evidence={
            "variance_784_to_128": {"2/784": expected, "sample": (kernel**2).mean()},
            "standard_errors_off": off,
            "parameters_784_128_10": mlp_mnist_shallow().count_params(),
            "factor_through_the_layers": factors(found, (*names, "ReLU, Xavier")),
        },
        note=f"Activations forward and gradients back: {told_factors(found, names)}. "
        "He's rule counts a layer's inputs only, so that gradients shrink with the "
        "widths. Keras's default for ReLU layers is Xavier's rule all the same: "
        f"{told_factors(found, ['ReLU, Xavier'])}.",
    )


def judge_explosion(lab, found) -> None:
    """Too large and too small weights in four kinds of layers."""
    names = [
        f"{activation}, {rule}"
        for rule in ("N(0, 1)", "N(0, 0.01²)")
        for activation in depths.ACTIVATIONS
    ]
    small = max(
        factor(found[name], kind)
        for name in names[4:]
        for kind in ("activations", "gradients")
    )
    lab.verdict(
        "bad-init-explodes",
        {name: explodes(found[name]) for name in names},
        evidence={
            "factor_through_the_layers": factors(found, names),
            "standard_deviation_of_the_last_activations": {
                name: np.sqrt(found[name]["activations"][:, -1]).mean()
                for name in names
            },
            "ratio_of_gradients'_standard_deviations": {
                name: 10 ** (change(found[name], "gradients").mean() / 2)
                for name in names
            },
            "exploding_from_a_factor_of": 10**depths.EXPLODES,
        },
        note=f"Variance of activations forward and of gradients back: "
        f"{told_factors(found, names[:4])}. With N(0, 0.01²) no factor is above "
        f"{small:.2g}. {10**depths.EXPLODES:g} or more counts as an explosion; bounded "
        "activations bound the signals, not the gradients.",
    )
