"""Line: a generator of 49 weights turns noise into numbers around 4.

The smallest GAN that there is: real numbers come from N(4, 1), the generator has one
hidden layer of 16 units, the discriminator one of 32, and each step trains first D,
then G. Training goes in circles around its goal, so that the end is judged by the last
tenth of the measurements, not by one of them.
"""

import numpy as np

from recipes.architectures.gan._networks import (
    DEVIATION,
    EVERY,
    LOSSES,
    MEAN,
    NAMES,
    OPTIMIZERS,
    STARTS,
    line_runs,
)
from recipes.lab import Finding, claim, figures, main, stats

# A definition says what a network is for, not how well it does it in 600 steps. So the
# thresholds ask for little: clearly nearer, clearly better than chance.
HALF_WAY = stats.Threshold(
    "half way from guessing to knowing",
    0.25,
    "accuracy",
    "a network that is nearer to guessing than to knowing does not classify.",
)


def last(runs: list[dict], what: str) -> list[float]:
    """Returns for each seed the mean over the last tenth of the measurements."""
    tail = max(1, len(runs[0][what]) // 10)
    return [float(np.mean(run[what][-tail:])) for run in runs]


@claim(
    "gan-roles",
    "The generator transforms noise into samples that resemble the data; the "
    "discriminator is a binary classifier of real and generated ones.",
    says="is",
    notes="002",
    scope="numbers from N(4, 1), networks of 16 and 32 units, 600 updates, -log D",
)
def noise_becomes_data(lab):
    """Judges what the two networks are: does noise become data, is D a classifier."""
    runs, conditions, left = line_runs(lab), {}, {}
    for optimizer in OPTIMIZERS:
        # The notes' generator maximizes the likelihood of being taken for real.
        several = runs[f"{optimizer}, {STARTS[0]}, {LOSSES[0]}"]
        before = stats.column(several, "distance")[:, 0]
        after = np.array(last(several, "distance"))
        left[optimizer] = after / before
        conditions[f"noise comes nearer to the data, {optimizer}"] = stats.greater(
            before, after, by=stats.TWICE, scale="log"
        )
        # D's head start comes before any loss of G's.
        ahead = runs[f"{optimizer}, {STARTS[1]}, {LOSSES[0]}"]
        accuracy = stats.column(ahead, "accuracy")
        conditions[f"D sorts real from generated, {optimizer}"] = stats.greater(
            accuracy, np.full(len(accuracy), 0.5), by=HALF_WAY
        )
    lab.table(
        f"Learning N({MEAN:g}, {DEVIATION:g}²) from noise, means over seeds",
        ["training", "first D(G(z))", "mean", "standard deviation"],
        [
            [
                name,
                float(stats.column(several, "d_fake").mean()),
                float(np.mean(last(several, "mean"))),
                float(np.mean(last(several, "deviation"))),
            ]
            for name, several in runs.items()
        ],
    )
    return Finding(
        conditions,
        "Of the first distance to the data a median of {shares:.0%} is left; after "
        "{head_start} steps alone D sorts {sorted_rightly:.1%} of the numbers rightly.",
        figure=draw_line,
        shares={name: float(np.median(values)) for name, values in left.items()},
        head_start=lab.settings.head_start,
        sorted_rightly=float(np.mean(accuracy)),
        left=left,
        samples_at_the_end={
            name: {what: last(several, what) for what in ("mean", "deviation")}
            for name, several in runs.items()
        },
    )


def draw_line(lab):
    """The mean of the samples on their way to the data, one panel a way to train."""
    figure, grid = figures.new(2, 2, width=9.0, height=6.0)
    runs = line_runs(lab)
    means = np.concatenate([run["mean"] for seeds in runs.values() for run in seeds])
    margin = 0.05 * np.ptp(means)
    limits = (means.min() - margin, means.max() + margin)  # one scale to compare by
    for row, optimizer in zip(grid, OPTIMIZERS, strict=True):
        for axes, start in zip(row, STARTS, strict=True):
            curves = {
                NAMES[loss]: [
                    run["mean"] for run in runs[f"{optimizer}, {start}, {loss}"]
                ]
                for loss in LOSSES
            }
            steps = EVERY * np.arange(len(next(iter(curves.values()))[0]))
            axes.axhline(MEAN, color="black", linewidth=0.8)
            axes.text(0.99 * steps[-1], MEAN - margin, "the data's mean", ha="right",
                      va="top", size=9)  # fmt: skip
            axes.set_xlim(0, steps[-1])  # names stand clear of the black line
            axes.set_ylim(limits)
            figures.curves(axes, steps, curves)
            off = {
                NAMES[loss]: np.mean(
                    last(runs[f"{optimizer}, {start}, {loss}"], "distance")
                )
                for loss in LOSSES
            }
            near, far = sorted(off, key=off.get)
            ends = (
                "both end as near"
                if off[far] < 2 * off[near]
                else f"{near} ends nearer"
            )
            title = f"{optimizer}, {start}: {ends}"
            figures.describe(axes, title, "step", "mean of the samples")
    lab.figure(
        "line",
        figure,
        "Mean of the generated numbers by step, with the range over seeds; the black "
        "line is the data's mean, 4.",
    )


if __name__ == "__main__":
    main(__file__)
