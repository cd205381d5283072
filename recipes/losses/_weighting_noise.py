"""Wrong labels: less weight for the doubtful ones, where doubt is known or guessed."""

import keras
import numpy as np

from callbacks import NoisySampleWeighting
from recipes.lab import Restart, fit, stats
from recipes.losses import _weighting_gaussians as gaussians
from recipes.losses._weighting_imbalance import column, cross_entropy
from zoo import mlp

FLIPPED = 0.3  # share of the digits with a wrong label
LOW = 0.1  # weight of a doubtful label
RARE_FLIPPED = 0.1  # share of wrong labels where a class is rare
RAMP = 5  # epochs until NoisySampleWeighting is at its full share
EQUAL, KNOWN, RANDOM = "equal weights", "0.1 for wrong labels", "0.1 at random"
GUESSED, ROBUST = "NoisySampleWeighting", "generalized cross-entropy"
RIGHT, NEEDLESS = "equal weights, no label wrong", "guessed, no label wrong"
CASES = (EQUAL, KNOWN, GUESSED, RANDOM, ROBUST)


class Digits:
    """A network that learns digits of which many have a wrong label."""

    def __init__(self, data):
        self.data = data
        shape, classes = data.x_train.shape[1:], data.num_classes
        logits = mlp(shape, classes, units=(128,))
        logits.compile(keras.optimizers.Adam(0.003), cross_entropy())
        # This loss of Keras's takes probabilities only.
        probabilities = keras.Sequential(
            [mlp(shape, classes, units=(128,)), keras.layers.Softmax(dtype="float32")]
        )
        robust = keras.losses.CategoricalGeneralizedCrossEntropy(q=0.7)
        probabilities.compile(keras.optimizers.Adam(0.003), robust)
        self.networks = {EQUAL: Restart(logits), ROBUST: Restart(probabilities)}

    def train(self, case: str, seed: int, epochs: int) -> dict:
        """Trains on flipped labels; returns the accuracy on true ones."""
        labels, wrong = flip(self.data.y_train, self.data.num_classes, seed)
        doubted = wrong
        if case == RANDOM:
            doubted = np.random.default_rng([seed, 32]).permutation(wrong)
        weighs = case in (KNOWN, RANDOM)
        weights = np.where(doubted, LOW, 1.0).astype("float32") if weighs else None
        restart = self.networks[ROBUST if case == ROBUST else EQUAL]
        restart()
        fit(
            restart.model,
            self.data.x_train,
            labels,
            batch_size=64,
            epochs=epochs,
            seed=seed,
            sample_weight=weights,
            callbacks=[NoisySampleWeighting(FLIPPED, RAMP)] if case == GUESSED else [],
        )
        seen, unseen = (
            keras.ops.convert_to_numpy(restart.model(x)).argmax(1)
            for x in (self.data.x_train, self.data.x_test)
        )
        learned = seen[wrong] == labels[wrong]
        return {
            "accuracy": float((unseen == self.data.y_test).mean()),
            "wrong labels learned": float(learned.mean()),
        }


def flip(labels, classes: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Gives a share of the samples another label; returns labels and who is wrong."""
    rng = np.random.default_rng([seed, 31])
    wrong = np.zeros(len(labels), bool)
    wrong[rng.permutation(len(labels))[: round(FLIPPED * len(labels))]] = True
    other = (labels + rng.integers(1, classes, len(labels))) % classes
    return np.where(wrong, other, labels).astype("int32"), wrong


def judge(lab, plane: dict[str, list[dict]]) -> None:
    """Judges by accuracy on ten equal classes, and by recall where one is rare.

    Args:
        lab: The run.
        plane: The results on two Gaussians without wrong labels, by class weights.
    """
    accuracy, learned = on_digits(lab)
    gains = {case: stats.paired(accuracy[case], accuracy[EQUAL]) for case in CASES[1:]}
    rare = {RIGHT: plane["no weights"], **where_a_class_is_rare(lab)}
    recall = {case: column(results, "recall") for case, results in rare.items()}
    wrong = stats.paired(recall[GUESSED], recall[EQUAL])
    right = stats.paired(recall[NEEDLESS], recall[RIGHT])
    lab.verdict(
        "weighted-noisy-labels",
        {
            "doubt is known": gains[KNOWN].positive,
            "doubt is guessed from the loss": gains[GUESSED].positive,
            "doubt is guessed, recall of a rare class": wrong.positive,
        },
        evidence={
            "test_accuracy_minus_equal_weights": gains,
            "test_accuracy": {case: values.mean() for case, values in accuracy.items()},
            "share_of_wrong_labels_learned": {
                case: values.mean() for case, values in learned.items()
            },
            "recall_of_the_rare_class": {c: v.mean() for c, v in recall.items()},
            "accuracy_with_a_rare_class": {
                case: column(results, "accuracy").mean()
                for case, results in rare.items()
            },
            "change_of_recall_where_labels_are_wrong": wrong,
            "change_of_recall_where_all_are_right": right,
        },
        note=f"With {FLIPPED:.0%} wrong labels the accuracy on true ones changes by "
        f"{gains[KNOWN]} where a weight of {LOW} falls on the wrong labels, by "
        f"{gains[GUESSED]} where NoisySampleWeighting guesses them from the loss, by "
        f"{gains[RANDOM]} where it falls on as many at random, and by {gains[ROBUST]} "
        "with generalized cross-entropy and no weights. Where one row in twenty is "
        f"positive, guessing takes the recall from {recall[EQUAL].mean():.2f} to "
        f"{recall[GUESSED].mean():.2f} if {RARE_FLIPPED:.0%} of the labels are wrong, "
        f"and from {recall[RIGHT].mean():.2f} to {recall[NEEDLESS].mean():.2f} if none "
        "is.",
    )


def on_digits(lab) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Accuracies on true labels, and shares of wrong labels learned, by case."""
    chosen = lab.settings
    digits = Digits(lab.data("digits"))
    runs = lab.sweep(
        lambda case, seed: digits.train(case, seed, chosen.epochs),
        CASES,
        title="wrong labels",
    )
    accuracy = {case: column(runs[case], "accuracy") for case in CASES}
    learned = {case: column(runs[case], "wrong labels learned") for case in CASES}
    lab.table(
        f"Digits, {FLIPPED:.0%} of the training labels wrong",
        ["training", "accuracy on true labels", "wrong labels learned"],
        [[c, f"{accuracy[c].mean():.1%}", f"{learned[c].mean():.1%}"] for c in CASES],
    )
    return accuracy, learned


def where_a_class_is_rare(lab) -> dict[str, list[dict]]:
    """The same callback on two Gaussians, one row in twenty positive."""
    chosen = lab.settings
    classifier = gaussians.Classifier(cross_entropy(), chosen.samples)

    def train(case: tuple[float, bool], seed: int) -> dict:
        flipped, guessed = case
        doubt = [NoisySampleWeighting(RARE_FLIPPED, RAMP)] if guessed else []
        return classifier.train(seed, chosen.passes, flip=flipped, callbacks=doubt)

    cases = {
        EQUAL: (RARE_FLIPPED, False),
        GUESSED: (RARE_FLIPPED, True),
        NEEDLESS: (0.0, True),
    }
    return lab.sweep(train, cases, title="wrong labels, a rare class")
