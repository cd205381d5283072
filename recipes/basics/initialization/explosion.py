"""Explosion: weights that are too large multiply, layer by layer.

With weights of variance 1 a layer of 256 units multiplies the variance of its signals
by up to 256, and the next layer does the same. A bounded activation bounds the
signals, not the gradients: each layer's weights multiply these all the same, and only a
small slope holds them down. Weights that are too small never explode; they vanish.
"""

import numpy as np

from recipes.basics.initialization._flow import (
    ACTIVATIONS,
    Case,
    both_ways,
    change,
    factor,
    factors,
    simulate,
)
from recipes.lab import Finding, claim, main, stats

TOO_LARGE, TOO_SMALL = "N(0, 1)", "N(0, 0.01²)"
CASES = {
    f"{name}, {rule}": Case(name, rule)
    for rule in (TOO_LARGE, TOO_SMALL)
    for name in ACTIVATIONS
}
HUNDREDFOLD = 100.0  # variance; standard deviations grow tenfold
EXPLODES = stats.Threshold(
    "a hundredfold",
    1.0,
    "times a hundredfold growth of variance",
    "signals or gradients ten times as large need another learning rate.",
)


def growth(profiles) -> np.ndarray:
    """By what factor signals or gradients grow, whichever grows more, by network."""
    kinds = [change(profiles, kind) for kind in ("activations", "gradients")]
    return 10 ** np.max(kinds, axis=0)


@claim(
    "bad-init-explodes",
    # "Poor initialization can lead to large gradient values", "may contribute".
    "Poor initial weights can make values and gradients explode.",
    says="can",
    hedge="can",
    notes="002 004",
    scope="12 random networks, 10 layers of 256 units",
)
def poor_weights_explode(lab):
    """Too large weights in four kinds of layers; beside them too small ones."""
    chosen = lab.settings
    found = simulate(CASES, chosen.width, chosen.depth, chosen.draws)
    large = [f"{activation}, {TOO_LARGE}" for activation in ACTIVATIONS]
    small = [f"{activation}, {TOO_SMALL}" for activation in ACTIVATIONS]
    grown = {name: growth(found[name]) for name in large}
    names = [*large, *small]
    lab.table(
        f"Factors of variances through {lab.settings.depth} layers",
        ["activation and weights", "activations", "gradients"],
        [
            [n, *(factor(found[n], k) for k in ("activations", "gradients"))]
            for n in names
        ],
    )
    return Finding(
        {
            name: stats.against(by_draw, HUNDREDFOLD, by=EXPLODES, scale="log")
            for name, by_draw in grown.items()
        },
        "Variance of activations forward and of gradients back: {changes}. With the "
        "opposite error, N(0, 0.01²), no factor is above {small:.2g}. Bounded "
        "activations bound the signals, not the gradients.",
        changes=both_ways(found, large),
        small=max(
            factor(found[name], kind)
            for name in small
            for kind in ("activations", "gradients")
        ),
        factor_through_the_layers=factors(found, names),
        standard_deviation_of_the_last_activations={
            name: np.sqrt(found[name]["activations"][:, -1]).mean() for name in names
        },
        ratio_of_standard_deviations_of_gradients={
            name: 10 ** (change(found[name], "gradients").mean() / 2) for name in names
        },
        exploding_from_a_factor_of=HUNDREDFOLD,
    )


if __name__ == "__main__":
    main(__file__)
