"""Digits of which one is rare: a network that finds the eights, and its metrics."""

import numpy as np

from recipes.lab import Study, split
from recipes.losses.weighting._gaussians import (
    LOSSES,
    POSITIVE,
    class_weight,
    measure,
    probabilities,
)
from zoo import mlp

STUDIES = {name: Study(mlp, loss, "adam") for name, loss in LOSSES.items()}


def draw_digits(data, seed: int):
    """Thins the eights out to the rare class's share; halves for the test."""
    x = np.concatenate([data.x_train, data.x_test])
    y = np.concatenate([data.y_train, data.y_test])
    common, rare = x[y != 8], x[y == 8]
    odds = POSITIVE / (1 - POSITIVE)
    order = np.random.default_rng([seed, 8]).permutation(len(rare))
    rows = order[: round(odds * len(common))]
    labels = np.repeat([0, 1], [len(common), len(rows)]).astype("int32")
    return split(np.concatenate([common, rare[rows]]), labels, test_size=0.5, seed=seed)


def train_digits(case, seed, data) -> dict[str, float]:
    """Trains a network that finds the rare digit; returns its metrics on new images."""
    x, y, x_test, y_test = draw_digits(data, seed)

    def judge(model):
        fitted = float((probabilities(model, x).argmax(1) == y).mean())
        found = measure(y_test, probabilities(model, x_test))
        return {**found, "training accuracy": fitted}

    return STUDIES[case["loss"]].train(
        (x, np.eye(2, dtype="float32")[y]),
        seed,
        epochs=case["epochs"],
        batch_size=50,
        learning_rate=0.003,
        network={"num_classes": 2, "units": [64]},
        class_weight=class_weight(case["weight"], y),  # {0: 1.0, 1: 5.0}, for instance
        measure=judge,
    )["measured"]


def digits_case(lab, weight=None, loss: str = "cross-entropy") -> dict:
    """A case of `train_digits`."""
    return {"weight": weight, "loss": loss, "epochs": lab.settings.epochs}
