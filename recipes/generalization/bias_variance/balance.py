"""Balance: variance for bias, until the model fits every row.

The notes know two kinds of model, one of low bias and high variance and one of high
bias and low variance, and the aim is a balance between them. For polynomials, of which
everything can be computed, and for trees, that is the picture. It has an end: a model
with more coefficients than rows can fit every row in many ways, and the wider it is,
the smoother is the smallest of these fits. Beyond that point bias and variance both
fall (Yang et al., 2020).

Nor is a trade the only way to a lower variance: more rows, and the mean of several
models, leave the bias where it is.
"""

import numpy as np
from sklearn.tree import DecisionTreeRegressor

from recipes.generalization.bias_variance._curve import (
    CURVES,
    bias_and_variance,
    curve,
    hat,
)
from recipes.generalization.bias_variance._features import ROWS, fit, rows, truth
from recipes.lab import Finding, claim, experiment, figures, main, stats

DEGREES = range(1, 21)
PLACES, NOISE = np.linspace(-1, 1, 30), 0.3
TREE_ROWS, DEPTHS = 100, (1, 2, 3, 4, 5, 6, 8)
WIDTHS = (5, 20, 100, 300, 1000)  # of random features; there are 100 rows
INTERPOLATES, WIDE = 100, 1000
MANY = 20  # trees whose mean is taken; and times as many rows


def of_polynomials() -> dict[str, np.ndarray]:
    """Exact bias² and variance by degree, at the places of the rows.

    There a fit is a projection of the targets: its bias can only fall with the degree,
    and its variance is that of the noise times coefficients / rows.
    """
    bias, variance = [], []
    for degree in DEGREES:
        matrix, target = hat(PLACES, degree, PLACES), CURVES["sine"](PLACES)
        bias.append(((matrix @ target - target) ** 2).mean())
        variance.append(NOISE**2 * (matrix**2).sum(1).mean())
    return {"bias²": np.array(bias), "variance": np.array(variance)}


