"""Overfitting: what a drop of the rate does that stopping early would not.

With a fifth of the labels wrong a network can only fit its training labels by heart,
and the held-out loss then rises. If the rate drops to a tenth in time, learning slows
down before that. That alone proves little: less training is less overfitting. So the
held-out losses are compared at one training loss, where both have fitted equally; and
with true labels as well, at the best rate and at a low one.
"""

import numpy as np

from recipes.lab import Finding, claim, figures, main, stats
from recipes.optimization.schedules._digits import (
    TIMELY,
    WRONG,
    at_best,
    at_rate,
    best_rate,
    by_epoch,
    column,
    from_best_rate,
    with_wrong_labels,
)

GAP = stats.Threshold(
    "a hundredth of a nat",
    0.01,
    "nats",
    "a held-out sample's probability then changes by one percent: less is not seen.",
)


def gap(results: list[dict]) -> np.ndarray:
    """Held-out minus training loss at the end, for each seed."""
    return column(results, "held_out_loss") - column(results, "training_loss")


def held_out_at(results: list[dict], training_losses) -> np.ndarray | None:
    """Held-out loss of each run when its training loss first was as low as given.

    Between epochs both are taken to be straight lines.

    Args:
        results: Runs with a history.
        training_losses: One number a run.

    Returns:
        One number a run; None where a run was below from its first epoch on, or
        never.
    """
    found = []
    training = by_epoch(results, "training_loss")
    held_out = by_epoch(results, "held_out_loss")
    for seen, unseen, goal in zip(training, held_out, training_losses, strict=True):
        below = np.flatnonzero(seen <= goal)
        if not len(below) or below[0] == 0:
            return None
        at = below[0]
        share = (seen[at - 1] - goal) / (seen[at - 1] - seen[at])
        found.append(unseen[at - 1] + share * (unseen[at] - unseen[at - 1]))
    return np.array(found)


@claim(
    "sched-prevents-overfitting",
    "Lowering the rate in time reduces overfitting.",
    says="can",
    hedge="can",
    notes="002",
    scope="1,024 digits, 64 hidden units, 16 epochs of SGD, a drop after a quarter",
)
def drop_reduces_overfitting(lab):
    """Held-out losses with the rate held and with a drop, at one training loss."""
    noisy, clean = with_wrong_labels(lab), from_best_rate(lab)
    low = float(f"{best_rate(lab, 'SGD') / 10:.2g}")
    pairs = {
        f"{WRONG:.0%} wrong labels": (noisy["constant"], noisy[TIMELY]),
        "true labels, the best rate": (clean["constant"], clean[TIMELY]),
        "true labels, a tenth of it": (
            at_best(lab, "SGD", 0.1),
            at_rate(lab, f"SGD, {TIMELY}", low),
        ),
    }
    lower, shown = {}, {}
    for name, (held, dropped) in pairs.items():
        equal = held_out_at(held, column(dropped, "training_loss"))
        unseen = column(dropped, "held_out_loss")
        lower[name] = None if equal is None else stats.greater(equal, unseen, by=GAP)
        shown[name] = None if equal is None else [unseen.mean(), equal.mean()]
    gaps = {name: gap(results).mean() for name, results in noisy.items()}
    return Finding(
        {f"{name}: lower held-out loss at one training loss": one
         for name, one in lower.items()},
        "Held-out loss at one training loss, with a drop to a tenth after a quarter of "
        "the epochs and with the rate held: {shown:.3f} nats. With {wrong:.0%} wrong "
        "labels the gap between held-out and training loss ends at {dropped:.2f} "
        "and {held:.2f}.",
        figure=draw_overfitting,
        shown=shown,
        wrong=WRONG,
        dropped=gaps[TIMELY],
        held=gaps["constant"],
        accuracy_on_true_labels_after_wrong_ones={
            name: column(runs, "accuracy").mean() for name, runs in noisy.items()
        },
    )  # fmt: skip


def draw_overfitting(lab):
    """Held-out loss by epoch with wrong labels, and by training loss."""
    figure, (left, right) = figures.new(1, 2, width=11.0, height=4.4)
    runs = with_wrong_labels(lab)
    names = {"constant": "held", TIMELY: "drop after 1/4"}
    curves = {
        label: by_epoch(runs[name], "held_out_loss") for name, label in names.items()
    }
    figures.curves(left, range(1, lab.settings.epochs + 1), curves)
    held, dropped = (values[:, -1].mean() for values in curves.values())
    title = f"Held-out loss at the end: {held:.2f} held, {dropped:.2f} after a drop"
    figures.describe(left, title, "epoch", "held-out loss (nats)")
    for index, (name, label) in enumerate(names.items()):
        seen = by_epoch(runs[name], "training_loss").mean(0)
        style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
        unseen = by_epoch(runs[name], "held_out_loss").mean(0)
        right.plot(seen, unseen, marker="os^"[index], ms=4, label=label, **style)
    right.invert_xaxis()
    figures.legend(right)
    last = runs[TIMELY]
    equal = held_out_at(runs["constant"], column(last, "training_loss"))
    title = "No training loss in common"
    if equal is not None:
        dropped = column(last, "held_out_loss").mean()
        title = f"At one training loss: {equal.mean():.2f} held, {dropped:.2f} dropped"
    x = "training loss (nats; training goes to the right)"
    figures.describe(right, title, x, "held-out loss (nats)")
    lab.figure(
        "overfitting",
        figure,
        f"Held-out loss on digits with {WRONG:.0%} wrong labels, with the rate held "
        "and with a drop to a tenth; means, with the range over seeds on the left.",
    )


if __name__ == "__main__":
    main(__file__)
