"""Overfitting: gradients that are large do not widen the gap; large weights do.

A note says that large gradients can cause overfitting. For plain SGD a gradient ten
times as large is a rate ten times as large, so the one can be tried by the other. And
where the notes find large gradients, in weights that start too large, it can be tried
by starting with such weights: all networks here learn their 320 images by heart, at
one rate, and are compared by what they make of others.

A network that starts with large weights fits by moving them little, and keeps much of
the random function that it started with (Chizat, Oyallon and Bach, 2019). That is an
effect of the weights: their gradients are large as well, but large gradients alone, by
the rate, do not do it.
"""

import numpy as np

from recipes.gradients.exploding._trained import (
    FACTORS,
    GAINS,
    SHALLOW,
    started,
    trained,
)
from recipes.lab import Finding, claim, experiment, figures, main, stats

CASES = {  # what is larger than usual to the training
    **{f"gradients × {factor}": started(1.0, factor) for factor in FACTORS},
    **{f"starting weights × {gain:g}": started(gain) for gain in GAINS[1:]},
}


@experiment
def accuracies(lab) -> dict[str, np.ndarray]:
    """Training and test accuracy by training, (seeds, 2)."""
    runs = trained(lab)
    found = {
        name: stats.column(runs[name], "accuracies")
        for name in (started(1.0), *CASES.values())
    }
    lab.table(
        f"Accuracy of networks of {SHALLOW} layers, and their first gradient's norm",
        ["training", "training", "test", "norm"],
        [
            [
                name,
                *row.mean(0).tolist(),
                float(np.mean([run["history"]["grad_norm"][0] for run in runs[name]])),
            ]
            for name, row in found.items()
        ],
    )
    return found


@claim(
    "explode-overfitting",
    "Large gradients can cause overfitting.",
    says="can",
    hedge="can",
    notes="002",
    scope="3 layers of 64 units on 320 digits, 30 epochs of SGD at rate 0.03",
)
def gap_widens(lab):
    """Whether the gap of training and test accuracy grows with the gradients."""
    found, runs = accuracies(lab), trained(lab)
    gaps = {name: row[:, 0] - row[:, 1] for name, row in found.items()}
    usual, largest = gaps[started(1.0)], started(GAINS[-1])
    norms = {
        name: np.mean([run["history"]["grad_norm"][0] for run in runs[name]])
        for name in (started(1.0), largest)
    }
    return Finding(
        {
            words: stats.greater(gaps[name], usual, by=stats.ACCURACY_POINT)
            for words, name in CASES.items()
        },
        "Training less test accuracy is {usual:.2f} as usual, {by_rate:.2f} with "
        "gradients {factor} times as large, and {by_weights:.2f} from weights {gain:g} "
        "times as large, whose first gradient is {times:.0f} times as large. It is "
        "wider than usual by a point with: {holding}; not with: {failing}.",
        figure=draw_overfitting,
        usual=usual.mean(),
        factor=FACTORS[-1],
        by_rate=gaps[started(1.0, FACTORS[-1])].mean(),
        gain=GAINS[-1],
        by_weights=gaps[largest].mean(),
        times=norms[largest] / norms[started(1.0)],
        training_and_test_accuracy={name: row.mean(0) for name, row in found.items()},
    )


def draw_overfitting(lab):
    """The gap over the size of the starting weights, and of the gradients."""
    figure, (left, right) = figures.new(1, 2, width=9.0, height=3.8)
    gaps = {name: row[:, 0] - row[:, 1] for name, row in accuracies(lab).items()}
    factors = (1, *FACTORS)
    for axes, at, names, title, label in (
        (left, GAINS, map(started, GAINS), "Larger weights",
         "starting weights, in multiples of He's"),
        (right, factors, [started(1.0, one) for one in factors],
         "Larger gradients", "factor on the gradients"),
    ):  # fmt: skip
        rows = np.array([gaps[name] for name in names]).T
        axes.set(xticks=at, xlim=(at[0], at[-1]), ylim=(0, 0.5))
        figures.curves(axes, at, {"": rows})
        widened = np.diff(rows[:, [0, -1]]).mean() >= stats.ACCURACY_POINT.value
        title += " widen the gap" if widened else " do not widen the gap"
        figures.describe(axes, title, label, "training less test accuracy")
    lab.figure("overfitting", figure, "Accuracy gap with the range over seeds.")


if __name__ == "__main__":
    main(__file__)
