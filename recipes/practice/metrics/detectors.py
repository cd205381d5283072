"""Detectors: F1, precision or recall decides who is called guilty, and at what cost.

One row in twenty is a criminal. A network gives everybody a probability, and where to
cut is chosen on validation rows by the best F1, the best precision or the best recall.
Recall alone is best where everybody is guilty; precision alone is best where only the
surest few are. F1 can't be had by either.

Whether that makes F1 the measure to prefer is not for a machine to say: it depends on
what a wrong conviction and a missed criminal are worth. So the stand-in is cost, for
three ratios, on rows that chose nothing.
"""

import numpy as np

from recipes.lab import Finding, claim, figures, main, stats
from recipes.practice.metrics._curves import metrics
from recipes.practice.metrics._detector import (
    COSTS,
    GRID,
    RARE,
    column,
    cost,
    detectors,
)

CHOICES = ("F1", "precision", "recall")
LARGEST = 30  # of each count, where all are tried
LEAST = 1e-5  # a cost of 0 has no logarithm: one error in 100,000 rows
# In a court a false alarm is a wrong conviction.
COURT = {
    "a wrong conviction costs as much as a missed criminal": COSTS[
        "errors cost the same"
    ],
    "a wrong conviction costs ten missed criminals": COSTS[
        "a false alarm costs ten misses"
    ],
    "a missed criminal costs ten wrong convictions": COSTS[
        "a miss costs ten false alarms"
    ],
}


def times_above_both() -> tuple[int, int]:
    """For how many triples of counts F1 is above precision and recall, and of how many.

    F1 is their harmonic mean, so that it lies between the two.
    """
    hits, alarms, misses = (
        grid.ravel().astype(float) for grid in np.mgrid[[slice(0, LARGEST + 1)] * 3]
    )
    zero = np.zeros_like(hits)
    found = metrics(
        {"hits": hits, "alarms": alarms, "misses": misses, "rejections": zero + 1}
    )
    highest = np.maximum(found["precision"], found["recall"])
    return int((found["F1"] > highest + stats.EXACT).sum()), len(hits)


# The advised choice is compared with the cheaper of its two rivals, as ratios of costs:
# a tenth matters whatever the unit.


@claim(
    "met-f1-criminal",
    "For a detector of criminals F1 is to be preferred to precision and to recall.",
    says="advice",
    notes="001",
    scope="two Gaussians, one row in twenty positive, a network of 16 units, "
    "thresholds chosen on 2,000 rows; costs stand in for what is better",
)
def f1_is_preferred(lab):
    """The costs of the thresholds chosen by F1, precision and recall."""
    runs = detectors(lab, RARE)
    above, tried = times_above_both()
    conditions, costs = {"as numbers, F1 above both": above > 0}, {}
    for name, ratio in COURT.items():
        seen = {rule: np.maximum(cost(runs, rule, ratio), LEAST) for rule in CHOICES}
        rival = min(CHOICES[1:], key=lambda rule: seen[rule].mean())
        conditions[name] = stats.greater(
            seen[rival], seen["F1"], by=stats.TENTH, scale="log"
        )
        costs[name] = {rule: float(values.mean()) for rule, values in seen.items()}
    cuts = {rule: column(runs, rule, "threshold").mean() for rule in CHOICES}
    short = ("both cost 1", "false alarm 10", "miss 10")
    columns = ["chosen by", "threshold", "precision", "recall", "F1", *short]
    lab.table(
        "Thresholds chosen on validation rows, on test rows; then costs a 1,000 rows",
        columns,
        [
            [rule, f"{cuts[rule]:.3f}"]
            + [f"{column(runs, rule, n).mean():.3f}" for n in columns[2:5]]
            + [f"{1000 * costs[name][rule]:.0f}" for name in COURT]
            for rule in CHOICES
        ],
    )
    dear = list(costs.values())
    return Finding(
        conditions,
        "F1 costs the least where {holding}. Chosen by F1, precision and recall, "
        "errors cost {equal:.0f} a 1,000 rows where both cost 1, {convicted:.0f} "
        "where wrong convictions cost 10, and {missed:.0f} where missed criminals do. "
        "As numbers F1 was above both in {above} of {tried:,} triples of counts: it "
        "lies between them.",
        figure=draw_choices,
        equal=[1000 * dear[0][rule] for rule in CHOICES],
        convicted=[1000 * dear[1][rule] for rule in CHOICES],
        missed=[1000 * dear[2][rule] for rule in CHOICES],
        above=above,
        tried=tried,
        thresholds=cuts,
        costs=costs,
    )


def draw_choices(lab):
    """Precision, recall and F1 by threshold, with the threshold that each chooses."""
    runs = detectors(lab, RARE)
    figure, axes = figures.new(width=8.0, height=4.2)
    axes.set(ylim=(0, 1.05), xscale="logit", xlim=(1e-3, 0.999))
    cuts = {}
    for index, rule in enumerate(("precision", "recall", "F1")):
        values = np.array([run["curve"][rule] for run in runs])
        # Where nothing is found there is no precision.
        found = np.array([run["curve"]["recall"] for run in runs]) > 0
        values = values[:, found.all(0)]
        grid = np.array(GRID)[found.all(0)]
        style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
        axes.plot(grid, values.mean(0), label=rule, **style)
        cut = float(np.median(column(runs, rule, "threshold")))
        height = float(np.interp(cut, grid, values.mean(0)))
        cuts[rule] = f"{rule} {cut:.2f}"
        axes.plot(np.clip(cut, 1e-3, 0.999), height, "o", ms=9, color=style["color"])
    figures.legend(axes, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    axes.set_xticks([0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999])
    axes.xaxis.set_major_formatter("{x:g}")
    axes.minorticks_off()
    title = f"Chosen thresholds (points): {', '.join(cuts.values())}"
    figures.describe(axes, title, "threshold on the probability", "share on test rows")
    lab.figure(
        "choices",
        figure,
        "Precision, recall and F1 of the detectors by threshold, means over seeds; "
        "points: the median threshold that each chooses on validation rows.",
    )


if __name__ == "__main__":
    main(__file__)
