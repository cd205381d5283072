"""Gaps: do large batches overfit, and do small ones regularize?

Overfitting shows in the gap between held-out and training loss. But a network that is
further trained has a wider gap, whatever its batches: after equal epochs small batches
are further, after equal updates large ones. So gaps are compared where both sizes have
come down to the same training loss, each on its way at the rate that is best for it.
"""

import numpy as np

from recipes.lab import Finding, claim, figures, main, stats
from recipes.optimization.batch_size._digits import (
    LARGE,
    MIDDLE,
    SMALL,
    best_rates,
    runs_of,
)

# Nats of training loss at which gaps are compared: an epoch of small batches ends
# below 0.4 at once, and large batches do not always get to 0.05.
LEVELS = (0.2, 0.1)
GAP = stats.Threshold(
    "a hundredth of a nat",
    0.01,
    "nats",
    "a held-out sample's probability then changes by one percent: less is not seen.",
)


def gap_at_level(runs: list[dict], level: float) -> list[float] | None:
    """The gap of each training where its training loss comes down to a level.

    Straight lines stand between the epochs. None where a training doesn't come down to
    it, or is below it after its first epoch.
    """
    gaps = []
    for run in runs:
        seen = np.array(run["training_loss"])
        between = np.array(run["held_out_loss"]) - seen
        below = np.flatnonzero(seen <= level)
        if not len(below) or below[0] == 0:
            return None
        at = below[0]
        share = (seen[at - 1] - level) / (seen[at - 1] - seen[at])
        gaps.append(float(between[at - 1] + share * (between[at] - between[at - 1])))
    return gaps


def longest_runs(lab, size: int) -> list[dict]:
    """A size's longer trainings: through equal updates for large batches."""
    equal = "updates" if size == LARGE else "epochs"
    return runs_of(lab, size, best_rates(lab, equal)[size], equal)


def wider(lab, first: int, second: int) -> tuple[dict, dict]:
    """Whether the first size has the wider gap at each level; and the mean gaps."""
    runs, decided, means = [longest_runs(lab, s) for s in (first, second)], {}, {}
    for level in LEVELS:
        pair = [gap_at_level(found, level) for found in runs]
        known = None not in pair
        decided[level] = stats.greater(*pair, by=GAP) if known else None
        means[f"{level:g}"] = [float(np.mean(g)) for g in pair] if known else None
    return decided, means


@claim(
    "batch-large-overfit",
    "A larger batch size could risk overfitting.",
    says="can",
    hedge="could",
    notes="001",
    scope="1,056 digits, a network of 64 hidden units, SGD, batches of 528 and 32",
)
def large_batches_overfit(lab):
    """The gap of large batches and of 32 at one training loss."""
    decided, means = wider(lab, LARGE, MIDDLE)
    return Finding(
        {
            f"at a training loss of {level:g}: a larger gap": one
            for level, one in decided.items()
        },
        "Held-out minus training loss with batches of {large} and of {middle}, by the "
        "training loss that both have come down to: {means:.3f} nats.",
        figure=draw_gaps,
        large=LARGE,
        middle=MIDDLE,
        means=means,
    )


@claim(
    "batch-small-regularises",
    "Small batches can offer a regularizing effect.",
    says="can",
    hedge="can",
    notes="001",
    scope="1,056 digits, a network of 64 hidden units, SGD, batches of 16 and 528",
)
def noise_regularizes(lab):
    """The gap of small and of large batches at one training loss."""
    decided, means = wider(lab, LARGE, SMALL)
    return Finding(
        {
            f"at a training loss of {level:g}: a smaller gap": one
            for level, one in decided.items()
        },
        "Held-out minus training loss with batches of {large} and of {small}, by the "
        "training loss that both have come down to: {means:.3f} nats.",
        figure=draw_gaps,
        large=LARGE,
        small=SMALL,
        means=means,
    )


def draw_gaps(lab):
    """Held-out loss by training loss for the three sizes."""
    figure, axes = figures.new(width=7.2, height=4.2)
    axes.set(xscale="log")
    grows = []
    for index, size in enumerate((SMALL, MIDDLE, LARGE)):
        runs = longest_runs(lab, size)
        seen, unseen = (
            stats.column(runs, name).mean(0)
            for name in ("training_loss", "held_out_loss")
        )
        gaps = unseen - seen
        grows.append(bool(gaps[-1] > gaps[0]))
        style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
        label = f"batches of {size}"
        axes.plot(seen, gaps, marker="os^"[index], ms=3, label=label, **style)
    for level in LEVELS:
        axes.axvline(level, color="#000000", lw=0.8, ls=":")
    axes.invert_xaxis()
    figures.legend(axes)
    title = "The gap grows as training goes on, for every batch size"
    if not all(grows):
        title = f"The gap has grown for {sum(grows)} of {len(grows)} batch sizes"
    x = "training loss (nats; training goes to the right; dotted: compared)"
    figures.describe(axes, title, x, "held-out minus training loss (nats)")
    lab.figure("gaps", figure, "The gap by training loss for three batch sizes: means.")


if __name__ == "__main__":
    main(__file__)
