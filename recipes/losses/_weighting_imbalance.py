"""Weights for a rare class: what they buy, what they cost, and what else buys it."""

import keras
import numpy as np

from callbacks import class_balanced_weights, cost_weights
from recipes.lab import Restart, fit, split, stats
from recipes.losses import _weighting_gaussians as gaussians
from zoo import mlp

NOTES, BALANCED = "weight 5", "inverse frequency"
GAINS = ("recall", "balanced accuracy", "F1")
PRICES = ("precision", "accuracy", "average precision")
PLANE, DIGITS = "two Gaussians", "digits: 8 or not"
WEAK = 0.5  # a gap between the classes that shows next to nothing


def effective(labels) -> dict[int, float]:
    """Class weights by the effective number of samples (Cui et al., 2019)."""
    return class_balanced_weights(labels, "effective_number", beta=0.999)


WEIGHTS = {
    "no weights": None,
    "weight 2": {0: 1.0, 1: 2.0},
    NOTES: {0: 1.0, 1: 5.0},
    "effective number": effective,
    "weights from costs": cost_weights(gaussians.COSTS),
    BALANCED: class_balanced_weights,
    "weight 50": {0: 1.0, 1: 50.0},
}


def cross_entropy() -> keras.losses.Loss:
    """The loss that every classifier here starts from."""
    return keras.losses.SparseCategoricalCrossentropy(from_logits=True)


class RareDigit:
    """A network that finds a digit made rare: one image in twenty is an 8."""

    def __init__(self, data):
        x = np.concatenate([data.x_train, data.x_test])
        y = np.concatenate([data.y_train, data.y_test])
        self.common, self.rare = x[y != 8], x[y == 8]
        self.model = mlp(x.shape[1:], 2, units=(64,))
        self.model.compile(keras.optimizers.Adam(0.003), cross_entropy())
        self.restart = Restart(self.model)

    def draw(self, seed: int):
        """Thins the eights out to the rare class's share; halves for the test."""
        rng = np.random.default_rng([seed, 8])
        odds = gaussians.POSITIVE / (1 - gaussians.POSITIVE)
        rows = rng.permutation(len(self.rare))[: round(odds * len(self.common))]
        x = np.concatenate([self.common, self.rare[rows]])
        y = np.repeat([0, 1], [len(self.common), len(rows)]).astype("int32")
        return split(x, y, test_size=0.5, seed=seed)

    def train(self, seed: int, epochs: int, weight) -> dict:
        """Trains one network; returns its metrics on the other half."""
        x, y, x_test, y_test = self.draw(seed)
        self.restart()
        fit(
            self.model,
            x,
            y,
            batch_size=50,
            epochs=epochs,
            seed=seed,
            class_weight=weight(y) if callable(weight) else weight,
        )
        seen, unseen = (
            gaussians.probabilities(self.model, rows) for rows in (x, x_test)
        )
        fitted = float((seen.argmax(1) == y).mean())
        return {**gaussians.measure(y_test, unseen), "training accuracy": fitted}


def train(lab) -> dict[str, dict[str, list[dict]]]:
    """Trains every case on the plane, and the balanced ones on digits."""
    chosen = lab.settings
    classifier = gaussians.Classifier(cross_entropy(), chosen.samples)
    plane = lab.sweep(
        lambda weight, seed: classifier.train(seed, chosen.passes, weight=weight),
        WEIGHTS,
        title=PLANE,
    )
    network = RareDigit(lab.data("digits"))
    digits = lab.sweep(
        lambda weight, seed: network.train(seed, chosen.epochs, weight),
        {name: WEIGHTS[name] for name in ("no weights", NOTES, BALANCED)},
        title=DIGITS,
    )
    return {PLANE: plane, DIGITS: digits}


def column(runs: list[dict], name: str) -> np.ndarray:
    """One number of every run."""
    return np.array([run[name] for run in runs], float)


def compare(runs, case: str, name: str, other: str | None = None) -> stats.Comparison:
    """A case's number minus that of the runs without weights."""
    return stats.paired(
        column(runs[case], name), column(runs["no weights"], other or name)
    )


