"""Memorizing: uneven folds come of small folds and of errors, whoever makes them.

The notes say that a model which does well on some folds and badly on others might be
memorizing. A fold of m samples, of which a share p is classified rightly, has a
standard deviation of √(p(1 − p)/m) by chance alone: small folds are uneven, and so are
folds of a model that makes many errors, memorizing or not. So the spread over folds is
asked to tell a model that memorizes from one that can't: for folds of equal size, first
on the same data, then against a model that errs as often.

How well it tells is the area under the ROC curve: the chance that the memorizer's folds
are the more uneven ones. At 0.5 one may as well toss a coin.
"""

import numpy as np
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import KFold
from sklearn.tree import DecisionTreeClassifier

from recipes.lab import Finding, claim, experiment, figures, main, stats

FOLDS, ROWS, FEATURES = 5, 100, 2
WRONG = 0.2  # share of labels that are wrong: who memorizes learns those
GAP = 2.5  # between the means of the classes
# At a gap g no model is right more often than WRONG + (1 − 2 WRONG)·Φ(g/2): 63 % at
# this one. Fitted to 80 samples the linear model errs there as often as the memorizers.
SMALLER_GAP = 1.2
SIZES = (10, 20, 40, 100)  # samples of a fold, in the figure
WEAK = stats.Threshold(
    "a weak detector",
    0.2,
    "area under the ROC curve above 0.5",
    "at 0.7 the more uneven of two models is the memorizer in 7 of 10 pairs; with less "
    "nobody would act on it.",
)
FEW = 3  # seeds for the sizes of the figure


# A model predicts the classes of new samples from samples with classes.


def nearest(x: np.ndarray, y: np.ndarray, new: np.ndarray) -> np.ndarray:
    """The class of the nearest sample."""
    return y[((new[:, None] - x[None]) ** 2).sum(-1).argmin(1)]


def tree(x: np.ndarray, y: np.ndarray, new: np.ndarray) -> np.ndarray:
    """A tree that splits until each leaf has one class."""
    return DecisionTreeClassifier(random_state=0).fit(x, y).predict(new)


