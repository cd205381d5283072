"""Wells: a small rate stays in a shallow well because noise lifts it less.

Points start at the bottom of the shallower of two wells. Without noise no rate gets
them out: the slope there is zero. With noise on the gradient they climb, and the height
that they reach grows with the rate. So a small rate stays, even where it is given ten
times the steps.
"""

import numpy as np

from recipes.lab import Finding, claim, experiment, figures, main, stats
from recipes.optimization._surfaces import DoubleWell, roll
from recipes.optimization.gradient_descent._digits import losses

SMALL, LARGE = 0.01, 0.1
NOISE = 1.0  # standard deviation of the gradient's noise
SPREAD = stats.Threshold(
    "two percent of the loss", 0.02, "of the loss", "less is lost in a curve's width."
)
SHARE = stats.Threshold(
    "five points of the share", 0.05, "share", "100 walkers a seed: five of them."
)


def sgd(rate: float):
    """θ ← θ − ηg."""
    return lambda gradient: -rate * gradient


def share_in_deep(rate, steps, walkers, seeds, noise, start="shallow") -> np.ndarray:
    """The share of walkers from a minimum that end in the deep well, one a seed."""
    well = DoubleWell()
    deep, top, shallow = well.stations
    starts = np.full((len(seeds), walkers), deep if start == "deep" else shallow)
    ends = roll(sgd(rate), well.slope, starts, steps, noise, seeds[0])
    return (ends < top).mean(1)


@experiment
def shares(lab) -> dict[str, np.ndarray]:
    """Shares at two rates, after as many steps and after as much rate times steps."""
    chosen = lab.settings
    cases = {
        "large": (LARGE, chosen.steps, NOISE),
        "small, as many steps": (SMALL, chosen.steps, NOISE),
        "small, ten times the steps": (SMALL, 10 * chosen.steps, NOISE),
        "large, no noise": (LARGE, chosen.steps, 0.0),
        "small, no noise": (SMALL, chosen.steps, 0.0),
    }
    return {
        name: share_in_deep(rate, steps, chosen.walkers, lab.seeds, noise)
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


# Sensitive to the start: whether a walker ends in the deep well depends on the well in
# which it began. Of a rate that forgets where it came from that difference is 0.


@claim(
    "lr-small-init-sensitive",
    "With too small a learning rate the outcome is sensitive to the initial weights.",
    notes="001",
    scope="a double well with noise; a hidden layer of 32 units on digits, 5 epochs",
)
def start_decides(lab):
    """How much the start decides at a small and at a large rate."""
    steps, walkers = lab.settings.steps, lab.settings.walkers
    decides = {
        name: share_in_deep(rate, steps, walkers, lab.seeds, NOISE, "deep")
        - share_in_deep(rate, steps, walkers, lab.seeds, NOISE)
        for name, rate in (("large", LARGE), ("small", SMALL))
    }
    spread = {}
    for name in ("SGD, 0.01", "SGD, 0.1", "SGD, 0.01, ten times the epochs"):
        logs = np.log(losses(lab)[name])
        spread[name] = np.abs(logs - np.median(logs))
    small, usual, longer = spread.values()
    return Finding(
        {
            "double well: the start decides more": stats.greater(
                decides["small"], decides["large"], by=SHARE
            ),
            "images, the same epochs: losses spread more": stats.greater(
                small, usual, by=SPREAD
            ),
            "images, ten times the epochs: losses spread more": stats.greater(
                longer, usual, by=SPREAD
            ),
        },
        "The share of walkers that ends in the deep well, from there minus from the "
        "shallow one: {decides:.0%}. On digits losses of single starts are off "
        "their median by {spread:.1%}.",
        decides={name: seen.mean() for name, seen in decides.items()},
        spread={name: seen.mean() for name, seen in spread.items()},
    )


def draw_walkers(lab):
    """One walker at each rate."""
    well, steps = DoubleWell(), lab.settings.steps
    figure, axes = figures.new(width=8.0)
    out = []
    for index, rate in enumerate((LARGE, SMALL)):
        rng, x, path = np.random.default_rng(0), well.stations[2], []
        for _ in range(steps):
            path.append(x)
            x = x - rate * (well.slope(x) + rng.normal(0, NOISE))
        out.append(min(path) < well.stations[1])
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
    lifted = {
        (1, 1): "both rates",
        (1, 0): "the larger rate",
        (0, 1): "the smaller rate",
    }
    which = lifted.get(tuple(out), "neither rate")
    title = f"The same noise lifts {which} out of the shallow well"
    figures.describe(axes, title, "step", "x")
    lab.figure(
        "wells",
        figure,
        "A walker at each rate in a double well under noise; dashed: its flat points.",
    )


if __name__ == "__main__":
    main(__file__)