def many(lab, predict, target) -> tuple[float, float]:
    """Bias² and variance of `predict(set)` over the training sets of one seed."""
    values = np.array([predict(number) for number in range(lab.settings.sets // 2)])
    return bias_and_variance(values, target)


@experiment
def of_trees(lab) -> dict[str, np.ndarray]:
    """Bias² and variance of trees, (seeds, depths); and of the two ways out."""
    at = np.linspace(-1, 1, 101)

    def tree(x, y, depth):
        return DecisionTreeRegressor(max_depth=depth).fit(x[:, None], y)

    def one(seed, depth, times=1):
        def predict(number):
            x, y = curve("sine", TREE_ROWS * times, seed=[seed, number, 67])
            return tree(x, y, depth).predict(at[:, None])

        return predict

    def mean_of_many(seed, depth):
        def predict(number):
            x, y = curve("sine", TREE_ROWS, seed=[seed, number, 67])
            rng = np.random.default_rng([seed, number, 68])
            draws = [rng.integers(0, TREE_ROWS, TREE_ROWS) for _ in range(MANY)]
            trees = [tree(x[draw], y[draw], depth) for draw in draws]
            return np.mean([each.predict(at[:, None]) for each in trees], 0)

        return predict

    target, deepest = CURVES["sine"](at), DEPTHS[-1]
    by_depth = [
        [many(lab, one(seed, depth), target) for depth in DEPTHS] for seed in lab.seeds
    ]
    first = lab.seeds[0]
    parts = np.array(by_depth)
    return {
        "bias²": parts[..., 0],
        "variance": parts[..., 1],
        "more rows": np.array(many(lab, one(first, deepest, MANY), target)),
        "mean of many": np.array(many(lab, mean_of_many(first, deepest), target)),
    }


@experiment
def of_features(lab) -> dict[str, np.ndarray]:
    """Bias² and variance of random features, (seeds, widths)."""
    found = []
    for seed in lab.seeds:
        at, _ = rows([seed, 69], 300)

        def predict(number, width, seed=seed, at=at):
            x, y = rows([seed, number, 70])
            return fit(x, y, width, [seed, number, 71], at)[1]

        found.append(
            [
                many(lab, lambda number, w=width, p=predict: p(number, w), truth(at))
                for width in WIDTHS
            ]
        )
    parts = np.array(found)
    return {"bias²": parts[..., 0], "variance": parts[..., 1]}


def balance(parts: dict, middle: int) -> stats.Decision:
    """Whether the better of both ends has a tenth more of error than the middle."""
    total = parts["bias²"] + parts["variance"]
    ends = np.minimum(total[:, 0], total[:, -1])
    return stats.greater(ends, total[:, middle], by=stats.TENTH, scale="log")


@claim(
    "bv-tradeoff",
    "Low bias comes with high variance and high bias with low variance; the goal is a "
    "balance between them.",
    notes="004",
    scope="polynomials and trees on a noisy sine; random features with 100 rows",
)
def trades(lab):
    """What falls and what rises with complexity, before and beyond interpolation."""
    exact, trees, features = of_polynomials(), of_trees(lab), of_features(lab)
    total = exact["bias²"] + exact["variance"]
    best = int(total.argmin())
    full, wide = WIDTHS.index(INTERPOLATES), WIDTHS.index(WIDE)
    narrow = {name: seen[:, : full + 1] for name, seen in features.items()}
    twice = {"by": stats.TWICE, "scale": "log"}
    lab.table(
        "Bias² and variance, means over seeds",
        ["model", "bias²", "variance", "sum"],
        [
            [f"{kind} {size}", *row, sum(row)]
            for kind, sizes, parts in (
                ("polynomial of degree", DEGREES, exact),
                ("tree of depth", DEPTHS, trees),
                ("random features", WIDTHS, features),
            )
            for size, *row in zip(
                sizes,
                *(np.atleast_2d(parts[n]).mean(0) for n in ("bias²", "variance")),
                strict=True,
            )
        ],
    )
    deep = [float(trees[name].mean(0)[-1]) for name in ("bias²", "variance")]
    return Finding(
        {
            "polynomials: bias falls, variance rises, the best lies between": bool(
                (np.diff(exact["bias²"]) < stats.EXACT).all()
                and (np.diff(exact["variance"]) > 0).all()
                and 0 < best < len(total) - 1
            ),
            "trees, shallow to deep: variance at least doubles": stats.greater(
                trees["variance"][:, -1], trees["variance"][:, 0], **twice
            ),
            "trees: the best lies between": balance(trees, DEPTHS.index(4)),
            "random features, up to one a row: variance at least doubles": (
                stats.greater(narrow["variance"][:, -1], narrow["variance"][:, 0],
                              **twice)
            ),
            "random features, up to one a row: the best lies between": balance(
                narrow, WIDTHS.index(20)
            ),
            "random features, beyond one a row: variance at least doubles": (
                stats.greater(features["variance"][:, wide],
                              features["variance"][:, full], **twice)
            ),
        },
        "From one random feature a row to {times} the variance goes from {peak:.3g} to "
        "{after:.3g}, bias² from {peak_bias:.3g} to {after_bias:.3g}. A deep tree "
        "(bias² and variance {deep:.3f}) gets {rows_ratio:.3f} with {many} times the "
        "rows, and the mean of {many} trees {mean_ratio:.3f}.",
        figure=draw_balance,
        times=WIDE // ROWS,
        many=MANY,
        peak=features["variance"][:, full].mean(),
        after=features["variance"][:, wide].mean(),
        peak_bias=features["bias²"][:, full].mean(),
        after_bias=features["bias²"][:, wide].mean(),
        deep=deep,
        rows_ratio=trees["more rows"],
        mean_ratio=trees["mean of many"],
        best_degree=DEGREES[best],
    )  # fmt: skip


def falling(parts: dict[str, np.ndarray], first: int = 0) -> list[str]:
    """Which parts are smaller, in the mean, at the end of a sweep than at a place."""
    means = {name: parts[name].mean(0) for name in ("bias²", "variance")}
    return [name for name, mean in means.items() if mean[-1] < mean[first]]


def draw_balance(lab):
    """Bias², variance and their sum along three sweeps."""
    figure, axes = figures.new(1, 3, width=12.0, height=4.0)
    trees, features = of_trees(lab), of_features(lab)
    depths = "Trees trade" if falling(trees) == ["bias²"] else "Trees by depth"
    fall = falling(features, WIDTHS.index(INTERPOLATES))
    fall = {0: "neither falls", 1: f"{''.join(fall)} falls", 2: "both fall"}[len(fall)]
    sweeps = (
        ("Polynomials trade", DEGREES, of_polynomials(), "degree"),
        (depths, DEPTHS, trees, "depth of the tree"),
        (f"Beyond {ROWS} features {fall}", WIDTHS, features, "features"),
    )
    for axis, (title, sizes, parts, x) in zip(axes, sweeps, strict=True):
        shown = {name: np.atleast_2d(parts[name]) for name in ("bias²", "variance")}
        shown["sum"] = shown["bias²"] + shown["variance"]
        if sizes is WIDTHS:
            axis.set(xscale="log", yscale="log")
            axis.axvline(ROWS, color="#000000", lw=1, ls=":")
        else:
            axis.set(yscale="log", ylim=(1e-3, 1.5))
        figures.curves(axis, list(sizes), shown)
        figures.describe(axis, title, x, "squared error, without the noise")
    lab.figure(
        "balance",
        figure,
        "Bias², variance and their sum by complexity; bands span the seeds. The dotted "
        "line: as many features as rows.",
    )


if __name__ == "__main__":
    main(__file__)
