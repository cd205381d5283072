"""Thresholds: 0.5 makes the fewest errors, and no other promise.

A sigmoid's output is a probability p, and deciding at p > 0.5 takes the likelier
answer. That makes the fewest errors, however rare one class is. Where a miss costs c
and a false alarm a, the cheapest threshold is a / (a + c) instead; and F1 is best at
half its own best value, which is below 0.5 for everything that isn't perfect.

The threshold of 0.5 is compared with one that validation rows choose. It stands where
it is no worse by a tenth on test rows.
"""

from itertools import pairwise

import keras
import numpy as np

from recipes.lab import Finding, Study, claim, experiment, figures, main, stats
from recipes.practice.metrics._curves import HALF, judged
from recipes.practice.metrics._detector import (
    COSTS,
    EVEN,
    RARE,
    column,
    cost,
    detectors,
)
from zoo import mlp

AS_GOOD = 1.1  # an error that is less than a tenth above the best is as good
NO_WORSE = stats.Threshold(
    "no worse by a tenth",
    1.0,
    "times less than the chosen threshold's errors and a tenth",
    "an error that is less than a tenth larger changes no decision.",
)
LEAST = 1e-5  # an error of 0 has no logarithm
DEAR_MISS = "a miss costs ten false alarms"
# Six labels of one input, as of a picture that shows a dog and a cat: two of them in
# half of the rows, two in one of eight, two in one of twenty.
RATES = (0.5, 0.5, 0.125, 0.125, 0.05, 0.05)
FEATURES, ROWS, TEST_ROWS = 12, 2000, 20_000
LABELS = Study(mlp, keras.losses.BinaryCrossentropy(from_logits=True), "adam")


