"""Imbalance: a weight for the rare class buys recall and pays with precision.

One row in twenty is positive. The notes give the rare class a weight of 5 in the loss
so that the network pays more attention to it. That moves the border between the
classes, and nothing else: more of the rare class is found, and more of what is found is
wrong. A threshold on the probabilities moves the same border after the training, and
leaves the probabilities right.

Accuracy cannot see any of this: it is highest for networks that find nothing.
"""

import keras
import numpy as np

from recipes.lab import Finding, claim, experiment, figures, main, stats
from recipes.losses.weighting._digits import digits_case, train_digits
from recipes.losses.weighting._gaussians import (
    BALANCED,
    PLAIN,
    POSITIVE,
    WEIGHTS,
    by_weight,
    draw_by_weight,
    ideal,
    scores,
    setting,
    train,
)

NOTES = "weight 5"  # the notes' {0: 1.0, 1: 5.0}
GAINS = ("recall", "precision", "F1")
PRICES = ("accuracy", "balanced accuracy", "average precision")
PLANE, DIGITS = "two Gaussians", "images: 8 or not"
WEAK = 0.5  # a gap between the classes that shows next to nothing
POINT = stats.Threshold(
    "one point",
    0.01,
    "recall, precision or F1",
    "people choose between classifiers by whole points.",
)


@experiment
def both(lab) -> dict[str, dict[str, list[dict]]]:
    """The runs by data and class weights, with a table of what they reached."""
    cases = {n: digits_case(lab, WEIGHTS[n]) for n in (PLAIN, NOTES, BALANCED)}
    digits = lab.sweep(train_digits, cases, data=lab.like_digits, title=DIGITS)
    runs = {PLANE: by_weight(lab), DIGITS: digits}
    names = ("recall", "precision", "F1", "accuracy", "balanced accuracy")
    for data, found in runs.items():
        rows = [
            [case, *(f"{stats.column(results, name).mean():.3f}" for name in names)]
            for case, results in found.items()
        ]
        title = f"One row in twenty is positive: {data}"
        lab.table(title, ["class weights", *names], rows)
    return runs


def change(runs, case: str, name: str, other: str | None = None) -> stats.Decision:
    """A case's number minus that of the runs without weights."""
    plain = stats.column(runs[PLAIN], other or name)
    return stats.greater(stats.column(runs[case], name), plain, by=POINT)


# The notes say two things in two sentences. One is that positive cases are not ignored:
# that is recall alone, which rises whenever a border moves toward "positive". The other
# is that the classification of the class gets better. There what is found too much
# counts as well as what is missed: F1 has both. Weights of inverse frequency and the
# rival without weights, the plain network with its threshold moved to the rare class's
# share, stand beside them.


@claim(
    "weighted-positives-not-ignored",
    "A higher weight for the rare class can help to keep its cases from being ignored.",
    says="can",
    hedge="can help to ensure",
    notes="002",
    scope="weights 1 and 5; a linear classifier on two Gaussians, a layer of 64 units "
    "on digits; one row in twenty is positive",
)
def fewer_are_missed(lab):
    """The rare class's recall, with the notes' weights and without."""
    runs = both(lab)
    names = ("recall", "precision")
    means = {
        data: {
            name: [float(stats.column(found[c], name).mean()) for c in (PLAIN, NOTES)]
            for name in names
        }
        for data, found in runs.items()
    }
    return Finding(
        {data: change(found, NOTES, "recall") for data, found in runs.items()},
        "Recall without weights and with 5 for the rare class: {recall:.2f}. "
        "Precision: {precision:.2f}.",
        figure=draw_weights,
        **{name: {data: m[name] for data, m in means.items()} for name in names},
    )


