"""Overfitting: larger steps do not widen the gap; larger starting weights may.

A note says that large gradients can cause overfitting. For plain SGD a gradient ten
times as large is a rate ten times as large, so the one can be tried by the other: the
gap between training and test accuracy becomes narrower, because training itself fails.

Larger starting weights also make larger gradients, and they seem to change the gap the
other way: a network that starts with large weights fits by moving them little, and
keeps much of the random function that it started with. That is an effect of the
weights, and five seeds do not decide it here.
"""

import numpy as np

from recipes.gradients.exploding._trained import BASES, FACTORS, gap_case, trained
from recipes.lab import Finding, claim, experiment, figures, main, stats


@experiment
def accuracies(lab) -> dict[tuple[str, int], np.ndarray]:
    """Training and test accuracy by start and factor, (seeds, 2)."""
    runs = trained(lab)
    return {
        (start, factor): np.array(
            [run["accuracies"] for run in runs[gap_case(start, factor)]]
        )
        for start in BASES
        for factor in FACTORS
    }


def gaps(lab) -> dict[tuple[str, int], np.ndarray]:
    """Training less test accuracy, by seed."""
    return {key: row[:, 0] - row[:, 1] for key, row in accuracies(lab).items()}


def slope(rows: np.ndarray) -> np.ndarray:
    """The change with every factor of ten, by least squares, (seeds,).

    Args:
        rows: Gaps, (factors, seeds).
    """
    tenfold = np.log10(FACTORS) - np.mean(np.log10(FACTORS))
    return tenfold @ rows / (tenfold @ tenfold)


# The third condition compares weights at (nearly) one rate, 0.009 and 0.01.


@claim(
    "explode-overfitting",
    "Large gradients lead to overfitting.",
    says="can",
    hedge="can",
    notes="002",
    scope="10 layers of 64 units on 320 digits, 30 epochs of SGD",
)
def gap_widens(lab):
    """Whether the gap of training and test accuracy grows with the gradients."""
    found, scores = gaps(lab), accuracies(lab)
    nothing, worst = np.zeros(len(lab.seeds)), max(FACTORS)
    slopes = {
        start: slope(np.array([found[start, factor] for factor in FACTORS]))
        for start in BASES
    }
    grows = {
        start: stats.greater(row, nothing, by=stats.ACCURACY_POINT)
        for start, row in slopes.items()
    }
    weights = stats.greater(
        found["1.5 × He's", 3], found["He's", 1], by=stats.ACCURACY_POINT
    )
    return Finding(
        {
            **{f"from {start} weights": one for start, one in grows.items()},
            "larger starting weights at one rate": weights,
        },
        "Training less test accuracy changes with every factor of ten on the gradients "
        "by {grows}. With gradients {worst} times as large training accuracy is "
        "{training_accuracy_then:.2f}. With larger starting weights, at one rate, it "
        "changes by {weights}.",
        figure=draw_overfitting,
        grows=grows,
        worst=worst,
        training_accuracy_then={
            start: scores[start, worst][:, 0].mean() for start in BASES
        },
        weights=weights,
        mean_slopes={start: float(row.mean()) for start, row in slopes.items()},
        training_and_test_accuracy={
            gap_case(*key): row.mean(0) for key, row in scores.items()
        },
    )


def draw_overfitting(lab):
    """The gap over the size of the gradients, for both starts."""
    figure, axes = figures.new(width=7.6)
    axes.set(xscale="log", xticks=FACTORS, xlim=(1, max(FACTORS)))
    axes.set_xticklabels([f"×{factor}" for factor in FACTORS])
    axes.minorticks_off()
    axes.axhline(0, color="#000000", lw=0.8)
    found = gaps(lab)
    curves = {
        start: np.array([found[start, factor] for factor in FACTORS]).T
        for start in BASES
    }
    figures.curves(axes, FACTORS, curves)
    title = "The gap closes as gradients grow: training fails"
    label = "training less test accuracy"
    figures.describe(axes, title, "factor on the gradients", label)
    lab.figure("overfitting", figure, "Accuracy gap with the range over seeds.")


if __name__ == "__main__":
    main(__file__)
