"""Starts: the loop of forward, backward and update, from many starting points.

Forward pass, cost, backward pass, update, and again: with a small rate that brings the
cost down. Whether it comes down to almost nothing depends on the start. A 2-2-1 network
has just enough units for XOR, and from every fifth start it is stuck on a plateau. With
two units to spare no start is.

So more starts pay where a single one may fail, and find nothing new where none does.
"""

from math import comb

import numpy as np

from recipes.basics.backprop._xor import xor_costs
from recipes.lab import Finding, claim, experiment, figures, main, stats

UNITS = (2, 4)  # hidden: the fewest that can do XOR, and two to spare
SMALL = 0.05  # a cost that counts as having learned XOR; guessing ½ costs 0.5
GROUP = 4  # starts, of which the best is kept
WORTH = stats.Threshold(
    "one network in twenty",
    0.05,
    "share of networks that learn",
    "four trainings cost four times as much; fewer gained would not pay for them.",
)


@experiment
def costs(lab) -> dict[int, np.ndarray]:
    """Costs (passes + 1, starts) by the number of hidden units."""
    return {units: xor_costs(lab, units) for units in UNITS}


def best_of(success) -> dict[int, float]:
    """Returns the chance that k of these starts hold a success, for k = 1..10."""
    total, missed = len(success), int((~success).sum())
    most = min(10, total)
    return {k: 1 - comb(missed, k) / comb(total, k) for k in range(1, most + 1)}


@claim(
    "multiple-starts",
    "Training from several starting points finds solutions that a single one misses.",
    says="advice",
    hedge="best practices",
    notes="003",
    scope="XOR, 2-2-1 and 2-4-1 sigmoid networks, 200 starts, 4000 passes at rate 1",
)
def several_starts(lab):
    """The best of four starts, against the first of the four."""
    learned = {units: found[-1] < SMALL for units, found in costs(lab).items()}
    gains, shares, best = {}, {}, {}
    group = min(GROUP, len(learned[UNITS[0]]))
    for units, success in learned.items():
        fours = success[: len(success) // group * group].reshape(-1, group)
        case = f"{units} hidden units"
        gains[case] = stats.greater(fours.any(1), fours[:, 0], by=WORTH)
        shares[case] = success.mean()
        best[case] = best_of(success)
    two, four = best
    return Finding(
        gains,
        "It pays with: {holding}. With 2 hidden units {two:.1%} of the starts learn "
        "XOR, and the best of {group} does in {two_best:.1%}; with 4 hidden units "
        "{four:.1%} of single starts do.",
        figure=draw_starts,
        two=shares[two],
        group=group,
        two_best=best[two][group],
        four=shares[four],
        gains=gains,
        share_that_learn_best_of_k={
            case: {str(k): share for k, share in shares.items()}
            for case, shares in best.items()
        },
    )


@claim(
    "backprop-process-loop",
    # "Repeat until error is small enough" says when to stop, not that it gets there.
    "Forward pass, loss, backward pass and update, repeated, bring the error down.",
    notes="002 003",
    scope="XOR, 2-2-1 and 2-4-1 sigmoid networks, 200 starts, 4000 passes at rate 1",
)
def loop(lab):
    """Whether the loop lowers the cost; how often it makes it small."""
    found = costs(lab)
    falls = {
        units: stats.greater(cost[0], cost[-1], by=stats.TENTH, scale="log")
        for units, cost in found.items()
    }
    reached = {units: (cost[-1] < SMALL).mean() for units, cost in found.items()}
    return Finding(
        {f"the cost falls, {units} units": fall for units, fall in falls.items()},
        'On XOR the first cost is this many times the last: {falls}. "Until it is '
        'small" may never come: after {passes} passes the cost is below {small} in '
        "{two:.1%} of the networks with 2 hidden units and {four:.1%} of those with 4. "
        "So the loop also needs a limit on its passes.",
        figure=draw_starts,
        falls={f"{units} units": fall for units, fall in falls.items()},
        passes=len(found[2]) - 1,
        small=SMALL,
        two=reached[2],
        four=reached[4],
        fall_of_the_mean_cost={
            f"{units} units": (cost[0] - cost[-1]).mean()
            for units, cost in found.items()
        },
        share_of_passes_that_lower_the_cost={
            f"{units} units": (np.diff(cost, axis=0) < 0).mean()
            for units, cost in found.items()
        },
    )


def draw_starts(lab):
    """The costs of 2-2-1 networks, and the share that learns by starts tried."""
    found = costs(lab)
    learned = {units: cost[-1] < SMALL for units, cost in found.items()}
    figure, axes = figures.new(1, 2, width=10.0, height=3.8)
    passes = np.arange(1, len(found[2]) + 1)
    axes[0].set_xscale("log")
    groups = {"learned": learned[2], "stuck": ~learned[2]}
    for index, (name, chosen) in enumerate(groups.items()):
        style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
        lines = axes[0].plot(
            passes, found[2][:, chosen], linewidth=0.6, alpha=0.5, **style
        )
        for line in lines[:1]:
            line.set_label(f"{name}: {chosen.mean():.0%}")
    figures.label_ends(axes[0])
    title = f"2 hidden units: {(~learned[2]).mean():.0%} of the starts get stuck"
    figures.describe(axes[0], title, "pass (cost before it)", "cost, ½ Σ (t - y)²")
    axes[1].set_ylim(0, 1.12)
    tries = np.arange(1, 11)
    shares = {
        f"{units} units": [best_of(success).get(k, np.nan) for k in tries]
        for units, success in learned.items()
    }
    figures.curves(axes[1], tries, shares)
    most = min(GROUP, len(learned[2]))
    two, four = (best_of(learned[units])[most] for units in UNITS)
    title = f"Best of {most}: {two:.0%} with 2 units, {four:.0%} with 4"
    figures.describe(axes[1], title, "starts, the best kept", "share that learn XOR")
    lab.figure(
        "starts", figure, "XOR with 2 hidden units (left), and the best of k starts."
    )


if __name__ == "__main__":
    main(__file__)