def tell(lab, runs) -> None:
    """Prints what every case reached."""
    names = ("recall", "precision", "F1", "accuracy", "balanced accuracy")
    for data, cases in runs.items():
        rows = [
            [case, *(f"{column(results, name).mean():.3f}" for name in names)]
            for case, results in cases.items()
        ]
        title = f"One row in twenty is positive: {data}"
        lab.table(title, ["class weights", *names], rows)


def judge(lab, runs) -> None:
    """Judges weights by what finding the rare class is worth."""
    gains, prices = (
        {
            f"{name}, {case}, {data}": compare(cases, case, name)
            for data, cases in runs.items()
            for case in (NOTES, BALANCED)
            for name in names
        }
        for names in (GAINS, PRICES)
    )
    moved = {
        data: compare(
            cases, BALANCED, "balanced accuracy", "balanced accuracy, threshold moved"
        )
        for data, cases in runs.items()
    }
    plane = runs[PLANE]
    means = {
        name: ", ".join(
            f"{column(plane[case], name).mean():.2f}"
            for case in ("no weights", NOTES, BALANCED)
        )
        for name in ("recall", "precision", "F1", "accuracy")
    }
    lab.verdict(
        "weighted-imbalance",
        {condition: gain.positive for condition, gain in gains.items()},
        evidence={
            "gain_over_no_weights": gains,
            "price_against_no_weights": prices,
            "balanced_accuracy_minus_that_of_a_moved_threshold": moved,
            "closed_form_on_the_plane_at_weights_1_and_5": gaussians.ideal([1, 5]),
            "training_accuracy_on_digits": {
                case: column(results, "training accuracy").mean()
                for case, results in runs[DIGITS].items()
            },
        },
        note="On the plane without weights, with a weight of 5 and with balanced "
        "weights: "
        + "; ".join(f"{name} {values}" for name, values in means.items())
        + ". Balanced accuracy of balanced weights minus that of a plain network whose "
        "threshold is the rare class's share: "
        + " and ".join(f"{gap} ({data})" for data, gap in moved.items())
        + ". Balanced weights give the rare class a mean probability of "
        f"{column(plane[BALANCED], 'mean probability').mean():.2f} where "
        f"{gaussians.POSITIVE:g} is right.",
    )


def judge_accuracy(lab) -> None:
    """The constant guess, exactly; then a trained network that comes close to it."""
    labels = np.repeat([0, 1], [95, 5])
    guess = gaussians.scores(labels, np.zeros(100, int))
    classifier = gaussians.Classifier(cross_entropy(), lab.settings.samples, WEAK)
    runs = lab.sweep(
        lambda weight, seed: classifier.train(seed, lab.settings.passes, weight=weight),
        {name: WEIGHTS[name] for name in ("no weights", BALANCED)},
        title="weak evidence",
    )
    names = ("accuracy", "balanced accuracy")
    gaps = {name: compare(runs, BALANCED, name) for name in names}
    misled = all_of(gaps["accuracy"].negative, gaps["balanced accuracy"].positive)
    plain, weighted = (
        {name: column(runs[case], name).mean() for name in ("accuracy", "recall")}
        for case in ("no weights", BALANCED)
    )
    lab.verdict(
        "accuracy-trap",
        {
            "always the common class": guess["accuracy"] == 0.95
            and keras_recall(labels) == guess["recall"] == guess["F1"] == 0,
            "trained on weak evidence": misled,
        },
        evidence={
            "always_the_common_class_of_95_and_5": guess,
            "trained_without_weights": plain,
            "trained_with_balanced_weights": weighted,
            "balanced_weights_minus_none": gaps,
        },
        note=f"Always answering the common class is right {guess['accuracy']:.0%} of "
        f"the time with recall {guess['recall']:g} and balanced accuracy "
        f"{guess['balanced accuracy']:g}. Where the evidence is weak a network trained "
        f"without weights has accuracy {plain['accuracy']:.3f} at recall "
        f"{plain['recall']:.2f}, one with balanced weights {weighted['accuracy']:.3f} "
        f"at recall {weighted['recall']:.2f}.",
    )


def all_of(*outcomes: bool | None) -> bool | None:
    """False if one is, else None if one is, else True."""
    if False in outcomes:
        return False
    return None if None in outcomes else True


def keras_recall(labels: np.ndarray) -> float:
    """Keras's own metric of always answering 0."""
    recall = keras.metrics.Recall()
    recall.update_state(labels, np.zeros(len(labels)))
    return float(recall.result())
