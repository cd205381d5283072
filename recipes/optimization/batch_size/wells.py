"""Wells: single samples shake a weight out of a shallow minimum, mini-batches do not.

The loss of all samples is a double well, x⁴/4 − x²/2 + 0.1x: a deep minimum on the left
and a shallow one on the right. Every sample has the same well on a slope of its own. A
batch averages the slopes of its samples, so what is left of them pushes the weight to
and fro, more strongly for small batches. All walkers begin in the shallow minimum; with
all samples none can ever leave.
"""

import numpy as np

from recipes.lab import Finding, claim, experiment, figures, main, stats
from recipes.optimization._surfaces import DoubleWell

SAMPLES, WALKERS, RATE = 1024, 100, 0.1
SIZES = (1, 8, 32, SAMPLES)


def walk(size: int, steps: int, seed: int) -> np.ndarray:
    """Where walkers are that begin in the shallow well.

    Sample i has the height x⁴/4 − x²/2 + (tilt + s_i)x with slopes s_i of variance 1
    that sum to 0: the mean of all is a double well, the deep one on the left.
    """
    rng = np.random.default_rng([seed, 54])
    slopes = rng.normal(size=SAMPLES)
    slopes = (slopes - slopes.mean()) / slopes.std()
    well = DoubleWell()
    x = np.full(WALKERS, well.stations[2])
    for _ in range(steps):
        kick = 0.0
        if size < SAMPLES:
            kick = slopes[rng.integers(SAMPLES, size=(WALKERS, size))].mean(1)
        x = x - RATE * (well.slope(x) + kick)
    return x


def stay(size: int, steps: int, seed: int) -> float:
    """The share of walkers that end in the shallow well, where they began."""
    return float((walk(size, steps, seed) > DoubleWell().stations[1]).mean())


@experiment
def shares_that_stay(lab) -> dict[int, list[float]]:
    """Batch size to the share of walkers still in the shallow well, one a seed."""
    steps = lab.settings.steps
    return {size: [stay(size, steps, seed) for seed in lab.seeds] for size in SIZES}


# "May get stuck": one walker that stays shows it, so no statistics are asked for. The
# least share of the seeds is judged.


@claim(
    "gd-minibatch-local-minima",
    "Mini-batch descent may still get stuck in local minima.",
    says="can",
    hedge="can",
    notes="001 003",
    scope="a double well in one dimension, 1,024 samples, 2,000 steps at rate 0.1",
)
def batches_stay(lab):
    """Lets walkers go with single samples, two mini-batches and all samples."""
    shares = shares_that_stay(lab)
    return Finding(
        {f"batches of {size}": stats.above(min(shares[size]), 0) for size in (8, 32)},
        "Share of {walkers} walkers still in the shallower of two wells after {steps} "
        "steps, by batch size: {mean_share:.0%}.",
        figure=draw_wells,
        walkers=WALKERS,
        mean_share={str(size): np.mean(share) for size, share in shares.items()},
        share_still_in_the_shallow_well={str(b): v for b, v in shares.items()},
        steps=lab.settings.steps,
        learning_rate=RATE,
    )


def draw_wells(lab):
    """The double well, and where the walkers of each batch size are in the end."""
    figure, axes = figures.new(width=7.2, height=4.4)
    well, x = DoubleWell(), np.linspace(-1.75, 1.7, 300)
    axes.plot(x, well.height(x), color="#888888")
    stay_on = {}
    for index, size in enumerate(SIZES):
        ends = walk(size, lab.settings.steps, lab.seeds[0])
        height, color = -0.55 - 0.12 * index, figures.COLORS[index]
        axes.plot(ends, np.full(WALKERS, height), "|", color=color, markersize=9)
        name = "all samples" if size == SAMPLES else f"batches of {size}"
        stay_on[size] = np.mean(ends > well.stations[1])
        text = f"{name}: {stay_on[size]:.0%} stay"
        style = {"color": color, "va": "center", "annotation_clip": False}
        axes.annotate(text, (1.8, height), **style)
    axes.axvline(well.stations[1], color="#000000", lw=0.8, ls=":")
    axes.set(ylim=(-1.0, 0.75))
    leave = [size for size, share in stay_on.items() if share < 0.5]
    title = "Most walkers stay in the shallow well on the right, at every size"
    if leave:
        title = (
            f"In batches of {', '.join(map(str, leave))} most leave the shallow well"
        )
    y = "loss of all samples\n(marks below: walkers at the end)"
    figures.describe(axes, title, "weight x", y)
    lab.figure(
        "wells",
        figure,
        f"Where {WALKERS} walkers that began in the shallow well on the right are "
        f"after {lab.settings.steps} steps, by batch size.",
    )


if __name__ == "__main__":
    main(__file__)
