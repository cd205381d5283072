"""Focal: it looks away from easy samples, which is no care for the rare class.

Cross-entropy of a label is −log p, where p is the probability that the label got. Focal
loss multiplies it by (1 − p)^γ: a sample that is easy, p near 1, counts for next to
nothing. Its authors (Lin et al., 2017) also weigh the classes. Which of both helps a
rare class? The rival moves the threshold of a network by plain cross-entropy.
"""

import numpy as np

from recipes.lab import Finding, claim, experiment, main, stats
from recipes.losses.weighting._digits import digits_case, train_digits
from recipes.losses.weighting._gaussians import (
    FOCAL,
    FOCAL_BALANCED,
    LOSSES,
    PLAIN,
    POSITIVE,
    by_weight,
    setting,
    train,
)

POINT = stats.Threshold(
    "one point",
    0.01,
    "recall or balanced accuracy",
    "people choose between classifiers by whole points.",
)
VARIANTS = (FOCAL, FOCAL_BALANCED)
MOVED = "balanced accuracy, threshold moved"


def cost(loss: str, p: float, label: int = 1) -> float:
    """What a sample costs whose label, 1 for the rare class, got the probability p."""
    chances = np.array([[1 - p, p]] if label else [[p, 1 - p]])
    return float(LOSSES[loss](np.eye(2)[[label]], np.log(chances)))


@claim(
    "ce-imbalance-sensitive",
    "Cross-entropy can be sensitive to class imbalance.",
    says="can",
    hedge="can be",
    notes="003",
    scope="a linear classifier on 4000 rows of two Gaussians, half of the rows "
    "positive, or one in twenty",
)
def finds_less_of_a_rare_class(lab):
    """Recall of the same class, by its share of the training rows."""
    equal = lab.sweep(
        train, {"equal": setting(lab, positive=0.5)}, title="half and half"
    )
    often = stats.column(equal["equal"], "recall")
    rarely = stats.column(by_weight(lab)[PLAIN], "recall")
    return Finding(
        stats.greater(often, rarely, by=POINT),
        "Of a class that has half of the rows {often:.0%} are found, of the same class "
        "with {share:.0%} of them {rarely:.0%}. Its samples are as far from the others "
        "as before. But a rare class has low probabilities, and rightly so; the "
        "threshold is 1/2 in both.",
        often=often.mean(),
        rarely=rarely.mean(),
        share=POSITIVE,
    )


@experiment
def by_loss(lab) -> dict[str, dict[str, list[dict]]]:
    """The runs of plain and focal cross-entropy on two data sets, with a table."""
    plane = {name: setting(lab, loss=name) for name in VARIANTS}
    digits = {name: digits_case(lab, loss=name) for name in VARIANTS}
    digits[PLAIN] = digits_case(lab)
    runs = {
        "two Gaussians": lab.sweep(train, plane, title="focal, two Gaussians")
        | {PLAIN: by_weight(lab)[PLAIN]},
        "images": lab.sweep(
            train_digits, digits, data=lab.like_digits, title="focal, images"
        ),
    }
    names = ("recall", "precision", "balanced accuracy", "average precision")
    rows = [
        [
            f"{data}, {case}",
            *(f"{stats.column(found[case], n).mean():.3f}" for n in names),
        ]
        for data, found in runs.items()
        for case in (PLAIN, *VARIANTS)
    ]
    lab.table("One row in twenty is positive", ["data and loss", *names], rows)
    return runs


@claim(
    "loss-focal-imbalance",
    "Some variants of cross-entropy, such as focal loss, can handle imbalanced classes "
    "better.",
    says="can",
    hedge="can",
    notes="002",
    scope="a linear classifier on two Gaussians, a layer of 64 units on digits; one "
    "row in twenty is positive",
)
def variants_help(lab):
    """Balanced accuracy of two focal losses against plain cross-entropy."""
    conditions, accuracy, precision = {}, {}, {}
    for data, runs in by_loss(lab).items():
        plain = stats.column(runs[PLAIN], "balanced accuracy")
        found = {n: stats.column(runs[n], "balanced accuracy") for n in VARIANTS}
        for name, values in found.items():
            conditions[f"{name}, {data}"] = stats.greater(values, plain, by=POINT)
        moved = stats.column(runs[PLAIN], MOVED)
        conditions[f"{FOCAL_BALANCED}, {data}, against a moved threshold"] = (
            stats.greater(found[FOCAL_BALANCED], moved, by=POINT)
        )
        accuracy[data] = [plain.mean(), *(v.mean() for v in found.values()),
                          moved.mean()]  # fmt: skip
        precision[data] = [
            stats.column(runs[name], "average precision").mean()
            for name in (PLAIN, *VARIANTS)
        ]
    return Finding(
        conditions,
        "Balanced accuracy by plain cross-entropy, by focal loss, by focal loss with "
        "weights of {weights:g} for the classes, and by plain cross-entropy with its "
        "threshold moved to the rare class's share: {accuracy}. (An easy sample, p = "
        "0.9, costs {easy:.2g} times as much as one of p = 0.5 by plain and by focal "
        "loss.)",
        easy=[cost(n, 0.9) / cost(n, 0.5) for n in ("cross-entropy", FOCAL)],
        weights=[POSITIVE, 1 - POSITIVE],
        accuracy="; ".join(
            f"{data} {', '.join(f'{value:.3f}' for value in values)}"
            for data, values in accuracy.items()
        ),
        average_precision_plain_focal_and_weighted=precision,
    )


if __name__ == "__main__":
    main(__file__)
