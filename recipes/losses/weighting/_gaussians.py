"""Rare positives in the plane: a linear classifier, its metrics, its closed form."""

import keras
import numpy as np
from scipy.stats import norm
from sklearn import metrics

from callbacks import (
    CostSensitiveLoss,
    NoisySampleWeighting,
    cheapest_class,
    class_balanced_weights,
    cost_weights,
)
from recipes.lab import Study, experiment, figures, generators, stats
from zoo import mlp

GAP = 2.0  # between the means of the two classes, in standard deviations
POSITIVE = 0.05  # share of the rare class
TEST_ROWS = 20_000
COSTS = [[0.0, 1.0], [10.0, 0.0]]  # a missed positive costs ten false alarms
RATIO = COSTS[1][0] / COSTS[0][1]
PLAIN, BALANCED, COSTED = "no weights", "inverse frequency", "weights from costs"

# The weights of the common and the rare class, or a scheme that counts the labels.
WEIGHTS = {
    PLAIN: None,
    "weight 5": [1.0, 5.0],
    COSTED: list(cost_weights(COSTS).values()),
    BALANCED: "inverse_frequency",
    "weight 50": [1.0, 50.0],
}

FOCAL, FOCAL_BALANCED = "focal, γ = 2", "focal, γ = 2, weighted"
LOSSES = {
    "cross-entropy": keras.losses.CategoricalCrossentropy(from_logits=True),
    FOCAL: keras.losses.CategoricalFocalCrossentropy(1.0, 2.0, from_logits=True),
    FOCAL_BALANCED: keras.losses.CategoricalFocalCrossentropy(
        [POSITIVE, 1 - POSITIVE], 2.0, from_logits=True
    ),
    "costs": CostSensitiveLoss(COSTS, mix=0.1, from_logits=True),
}
STUDIES = {name: Study(mlp, loss, "adam") for name, loss in LOSSES.items()}


def setting(lab, **changes) -> dict:
    """A case of `train`: cross-entropy, all labels right, and no weights but for ..."""
    usual = {"loss": "cross-entropy", "gap": GAP, "weight": None, "flipped": 0.0}
    usual |= {"positive": POSITIVE}
    sizes = {"samples": lab.settings.samples, "passes": lab.settings.passes}
    return {**usual, "doubt": None, **sizes, **changes}


def train(case, seed, data) -> dict[str, float]:
    """Trains a linear classifier on the plane; returns its metrics on clean rows."""
    share = case["positive"]
    x, y = generators.imbalanced(case["samples"], share, case["gap"], seed)
    rng = np.random.default_rng([seed, 16])
    y = np.where(rng.random(len(y)) < case["flipped"], 1 - y, y)
    test = generators.imbalanced(TEST_ROWS, share, case["gap"], 10_000 + seed)
    targets = y if case["loss"] == "costs" else np.eye(2, dtype="float32")[y]
    return STUDIES[case["loss"]].train(
        (x, targets),
        seed,
        epochs=case["passes"],
        batch_size=200,
        learning_rate=0.1,
        network={"num_classes": 2, "units": []},
        class_weight=class_weight(case["weight"], y),
        callbacks=[NoisySampleWeighting(*case["doubt"])] if case["doubt"] else [],
        measure=lambda model: measure(test[1], probabilities(model, test[0])),
    )["measured"]


def class_weight(weight: list[float] | str | None, labels) -> dict[int, float] | None:
    """Keras's `class_weight`: as given, or by a scheme that counts the labels."""
    if isinstance(weight, str):
        return class_balanced_weights(labels, weight, beta=0.999)
    return dict(enumerate(weight)) if weight else None


def probabilities(model: keras.Model, x: np.ndarray) -> np.ndarray:
    """The probabilities that a model's logits stand for."""
    return keras.ops.convert_to_numpy(keras.ops.softmax(model(x)))


