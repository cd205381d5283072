"""Sparsity: a minimum with zeros is one thing, a training that reaches them another.

The slope of |w| is the same however small w is. Next to 0 it outweighs what a useless
weight gains, so the minimum of the penalized loss lies at exactly 0. Gradient descent
does not get there: its steps have a length, and it jumps back and forth across 0. A
*proximal* step does: it follows the loss alone, then moves every weight toward 0 by
rate times strength, and leaves it there if it would cross. In Keras that is a
constraint, because a constraint is applied after every update.
"""

import keras
import numpy as np
from sklearn.linear_model import Lasso, LassoCV

from recipes.generalization.penalties._linear import (
    FEATURES,
    FOLDS,
    USEFUL,
    Problem,
    problem,
    soft_threshold,
)
from recipes.lab import Finding, Study, claim, experiment, figures, main, stats

ROWS = 100
TIMES = 4  # problems a seed: a Lasso costs nothing
# What the Lasso is tried on: rows, and the correlation of neighboring features.
PROBLEMS = {
    "100 rows": {"rows": ROWS},
    "1,000 rows": {"rows": 1000},
    "100 rows, neighbors correlated by 0.7": {"rows": ROWS, "correlation": 0.7},
}
RULES = ("least error", "one standard error")
STRENGTH = 0.2  # of L1 against half the mean square, for the trainings
RATE = 0.01
MOST = stats.Threshold(
    "any more than half",
    0.0,
    "share of useless features",
    "to remove features is to remove most of the useless ones; the difference to a "
    "half counts, whatever its size.",
)


def lasso(given: Problem, rule: str = "least error") -> np.ndarray:
    """The Lasso's weights, of a strength that cross-validation in the rows chose.

    Args:
        given: The rows.
        rule: The strength of "least error", or the largest whose error is within "one
            standard error" of the least.
    """
    model = LassoCV(cv=FOLDS, fit_intercept=False).fit(given.x, given.y)
    if rule == "least error":
        return model.coef_
    means, best = model.mse_path_.mean(1), model.mse_path_.mean(1).argmin()
    allowed = means[best] + model.mse_path_[best].std(ddof=1) / np.sqrt(FOLDS)
    strength = max(model.alphas_[means <= allowed])
    return Lasso(strength, fit_intercept=False).fit(given.x, given.y).coef_


def keep_fitting(given: Problem, strength: float) -> np.ndarray:
    """The weights that minimize mean (y - xw)² / 2 + strength * sum |w|, by steps.

    Each step goes down the loss and then toward 0: see the proximal step below.
    """
    rows = len(given.x)
    hessian, pull = given.x.T @ given.x / rows, given.x.T @ given.y / rows
    rate, weights = 1 / np.linalg.eigvalsh(hessian)[-1], np.zeros(FEATURES)
    for _ in range(5000):
        stepped = weights - rate * (hessian @ weights - pull)
        weights = soft_threshold(stepped, rate * strength)
    return weights


@experiment
def fits(lab) -> dict[tuple[str, str], np.ndarray]:
    """Weights by problem and rule, (draws, features), with the truth behind "truth"."""
    found = {}
    for name, settings in PROBLEMS.items():
        drawn = [problem(seed, **settings) for seed in lab.more_seeds(TIMES)]
        found[name, "truth"] = np.array([one.truth for one in drawn])
        for rule in RULES:
            found[name, rule] = np.array([lasso(one, rule) for one in drawn])
    return found


# An exact zero is a matter of counting: the solvers set weights to 0.0, not near it.


