"""Overfitting: what a drop of the rate does that stopping early would not."""

import numpy as np

from recipes.lab import stats
from recipes.optimization._schedules_network import WRONG, Plan, by_epoch, column

TIMELY, LATE = "drop after a quarter", "drop after three quarters"


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


def train(lab, learner, rate: float) -> dict[str, list[dict]]:
    """Trains on digits of which a share has a wrong label, to be learned by heart."""
    epochs = lab.settings.epochs
    cases = {
        name: Plan(rate, name, epochs, wrong=True, watch=True)
        for name in ("constant", "cosine", TIMELY, LATE)
    }
    runs = lab.sweep(learner.train, cases, title="wrong labels")
    lab.table(
        f"Digits, {WRONG:.0%} of all labels wrong",
        ["schedule", "gap", "held-out loss", "accuracy on true labels"],
        [
            [
                name,
                f"{gap(results).mean():.3f}",
                f"{column(results, 'held_out_loss').mean():.3f}",
                f"{column(results, 'accuracy').mean():.2%}",
            ]
            for name, results in runs.items()
        ],
    )
    return runs


def smaller_gaps(runs, noisy) -> dict[str, stats.Comparison]:
    """How much a drop of the rate narrows the gap, on wrong and on true labels."""
    constant, timely = noisy["constant"], noisy[TIMELY]
    return {
        f"{WRONG:.0%} wrong labels, {TIMELY}": stats.paired(gap(constant), gap(timely)),
        f"{WRONG:.0%} wrong labels, {LATE}": stats.paired(
            gap(constant), gap(noisy[LATE])
        ),
        f"true labels, {TIMELY}": stats.paired(
            gap(runs["constant"]), gap(runs[TIMELY])
        ),
    }


def judge(lab, runs, noisy) -> None:
    """Compares the gaps, and held-out losses at one training loss.

    Args:
        lab: The run.
        runs: Results on true labels by schedule.
        noisy: Results on partly wrong labels by schedule.
    """
    epochs = lab.settings.epochs
    constant, timely = noisy["constant"], noisy[TIMELY]
    smaller = smaller_gaps(runs, noisy)
    equal = held_out_at(constant, column(timely, "training_loss"))
    more = (
        stats.paired(equal, column(timely, "held_out_loss"))
        if equal is not None
        else None
    )
    at_drop = by_epoch(constant, "held_out_loss")[:, epochs // 4 - 1]
    ends = {
        name: column(results, "held_out_loss").mean() for name, results in noisy.items()
    }
    accuracy = {
        name: column(results, "accuracy").mean() for name, results in noisy.items()
    }
    gaps = {name: gap(results).mean() for name, results in noisy.items()}
    lab.verdict(
        "sched-prevents-overfitting",
        {
            **{f"{name}: smaller gap": far.positive for name, far in smaller.items()},
            f"{TIMELY}: lower held-out loss than the rate held, at one training loss":
                more and more.positive,
        },
        evidence={
            "gap_of_constant_minus_dropped": smaller,
            "held_out_loss_constant_minus_dropped_at_one_training_loss": more,
            "gap_with_wrong_labels": gaps,
            "held_out_loss_with_wrong_labels": ends,
            "held_out_loss_when_the_rate_would_drop": at_drop,
            "accuracy_on_true_labels_after_wrong_ones": accuracy,
        },
        note=f"With {WRONG:.0%} wrong labels held-out minus training loss ends at "
        f"{gaps['constant']:.2f} with the rate held, {gaps[TIMELY]:.2f} with a drop to "
        f"a tenth after a quarter of the epochs and {gaps[LATE]:.2f} after three "
        f"quarters. The held-out loss is {at_drop.mean():.3f} when a quarter is over; "
        f"it ends at {ends['constant']:.3f}, with the drop at {ends[TIMELY]:.3f}. "
        + (
            "Compared with the rate held at the same training loss, the drop changes "
            f"the held-out loss by {-more.mean:+.3f} [{-more.high:+.3f}, "
            f"{-more.low:+.3f}]."
            if more
            else "The two have no training loss in common to compare them at."
        ),
    )  # fmt: skip
