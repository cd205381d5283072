"""The hinge loss beyond two separable classes."""

from statistics import NormalDist

import keras
import numpy as np
from keras import layers, losses

from recipes.lab import Restart, fit, generators, stats
from recipes.losses import _classification_formulas as formulas

SAMPLES, TESTS = 400, 40_000
RADIUS = 4.0  # of the circle on which the blobs lie


def scorer(outputs: int, loss) -> Restart:
    """Compiles a linear model of the plane, to be trained many times."""
    model = keras.Sequential([keras.Input((2,)), layers.Dense(outputs)])
    model.compile(keras.optimizers.Adam(0.05), loss)
    return Restart(model)


def train(restart, classes: int, spread: float, seed: int, passes: int) -> dict:
    """Trains on blobs; returns the accuracy on others from the same place."""
    restart()
    model = restart.model
    x, y = generators.blobs(SAMPLES, classes, spread, seed=2 * seed)
    new_x, new_y = generators.blobs(TESTS, classes, spread, seed=2 * seed + 1)
    targets = 2 * y[:, None] - 1 if classes == 2 else np.eye(classes)[y]
    fit(model, x, targets.astype("float32"), epochs=passes, seed=seed)
    scores = keras.ops.convert_to_numpy(model(new_x))
    guesses = scores.argmax(-1) if classes > 2 else (scores[:, 0] > 0).astype(int)
    return {"accuracy": float((guesses == new_y).mean())}


def formula_agrees() -> bool:
    """Compares Keras's hinge loss with the formula, for labels -1 and 1, or 0 and 1."""
    rng = np.random.default_rng(0)
    y = rng.choice([-1.0, 1.0], (100, 1)).astype("float32")
    scores = rng.normal(0, 2, (100, 1)).astype("float32")
    expected = formulas.hinge(y, scores).mean()
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
        found[f"{name}, formula"] = float(formulas.categorical_hinge(y, row)[0])
    return found


def judge(lab) -> None:
    """The formula; overlapping classes against the best line; three classes."""
    two, three = scorer(1, losses.Hinge()), scorer(3, losses.CategoricalHinge())
    cases = {
        "two separable classes": (two, 2, 1.0),
        "two overlapping classes": (two, 2, RADIUS),
        "three classes": (three, 3, 1.0),
    }
    runs = lab.sweep(
        lambda case, seed: train(*case, seed, lab.settings.passes), cases, title="hinge"
    )
    accuracy = {name: [run["accuracy"] for run in r] for name, r in runs.items()}
    # Two blobs lie at distance RADIUS on either side of the best line.
    bayes = NormalDist().cdf(1.0)
    ones = np.ones(len(lab.seeds))
    behind = stats.paired((bayes - 0.02) * ones, accuracy["two overlapping classes"])
    short = stats.paired(0.95 * ones, accuracy["three classes"])
    means = {name: float(np.mean(values)) for name, values in accuracy.items()}
    value = multiclass_values()
    lab.verdict(
        "loss-hinge",
        {
            "max(0, 1 − yŷ) with labels -1 and 1": formula_agrees(),
            "only for two classes": short.positive,
            "only for separable classes": behind.positive,
        },
        evidence={
            "test_accuracy": means,
            "best_possible_accuracy_of_overlapping_classes": bayes,
            "best_less_0.02_minus_hinge": behind,
            "0.95_minus_three_classes": short,
            "multiclass_loss_at_scores": value,
        },
        note="Test accuracy "
        + ", ".join(f"{mean:.1%} ({name})" for name, mean in means.items())
        + f"; where they overlap the best possible is {bayes:.1%}. Three classes take "
        "CategoricalHinge, max(0, 1 + best wrong score − right score), where Keras "
        f"puts 0 for a best wrong score below it ({value['wrong -2, Keras']:g} instead "
        f"of {value['wrong -2, formula']:g} for scores 0.5, -2, -3).",
    )