@claim(
    "reg-l1-sparse",
    "An L1 penalty can shrink some weights to exactly zero.",
    says="can",
    hedge="can shrink some weights to zero",
    notes="001 004",
    scope="linear regression of 20 features, 5 of them useful; strength chosen by "
    "5-fold cross-validation",
)
def some_weights_are_zero(lab):
    """Counts weights that are exactly 0 in the Lasso's minimum."""
    zeros = {name: (fits(lab)[name, "least error"] == 0).sum(1) for name in PROBLEMS}
    return Finding(
        {
            f"{name}: zeros in every draw": bool(count.min() > 0)
            for name, count in zeros.items()
        },
        "On {rows} rows {first:.1f} of {features} weights are exactly 0 in the mean, "
        "of which {useless} are useless. All: {means:.1f}.",
        rows=ROWS,
        first=zeros["100 rows"].mean(),
        features=FEATURES,
        useless=FEATURES - USEFUL,
        means={name: count.mean() for name, count in zeros.items()},
        least={name: int(count.min()) for name, count in zeros.items()},
    )


def both(found: dict, name: str, rule: str) -> np.ndarray:
    """The share of useless features removed; 0 where a useful one is removed, too."""
    removed, useful = found[name, rule] == 0, found[name, "truth"] != 0
    kept = (~removed | ~useful).all(1)
    return np.where(kept, (removed & ~useful).sum(1) / (~useful).sum(1), 0.0)


@claim(
    "reg-l1-feature-selection",
    "L1 can remove the features that add nothing: it selects features.",
    says="can",
    hedge="can, effectively",
    notes="004",
    scope="linear regression of 20 features, 5 of them useful; strength chosen by "
    "5-fold cross-validation, by two rules",
)
def features_are_selected(lab):
    """Whether most of the useless features go and all the useful ones stay."""
    found = fits(lab)
    shares = {
        f"{name}, {rule}": both(found, name, rule)
        for name in PROBLEMS
        for rule in RULES
    }
    return Finding(
        {
            f"{words}: most useless features go, all useful ones stay": (
                stats.against(share, 0.5, by=MOST)
            )
            for words, share in shares.items()
        },
        "With 1,000 rows the strength of least error removes {few:.0%} of the useless "
        "features, and one standard error more {most:.0%}; a draw in which a useful "
        "one goes counts 0.",
        few=shares["1,000 rows, least error"].mean(),
        most=shares["1,000 rows, one standard error"].mean(),
        share_removed={words: share.mean() for words, share in shares.items()},
    )


# The trainings: one linear model, four ways. The strength is the same in all four, so
# they have one minimum.


@keras.saving.register_keras_serializable(package="penalties")
class SoftThreshold(keras.constraints.Constraint):
    """Moves each weight toward 0 by a constant after every update; crossing stops at 0.

    With `by` = rate * strength this is the L1 penalty, in place of the regularizer.
    """

    def __init__(self, by: float):
        self.by = by

    def __call__(self, w):
        """The weights after the step."""
        return keras.ops.sign(w) * keras.ops.maximum(keras.ops.abs(w) - self.by, 0.0)

    def get_config(self):
        """The arguments that make the same object."""
        return {"by": self.by}


def linear(input_shape, way: str, strength: float):
    """A linear model with L1, as a regularizer or as a proximal step."""
    proximal = way == "proximal"
    dense = keras.layers.Dense(
        1,
        use_bias=False,
        # Keras's L1 is strength * sum |w| beside the mean square, not half of it.
        kernel_regularizer=None if proximal else keras.regularizers.L1(2 * strength),
        kernel_constraint=SoftThreshold(2 * RATE * strength) if proximal else None,
    )
    return keras.Sequential([keras.Input(input_shape), dense])


TRAININGS = {
    "SGD with Keras's L1": {"way": "regularizer", "optimizer": "sgd"},
    "Adam with Keras's L1": {"way": "regularizer", "optimizer": "adam"},
    "SGD with a proximal step": {"way": "proximal", "optimizer": "sgd"},
}
model = Study(linear, "mse")


