"""Noise: less weight for wrong labels helps if it falls on the wrong labels.

Three digits in ten get a wrong label. The notes weigh doubtful samples down. Where the
doubt is known, that takes the wrong labels out. Where it is guessed from the loss, the
samples of highest loss count as doubtful: among equal classes those are mostly the
wrong labels, but where a class is rare they are mostly the rare class.
"""

import keras
import numpy as np

from callbacks import NoisySampleWeighting
from recipes.lab import Finding, Study, claim, experiment, figures, main, stats
from recipes.losses.weighting._gaussians import setting, train
from zoo import mlp

FEW = 5  # seeds on digits: the differences are several points
FLIPPED = 0.3  # share of the digits with a wrong label
LOW = 0.1  # weight of a doubtful label
RARE_FLIPPED = 0.1  # share of wrong labels where a class is rare
RAMP = 5  # epochs until NoisySampleWeighting is at its full share
EQUAL, KNOWN, RANDOM = "equal weights", "0.1 for wrong labels", "0.1 at random"
GUESSED, ROBUST = "NoisySampleWeighting", "generalized cross-entropy"
RIGHT, NEEDLESS = "equal weights, no label wrong", "guessed, no label wrong"
CASES = (EQUAL, KNOWN, GUESSED, RANDOM, ROBUST)
POINT = stats.Threshold(
    "one point", 0.01, "recall", "people choose between classifiers by whole points."
)


def with_softmax(input_shape, num_classes: int, units) -> keras.Model:
    """A network of probabilities: Keras's robust loss takes no logits."""
    logits = mlp(input_shape, num_classes, units=units)
    return keras.Sequential([logits, keras.layers.Softmax(dtype="float32")])


PLAIN_LOSS = Study(
    mlp, keras.losses.SparseCategoricalCrossentropy(from_logits=True), "adam"
)
ROBUST_LOSS = Study(
    with_softmax, keras.losses.CategoricalGeneralizedCrossEntropy(q=0.7), "adam"
)


