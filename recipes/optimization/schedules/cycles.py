"""Cycles: a rate that climbs again, what that is good for, and a call that does more.

A triangular cycle raises the rate from a low to a high value and lowers it again, over
and over (Smith, 2017). The notes say that it can help to escape local minima. A double
well with noisy slopes shows it: only high rates climb over the top, and a cycle has
some. Whether that is an advantage depends on what it is compared with: the same mean
rate held, a rate that falls, or simply the highest rate held.

The notes' call of PyTorch's `CyclicLR` does more than its arguments say: by default it
cycles the momentum as well, against the rate, and so turns it on where there was none.
"""

import numpy as np

from recipes.lab import Finding, claim, experiment, figures, main, stats
from recipes.optimization.schedules._curves import (
    CLOSE,
    cosine,
    difference,
    rates_in_keras,
    triangular,
)
from recipes.optimization.schedules._digits import column, from_best_rate
from zoo import CyclicalRate

# `triangular` is the formula; `zoo.CyclicalRate` is the same as a schedule that any
# Keras optimizer takes, and a model with it can be saved.
PRINTED = {"base": 1e-5, "peak": 1e-2, "steps_up": 2000}


@claim(
    "sched-cyclical",
    "A triangular cycle goes from 1e-5 to 1e-2 in 2000 steps and back.",
    says="is",
    notes="002",
    scope="the rates of 8,000 updates; nothing is trained",
)
def goes_up_and_down(lab):
    """Keras has no cycle, but takes any schedule."""
    times = np.arange(0, 8001, 250)
    expected = triangular(times)
    corners = np.array([1e-5, 0.005005, 0.01, 0.005005, 1e-5])
    seen = rates_in_keras(CyclicalRate(**PRINTED), times)
    gaps = {
        "formula at 0, 1000, ... 4000": difference(expected[:17:4], corners, 0.01),
        "as a Keras schedule": difference(seen, expected, 0.01),
    }
    return Finding(
        {name: stats.below(gap, CLOSE) for name, gap in gaps.items()},
        "zoo.CyclicalRate, a schedule for Keras's optimizers, is {largest:.0e} of the "
        "highest rate from the formula. Keras has no cyclical one.",
        figure=draw_cycles,
        largest=max(gaps.values()),
        rate_at_0_1000_2000_3000_4000=expected[:17:4],
        difference_over_the_highest_rate=gaps,
    )


# The well x⁴/4 − x²/2 + x/10 has a shallow minimum on the right, at 0.95, and a deep
# one on the left. Walkers start at the shallow one and get noise of variance 1.
SHALLOW, TOP, HIGH, LOW = 0.9456, 0.1010, 0.1, 0.001
STEPS, WALKERS, HALF = 2000, 100, 250  # HALF a cycle is so many steps
SHARE = stats.Threshold(
    "five points of the share", 0.05, "share", "100 walkers a seed: five of them."
)


def plans() -> dict[str, np.ndarray]:
    """The rates of all steps; all but the last one have the mean of the cycle."""
    cycle = triangular(np.arange(STEPS), LOW, HIGH, HALF)
    fall = cosine(np.arange(STEPS), STEPS)
    return {
        "cycle": cycle,
        "the same mean rate, held": np.full(STEPS, cycle.mean()),
        "the same mean rate, falling": fall * cycle.mean() / fall.mean(),
        "the highest rate, held": np.full(STEPS, HIGH),
    }


def share_that_escapes(rates, seeds) -> np.ndarray:
    """The share of walkers that end in the deep well, one a seed."""
    rngs = [np.random.default_rng([seed, 43]) for seed in seeds]
    noise = np.stack([rng.normal(size=(STEPS, WALKERS)) for rng in rngs], 1)
    x = np.full((len(rngs), WALKERS), SHALLOW)
    for rate, kick in zip(rates, noise, strict=True):
        x = x - rate * ((x * x - 1) * x + 0.1 + kick)
    return (x < TOP).mean(1)


@experiment
def escapes(lab) -> dict[str, np.ndarray]:
    """The share that escapes by plan, one a seed."""
    return {
        name: share_that_escapes(rates, lab.seeds) for name, rates in plans().items()
    }


