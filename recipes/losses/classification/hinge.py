"""Hinge: a score of 1 is enough, and neither two classes nor a border is needed.

max(0, 1 − yŷ) with labels −1 and 1 asks for a score of 1 on the right side and then for
nothing more. The notes call it good for linearly separable data, and only for binary
classification. It also finds the best line where classes overlap, and takes more than
two classes as max(0, 1 + best wrong score − right score).
"""

from statistics import NormalDist

import keras
import numpy as np
from keras import losses

from recipes.lab import (
    Finding,
    Study,
    claim,
    experiment,
    figures,
    generators,
    main,
    stats,
)
from recipes.losses.classification._formulas import sigmoid

SAMPLES, TESTS = 400, 40_000
FEW = 5  # seeds: accuracy varies by less than a point
RADIUS = 4.0  # of the circle on which the blobs lie
CASES = {
    "two separable classes": {"classes": 2, "spread": 1.0},
    "two overlapping classes": {"classes": 2, "spread": RADIUS},
    "three classes": {"classes": 3, "spread": 1.0},
}
KINDS = ("separable", "overlapping")
LEARNED, NEAR = 0.95, 0.01
FALLS_SHORT = stats.Threshold(
    "short of 95 % right",
    1.0,
    "times",
    "three classes apart that are 95 % right are learned; 95 % is put in before.",
)
AS_GOOD = stats.Threshold(
    "a point below the best line", 1.0, "times",
    "people choose between methods by whole points; the point is taken off before.",
)  # fmt: skip


def hinge(y, score):
    """max(0, 1 - y score) for labels -1 and 1."""
    return np.maximum(0, 1 - y * score)


def categorical_hinge(y, scores):
    """max(0, 1 + the best wrong score - the right score) for one-hot labels."""
    right = (y * scores).sum(-1)
    wrong = np.where(y == 1, -np.inf, scores).max(-1)
    return np.maximum(0, 1 + wrong - right)


def linear(input_shape, outputs: int) -> keras.Model:
    """A linear model."""
    return keras.Sequential([keras.Input(input_shape), keras.layers.Dense(outputs)])


TWO = Study(linear, losses.Hinge(), "adam")
MORE = Study(linear, losses.CategoricalHinge(), "adam")


def train(case, seed, data) -> dict[str, float]:
    """Trains on blobs; returns the accuracy on others from the same place."""
    classes, spread = case["classes"], case["spread"]
    x, y = generators.blobs(SAMPLES, classes, spread, seed=2 * seed)
    new_x, new_y = generators.blobs(TESTS, classes, spread, seed=2 * seed + 1)
    targets = 2 * y[:, None] - 1 if classes == 2 else np.eye(classes)[y]

    def accuracy(model) -> float:
        scores = keras.ops.convert_to_numpy(model(new_x))
        guesses = scores.argmax(-1) if classes > 2 else (scores[:, 0] > 0).astype(int)
        return float((guesses == new_y).mean())

    run = (TWO if classes == 2 else MORE).train(
        (x, targets.astype("float32")),
        seed,
        epochs=case["passes"],
        batch_size=32,
        learning_rate=0.05,
        network={"outputs": 1 if classes == 2 else classes},
        measure=accuracy,
    )
    return {"accuracy": run["measured"]}


@experiment
def accuracies(lab) -> dict[str, np.ndarray]:
    """Test accuracies by the classes, one a seed."""
    cases = {n: {**case, "passes": lab.settings.passes} for n, case in CASES.items()}
    runs = lab.sweep(train, cases, seeds=lab.seeds[:FEW], title="hinge")
    return {name: stats.column(found, "accuracy") for name, found in runs.items()}


def formula_agrees() -> bool:
    """Compares Keras's hinge loss with the formula, for labels -1 and 1, or 0 and 1."""
    rng = np.random.default_rng(0)
    y = rng.choice([-1.0, 1.0], (100, 1)).astype("float32")
    scores = rng.normal(0, 2, (100, 1)).astype("float32")
    expected = hinge(y, scores).mean()
    # Keras also takes labels 0 and 1, and makes them -1 and 1.
    got = [float(losses.Hinge()(labels, scores)) for labels in (y, (y + 1) / 2)]
    return bool(np.allclose(got, expected, rtol=1e-6))


