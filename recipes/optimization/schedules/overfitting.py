"""Overfitting: what a drop of the rate does that stopping early would not.

With a fifth of the labels wrong a network can only fit its training labels by heart,
and the held-out loss then rises. If the rate drops to a tenth in time, learning slows
down before that. That alone proves little: less training is less overfitting. So the
held-out losses are compared at one training loss, too, where both have fitted equally.
"""

import numpy as np

from recipes.lab import Finding, claim, figures, main, stats
from recipes.optimization.schedules._digits import (
    LATE,
    TIMELY,
    WRONG,
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
    scope="1,024 digits, a fifth of the labels wrong, 64 hidden units, 16 epochs, SGD",
)
def drop_reduces_overfitting(lab):
    """Compares the gaps, and held-out losses at one training loss."""
    noisy, clean = with_wrong_labels(lab), from_best_rate(lab)
    constant, timely = noisy["constant"], noisy[TIMELY]
    gaps = {name: gap(results) for name, results in noisy.items()}
    pairs = {
        f"{WRONG:.0%} wrong labels, {TIMELY}": (gaps["constant"], gaps[TIMELY]),
        f"{WRONG:.0%} wrong labels, {LATE}": (gaps["constant"], gaps[LATE]),
        f"true labels, {TIMELY}": (gap(clean["constant"]), gap(clean[TIMELY])),
    }
    equal = held_out_at(constant, column(timely, "training_loss"))
    unseen = column(timely, "held_out_loss")
    more = None if equal is None else stats.greater(equal, unseen, by=GAP)
    mean = {name: column(runs, "held_out_loss").mean() for name, runs in noisy.items()}
    accuracy = {name: column(runs, "accuracy").mean() for name, runs in noisy.items()}
    lab.table(
        f"Digits, {WRONG:.0%} of all labels wrong",
        ["schedule", "gap", "held-out loss", "accuracy on true labels"],
        [
            [name, f"{gaps[name].mean():.3f}", f"{mean[name]:.3f}",
             f"{accuracy[name]:.2%}"]
            for name in noisy
        ],
    )  # fmt: skip
    at_drop = by_epoch(constant, "held_out_loss")[:, lab.settings.epochs // 4 - 1]
    return Finding(
        {
            **{
                f"{name}: smaller gap": stats.greater(*pair, by=GAP)
                for name, pair in pairs.items()
            },
            f"{TIMELY}: lower held-out loss than the rate held, at one training loss":
                more,
        },
        "With {wrong:.0%} wrong labels held-out minus training loss ends at {held:.2f} "
        "with the rate held, at {dropped:.2f} with a drop to a tenth after a quarter "
        "of the epochs, at {late:.2f} after three quarters. At one training loss the "
        "early drop lowers the held-out loss by {more} nats.",
        figure=draw_overfitting,
        wrong=WRONG,
        held=gaps["constant"].mean(),
        dropped=gaps[TIMELY].mean(),
        late=gaps[LATE].mean(),
        more=more,
        gap_with_wrong_labels={name: found.mean() for name, found in gaps.items()},
        held_out_loss_with_wrong_labels=mean,
        held_out_loss_when_the_rate_would_drop=at_drop,
        accuracy_on_true_labels_after_wrong_ones=accuracy,
    )  # fmt: skip


def draw_overfitting(lab):
    """Held-out loss by epoch with wrong labels, and by training loss."""
    figure, (left, right) = figures.new(1, 2, width=11.0, height=4.4)
    runs = with_wrong_labels(lab)
    names = {"constant": "held", TIMELY: "drop after 1/4", LATE: "drop after 3/4"}
    curves = {
        label: by_epoch(runs[name], "held_out_loss") for name, label in names.items()
    }
    figures.curves(left, range(1, lab.settings.epochs + 1), curves)
    title = "After a timely drop the held-out loss stays low"
    figures.describe(left, title, "epoch", "held-out loss (nats)")
    for index, (name, label) in enumerate(names.items()):
        seen = by_epoch(runs[name], "training_loss").mean(0)
        style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
        unseen = by_epoch(runs[name], "held_out_loss").mean(0)
        right.plot(seen, unseen, marker="os^"[index], ms=4, label=label, **style)
    right.invert_xaxis()
    figures.legend(right)
    title = "Also at one training loss it is lower"
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
