"""A small rate in a shallow well: what noise can do there, and what it can't."""

import numpy as np

from recipes.lab import figures, stats
from recipes.optimization._surfaces import DoubleWell, roll
from recipes.optimization._update_rules import sgd

SMALL, LARGE, NOISE = 0.01, 0.1, 1.0


def share_out(well, rate, steps, walkers, seed, noise) -> float:
    """The share of walkers from the shallow minimum that end in the deep well."""
    _, top, shallow = well.stations
    ends = roll(sgd(rate), well.slope, np.full(walkers, shallow), steps, noise, seed)
    return float((ends < top).mean())


def judge(lab) -> None:
    """Compares two rates after as many steps, and after as much rate times steps."""
    well, chosen = DoubleWell(), lab.settings
    cases = {
        "large": (LARGE, chosen.steps, NOISE),
        "small, as many steps": (SMALL, chosen.steps, NOISE),
        "small, ten times the steps": (SMALL, 10 * chosen.steps, NOISE),
        "large, no noise": (LARGE, chosen.steps, 0.0),
        "small, no noise": (SMALL, chosen.steps, 0.0),
    }
    shares = {
        name: [
            share_out(well, rate, steps, chosen.walkers, seed, noise)
            for seed in lab.seeds
        ]
        for name, (rate, steps, noise) in cases.items()
    }
    gains = {
        name: stats.paired(shares["large"], shares[name])
        for name in ("small, as many steps", "small, ten times the steps")
    }
    calm = bool(np.mean(shares["large, no noise"]) > np.mean(shares["small, no noise"]))
    means = {name: float(np.mean(values)) for name, values in shares.items()}
    lab.verdict(
        "lr-small-stuck-local",
        {
            **{f"noise, {name}": gain.positive for name, gain in gains.items()},
            "no noise: the larger rate gets out": calm,
        },
        evidence={
            "share_that_leaves_the_shallow_well": shares,
            "share_of_the_large_rate_minus_small": gains,
            "rates": [SMALL, LARGE],
            "noise_of_the_gradient": NOISE,
        },
        note="Share of walkers that leave the shallow well of two: "
        + ", ".join(f"{mean:.0%} ({name})" for name, mean in means.items())
        + f". The rates are {SMALL} and {LARGE}: how high noise lifts a walker grows "
        "with the rate" + ("." if calm else "; without noise neither rate gets out."),
    )
    _draw(lab, well)


def _draw(lab, well) -> None:
    """Draws one walker at each rate."""
    steps = lab.settings.steps
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
        axes.annotate(name, (steps, place), (4, 0), textcoords="offset points",
                      va="center", annotation_clip=False)  # fmt: skip
    figures.legend(axes, loc="upper right", ncols=2)
    axes.set(xlim=(0, steps), ylim=(-2, 2))
    title = "Two rates, the same noise, from the shallow minimum"
    figures.describe(axes, title, "step", "x")
    told = (
        "A walker at each rate in a double well under noise; dashed: its flat points."
    )
    lab.figure("wells", figure, told)