@claim(
    "sched-cyclical-escapes",
    "A cyclical rate can help escape local minima and find a better solution.",
    says="can",
    hedge="can",
    notes="002",
    scope="a double well with noise, 2,000 steps; digits, 64 hidden units, 16 epochs",
)
def cycle_escapes(lab):
    """Who leaves a shallow well, and the held-out loss on digits."""
    share, runs = escapes(lab), from_best_rate(lab)
    losses = [column(runs[name], "held_out_loss") for name in ("constant", "cyclical")]
    return Finding(
        {
            **{
                f"double well: more escape than with {name}": stats.greater(
                    share["cycle"], share[name], by=SHARE
                )
                for name in list(share)[1:]
            },
            "images: a tenth less held-out loss than with the rate held": stats.greater(
                *losses, by=stats.TENTH, scale="log"
            ),
        },
        "Share of walkers that leave the shallow well for the deep one: {means:.0%}. "
        "Held-out loss on digits with the rate held and with two cycles: {losses:.3g}.",
        figure=draw_cycles,
        means={name: seen.mean() for name, seen in share.items()},
        losses=[seen.mean() for seen in losses],
    )


# What the notes' call does, as PyTorch documents it: `cycle_momentum=True`,
# `base_momentum=0.8` and `max_momentum=0.9` are defaults, so the optimizer's momentum
# goes from 0.9 at the lowest rate to 0.8 at the highest. The project's tests run the
# call where PyTorch is installed, and find this path.


def printed_call(steps: int, momentum: bool) -> np.ndarray:
    """PyTorch's SGD on x²/2 from 1 under the notes' call.

    Args:
        steps: How many.
        momentum: Whether the call cycles the momentum, as it does by default.
    """
    x, velocity, path = 1.0, 0.0, [1.0]
    for rate in triangular(np.arange(steps)):
        high = (rate - 1e-5) / (1e-2 - 1e-5)
        velocity = (0.9 - 0.1 * high if momentum else 0.0) * velocity + x
        x = x - rate * velocity
        path.append(x)
    return np.array(path)


@claim(
    "sched-cyclical-code-momentum",
    # The notes say what the rate does, `sched-cyclical`; of the momentum nothing.
    "The notes' CyclicLR call cycles the momentum of SGD, too, by default.",
    says="is",
    notes="ours",
    scope="x²/2 from 1, SGD without momentum, 4,000 updates; nothing is trained",
)
def call_changes_more(lab):
    """The rates of the call, and SGD's path with and without what it adds."""
    rates = triangular([0, 1000, 2000, 3000, 4000])
    corners = np.array([1e-5, 0.005005, 0.01, 0.005005, 1e-5])
    plain, as_called = printed_call(4000, False), printed_call(4000, True)
    steps = [int((path > 0.5).sum()) for path in (plain, as_called)]
    return Finding(
        {
            "the rate goes from 1e-5 to 1e-2 and back": stats.below(
                difference(rates, corners, 0.01), CLOSE
            ),
            "SGD without momentum takes other steps than with the rate alone": (
                stats.above(np.abs(plain - as_called).max(), CLOSE)
            ),
        },
        "The rate goes from 1e-5 to 1e-2 and back, and more changes: by default "
        "the call sets a momentum of 0.9 to 0.8 in an SGD that had none "
        "(cycle_momentum=False leaves it). Half of the way down x²/2 then takes "
        "{with_momentum} updates in place of {without}. An optimizer that has no "
        "momentum at all, AdaGrad, is refused.",
        with_momentum=steps[1],
        without=steps[0],
    )


def draw_cycles(lab):
    """The cycle by formula and in Keras, and who escapes a shallow well."""
    figure, (left, right) = figures.new(1, 2, width=10.0, height=3.8)
    times = np.arange(0, 8001, 50)
    left.plot(times, triangular(times), color=figures.COLORS[0], label="formula")
    dots = rates_in_keras(CyclicalRate(**PRINTED), times[::6])
    left.plot(times[::6], dots, "o", ms=3, color=figures.COLORS[1], label="Keras")
    figures.legend(left)
    figures.describe(left, "A cycle climbs again", "update", "learning rate")
    share = escapes(lab)
    for index, seen in enumerate(share.values()):
        style = {"color": figures.COLORS[index], "linestyle": "none"}
        right.plot(seen, [index] * len(seen), "os^v"[index], **style)
    right.set_yticks(range(len(share)), list(share))
    right.set(ylim=(-0.6, len(share) - 0.4))
    right.xaxis.set_major_formatter("{x:.0%}")
    cycle, *others = (seen.mean() for seen in share.values())
    rest = f"{min(others):.0%} to {max(others):.0%} by others"
    title = f"{cycle:.0%} escape by the cycle, {rest}"
    figures.describe(right, title, "share that escapes (a mark a seed)", "")
    caption = "A triangular cycle, and who leaves a shallow well under four plans."
    lab.figure("cycles", figure, caption)


if __name__ == "__main__":
    main(__file__)
