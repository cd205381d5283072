"""Stacking: a network and a random forest, weighed by what they say of left-out rows.

The notes advise to complement a network with an ensemble such as a random forest where
there are outliers, as a baseline or in a stack. A stack must know how good its members
are. On their own rows that cannot be seen: a forest nearly knows them by heart. So each
member predicts every fifth of the rows after learning from the other four (out of
fold), and the stack takes the weights with the least absolute error there. Absolute,
because the left-out rows have outliers, too.

The forest is one that bears outliers: its leaves are medians of at least twenty rows.
The network has the squared error, which does not bear them, or Huber's loss, which
does. What is judged is the distance to the clean target on new rows.
"""

import keras
import numpy as np
from sklearn.datasets import make_friedman1
from sklearn.ensemble import RandomForestRegressor
from sklearn.model_selection import KFold

from recipes.lab import Finding, Study, claim, experiment, figures, main, stats
from recipes.practice.ensembles._members import BATCH, RATES, TUNED
from zoo import mlp

SHARE, OFF = 0.1, 20.0  # outliers, and how far they are off: deviations of y
LOSSES = {"squared error": "mse", "Huber's loss": "huber"}
NEW_ROWS, NOISE, TREES = 2000, 1.0, 50
WEIGHTS = np.linspace(0, 1, 21)  # of the network; the rest is the forest's

studies = {loss: Study(mlp, loss, "adam") for loss in LOSSES.values()}


