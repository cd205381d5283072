"""Bounds: a bounded activation dampens a gradient's growth and does not end it.

The notes blame ReLU, because it has no bound, and recommend tanh and sigmoid, which
have one. A bound on the outputs makes slopes small where weights are large, and that
dampens; but it bounds no gradient. So each activation is tried with weights of many
sizes: the question is how large they may be until the gradient explodes. ReLU bounded
at 6 shows what the bound alone does.
"""

import numpy as np

from recipes.gradients._watch import FLOWS, middle
from recipes.gradients.exploding._networks import GAINS, TOO_LARGE, ratios
from recipes.lab import Finding, claim, experiment, figures, main, stats

EXPLODES = FLOWS[1]  # the first layer gets more than ten times what the last one gets
IMPROPER = ("2 × He's", TOO_LARGE)  # a little and much too large
SHOWN = ("ReLU", "ReLU6", "tanh", "sigmoid")


def by_gain(lab, name: str) -> np.ndarray:
    """How much the gradient grows with each gain on He's weights, (seeds, gains)."""
    return np.array([ratios(lab)[name, f"{gain:g} × He's"] for gain in GAINS]).T


def first_over(grows: np.ndarray, limit: float) -> float:
    """The gain at which growth first passes a limit.

    Between two gains growth is taken as a power of the gain.

    Args:
        grows: By gain.
        limit: What it is to pass.

    Returns:
        The largest gain where it never does, the smallest where it always does.
    """
    over = np.flatnonzero(grows > limit)
    if not over.size or over[0] == 0:
        return GAINS[0 if over.size else -1]
    pair = slice(over[0] - 1, over[0] + 1)
    return float(
        np.exp(np.interp(np.log(limit), np.log(grows[pair]), np.log(GAINS[pair])))
    )


@experiment
def bearable(lab) -> dict[str, list[float]]:
    """How many times He's weights an activation bears, by seed."""
    return {
        name: [first_over(row, EXPLODES) for row in by_gain(lab, name)]
        for name in SHOWN
    }


@claim(
    "explode-relu-init",
    "ReLU without proper initialization can make gradients explode.",
    says="can",
    hedge="can",
    notes="002 004",
    scope="networks of 10 layers of 256 units on digits, before training",
)
def relu_explodes(lab):
    """Whether ReLU's gradients explode with weights that are too large."""
    found = ratios(lab)
    return Finding(
        {
            weights: stats.against(
                found["ReLU", weights], EXPLODES, by=stats.ANY, scale="log"
            )
            for weights in IMPROPER
        },
        "The first layer's gradient is this many times that of the last: {means:.2g}. "
        "From {from_gain:.1f} times He's weights on it is more than {limit:g} times.",
        figure=draw_bounds,
        means={
            weights: middle(found["ReLU", weights])
            for weights in ("1 × He's", *IMPROPER)
        },
        from_gain=middle(bearable(lab)["ReLU"]),
        limit=EXPLODES,
    )


# That they "can" is one statement, that it is "because" of the missing bound another,
# and the notes hedge the first alone. If it were so, ReLU with a bound would not
# explode where ReLU does.


@claim(
    "explode-relu-unbounded",
    "Where ReLU's gradients explode with improper weights, it is because its output is "
    "not bounded.",
    says="always",
    notes="004",
    scope="networks of 10 layers of 256 units on digits, ReLU bounded at 6, before "
    "training",
)
def bound_would_help(lab):
    """Whether a bound at 6 ends the explosion, where there is one."""
    found, limit = ratios(lab), np.full(len(lab.seeds), EXPLODES)
    means = {
        name: {weights: middle(found[name, weights]) for weights in IMPROPER}
        for name in ("ReLU", "ReLU6")
    }
    return Finding(
        {
            f"{weights}": stats.greater(
                limit, found["ReLU6", weights], by=stats.ANY, scale="log"
            )
            for weights in IMPROPER
            if middle(found["ReLU", weights]) > EXPLODES
        }
        or {"ReLU explodes somewhere": None},
        "A bound ends the explosion with: {holding}; not with: {failing}. First "
        "layer's gradient over the last one's, ReLU: {relu:.1e}; bounded at 6: "
        "{relu6:.1e}. It is the weights that enlarge a gradient, as ReLU's slope is "
        "never above 1.",
        figure=draw_bounds,
        relu=means["ReLU"],
        relu6=means["ReLU6"],
    )


# "Reducing the likelihood": weights that are drawn too large make one network explode
# and another one not. So the size of weights that each bears is compared, seed by seed.


@claim(
    "explode-bounded-activation-fix",
    "Bounded activations, sigmoid and tanh, can reduce the likelihood of exploding "
    "gradients.",
    says="can",
    hedge="can help, reducing the likelihood",
    notes="004",
    scope="networks of 10 layers of 256 units on digits, He's weights times 1 to 20, "
    "before training",
)
def bounded_activations(lab):
    """Whether they bear larger weights than ReLU until the gradient explodes."""
    found, borne = ratios(lab), bearable(lab)
    return Finding(
        {
            name: stats.greater(borne[name], borne["ReLU"], by=stats.TENTH, scale="log")
            for name in ("tanh", "sigmoid")
        },
        "Each bears so many times He's weights before its gradient explodes (at most "
        "{most:g} times were tried): {borne:.1f}. With N(0, 1) the first layer's is "
        "{tanh:.1g} times the last one's with tanh: a bound on the outputs bounds no "
        "gradient.",
        figure=draw_bounds,
        most=GAINS[-1],
        borne={name: middle(row) for name, row in borne.items()},
        tanh=middle(found["tanh", TOO_LARGE]),
        means_with_weights_that_are_too_large={
            name: middle(found[name, TOO_LARGE]) for name in SHOWN
        },
        by_seed=borne,
    )


def draw_bounds(lab):
    """How much gradients grow with weights of each size, with and without a bound."""
    figure, axes = figures.new(width=7.6)
    axes.set(xscale="log", yscale="log", xlim=(GAINS[0], GAINS[-1]))
    axes.set_xticks(list(GAINS), [f"{gain:g}" for gain in GAINS])
    axes.minorticks_off()
    axes.axhline(EXPLODES, color="#000000", lw=0.8)
    figures.curves(axes, GAINS, {name: by_gain(lab, name) for name in SHOWN})
    ends = {name: middle(by_gain(lab, name)[:, -1]) for name in SHOWN}
    relu, bounded = ends.pop("ReLU"), list(ends.values())
    damped = "dampens" if max(bounded) < relu else "does not always dampen"
    title = f"A bound {damped} the growth of gradients"
    if min(bounded) > EXPLODES:
        title += ", large weights win"
    label = "gradient, first layer over last (line: 10)"
    figures.describe(axes, title, "starting weights, in multiples of He's", label)
    lab.figure(
        "bounds",
        figure,
        "How much the gradient grows from the last layer to the first, with the range "
        "over seeds, by starting weights. ReLU6, tanh and sigmoid are bounded.",
    )


if __name__ == "__main__":
    main(__file__)
