"""Features: selecting them removes what can be learned by heart, if it is done inside.

Five features of sixty say something; the others are chances to find a pattern that is
none. Three kinds of selection leave features out. A *filter* looks at each by itself; a
*wrapper* asks the model again and again, and drops the least useful; an *embedded*
selection is a part of the fit, as L1 is. How many features to keep is chosen by
cross-validation.

Selecting looks at the labels, so it belongs inside the folds. Done once on all rows, it
has seen the labels that it is then tested on. What that is worth shows where the labels
are drawn at random, and nobody can be right more than half of the time.
"""

import keras
import numpy as np
from sklearn.feature_selection import RFE, SelectFromModel, SelectKBest, f_regression
from sklearn.linear_model import LassoCV, LinearRegression
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from recipes.lab import Finding, Study, claim, experiment, figures, main, stats
from zoo import mlp

ROWS, FEATURES, USEFUL, FRESH = 100, 60, 5, 2000
KEPT = (3, 5, 10, 20, 40)  # how many features a filter and a wrapper may keep
FOLDS = KFold(5)
KINDS = ("filter", "wrapper", "embedded")
ALL = "all features"
network = Study(
    mlp,
    keras.losses.BinaryCrossentropy(from_logits=True),
    "adam",
    # The accuracy of logits: their threshold is 0.
    metrics=[lambda: keras.metrics.BinaryAccuracy(threshold=0.0)],
)


def rows(seed: int) -> dict[str, np.ndarray]:
    """Two classes that five features of sixty tell apart, with noise.

    Returns:
        `x`, `y` to learn from, and `fresh_x`, `fresh_y`; classes are -1 and 1.
    """
    rng = np.random.default_rng([seed, 71])
    x = rng.normal(size=(ROWS + FRESH, FEATURES))
    score = x[:, :USEFUL].sum(1) + rng.normal(0, 1.5, len(x))
    y = np.where(score > 0, 1.0, -1.0)
    found = {"x": x[:ROWS], "y": y[:ROWS], "fresh_x": x[ROWS:], "fresh_y": y[ROWS:]}
    return found


def selection(kind: str) -> GridSearchCV:
    """A selection with a linear model behind it, searched by cross-validation."""
    model = LinearRegression()
    if kind == "embedded":
        chosen = SelectFromModel(LassoCV(cv=FOLDS, max_iter=100_000), threshold=1e-9)
        return GridSearchCV(make_pipeline(chosen, model), {}, cv=FOLDS)
    chosen = {"filter": SelectKBest(f_regression), "wrapper": RFE(model, step=0.2)}[
        kind
    ]
    name = {"filter": "selectkbest__k", "wrapper": "rfe__n_features_to_select"}[kind]
    return GridSearchCV(make_pipeline(chosen, model), {name: list(KEPT)}, cv=FOLDS)


def features_of(kind: str, x, y) -> np.ndarray:
    """The features that a kind of selection keeps, (features,) of True and False."""
    if kind == ALL:
        return np.ones(x.shape[1], bool)
    fitted = selection(kind).fit(x, y).best_estimator_
    return fitted[0].get_support()


def right(scores, y) -> float:
    """The share of scores that are on the side of their class."""
    return float((np.sign(np.ravel(scores)) == y).mean())


def train(case: dict, seed: int, data) -> dict:
    """Selects features on the training rows, and fits both models to what is kept.

    Features that are left out are 0 for the network: its input stays as wide, and the
    weights of a 0 do nothing.

    Returns:
        `kept` and `useful`, how many features are kept and how many of those say
        something; `linear` and `network`, accuracies on training and fresh rows.
    """
    drawn = rows(seed)
    kept = features_of(case["kind"], drawn["x"], drawn["y"])
    model = LinearRegression().fit(drawn["x"][:, kept], drawn["y"])
    linear = [
        right(model.predict(drawn[x][:, kept]), drawn[y])
        for x, y in (("x", "y"), ("fresh_x", "fresh_y"))
    ]
    sets = {
        x: (
            (drawn[x] * kept).astype("float32"),
            (drawn[y][:, None] > 0).astype("int32"),
        )
        for x, y in (("x", "y"), ("fresh_x", "fresh_y"))
    }
    run = network.train(
        sets["x"],
        seed,
        epochs=case["epochs"],
        batch_size=20,
        learning_rate=0.003,
        network={"num_classes": 1, "units": [32], "task": "binary"},
        held_out=sets["fresh_x"],
        score_training=True,
    )
    return {
        "kept": int(kept.sum()),
        "useful": int(kept[:USEFUL].sum()),
        "linear": linear,
        "network": [run["training_binary_accuracy"], run["held_out_binary_accuracy"]],
    }


@experiment
def trained(lab) -> dict[str, list[dict]]:
    """Both models by kind of selection."""
    cases = {k: {"kind": k, "epochs": lab.settings.epochs} for k in (ALL, *KINDS)}
    return lab.sweep(train, cases, data="digits", title="selecting features")


def reported(seed: int) -> dict[str, float]:
    """Accuracy by cross-validation on random labels, selecting inside and outside.

    A thousand features, of which a filter keeps 20; no label has anything to do with
    them.
    """
    rng = np.random.default_rng([seed, 73])
    x, y = rng.normal(size=(ROWS, 1000)), rng.integers(0, 2, ROWS)
    neighbors, chosen = KNeighborsClassifier(5), SelectKBest(f_regression, k=20)
    inside = make_pipeline(chosen, neighbors)
    outside = SelectKBest(f_regression, k=20).fit_transform(x, y)
    return {
        "inside the folds": float(cross_val_score(inside, x, y, cv=FOLDS).mean()),
        "on all rows before": float(
            cross_val_score(neighbors, outside, y, cv=FOLDS).mean()
        ),
    }


