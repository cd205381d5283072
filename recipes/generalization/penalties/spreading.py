"""Spreading: L2 shares a weight out among features that say the same.

Where two features say the same, only the sum of their weights matters to the loss. L2
makes the sum of squares least, which two equal halves are; L1 does not care how a sum
is shared, and its solver puts all on one. But where features say different things, L2
has nothing to share out: it shrinks each weight, and large and small stay as unequal.
"""

import numpy as np
from sklearn.linear_model import Lasso

from recipes.generalization.penalties._linear import (
    FEATURES,
    evenness,
    problem,
    ridge,
    ridge_by_folds,
)
from recipes.generalization.penalties._networks import LABELS, STRENGTHS, case_of, train
from recipes.lab import Finding, claim, experiment, figures, main, stats

ROWS = 60
TIMES = 4  # linear problems a seed
ROUNDING = 1e-9  # what the solver leaves of a weight that it has set to 0
EQUAL = 1e-9  # weights of size 1 after solving equations in float64
PAIR = 1.0  # each of two features that say the same has this weight


def pair(seed: int, correlation: float, rows: int = ROWS):
    """Two features of weight 1 that are correlated, or equal where it is 1."""
    rng = np.random.default_rng([seed, 41])
    first, other, noise = rng.normal(size=(3, rows))
    second = correlation * first + np.sqrt(1 - correlation**2) * other
    x = np.stack([first, second], 1)
    return x, x @ [PAIR, PAIR] + 0.5 * noise


def lasso(x, y) -> np.ndarray:
    """The Lasso's weights at a small strength."""
    model = Lasso(alpha=0.02, fit_intercept=False, tol=1e-8, max_iter=100_000)
    return model.fit(x, y).coef_


# That L1 drops one of two features that matter equally is our own addition: it is what
# to know before reading zeros as "useless".


@claim(
    "reg-l1-correlated-drop",
    "L1 can drop a feature that matters, if another one says the same.",
    says="can",
    hedge="can",
    notes="ours",
    scope="linear regression on 60 rows, two features of equal weight",
)
def one_of_two_is_dropped(lab):
    """Whether the Lasso keeps one of two equal or correlated features."""
    x, y = pair(lab.seeds[0], 1.0)
    order = {"as given": lasso(x, y), "other order": lasso(x[:, ::-1], y)}
    seeds = lab.more_seeds(TIMES)
    near = np.array([lasso(*pair(seed, 0.999)) for seed in seeds])
    apart = np.array([lasso(*pair(seed, 0.9)) for seed in seeds])
    dropped = {
        c: (np.abs(w) < ROUNDING).any(1).mean()
        for c, w in (("0.999", near), ("0.9", apart))
    }
    return Finding(
        {
            "two equal features": bool((np.abs(order["as given"]) < ROUNDING).any()),
            "correlated by 0.999: in some draw": stats.above(dropped["0.999"], 0),
            "correlated by 0.9: in some draw": stats.above(dropped["0.9"], 0),
        },
        "Of two equal features of weight 1 each, the Lasso gives {lasso:.2f}, in "
        "either order, and ridge {ridge:.2f}. Where the two are correlated, one is "
        "dropped in this share of draws: {dropped:.0%}.",
        lasso=order["as given"],
        other_order=order["other order"],
        ridge=ridge(x, y, 1.0),
        dropped=dropped,
    )


@experiment
def networks(lab) -> dict[str, dict[float, list[dict]]]:
    """Networks by labels and strength of L2, without a penalty behind 0."""
    found = {}
    for words, wrong in LABELS.items():
        cases = {
            strength: case_of(lab, strength, wrong=wrong)
            for strength in (0.0, 1e-3, 1e-2)
        }
        found[words] = lab.sweep(train, cases, title=words)
    return found


# Orthogonal features are the case without anything to share: by formula each weight is
# multiplied by the same factor. Of the networks, the first kernel counts, which is what
# the importance of inputs goes through.