def linear(x: np.ndarray, y: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Least squares on the classes 0 and 1, cut at 1/2."""
    ones, new_ones = (np.column_stack([a, np.ones(len(a))]) for a in (x, new))
    return new_ones @ np.linalg.lstsq(ones, y, rcond=None)[0] > 0.5


MODELS = {
    "nearest neighbor": (nearest, GAP),
    "deep tree": (tree, GAP),
    "linear": (linear, GAP),
    "linear, errs as often": (linear, SMALLER_GAP),
}
PAIRS = {
    "nearest neighbor against linear": ("nearest neighbor", "linear"),
    "deep tree against linear": ("deep tree", "linear"),
    "nearest neighbor against linear that errs as often": (
        "nearest neighbor",
        "linear, errs as often",
    ),
    "deep tree against linear that errs as often": (
        "deep tree",
        "linear, errs as often",
    ),
}


def rows(count: int, gap: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two Gaussians in the plane; a share of the labels is wrong."""
    rng = np.random.default_rng([seed, 97])
    y = rng.integers(2, size=count)
    x = rng.normal(size=(count, FEATURES))
    x[:, 0] += gap * y
    return x, np.where(rng.random(count) < WRONG, 1 - y, y)


def fold_scores(name: str, seed: int, count: int = ROWS) -> tuple[np.ndarray, float]:
    """Accuracy on each fold, and on what the model was trained on, on average."""
    predict, gap = MODELS[name]
    x, y = rows(count, gap, seed)
    scores, training = [], []
    for chosen, test in KFold(FOLDS, shuffle=True, random_state=seed).split(x):
        known = x[chosen], y[chosen]
        scores.append((predict(*known, x[test]) == y[test]).mean())
        training.append((predict(*known, known[0]) == known[1]).mean())
    return np.array(scores), float(np.mean(training))


@experiment
def spreads(lab, count: int = ROWS) -> dict[str, dict[str, np.ndarray]]:
    """By model the standard deviation over folds and more: (seeds, data sets)."""
    found = {}
    for name in MODELS:
        runs = [
            [
                fold_scores(name, 1000 * seed + repeat, count)
                for repeat in range(lab.settings.repeats)
            ]
            for seed in (lab.seeds if count == ROWS else lab.seeds[:FEW])
        ]
        scores = np.array([[run[0] for run in row] for row in runs])
        found[name] = {
            "spread": scores.std(-1, ddof=1),
            "accuracy": scores.mean(-1),
            "training": np.array([[run[1] for run in row] for row in runs]),
        }
    return found


def areas(lab, pair: tuple[str, str]) -> np.ndarray:
    """How well the spread tells the first of two models, one a seed."""
    one, other = (spreads(lab)[name]["spread"] for name in pair)
    labels = np.repeat([1, 0], [one.shape[1], other.shape[1]])
    return np.array(
        [
            roc_auc_score(labels, np.concatenate(values))
            for values in zip(one, other, strict=True)
        ]
    )


@claim(
    "cv-unstable-folds",
    # "If a model performs well on some validation sets but poorly on others, it
    # suggests that the model might be memorizing."
    "Folds on which a model does unevenly suggest that it might memorize the training "
    "data.",
    says="can",
    hedge="might",
    notes="004",
    scope="100 samples in the plane, a fifth with a wrong label, 5 folds of 20",
)
def uneven_folds(lab):
    """Asks whether the spread over folds tells a memorizer from a linear model."""
    found = spreads(lab)
    means = {
        key: {name: float(seen[key].mean()) for name, seen in found.items()}
        for key in ("spread", "accuracy", "training")
    }
    lab.table(
        "Five folds of 20 samples",
        ["model", "training accuracy", "fold accuracy", "spread", "by chance"],
        [
            [name, means["training"][name], p, means["spread"][name],
             float(np.sqrt(p * (1 - p) * FOLDS / ROWS))]
            for name, p in means["accuracy"].items()
        ],
    )  # fmt: skip
    area = {name: areas(lab, pair) for name, pair in PAIRS.items()}
    return Finding(
        {name: stats.against(values, 0.5, by=WEAK) for name, values in area.items()},
        "Folds of a memorizing nearest neighbor spread by "
        "{spread[nearest neighbor]:.3f}, of a linear model by {spread[linear]:.3f}, "
        "and of one that errs as often by "
        "{spread[linear, errs as often]:.3f}. Areas under the ROC curve: {area:.2f}. "
        "The nearest neighbor has {training[nearest neighbor]:.0%} in training, and "
        "{accuracy[nearest neighbor]:.0%} on the folds.",
        figure=draw_spreads,
        spread=means["spread"],
        accuracy=means["accuracy"],
        training=means["training"],
        area={name: values.mean() for name, values in area.items()},
    )


def draw_spreads(lab):
    """The spread over folds by their size, measured and by chance."""
    figure, axes = figures.new(width=8.0, height=4.4)
    axes.set(xscale="log", yscale="log")
    found = {size: spreads(lab, FOLDS * size) for size in SIZES}
    ratios = []
    for index, name in enumerate(MODELS):
        color = figures.COLORS[index]
        spread = [np.sqrt((found[size][name]["spread"] ** 2).mean()) for size in SIZES]
        p = np.array([found[size][name]["accuracy"].mean() for size in SIZES])
        axes.plot(SIZES, spread, "oD^s"[index], color=color, label=name, ls="")
        chance = np.sqrt(p * (1 - p) / SIZES)
        axes.plot(SIZES, chance, color=color, lw=1)
        ratios += list(spread / chance)
    axes.set_xticks(SIZES, [str(size) for size in SIZES])
    axes.minorticks_off()
    ticks = (0.04, 0.06, 0.1, 0.15)
    axes.set_yticks(ticks, [str(tick) for tick in ticks])
    figures.legend(axes)
    times = f"{min(ratios):.2f} to {max(ratios):.2f} times"
    title = f"Folds (marks) are {times} as uneven as by chance alone (lines)"
    y = "standard deviation over folds (accuracy)"
    figures.describe(axes, title, "samples of a fold", y)
    lab.figure(
        "memorizing",
        figure,
        "Standard deviation of the accuracy over 5 folds by the size of a fold, of two "
        "models that memorize and two that don't; lines are √(p(1 − p)/m).",
    )


if __name__ == "__main__":
    main(__file__)
