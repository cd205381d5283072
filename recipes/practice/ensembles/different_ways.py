"""Different ways: networks that overfit differently, and what their mean is spared.

The squared error of a mean prediction is the mean error of the members minus their
spread around it. So an ensemble gains by what its members do not share. Members differ
here in two ways: in their start and the order of their rows, or also in the rows, drawn
with replacement (bagging). A fifth of the labels is wrong, so that there is something
to overfit. Two networks share less than half of what varies in their errors where the
errors' correlation is below 0.71, its square below one half.
"""

import numpy as np

from recipes.lab import Finding, claim, figures, main, stats
from recipes.practice.ensembles._members import (
    LABELS,
    ensembles,
    mean_member,
    together,
)

WRONG = 0.2
HALF = float(np.sqrt(0.5))
WAYS = {"other starts": "starts", "other starts and rows": "rows"}


def gaps(runs: list[dict]) -> dict[str, np.ndarray]:
    """Training accuracy minus test accuracy, of the members and together."""
    return {
        "members": mean_member(runs, "training") - mean_member(runs),
        "together": together(runs, "training") - together(runs),
    }


@claim(
    "ens-variance",
    "Different networks overfit in different ways, so their average overfits less.",
    notes="000",
    scope="300 digits, a fifth of the labels wrong, five networks of 64 hidden units",
)
def they_differ(lab):
    """The identity, the correlation of errors, and the gap of the average."""
    seen = {words: ensembles(lab, WRONG, vary) for words, vary in WAYS.items()}
    off = max(
        abs(run["error"] - run["spread"] - run["error_together"])
        for runs in (*seen.values(), *(ensembles(lab, w) for w in LABELS.values()))
        for run in runs
    )
    agreements = {w: stats.column(runs, "agreement") for w, runs in seen.items()}
    conditions: dict = {
        "error together = mean error - spread": stats.below(off, stats.EXACT)
    }
    for words, runs in seen.items():
        values = agreements[words]
        conditions[f"{words}: share less than half of their errors' variance"] = (
            stats.greater(np.full(len(values), HALF), values, by=stats.ANY)
        )
        gap = gaps(runs)
        conditions[f"{words}: the average has a smaller gap"] = stats.greater(
            gap["members"], gap["together"], by=stats.ACCURACY_POINT
        )
    members, average = (
        {words: gaps(runs)[name].mean() for words, runs in seen.items()}
        for name in ("members", "together")
    )
    return Finding(
        conditions,
        "Errors of two networks correlate at {agreements:.2f}. The gap between "
        "training and test is {members:.1%} for members, {average:.1%} for averages.",
        figure=draw_errors,
        agreements={words: values.mean() for words, values in agreements.items()},
        members=members,
        average=average,
        test_accuracy={
            words: [mean_member(runs).mean(), together(runs).mean()]
            for words, runs in seen.items()
        },
        largest_gap_of_the_identity=off,
    )


def draw_errors(lab):
    """The mean error of the members, in two parts."""
    figure, axes = figures.new(width=8.4, height=3.6)
    labels, shares, most = [], [], 0.0
    for row, (words, vary) in enumerate(WAYS.items()):
        runs = ensembles(lab, WRONG, vary)
        rest, spread = (
            stats.column(runs, name).mean() for name in ("error_together", "spread")
        )
        axes.barh(row, rest, color=figures.COLORS[0], height=0.5)
        axes.barh(row, spread, left=rest, color=figures.COLORS[1], height=0.5)
        axes.annotate("left in the average", (rest / 2, row), ha="center", va="center",
                      color="white")  # fmt: skip
        axes.annotate("spread: averaged away", (1.01 * (rest + spread), row), ha="left",
                      va="center", color=figures.COLORS[1])  # fmt: skip
        labels.append(words)
        shares.append(spread / (rest + spread))
        most = max(most, 1.4 * (rest + spread))
    axes.set_yticks(range(len(labels)), labels)
    axes.set(ylim=(len(labels) - 0.5, -0.5), xlim=(0, most))
    low, high = sorted(shares)
    title = f"The average is spared {low:.0%} and {high:.0%} of its members' error"
    figures.describe(axes, title, "mean squared error of a member", "")
    lab.figure(
        "errors",
        figure,
        "The squared error of the mean member on the test: what is left in the average "
        "of five, and the spread around it.",
    )


if __name__ == "__main__":
    main(__file__)