def multiclass_values() -> dict[str, float]:
    """Two kinds of scores: the best wrong class above 0, and all of them below."""
    y = np.array([[1.0, 0.0, 0.0]])
    found = {}
    for name, scores in (("wrong 0.5", [1.0, 0.5, -1.0]), ("wrong -2", [0.5, -2, -3])):
        row = np.array([scores])
        found[f"{name}, Keras"] = float(losses.CategoricalHinge()(y, row))
        found[f"{name}, formula"] = float(categorical_hinge(y, row)[0])
    return found


@claim(
    "loss-hinge",
    "The hinge loss is max(0, 1 − yŷ), for labels of −1 and 1.",
    says="is",
    notes="003",
    scope="100 random scores; nothing is trained",
)
def written_out(lab):
    """The formula against Keras's loss."""
    return Finding(
        formula_agrees(),
        "Keras's loss is that formula. It also takes labels 0 and 1, and makes them −1 "
        "and 1.",
        figure=draw_losses,
    )


@claim(
    "hinge-separable",
    "The hinge loss works well for data that a line separates.",
    says="always",
    notes="003",
    scope="a linear model on 400 points of two blobs, 20 passes of Adam",
)
def on_separable_classes(lab):
    """Accuracy against the best line's; and where classes overlap, for comparison."""
    apart, mixed = (accuracies(lab)[f"two {kind} classes"] for kind in KINDS)
    # The border is so many standard deviations from either blob.
    best = {kind: NormalDist().cdf(RADIUS / CASES[f"two {kind} classes"]["spread"])
            for kind in KINDS}  # fmt: skip
    return Finding(
        stats.against(apart / (best["separable"] - NEAR), 1.0, by=AS_GOOD,
                      scale="log"),
        "Test accuracy on blobs four standard deviations from the border: {apart:.2%}, "
        "where the best line has {best_apart:.2%}. Where they overlap (one standard "
        "deviation): {mixed:.1%}, the best line {best_mixed:.1%}.",
        apart=apart.mean(),
        mixed=mixed.mean(),
        best_apart=best["separable"],
        best_mixed=best["overlapping"],
    )  # fmt: skip


@claim(
    "hinge-binary-only",
    "The hinge loss is only for binary classification.",
    says="is",
    notes="003",
    scope="a linear model on 400 points of three blobs, 20 passes of Adam",
)
def only_two_classes(lab):
    """Three classes by Keras's CategoricalHinge: do they stay unlearned?"""
    three, values = accuracies(lab)["three classes"], multiclass_values()
    return Finding(
        stats.against(LEARNED / three, 1.0, by=FALLS_SHORT, scale="log"),
        "Three classes take max(0, 1 + best wrong score − right score), Keras's "
        "CategoricalHinge: test accuracy {three:.1%}. (Keras takes 0 for a best wrong "
        "score below 0: at scores 0.5, −2, −3 it gives {keras:g}, not {formula:g}.)",
        three=three.mean(),
        keras=values["wrong -2, Keras"],
        formula=values["wrong -2, formula"],
        multiclass_loss_at_scores=values,
    )


def draw_losses(lab):
    """Losses over the logit of a positive example, and their slopes."""
    z = np.linspace(-6, 6, 601)
    p = sigmoid(z)
    shown = {
        "right or wrong": (z < 0).astype(float),
        "cross-entropy": np.log1p(np.exp(-z)),
        "hinge": hinge(1.0, z),
        "squared error of the sigmoid": (1 - p) ** 2,
        "absolute error of the sigmoid": 1 - p,
    }
    figure, (left, right) = figures.new(1, 2, width=9.6, height=4.2)
    for index, (name, values) in enumerate(shown.items()):
        style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
        left.plot(z, values, label=name, **style)
        if index:
            right.plot(z, np.gradient(values, z), label=name, **style)
    left.set(ylim=(-0.1, 6))
    title = "Two losses grow without bound"
    figures.describe(left, title, "logit z of a sample with label 1", "loss")
    title = "and only these pull when badly wrong"
    figures.describe(
        right, title, "logit z of a sample with label 1", "slope of the loss in z"
    )
    handles, names = left.get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=5, frameon=False)
    lab.figure(
        "losses",
        figure,
        "Five losses of a binary classifier over its logit, for the label 1.",
    )


if __name__ == "__main__":
    main(__file__)