@claim(
    "weighted-imbalance",
    "A higher weight for the rare class improves the classification of that class.",
    says="always",
    notes="002",
    scope="weights 1 and 5; a linear classifier on two Gaussians, a layer of 64 units "
    "on digits; one row in twenty is positive",
)
def weights_help(lab):
    """The rare class: recall, precision and F1, with the notes' weights and without."""
    runs = both(lab)
    gains = {f"F1, {data}": change(found, NOTES, "F1") for data, found in runs.items()}
    others = {
        f"{name}, {case}, {data}": change(found, case, name)
        for data, found in runs.items()
        for case in (NOTES, BALANCED)
        for name in (*GAINS, *PRICES)
    }
    moved = {
        data: change(
            found, BALANCED, "balanced accuracy", "balanced accuracy, threshold moved"
        )
        for data, found in runs.items()
    }
    plane = runs[PLANE]
    means = {
        n: [float(stats.column(plane[c], n).mean()) for c in (PLAIN, NOTES, BALANCED)]
        for n in ("recall", "precision", "F1", "accuracy", "mean probability")
    }
    return Finding(
        gains,
        "On two Gaussians recall is {means[recall]:.2f} without weights, with 5, and "
        "with weights of inverse frequency; precision {means[precision]:.2f}; F1 "
        "{means[F1]:.2f}. Against a moved threshold of a network without weights the "
        "inverse frequencies are {ahead:+.3f} of balanced accuracy ahead. They give "
        "the rare class a mean probability of {mean_probability:.2f}, where {right:g} "
        "is right.",
        figure=draw_weights,
        means=means,
        right=POSITIVE,
        ahead={data: gap.effect for data, gap in moved.items()},
        mean_probability=means["mean probability"][2],
        moved=moved,
        changes_by_weights=others,
        closed_form_at_weights_1_and_5=ideal([1, 5]),
        training_accuracy_on_digits={
            case: stats.column(results, "training accuracy").mean()
            for case, results in runs[DIGITS].items()
        },
    )


def draw_weights(lab):
    """The metrics against the weight: trainings on the closed form."""
    figure, axes = figures.new(width=8.0, height=4.2)
    names = ("recall", "precision", "accuracy", "balanced accuracy")
    draw_by_weight(lab, axes, names)
    recall, precision = (
        [stats.column(by_weight(lab)[case], name).mean() for case in (PLAIN, NOTES)]
        for name in names[:2]
    )
    title = "A weight for the rare class trades precision for recall"
    if recall[1] <= recall[0] or precision[1] >= precision[0]:
        title = f"Recall with weights 1 and 5: {recall[0]:.2f} and {recall[1]:.2f}"
    figures.describe(axes, title, "weight of the rare class", "share of 1")
    lab.figure(
        "weights",
        figure,
        "Metrics of a linear classifier on two Gaussians by the weight of the rare "
        "class: points with the range over seeds, lines in closed form.",
    )


# The constant answer is worthless by definition. A network comes to it by itself where
# the evidence is weak: the classes half a standard deviation apart instead of two.


@claim(
    "accuracy-trap",
    "On imbalanced classes a classifier that is no use has a high accuracy.",
    says="is",
    notes="002",
    scope="95 against 5 labels; a linear classifier on two Gaussians that overlap "
    "nearly whole",
)
def accuracy_misleads(lab):
    """The constant answer, exactly; then a trained network that comes close to it."""
    labels = np.repeat([0, 1], [95, 5])
    guess = scores(labels, np.zeros(100, int))
    recall = keras.metrics.Recall()
    recall.update_state(labels, np.zeros(100))
    cases = {n: setting(lab, gap=WEAK, weight=WEIGHTS[n]) for n in (PLAIN, BALANCED)}
    runs = lab.sweep(train, cases, title="weak evidence")
    plain, weighted = (
        {name: stats.column(runs[case], name).mean() for name in ("accuracy", "recall")}
        for case in (PLAIN, BALANCED)
    )
    accuracy, balanced = (
        {case: stats.column(runs[case], name) for case in cases}
        for name in ("accuracy", "balanced accuracy")
    )
    return Finding(
        {
            "always the common class": guess["accuracy"] == 0.95
            and float(recall.result()) == guess["recall"] == guess["F1"] == 0,
            "trained on weak evidence, accuracy above that of balanced weights": (
                stats.greater(
                    accuracy[PLAIN], accuracy[BALANCED], by=stats.ACCURACY_POINT
                )
            ),
            "trained on weak evidence, balanced accuracy below theirs": stats.greater(
                balanced[BALANCED], balanced[PLAIN], by=POINT
            ),
        },
        "Always answering the common class is right {guess[accuracy]:.0%} of the time "
        "with recall {guess[recall]:g}. Where the evidence is weak a network trained "
        "without weights has accuracy {plain[accuracy]:.3f} at recall "
        "{plain[recall]:.2f}, one with balanced weights {weighted[accuracy]:.3f} at "
        "recall {weighted[recall]:.2f}.",
        guess=guess,
        plain=plain,
        weighted=weighted,
        accuracy_by_seed=accuracy,
        balanced_accuracy_by_seed=balanced,
    )


if __name__ == "__main__":
    main(__file__)