@claim(
    "reg-l2-spreads",
    "L2 distributes importance more evenly among the features.",
    says="always",
    notes="000 004",
    scope="linear regression of 2 features on 20 rows and of 20 on 60; a network of "
    "128 units on 300 digits, L2 of 0.01",
)
def weights_are_more_even(lab):
    """How many weights carry the sum, with L2 and without."""
    seeds = lab.more_seeds(TIMES)
    pairs = [pair(seed, 0.99, 20) for seed in seeds]
    alike = [
        [evenness(weights) for weights in (ridge(*rows, 0.0), ridge_by_folds(*rows)[0])]
        for rows in pairs
    ]
    many = [problem(seed, ROWS) for seed in seeds]
    fitted = [(ridge(p.x, p.y, 0.0), ridge_by_folds(p.x, p.y)[0]) for p in many]
    twenty = [[evenness(weights) for weights in both] for both in fitted]
    equal = ridge(*pair(seeds[0], 1.0), 1.0)
    x = np.linalg.qr(many[0].x)[0]  # orthogonal columns
    y = x @ np.arange(1, FEATURES + 1)
    straight = [evenness(ridge(x, y, strength)) for strength in (0.0, 1.0)]
    more = {
        "two features correlated by 0.99": np.transpose(alike),
        "20 independent features, 5 useful": np.transpose(twenty),
        **{
            f"a network, {words}": [
                stats.column(networks(lab)[words][s], "evenness") for s in (0.0, 1e-2)
            ]
            for words in LABELS
        },
    }
    means = {name: [float(np.mean(v)) for v in values] for name, values in more.items()}
    return Finding(
        {
            **{
                f"{name}: more even": stats.greater(after, before, by=stats.TENTH,
                                                    scale="log")
                for name, (before, after) in more.items()
            },
            "orthogonal features: more even": bool(straight[1] > straight[0] + 1e-9),
            "two equal features: equal weights": stats.close(*equal, EQUAL),
        },
        "More even: {holding}. With L2 {pair[1]:.0%} of two correlated weights carry "
        "their sum, without it {pair[0]:.0%}; in the network {network[1]:.0%} and "
        "{network[0]:.0%}. All of them: {means:.2f}. Orthogonal features are shrunk by "
        "one factor ({straight:.2f}): L2 shares out only what features say together.",
        figure=draw_evenness,
        pair=means["two features correlated by 0.99"],
        network=means["a network, right labels"],
        means=means,
        straight=straight,
    )  # fmt: skip


@claim(
    "reg-l2-shrinks",
    "L2 shrinks the weights.",
    says="is",
    notes="004",
    scope="linear regression of 20 features on 60 rows; a network of 128 units on 300 "
    "digits, L2 of 0.001 and 0.01",
)
def weights_shrink(lab):
    """The norm of the weights by the strength of the penalty."""
    path = np.array(
        [
            [ridge(p.x, p.y, s) for s in (0.0, *STRENGTHS, 1.0, 10.0, 100.0)]
            for p in (problem(s, ROWS, correlation=0.7) for s in lab.seeds)
        ]
    )
    norms = np.linalg.norm(path, axis=2)
    single = np.abs(path[:, -1]) > np.abs(path[:, 0])
    shorter, means = {}, {}
    for words in LABELS:
        runs = networks(lab)[words]
        means[words] = [
            float(stats.column(found, "norm").mean()) for found in runs.values()
        ]
        for strength in list(runs)[1:]:
            shorter[f"a network, {words}, L2 {strength:g}: shorter by a tenth"] = (
                stats.greater(
                    stats.column(runs[0.0], "norm"),
                    stats.column(runs[strength], "norm"),
                    by=stats.TENTH,
                    scale="log",
                )
            )
    return Finding(
        {"linear: a larger penalty, a shorter vector": bool((np.diff(norms) < 0).all()),
         **shorter},
        "Norm of a network's kernels without L2, with 0.001 and with 0.01: "
        "{means:.1f}. Of single weights of correlated features {single:.0%} are larger "
        "with a strength of 100 than without.",
        means=means,
        single=float(single.mean()),
        linear_norms=norms.mean(0),
    )  # fmt: skip


@claim(
    "reg-l2-keeps-all",
    "L2 eliminates no weight completely.",
    says="is",
    notes="004",
    scope="linear regression of 20 features, 5 of them useful, on 60 rows; strength by "
    "5-fold cross-validation",
)
def no_weight_is_zero(lab):
    """Counts weights of ridge that are exactly 0."""
    fits = [
        ridge_by_folds(p.x, p.y)[0]
        for p in (problem(seed, ROWS) for seed in lab.more_seeds(TIMES))
    ]
    sizes = np.abs(fits)
    return Finding(
        {"no weight of ridge is exactly 0": bool((sizes > 0).all())},
        "Of {count} weights {zeros} are 0; the smallest is {least:.1e}.",
        count=sizes.size,
        zeros=int((sizes == 0).sum()),
        least=sizes.min(),
    )


def draw_evenness(lab):
    """The weights of two correlated features by strength, of ridge and of the Lasso."""
    figure, (left, right) = figures.new(1, 2, width=9.6, height=3.8)
    x, y = pair(lab.seeds[0], 1.0)
    strengths = np.logspace(0, 3, 40)
    of_ridge = np.array([ridge(x, y, s) for s in strengths])
    l1 = [
        Lasso(alpha=s / ROWS, fit_intercept=False, max_iter=100_000) for s in strengths
    ]
    of_lasso = np.array([model.fit(x, y).coef_ for model in l1])
    for axes, weights, title in (
        (left, of_ridge, "L2 gives two equal features equal weights"),
        (right, of_lasso, "L1 gives one of them all"),
    ):
        axes.set_xscale("log")
        axes.set(ylim=(-0.1, 2.2))
        for index, values in enumerate(weights.T):
            axes.plot(
                strengths,
                values,
                color=figures.COLORS[index],
                linestyle=figures.LINES[index],
                label=f"feature {index + 1}",
            )
        figures.describe(axes, title, "strength of the penalty", "weight")
    figures.legend(right, loc="upper right")
    lab.figure(
        "pairs",
        figure,
        "Weights of two equal features by the strength of an L2 and an L1 penalty.",
    )


if __name__ == "__main__":
    main(__file__)
