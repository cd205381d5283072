"""Leave one out: as many fits as samples, little bias, and variance that depends.

With k folds each fit misses one k-th of the samples. A model fitted to fewer samples is
worse, so the estimate is too high an error: that is bias, and it shrinks as k grows,
up to k = n, where each fit misses a single sample. The other part is variance: how much
the estimate moves from data set to data set about its own mean. Both make up the root
mean square error, and here they are measured apart, for a linear model and for two
learners that a few samples can change: the nearest neighbor and a tree.

The truth is the squared error on new rows of the model that is fitted to all rows.
"""

import numpy as np
from sklearn.model_selection import KFold
from sklearn.tree import DecisionTreeRegressor

from recipes.lab import Finding, claim, experiment, figures, main, stats

ROWS, FEATURES, NOISE, NEW = 30, 8, 1.0, 2000
FOLDS = (2, 5, 10, ROWS)
NAMES = {2: "2 folds", 5: "5 folds", 10: "10 folds", ROWS: "leave-one-out"}
PENALTY = 1.0  # of ridge regression


# A learner predicts for new rows from rows with targets.


def ridge(x: np.ndarray, y: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Ridge regression with a constant that is not penalized."""
    centered = x - x.mean(0)
    products = centered.T @ centered + PENALTY * np.eye(x.shape[1])
    weights = np.linalg.solve(products, centered.T @ (y - y.mean()))
    return y.mean() + (new - x.mean(0)) @ weights


def nearest(x: np.ndarray, y: np.ndarray, new: np.ndarray) -> np.ndarray:
    """The target of the nearest row."""
    distance = (x**2).sum(1) - 2 * new @ x.T  # and the new row's own length
    return y[distance.argmin(1)]


def tree(x: np.ndarray, y: np.ndarray, new: np.ndarray) -> np.ndarray:
    """A tree that splits until each leaf is one row."""
    return DecisionTreeRegressor(random_state=0).fit(x, y).predict(new)


LEARNERS = {"ridge": ridge, "nearest neighbor": nearest, "tree": tree}


def rows(count: int, seed: int, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gaussian rows, and a linear target with noise."""
    rng = np.random.default_rng([seed, 93])
    x = rng.normal(size=(count, FEATURES))
    return x, x @ weights + NOISE * rng.normal(size=count)


def estimate(learner, x, y, folds: int, seed: int) -> float:
    """The mean squared error over the folds."""
    splits = KFold(folds, shuffle=True, random_state=seed).split(x)
    errors = [
        ((learner(x[training], y[training], x[test]) - y[test]) ** 2).mean()
        for training, test in splits
    ]
    return float(np.mean(errors))


@experiment
def estimates(lab, learner: str) -> dict[str, np.ndarray]:
    """Estimates by folds, and "truth": (seeds, data sets)."""
    predict = LEARNERS[learner]
    found: dict[str, list] = {name: [] for name in [*NAMES.values(), "truth"]}
    for seed in lab.seeds:
        series: dict[str, list[float]] = {name: [] for name in found}
        for repeat in range(lab.settings.repeats):
            number = 1000 * seed + repeat
            weights = np.random.default_rng([number, 94]).normal(size=FEATURES)
            weights /= np.linalg.norm(weights)
            x, y = rows(ROWS, 2 * number, weights)
            for folds, name in NAMES.items():
                series[name].append(estimate(predict, x, y, folds, number))
            new_x, new_y = rows(NEW, 2 * number + 1, weights)
            truth = ((predict(x, y, new_x) - new_y) ** 2).mean()
            series["truth"].append(float(truth))
        for name, values in series.items():
            found[name].append(values)
    return {name: np.array(values) for name, values in found.items()}


def typical(found: dict[str, np.ndarray], name: str) -> np.ndarray:
    """Root mean square distance from the truth, one a seed."""
    return np.sqrt(((found[name] - found["truth"]) ** 2).mean(1))


def parts(found: dict[str, np.ndarray], name: str) -> dict[str, float]:
    """Bias and standard deviation of an estimate's distance from the truth."""
    misses = found[name] - found["truth"]
    return {"bias": float(misses.mean()), "deviation": float(misses.std())}


@claim(
    "cv-loo",
    "Leave-one-out is expensive, and can give very accurate results on small data.",
    says="can",
    hedge="can",
    notes="004",
    scope="30 rows of 8 features, a linear target; 20 data sets a seed",
)
def leaving_one_out(lab):
    """Compares its error with that of 5 and 10 folds, for three learners."""
    found = {name: estimates(lab, name) for name in LEARNERS}
    by_parts = {
        learner: {name: parts(seen, name) for name in NAMES.values()}
        for learner, seen in found.items()
    }
    rms = {
        learner: {name: float(typical(seen, name).mean()) for name in NAMES.values()}
        for learner, seen in found.items()
    }
    lab.table(
        "Estimates of the squared error: bias, standard deviation, root mean square",
        ["learner", "folds", "fits", "bias", "deviation", "root mean square"],
        [
            [
                learner,
                name,
                folds,
                *by_parts[learner][name].values(),
                rms[learner][name],
            ]
            for learner in LEARNERS
            for folds, name in NAMES.items()
        ],
    )
    return Finding(
        {
            f"{learner}: more accurate than {NAMES[folds]}": stats.greater(
                typical(seen, NAMES[folds]),
                typical(seen, NAMES[ROWS]),
                by=stats.TENTH,
                scale="log",
            )
            for learner, seen in found.items()
            for folds in (5, 10)
        },
        "For ridge leave-one-out misses the true squared error by "
        "{ridge[leave-one-out]:.2f}, 5 folds by {ridge[5 folds]:.2f}, with {fits} fits "
        "in place of 5. Nearest neighbor: {neighbor}; tree: {tree}. Its bias is "
        "{bias:+.2f}, that of 2 folds {two:+.2f}. It is more accurate for: {holding}.",
        figure=draw_parts,
        ridge=rms["ridge"],
        fits=ROWS,
        neighbor={name: round(v, 2) for name, v in rms["nearest neighbor"].items()},
        tree={name: round(v, 2) for name, v in rms["tree"].items()},
        bias=by_parts["ridge"][NAMES[ROWS]]["bias"],
        two=by_parts["ridge"][NAMES[2]]["bias"],
        parts=by_parts,
    )


# "It simply shrinks the training data": each fit has fewer rows, and so the estimated
# error should be too high. With one row less that should not matter.


@claim(
    "cv-shrinks-training",
    "Cross-validation shrinks the training data, the rest being used for the test.",
    notes="000",
    scope="30 rows of 8 features, ridge regression; 20 data sets a seed",
)
def fewer_rows_to_learn_from(lab):
    """Counts the rows of every fit, and asks how much too high the error seems."""
    found = estimates(lab, "ridge")
    means = {name: values.mean(1) for name, values in found.items()}
    counts = {
        folds: {len(training) for training, _ in KFold(folds).split(np.empty(ROWS))}
        for folds in FOLDS
    }
    return Finding(
        {
            "each fit has (k − 1)/k of the rows": all(
                sizes == {ROWS * (folds - 1) // folds}
                for folds, sizes in counts.items()
            ),
            **{
                f"{NAMES[folds]}: the error seems a tenth too high": stats.greater(
                    means[NAMES[folds]], means["truth"], by=stats.TENTH, scale="log"
                )
                for folds in FOLDS
            },
        },
        "With 2 folds each fit has {half} of {all} rows, and the squared error seems "
        "{two:.2f}, where it is {truth:.2f}; with 5 folds {five:.2f}, with "
        "leave-one-out {one:.2f}.",
        figure=draw_parts,
        half=ROWS // 2,
        all=ROWS,
        two=means["2 folds"].mean(),
        five=means["5 folds"].mean(),
        one=means["leave-one-out"].mean(),
        truth=means["truth"].mean(),
    )


def draw_parts(lab):
    """Bias and standard deviation by folds, for each learner."""
    figure, axes = figures.new(1, 3, width=11.5, height=3.8)
    for panel, learner in zip(axes, LEARNERS, strict=True):
        found = estimates(lab, learner)
        values = [parts(found, name) for name in NAMES.values()]
        for index, (part, label) in enumerate(
            (("bias", "bias"), ("deviation", "standard deviation"))
        ):
            style = {"color": figures.COLORS[index], "ls": figures.LINES[index]}
            panel.plot(range(4), [v[part] for v in values], "o", label=label, **style)
        panel.set_xticks(range(4), ["2", "5", "10", f"{ROWS}\n(leave one out)"])
        panel.axhline(0, color="#000000", lw=0.8, ls=":")
        best = min(NAMES.values(), key=lambda name: typical(found, name).mean())
        title = f"{learner.capitalize()}: {best} nearest"
        y = "squared error, minus the true one" if panel is axes[0] else ""
        figures.describe(panel, title, "folds", y)
    figures.legend(axes[0])
    lab.figure(
        "leave_one_out",
        figure,
        "Bias and standard deviation of the estimated squared error by the number of "
        "folds, for ridge regression, the nearest neighbor and a tree.",
    )


if __name__ == "__main__":
    main(__file__)
