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

# What the verdict asks for, fixed before anything was judged.
TAUGHT = 0.2  # "maps noise to data": share of the first distance that may be left
TOLD_APART = 0.9  # "a classifier": share of numbers that D must sort rightly


def last(runs: list[dict], what: str) -> list[float]:
    """Returns for each seed the mean over the last tenth of the measurements."""
    tail = max(1, len(runs[0][what]) // 10)
    return [float(np.mean(run[what][-tail:])) for run in runs]


@claim(
    "gan-roles",
    "The generator maps noise to data; the discriminator is a binary classifier.",
    says="is",
    notes="002",
    scope="numbers from N(4, 1), networks of 16 and 32 units, 600 updates",
)
def noise_becomes_data(lab):
    """Judges what the two networks are: does noise become data, is D a classifier."""
    runs, left, accuracy = line_runs(lab), {}, {}
    for optimizer in OPTIMIZERS:
        for loss in LOSSES:
            several = runs[f"{optimizer}, {STARTS[0]}, {loss}"]
            first = [run["distance"][0] for run in several]
            after = last(several, "distance")
            shares = [a / b for a, b in zip(after, first, strict=True)]
            left[f"{optimizer}, {loss}"] = shares
        # D's head start comes before any loss of G's.
        ahead = runs[f"{optimizer}, {STARTS[1]}, {LOSSES[0]}"]
        accuracy[optimizer] = [run["first"]["accuracy"] for run in ahead]
    conditions = {
        f"noise to data: {name}": stats.greater(
            np.full(len(shares), TAUGHT), shares, by=stats.ANY, scale="log"
        )
        for name, shares in left.items()
    }
    for name, shares in accuracy.items():
        conditions[f"D a classifier: {name}"] = stats.against(
            shares, TOLD_APART, by=stats.ANY, scale="log"
        )
    lab.table(
        f"Learning N({MEAN:g}, {DEVIATION:g}²) from noise, means over seeds",
        ["training", "first D(G(z))", "mean", "standard deviation"],
        [
            [
                name,
                float(np.mean([run["first"]["d_fake"] for run in several])),
                float(np.mean(last(several, "mean"))),
                float(np.mean(last(several, "deviation"))),
            ]
            for name, several in runs.items()
        ],
    )
    return Finding(
        conditions,
        "Of the first distance to the data this much is left: {shares:.0%}; after "
        "{head_start} steps alone D sorts {sorted_rightly:.1%} rightly.",
        figure=draw_line,
        shares={name: float(np.mean(values)) for name, values in left.items()},
        head_start=lab.settings.head_start,
        sorted_rightly=float(np.mean(list(accuracy.values()))),
        left=left,
        accuracy=accuracy,
        at_most=TAUGHT,
        at_least=TOLD_APART,
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
            axes.set_xlim(0, steps[-1])  # names stand clear of the black line
            axes.set_ylim(limits)
            figures.curves(axes, steps, curves)
            title = f"{optimizer}, {start}"
            figures.describe(axes, title, "step", "mean of the samples")
    lab.figure(
        "line",
        figure,
        "Mean of the generated numbers by step, with the range over seeds; the black "
        "line is the data's mean, 4.",
    )


if __name__ == "__main__":
    main(__file__)