def draw_labels(seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Labels by noisy linear rules: rows to learn from, to choose by, and to judge."""
    rng = np.random.default_rng([seed, 28])
    rules = rng.normal(size=(FEATURES, len(RATES))) / np.sqrt(FEATURES)
    count = 2 * ROWS + TEST_ROWS
    x = rng.normal(size=(count, FEATURES))
    scores = x @ rules + rng.normal(0, 0.5, (count, len(RATES)))
    cuts = [np.quantile(scores[:, i], 1 - rate) for i, rate in enumerate(RATES)]
    y = (scores > cuts).astype("float32")
    ends = (0, ROWS, 2 * ROWS, count)
    return [(x[a:b].astype("float32"), y[a:b]) for a, b in pairwise(ends)]


def train_labels(case, seed, data) -> dict[str, list[float]]:
    """Trains one sigmoid a label; returns each label's F1 at 0.5 and where chosen."""
    rows, *others = draw_labels(seed)

    def judge(model) -> dict:
        parts = []
        for x, y in others:
            logits = model.predict_on_batch(x).astype(float)
            parts.append((y, 1 / (1 + np.exp(-logits))))
        found = [
            judged({"F1": "F1"}, *((y[:, i], p[:, i]) for y, p in parts))
            for i in range(len(RATES))
        ]
        return {rule: [each[rule]["F1"] for each in found] for rule in (HALF, "F1")}

    return LABELS.train(
        rows,
        seed,
        epochs=case["passes"],
        batch_size=100,
        learning_rate=0.01,
        # Independent sigmoids: one for each label, whose answers need not sum to 1.
        network={"num_classes": len(RATES), "task": "binary", "units": [16]},
        measure=judge,
    )["measured"]


@experiment
def several_labels(lab) -> dict[str, np.ndarray]:
    """F1 by label at 0.5 and at the chosen thresholds: (seeds, labels)."""
    cases = {"six labels": {"passes": lab.settings.passes}}
    (runs,) = lab.sweep(train_labels, cases, title="six labels").values()
    return {rule: stats.column(runs, rule) for rule in (HALF, "F1")}


def no_worse(chosen: np.ndarray, half: np.ndarray) -> stats.Decision:
    """Whether the errors at 0.5 are less than a tenth above the chosen threshold's."""
    chosen, half = np.maximum(chosen, LEAST), np.maximum(half, LEAST)
    return stats.greater(AS_GOOD * chosen, half, by=NO_WORSE, scale="log")


@claim(
    "met-threshold",
    "A sigmoid's probability is turned into a decision at a threshold of 0.5.",
    says="is",
    notes="001 002",
    scope="two Gaussians and six labels of 12 features, a network of 16 units; the "
    "rival is chosen on 2,000 rows",
)
def half_is_as_good(lab):
    """Errors, costs and F1 at 0.5 and at the thresholds that rows choose."""
    even, rare, labels = detectors(lab, EVEN), detectors(lab, RARE), several_labels(lab)
    equal, dear = COSTS["errors cost the same"], COSTS[DEAR_MISS]
    pairs = {
        "errors, even classes": [cost(even, r, equal) for r in ("accuracy", HALF)],
        "errors, one positive in twenty": [
            cost(rare, r, equal) for r in ("accuracy", HALF)
        ],
        "a miss costs ten, even classes": [
            cost(even, r, dear) for r in (DEAR_MISS, HALF)
        ],
        "F1, one positive in twenty": [1 - column(rare, r, "F1") for r in ("F1", HALF)],
        "mean F1 of six labels": [1 - labels[r].mean(1) for r in ("F1", HALF)],
    }
    means = {name: [float(v.mean()) for v in pair] for name, pair in pairs.items()}
    lab.table(
        "What is lost on test rows, at the threshold chosen on validation rows and 0.5",
        ["lost: errors, costs or 1 - F1", "chosen", "0.5"],
        [[name, *(f"{value:.3f}" for value in pair)] for name, pair in means.items()],
    )
    cuts = {
        "errors": column(rare, "accuracy", "threshold").mean(),
        "a miss costs ten": column(even, DEAR_MISS, "threshold").mean(),
        "F1": column(rare, "F1", "threshold").mean(),
    }
    return Finding(
        {name: no_worse(*pair) for name, pair in pairs.items()},
        "0.5 is as good as a chosen threshold for {holding}. Where a miss costs ten "
        "the chosen one is {cuts[a miss costs ten]:.2f} (theory says 1/11) and the "
        "errors at 0.5 cost {dear:.2f} times as much; for F1 it is {cuts[F1]:.2f}.",
        figure=draw_labels_by_rate,
        cuts=cuts,
        dear=means["a miss costs ten, even classes"][1]
        / means["a miss costs ten, even classes"][0],
        lost_at_chosen_and_at_half=means,
        F1_by_label={rule: values.mean(0) for rule, values in labels.items()},
    )


def draw_labels_by_rate(lab):
    """Each label's F1 at 0.5 and at the chosen threshold."""
    found = several_labels(lab)
    figure, axes = figures.new(width=7.6, height=4.0)
    places = np.arange(len(RATES))
    for index, (rule, name) in enumerate({HALF: "0.5", "F1": "chosen"}.items()):
        values, color = found[rule], figures.COLORS[index]
        bar = axes.bar(places + 0.4 * index - 0.2, values.mean(0), 0.36, color=color)
        bar.set_label(f"threshold {name}")
        if index:
            for patch in bar:
                patch.set_hatch("//")
        spread = [values.mean(0) - values.min(0), values.max(0) - values.mean(0)]
        axes.errorbar(
            places + 0.4 * index - 0.2, values.mean(0), spread, fmt="none",
            ecolor="#000000", elinewidth=1, capsize=3,
        )  # fmt: skip
    axes.set_xticks(places, [f"{rate:.1%}" for rate in RATES])
    axes.set(ylim=(0, 1.12))
    figures.legend(axes, loc="upper right", ncols=2)
    rarest = np.equal(RATES, min(RATES))
    half, chosen = (found[rule][:, rarest].mean() for rule in (HALF, "F1"))
    title = f"Rarest labels: F1 {half:.2f} at 0.5, {chosen:.2f} where it is chosen"
    figures.describe(axes, title, "share of rows with the label", "F1 on test rows")
    lab.figure(
        "labels",
        figure,
        "F1 of six labels of one network at 0.5 and at thresholds chosen on validation "
        "rows: mean and range over seeds.",
    )


if __name__ == "__main__":
    main(__file__)
