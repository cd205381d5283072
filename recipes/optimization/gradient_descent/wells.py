"""Wells: a small rate stays in a shallow well because noise lifts it less.

Points start at the bottom of the shallower of two wells. Without noise no rate gets
them out: the slope there is zero. With noise on the gradient they climb, and the height
that they reach grows with the rate. So a small rate stays, even where it is given ten
times the steps.
"""

import numpy as np

from recipes.lab import Finding, claim, experiment, figures, main, stats
from recipes.optimization._surfaces import DoubleWell, roll
from recipes.optimization._update_rules import sgd

SMALL, LARGE = 0.01, 0.1
NOISE = 1.0  # standard deviation of the gradient's noise
SHARE = stats.Threshold(
    "five points of the share", 0.05, "share", "100 walkers a seed: five of them."
)


def share_that_leaves(well, rate, steps, walkers, seed, noise) -> float:
    """The share of walkers from the shallow minimum that end in the deep well."""
    _, top, shallow = well.stations
    ends = roll(sgd(rate), well.slope, np.full(walkers, shallow), steps, noise, seed)
    return float((ends < top).mean())


@experiment
def shares(lab) -> dict[str, list[float]]:
    """Shares at two rates, after as many steps and after as much rate times steps."""
    well, chosen = DoubleWell(), lab.settings
    cases = {
        "large": (LARGE, chosen.steps, NOISE),
        "small, as many steps": (SMALL, chosen.steps, NOISE),
        "small, ten times the steps": (SMALL, 10 * chosen.steps, NOISE),
        "large, no noise": (LARGE, chosen.steps, 0.0),
        "small, no noise": (SMALL, chosen.steps, 0.0),
    }
    return {
        name: [
            share_that_leaves(well, rate, steps, chosen.walkers, seed, noise)
            for seed in lab.seeds
        ]
        for name, (rate, steps, noise) in cases.items()
    }


@claim(
    "lr-small-stuck-local",
    "A small learning rate stays in local minima.",
    says="can",
    hedge="may get stuck",
    notes="001",
    scope="a double well in one dimension, rates 0.01 and 0.1; nothing is trained",
)
def small_rate_stays(lab):
    """Compares two rates after as many steps, and after as much rate times steps."""
    share = shares(lab)
    gains = {
        name: stats.greater(share["large"], share[name], by=SHARE)
        for name in ("small, as many steps", "small, ten times the steps")
    }
    calm = stats.above(
        float(np.mean(share["large, no noise"])),
        float(np.mean(share["small, no noise"])),
    )
    return Finding(
        {
            **{f"noise, {name}": gain for name, gain in gains.items()},
            "no noise: the larger rate gets out": calm,
        },
        "Share of walkers that leave the shallow well of two: {means:.0%}. The rates "
        "are {small} and {large}: how high noise lifts a walker grows with the rate.",
        figure=draw_walkers,
        means={name: float(np.mean(values)) for name, values in share.items()},
        small=SMALL,
        large=LARGE,
        shares=share,
        gains=gains,
        noise_of_the_gradient=NOISE,
    )


def draw_walkers(lab):
    """One walker at each rate."""
    well, steps = DoubleWell(), lab.settings.steps
    figure, axes = figures.new(width=8.0)
    for index, rate in enumerate((LARGE, SMALL)):
        rng, x, path = np.random.default_rng(0), well.stations[2], []
        for _ in range(steps):
            path.append(x)
            x = x - rate * (well.slope(x) + rng.normal(0, NOISE))
        style = {"color": figures.COLORS[index], "lw": 0.7}
        axes.plot(np.arange(steps), path, label=f"rate {rate}", **style)
    for name, place in zip(("deep", "top", "shallow"), well.stations, strict=True):
        axes.axhline(place, color="#000000", lw=0.8, ls="--")
        axes.annotate(
            name,
            (steps, place),
            (4, 0),
            textcoords="offset points",
            va="center",
            annotation_clip=False,
        )
    figures.legend(axes, loc="upper right", ncols=2)
    axes.set(xlim=(0, steps), ylim=(-2, 2))
    title = "The same noise lifts the larger rate out of the shallow well"
    figures.describe(axes, title, "step", "x")
    lab.figure(
        "wells",
        figure,
        "A walker at each rate in a double well under noise; dashed: its flat points.",
    )


if __name__ == "__main__":
    main(__file__)