def flip(labels, classes: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Gives a share of the samples another label; returns labels and who is wrong."""
    rng = np.random.default_rng([seed, 31])
    wrong = np.zeros(len(labels), bool)
    wrong[rng.permutation(len(labels))[: round(FLIPPED * len(labels))]] = True
    other = (labels + rng.integers(1, classes, len(labels))) % classes
    return np.where(wrong, other, labels).astype("int32"), wrong


def train_digits(case, seed, data) -> dict[str, float]:
    """Trains on flipped labels; returns the accuracy on true ones."""
    labels, wrong = flip(data.y_train, data.num_classes, seed)
    doubted = wrong
    if case["name"] == RANDOM:
        doubted = np.random.default_rng([seed, 32]).permutation(wrong)
    weighs = case["name"] in (KNOWN, RANDOM)
    weights = np.where(doubted, LOW, 1.0).astype("float32") if weighs else None
    guess = [NoisySampleWeighting(FLIPPED, RAMP)] if case["name"] == GUESSED else []

    def judge(model):
        seen, unseen = (
            keras.ops.convert_to_numpy(model(x)).argmax(1)
            for x in (data.x_train, data.x_test)
        )
        learned = seen[wrong] == labels[wrong]
        return {
            "accuracy": float((unseen == data.y_test).mean()),
            "wrong labels learned": float(learned.mean()),
        }

    study = ROBUST_LOSS if case["name"] == ROBUST else PLAIN_LOSS
    return study.train(
        (data.x_train, labels),
        seed,
        epochs=case["epochs"],
        batch_size=64,
        learning_rate=0.003,
        network={"num_classes": data.num_classes, "units": [128]},
        sample_weight=weights,
        callbacks=guess,
        measure=judge,
    )["measured"]


@experiment
def on_digits(lab) -> dict[str, list[dict]]:
    """The networks on digits of which three in ten have a wrong label."""
    cases = {name: {"name": name, "epochs": lab.settings.epochs} for name in CASES}
    runs = lab.sweep(
        train_digits,
        cases,
        data=lab.like_digits,
        seeds=lab.seeds[:FEW],
        title="wrong labels",
    )
    names = ("accuracy", "wrong labels learned")
    lab.table(
        f"Digits, {FLIPPED:.0%} of the training labels wrong",
        ["training", "accuracy on true labels", "wrong labels learned"],
        [[c, *(f"{stats.column(runs[c], n).mean():.1%}" for n in names)] for c in runs],
    )
    return runs


@experiment
def where_a_class_is_rare(lab) -> dict[str, list[dict]]:
    """The same callback on two Gaussians, one row in twenty positive."""
    doubt = [RARE_FLIPPED, RAMP]
    cases = {
        RIGHT: setting(lab),
        EQUAL: setting(lab, flipped=RARE_FLIPPED),
        GUESSED: setting(lab, flipped=RARE_FLIPPED, doubt=doubt),
        NEEDLESS: setting(lab, doubt=doubt),
    }
    return lab.sweep(train, cases, title="wrong labels, a rare class")


# Four rivals on digits: weights on the labels that are wrong, on those that the
# callback guesses, on as many at random (a control), and a loss that needs no weights.
# On the plane the rare class's recall shows whom the guess takes for doubtful.


@claim(
    "weighted-noisy-labels",
    "Where labels are noisy, a lower weight for doubtful ones can lessen their harm.",
    says="can",
    hedge="can be minimized",
    notes="002",
    scope="a layer of 128 units on digits, 30 % wrong labels, 20 epochs; a linear "
    "classifier on two Gaussians, 10 % wrong",
)
def less_weight_for_doubt(lab):
    """Accuracy on ten equal classes, and recall where one is rare."""
    digits, rare = on_digits(lab), where_a_class_is_rare(lab)
    accuracy = {case: stats.column(runs, "accuracy") for case, runs in digits.items()}
    recall = {case: stats.column(runs, "recall") for case, runs in rare.items()}
    gains = {
        case: stats.greater(accuracy[case], accuracy[EQUAL], by=stats.ACCURACY_POINT)
        for case in CASES[1:]
    }
    return Finding(
        {
            "doubt is known": gains[KNOWN],
            "doubt is guessed from the loss": gains[GUESSED],
            "doubt is guessed, recall of a rare class": stats.greater(
                recall[GUESSED], recall[EQUAL], by=POINT
            ),
        },
        "True labels right on digits: {accuracy:.1%} (the last is a loss without "
        "weights). Where a class is rare, to guess doubtful labels by their loss takes "
        "its recall from {rare[0]:.2f} to {rare[1]:.2f} if a tenth of the labels is "
        "wrong; and from {clean[0]:.2f} to {clean[1]:.2f} if none is.",
        figure=draw_digits,
        rare=[recall[EQUAL].mean(), recall[GUESSED].mean()],
        clean=[recall[RIGHT].mean(), recall[NEEDLESS].mean()],
        accuracy_minus_equal_weights=gains,
        accuracy={case: values.mean() for case, values in accuracy.items()},
        share_of_wrong_labels_learned={
            case: stats.column(runs, "wrong labels learned").mean()
            for case, runs in digits.items()
        },
        recall_of_the_rare_class={case: v.mean() for case, v in recall.items()},
        accuracy_with_a_rare_class={
            case: stats.column(runs, "accuracy").mean() for case, runs in rare.items()
        },
        change_of_recall_where_all_are_right=stats.greater(
            recall[NEEDLESS], recall[RIGHT], by=POINT
        ),
    )


def draw_digits(lab):
    """Accuracy on digits by the way of weighing, a point a seed."""
    figure, axes = figures.new(width=7.2, height=3.4)
    found = {n: stats.column(runs, "accuracy") for n, runs in on_digits(lab).items()}
    for place, accuracy in enumerate(reversed(found.values())):
        values, color = 100 * accuracy, figures.COLORS[place]
        axes.plot(values, np.full(len(values), place), "o", color=color, alpha=0.6)
        axes.plot(values.mean(), place, "|", color=color, ms=22, mew=2)
    axes.set_yticks(range(len(found)), labels=[*reversed(found)])
    axes.set_ylim(-0.5, len(found) - 0.5)
    known, random = (100 * (found[n] - found[EQUAL]).mean() for n in (KNOWN, RANDOM))
    title = f"{LOW:g} for wrong labels: {known:+.1f} points, at random {random:+.1f}"
    figures.describe(axes, title, "test accuracy on true labels (%)", "")
    lab.figure(
        "wrong_labels",
        figure,
        f"Test accuracy on digits after training with {FLIPPED:.0%} wrong labels: a "
        "point for each seed, a bar for the mean.",
    )


if __name__ == "__main__":
    main(__file__)