@experiment
def leaks(lab) -> dict[str, np.ndarray]:
    """What is reported by place of the selection, one number a draw."""
    found = [reported(seed) for seed in lab.more_seeds(2)]
    return {place: np.array([one[place] for one in found]) for place in found[0]}


# "Prevents overfitting" is judged on fresh rows, as everything here.


@claim(
    "reg-feature-selection",
    "Against overfitting select features: there are many algorithms for it.",
    says="advice",
    hedge="listed as a remedy",
    notes="000",
    scope="100 rows of 60 features, 5 of them useful; a linear model and a network of "
    "32 units; accuracy on fresh rows",
)
def fewer_features_do_better(lab):
    """Accuracy on fresh rows with selected features, against all of them."""
    runs = trained(lab)
    fresh = {
        model: {k: stats.column(found, model)[:, 1] for k, found in runs.items()}
        for model in ("linear", "network")
    }
    table = [
        [
            kind,
            *(f"{stats.column(found, n).mean():.1f}" for n in ("kept", "useful")),
            *(
                f"{stats.column(found, model)[:, place].mean():.1%}"
                for model in ("linear", "network")
                for place in (0, 1)
            ),
        ]
        for kind, found in runs.items()
    ]
    columns = ("features", "kept", "useful", "linear: training", "fresh",
               "network: training", "fresh")  # fmt: skip
    lab.table("Accuracy with selected features", columns, table)
    leaked = {place: float(values.mean()) for place, values in leaks(lab).items()}
    return Finding(
        {
            f"{kind}, a {model if model == 'network' else 'linear model'}: a point "
            "more on fresh rows": stats.greater(
                values[kind], values[ALL], by=stats.ACCURACY_POINT
            )
            for model, values in fresh.items()
            for kind in KINDS
        },
        "On fresh rows a linear model has {linear[0]:.0%} with all features, and "
        "{linear[1]:.0%} to {linear[2]:.0%} with selected ones. The network has "
        "{net[0]:.0%}, and {net[1]:.0%} to {net[2]:.0%}. On random labels "
        "cross-validation reports {inside:.0%} where features are selected in each "
        "fold, and {before:.0%} where they were selected on all rows before.",
        figure=draw_features,
        linear=spread(fresh["linear"]),
        net=spread(fresh["network"]),
        inside=leaked["inside the folds"],
        before=leaked["on all rows before"],
    )


def spread(values: dict[str, np.ndarray]) -> list[float]:
    """Mean accuracies: with all features, and of the selections the least and most."""
    selected = [values[kind].mean() for kind in KINDS]
    return [float(values[ALL].mean()), float(min(selected)), float(max(selected))]


def draw_features(lab):
    """Accuracy on fresh rows by kind; what is reported on random labels by place."""
    figure, (left, right_axes) = figures.new(1, 2, width=10.2, height=3.9)
    runs = trained(lab)
    for index, model in enumerate(("linear", "network")):
        places = np.arange(len(runs)) + 0.19 * (2 * index - 1)
        means = [stats.column(found, model)[:, 1].mean() for found in runs.values()]
        left.bar(
            places,
            means,
            0.36,
            color=figures.COLORS[index],
            hatch=["", "//"][index],
            edgecolor="white",
            label="a linear model" if model == "linear" else "a network",
        )
    left.set_xticks(range(len(runs)), list(runs))
    left.set(ylim=(0.5, 1.0))
    left.yaxis.set_major_formatter("{x:.0%}")
    figures.legend(left, ncols=2, loc="upper center")
    gains = [
        100 * np.mean([run[model][1] - whole[model][1] for run, whole in pairs])
        for model in ("linear", "network")
        for kind in KINDS
        for pairs in [list(zip(runs[kind], runs[ALL], strict=True))]
    ]
    title = f"Selection gains {min(gains):.1f} to {max(gains):.1f} points"
    figures.describe(left, title, "", "accuracy on fresh rows")
    for place, values in enumerate(leaks(lab).values()):
        right_axes.bar(place, values.mean(), 0.5, color=figures.COLORS[2 + place])
        right_axes.plot(np.full(len(values), place), values, "k.", ms=4)
    right_axes.axhline(0.5, color="#000000", lw=1, ls="--")
    right_axes.annotate("chance", (0.5, 0.51), ha="center")
    right_axes.set_xticks(range(2), [f"selected {place}" for place in leaks(lab)])
    right_axes.set(ylim=(0, 1.0), xlim=(-0.5, 1.5))
    right_axes.yaxis.set_major_formatter("{x:.0%}")
    inside, before = (f"{values.mean():.0%}" for values in leaks(lab).values())
    title = f"Random labels: {inside} selected inside, {before} before"
    figures.describe(right_axes, title, "", "reported accuracy")
    lab.figure(
        "features",
        figure,
        "Accuracy on fresh rows by kind of selection; and the accuracy that "
        "cross-validation reports on random labels, by where features are selected.",
    )


if __name__ == "__main__":
    main(__file__)