def train(case: dict, seed: int, data) -> dict:
    """Trains on the whole of a problem's rows at every step; returns the weights."""
    given = problem(seed, ROWS)
    passes = 100  # steps that count as an epoch
    x = np.tile(given.x, (passes, 1)).astype("float32")
    y = np.tile(given.y[:, None], (passes, 1)).astype("float32")
    run = model.train(
        (x, y),
        seed,
        epochs=case["steps"] // passes,
        batch_size=ROWS,
        shuffle=False,
        learning_rate=RATE,
        optimizer=case["optimizer"],
        network={"way": case["way"], "strength": STRENGTH},
        measure=lambda trained: trained.get_weights()[0].ravel().tolist(),
    )
    return {"weights": run["measured"]}


@experiment
def trained(lab) -> dict[str, np.ndarray]:
    """Weights after training by way, (seeds, features), and the minimum's."""
    cases = {
        name: {**case, "steps": lab.settings.steps} for name, case in TRAININGS.items()
    }
    runs = lab.sweep(train, cases, data="digits", precision="float32")
    found = {n: stats.column(r, "weights") for n, r in runs.items()}
    drawn = [problem(seed, ROWS) for seed in lab.seeds]
    found["the minimum"] = np.array([keep_fitting(one, STRENGTH) for one in drawn])
    return found


@claim(
    "reg-l1-gradient-descent",
    "L1 drives some weights to exactly zero during training by gradient descent.",
    says="always",
    notes="001",
    scope="linear regression of 20 features on 100 rows, 2,000 full-batch steps in "
    "Keras",
)
def zeros_by_training(lab):
    """Counts exact zeros after training with the regularizer and by proximal steps."""
    found = trained(lab)
    zeros = {name: (weights == 0).sum(1) for name, weights in found.items()}
    small = {n: (np.abs(weights) < 1e-2).sum(1).mean() for n, weights in found.items()}
    ways = [name for name in found if name != "the minimum"]
    return Finding(
        {f"{name}: zeros in every draw": bool(zeros[name].min() > 0) for name in ways},
        "Of {features} weights, {useless} of them useless, {keras:.1f} are exactly 0 "
        "after training with Keras's L1, and {proximal:.1f} with a proximal step after "
        "each update. All: {zeros:.1f}. Below 0.01 are {small:.1f}.",
        keras=zeros["SGD with Keras's L1"].mean(),
        proximal=zeros["SGD with a proximal step"].mean(),
        figure=draw_paths,
        features=FEATURES,
        useless=FEATURES - USEFUL,
        zeros={name: count.mean() for name, count in zeros.items()},
        small=small,
    )


def draw_paths(lab):
    """The useless weights after training, by way."""
    figure, axes = figures.new(width=7.6, height=3.6)
    useless = problem(lab.seeds[0], ROWS).truth == 0
    for place, weights in enumerate(trained(lab).values()):
        size = np.abs(weights[:, useless]).ravel()
        shown = np.where(size == 0, 1e-9, np.maximum(size, 1e-8))
        spread = place + np.linspace(-0.3, 0.3, len(shown))
        axes.plot(shown, spread, ".", color=figures.COLORS[place])
    axes.set_xscale("log")
    axes.set_yticks(range(len(trained(lab))), list(trained(lab)))
    axes.set_xticks([1e-9, 1e-6, 1e-3, 1], ["0", "1e-6", "1e-3", "1"])
    axes.set_xlim(4e-10, 2)
    axes.invert_yaxis()
    zeros = {n: (w[:, useless] == 0).mean() for n, w in trained(lab).items()}
    keras_l1, proximal = (
        zeros[f"SGD with {way}"] for way in ("Keras's L1", "a proximal step")
    )
    title = (
        f"With SGD {keras_l1:.0%} are exactly 0, with a proximal step {proximal:.0%}"
    )
    figures.describe(axes, title, "size of a useless weight after training", "")
    lab.figure(
        "zeros",
        figure,
        "Sizes of the useless weights after training with an L1 penalty, by way of "
        "training; each point is a weight.",
    )


if __name__ == "__main__":
    main(__file__)