def rows(count: int, seed: int, share: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Friedman's curved target of five features in ten, of unit variance.

    Args:
        count: Rows.
        seed: Of features, noise and outliers.
        share: Rows thrown `OFF` units up; without any the target has no noise.
    """
    x, clean = make_friedman1(count, random_state=seed)
    x, y = x.astype("float32"), (clean - 14.4) / 4.9
    if share:
        rng = np.random.default_rng([seed, 87])
        y = y + NOISE / 4.9 * rng.normal(size=count)
        y[rng.choice(count, round(share * count), replace=False)] += OFF
    return x, y.astype("float32")


def predict_network(case: dict, x, y, new: list, seed: int) -> list[np.ndarray]:
    """A network's predictions for some sets of rows."""
    found = studies[case["loss"]].train(
        (x, y[:, None]),
        seed,
        epochs=case["epochs"],
        batch_size=BATCH,
        learning_rate=case["learning_rate"],
        network={"num_classes": 1, "units": [64], "task": "regression"},
        measure=lambda model: [
            keras.ops.convert_to_numpy(model(one, training=False))[:, 0].tolist()
            for one in new
        ],
    )
    return [np.array(one) for one in found["measured"]]


def predict_forest(case: dict, x, y, new: list, seed: int) -> list[np.ndarray]:
    """A forest's predictions for some sets of rows."""
    forest = RandomForestRegressor(
        TREES, min_samples_leaf=20, criterion="absolute_error", random_state=seed
    )
    forest.fit(x, y)
    return [forest.predict(one) for one in new]


def best_weight(y, first, second) -> float:
    """The weight of the first prediction with the least absolute error."""
    errors = [np.abs(w * first + (1 - w) * second - y).mean() for w in WEIGHTS]
    return float(WEIGHTS[int(np.argmin(errors))])


def distance(prediction, clean) -> float:
    """Root of the mean squared distance."""
    return float(np.sqrt(((prediction - clean) ** 2).mean()))


def train(case: dict, seed: int, data=None) -> dict:
    """Stacks a network and a forest.

    Args:
        case: `loss` of the network, `rows`, `learning_rate`, `epochs`, and `stacked`:
            whether to go on behind the network.
        seed: Decides the rest.
        data: Not read.

    Returns:
        Distances to the clean target on new rows: `network`, `forest`, `stack`, and
        `stack in sample`; and both stacks' `weight` and `weight in sample`.
    """
    x, y = rows(case["rows"], 2 * seed, SHARE)
    x_new, clean = rows(NEW_ROWS, 2 * seed + 1)
    own, new = predict_network(case, x, y, [x, x_new], seed)
    found = {"network": distance(new, clean)}
    if not case["stacked"]:
        return found
    own_forest, new_forest = predict_forest(case, x, y, [x, x_new], seed)
    left_out = np.zeros((2, len(x)))
    folds = KFold(5, shuffle=True, random_state=seed)
    for fold, (learn, leave) in enumerate(folds.split(x)):
        for member, predict in enumerate((predict_network, predict_forest)):
            given = (x[learn], y[learn], [x[leave]], 100 * seed + fold)
            (left_out[member, leave],) = predict(case, *given)
    weight, in_sample = best_weight(y, *left_out), best_weight(y, own, own_forest)
    return {
        **found,
        "forest": distance(new_forest, clean),
        "stack": distance(weight * new + (1 - weight) * new_forest, clean),
        "stack in sample": distance(
            in_sample * new + (1 - in_sample) * new_forest, clean
        ),
        "weight": weight,
        "weight in sample": in_sample,
    }


@experiment
def stacks(lab) -> dict[str, dict[str, np.ndarray]]:
    """The network's loss to distances and weights, one a seed."""
    shared = {"rows": lab.settings.rows, "epochs": 2 * lab.settings.epochs}
    grid = {
        words: {
            rate: {"loss": loss, "learning_rate": rate, "stacked": False, **shared}
            for rate in RATES
        }
        for words, loss in LOSSES.items()
    }
    best = lab.choose(
        train, grid, score="network", seeds=TUNED, title="rates of the network"
    )
    cases = {
        words: {**grid[words][rate], "stacked": True} for words, rate in best.items()
    }
    found = lab.sweep(train, cases, title="stacks")
    return {words: stats.columns(runs) for words, runs in found.items()}


@claim(
    "ens-stacking",
    "Where there are outliers, complement the network with an ensemble such as a "
    "random forest, in a stack.",
    says="advice",
    hedge="use",
    notes="002",
    scope="300 rows of Friedman's target, 10 % of them 20 standard deviations off; 64 "
    "hidden units, 50 trees of medians",
)
def weighed_out_of_fold(lab):
    """The stack against the network that it complements."""
    found = stacks(lab)
    names = ("network", "forest", "stack", "stack in sample")
    lab.table(
        "Distance to the clean target on new rows, mean over seeds",
        ("network's loss", *names, "weight of the network", "the same in sample"),
        [
            [words, *(float(seen[name].mean()) for name in names),
             float(seen["weight"].mean()), float(seen["weight in sample"].mean())]
            for words, seen in found.items()
        ],
    )  # fmt: skip

    def means(name):
        return {words: seen[name].mean() for words, seen in found.items()}

    # The notes complement a network, so the rival is the network alone: the forest is
    # half of what they advise. How the stack fares against the better member is shown.
    better = {
        words: min(("network", "forest"), key=lambda member: seen[member].mean())
        for words, seen in found.items()
    }
    return Finding(
        {
            f"{words}: a tenth nearer than the network alone": stats.greater(
                seen["network"], seen["stack"], by=stats.TENTH, scale="log"
            )
            for words, seen in found.items()
        },
        "Distance to the clean target in standard deviations, by the network's loss: "
        "stack {stack:.2f}; network {network:.2f}; forest {forest:.2f}. The "
        "better member's distance over the stack's: {against_better:.2f}.",
        figure=draw_stacks,
        stack=means("stack"),
        network=means("network"),
        forest=means("forest"),
        better=better,
        against_better={
            words: float(np.exp(np.log(seen[better[words]] / seen["stack"]).mean()))
            for words, seen in found.items()
        },
        in_sample=means("stack in sample"),
        weight=means("weight"),
        weight_in_sample=means("weight in sample"),
    )


def draw_stacks(lab):
    """Distances by member and the network's loss."""
    figure, panels = figures.new(1, 2, width=10.0, height=3.4)
    names = ("network", "forest", "stack", "stack in sample")
    for axes, (words, seen) in zip(panels, stacks(lab).items(), strict=True):
        for row, name in enumerate(names):
            color = figures.COLORS[1 if name == "stack" else 0]
            axes.plot(seen[name], [row] * len(seen[name]), "o", color=color, alpha=0.35)
            axes.plot(seen[name].mean(), row, "|", color=color, markersize=18, mew=3)
        named = list(names) if axes is panels[0] else [""] * len(names)
        axes.set_yticks(range(len(names)), named)
        axes.set(ylim=(len(names) - 0.5, -0.5))
        best = min(names, key=lambda name, seen=seen: seen[name].mean())
        title = f"{words[0].upper()}{words[1:]}: nearest is the {best}"
        figures.describe(axes, title, "distance to the clean target (sd of y)", "")
    lab.figure(
        "stacks",
        figure,
        "Distance to the clean target on new rows of a network, a forest, and their "
        "stacks weighed out of fold or in sample; bars are means, dots seeds.",
    )


if __name__ == "__main__":
    main(__file__)