def measure(labels: np.ndarray, chances: np.ndarray) -> dict[str, float]:
    """What a classifier of two classes is worth, by several standards.

    Args:
        labels: 0 or 1 (rare), (samples,).
        chances: The probabilities of both classes, (samples, 2).
    """
    positive = chances[:, 1]
    found = scores(labels, (positive > 0.5).astype(int))
    share = float(labels.mean())
    moved = scores(labels, (positive > share).astype(int))
    cheapest = cheapest_class(chances, COSTS)
    return {
        **found,
        "average precision": float(metrics.average_precision_score(labels, positive)),
        "mean probability": float(positive.mean()),
        "balanced accuracy, threshold moved": moved["balanced accuracy"],
        "F1, threshold moved": moved["F1"],
        "cost, cheapest decision": scores(labels, cheapest)["cost"],
    }


def scores(labels: np.ndarray, decisions: np.ndarray) -> dict[str, float]:
    """Metrics of decisions, from the four counts; 0 where nothing is found."""
    labels, decisions = np.asarray(labels, bool), np.asarray(decisions, bool)
    hits = float((labels & decisions).sum())
    alarms, misses = float((~labels & decisions).sum()), float(labels.sum()) - hits
    rejections = float((~labels).sum()) - alarms
    recall = hits / (hits + misses)
    return {
        "accuracy": (hits + rejections) / len(labels),
        "recall": recall,
        "precision": hits / (hits + alarms) if hits else 0.0,
        "F1": 2 * hits / (2 * hits + alarms + misses),
        "balanced accuracy": (recall + rejections / (rejections + alarms)) / 2,
        "cost": (COSTS[0][1] * alarms + COSTS[1][0] * misses) / len(labels),
    }


def ideal(weight, gap: float = GAP) -> dict[str, np.ndarray]:
    """The metrics of the best classifier where the rare class weighs `weight`.

    Between Gaussians of unit variance the best border is a line at right angles to
    the gap, gap / 2 + log(odds / weight) / gap from the common class's mean.
    """
    odds = (1 - POSITIVE) / POSITIVE
    border = gap / 2 + np.log(odds / np.asarray(weight, float)) / gap
    recall, rejected = norm.cdf(gap - border), norm.cdf(border)
    alarms, hits = (1 - POSITIVE) * (1 - rejected), POSITIVE * recall
    return {
        "accuracy": hits + (1 - POSITIVE) * rejected,
        "recall": recall,
        "precision": hits / (hits + alarms),
        "F1": 2 * hits / (hits + alarms + POSITIVE),
        "balanced accuracy": (recall + rejected) / 2,
        "cost": COSTS[0][1] * alarms + COSTS[1][0] * (POSITIVE - hits),
    }


@experiment
def by_weight(lab) -> dict[str, list[dict]]:
    """The classifiers of all class weights, with right labels."""
    cases = {name: setting(lab, weight=weight) for name, weight in WEIGHTS.items()}
    return lab.sweep(train, cases, title="two Gaussians")


def draw_by_weight(lab, axes, names: tuple[str, ...]) -> None:
    """Draws metrics by the rare class's weight: trainings on the closed form."""
    weights = np.geomspace(0.7, 70, 200)
    curves = ideal(weights)
    points = {1: PLAIN, 5: "weight 5", 50: "weight 50"}
    points |= {RATIO: COSTED, (1 - POSITIVE) / POSITIVE: BALANCED}
    axes.set(xscale="log", xlim=(0.7, 70))
    axes.set_xticks([1, 2, 5, 10, 20, 50], labels=["1", "2", "5", "10", "20", "50"])
    axes.minorticks_off()
    figures.curves(axes, weights, {name: curves[name] for name in names})
    for name, color in zip(names, figures.COLORS, strict=False):
        for weight, case in points.items():
            values = stats.column(by_weight(lab)[case], name)
            spread = np.abs(values.mean() - [[values.min()], [values.max()]])
            style = {"fmt": "o", "ms": 4, "color": color, "capsize": 2}
            axes.errorbar(weight, values.mean(), spread, **style)
