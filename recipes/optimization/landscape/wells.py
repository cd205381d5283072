"""Wells: it takes noise to leave a local minimum, and a large rate to use the noise.

A double well, x⁴/4 − x²/2 + x/10, has a shallow minimum on the right. Points that start
at rest near it, without noise, only roll down into it: a rate of 0.1 or momentum does
not change that. With noise on the gradient a point jumps about, by more the larger the
rate; momentum in the velocity form is a rate ten times as large, and in the form with
(1 − β) it is not.
"""

import numpy as np

from recipes.lab import Finding, claim, experiment, figures, main, stats
from recipes.optimization._surfaces import DoubleWell, roll
from recipes.optimization._update_rules import adam, momentum, rmsprop, sgd

STEPS, NOISE = 5000, 1.0
WAYS = {  # to walk: how the rule is made
    "rate 0.01": lambda: sgd(0.01),
    "rate 0.1": lambda: sgd(0.1),
    "momentum 0.9, velocity form": lambda: momentum(0.01),
    "momentum 0.9, (1 − β) form": lambda: momentum(0.01 * (1 - 0.9)),
}
PLAIN = "rate 0.01"
# Adaptive rules are compared at a rate at which some of SGD's walkers leave. Under
# noise alone steps of SGD and of RMSprop are about a rate long, Adam's are shorter: its
# mean of gradients leaves √((1 − β₁)/(1 + β₁)) = 0.23 of the noise.
MIDDLE, LEFT_BY_MEAN = 0.05, (0.1 / 1.9) ** 0.5
ADAPTIVE = {
    "SGD": lambda: sgd(MIDDLE),
    "RMSprop": lambda: rmsprop(MIDDLE),
    "Adam": lambda: adam(MIDDLE),
    "Adam, steps as long as SGD's": lambda: adam(MIDDLE / LEFT_BY_MEAN),
}
FEW = stats.Threshold(
    "one walker in twenty",
    0.05,
    "share of walkers",
    "a cure that frees fewer of what is stuck is none.",
)


def ends(ways, around: float, walkers: int, noise: float, seeds) -> dict:
    """Where walkers that start around a point end: way to (seeds, walkers)."""
    starts = [
        around + np.random.default_rng([seed, 6]).uniform(-0.3, 0.3, walkers)
        for seed in seeds
    ]
    slope = DoubleWell().slope
    return {
        way: roll(make(), slope, starts, STEPS, noise, seeds[0])
        for way, make in ways.items()
    }


@experiment
def walks(lab, start: str, noise: float, adaptive: bool = False) -> dict:
    """Where walkers end that start around the "deep" or "shallow" minimum."""
    deep, _, shallow = DoubleWell().stations
    around = deep if start == "deep" else shallow
    ways = ADAPTIVE if adaptive else WAYS
    return ends(ways, around, lab.settings.walkers, noise, lab.seeds)


def shares_that_leave(lab, start: str, noise: float, adaptive: bool = False) -> dict:
    """Shares of walkers that end in the other well: way to one a seed."""
    _, top, _ = DoubleWell().stations
    ended = walks(lab, start, noise, adaptive)
    return {way: ((x < top) != (start == "deep")).mean(1) for way, x in ended.items()}


@claim(
    "local-minimum-escape",
    "Use a larger learning rate or momentum to get out of a local minimum.",
    says="advice",
    hedge="solution: use",
    notes="001 002 003",
    scope="a double well in one dimension, 5,000 steps; nothing is trained",
)
def gets_out(lab):
    """Shares that leave the shallow well, calmly and with noise."""
    well = DoubleWell()
    deep, top, shallow = well.stations
    calm = shares_that_leave(lab, "shallow", 0.0)
    noisy = shares_that_leave(lab, "shallow", NOISE)
    back = shares_that_leave(lab, "deep", NOISE)
    rows = [
        [way, *(f"{np.mean(share[way]):.1%}" for share in (calm, noisy, back))]
        for way in WAYS
    ]
    columns = ["walk", "calm", "noise", "noise, from the deep"]
    lab.table(f"Walkers that leave a shallow well in {STEPS} steps", columns, rows)
    larger = [way for way in WAYS if way != PLAIN]
    return Finding(
        {
            **{
                f"{way}, no noise": stats.above(
                    np.mean(calm[way]), np.mean(calm[PLAIN])
                )
                for way in larger
            },
            **{
                f"{way}, noise": stats.greater(noisy[way], noisy[PLAIN], by=FEW)
                for way in larger
            },
        },
        "From rest near the shallow minimum, without noise, at most {most_calm:.0%} of "
        "the walkers leave it; with noise of {noise:g} on the gradient "
        "{mean_noisy:.0%}. Without noise a well holds what settled in it up to a "
        "rate of 2/curvature: {limit:.2f} here, {limit_of_deep:.2f} in the deep "
        "well, which is sharper.",
        figure=draw_wells,
        most_calm=max(np.mean(share) for share in calm.values()),
        noise=NOISE,
        mean_noisy={way: np.mean(share) for way, share in noisy.items()},
        limit=2 / well.curvature(shallow),
        limit_of_deep=2 / well.curvature(deep),
        share_that_leaves_without_noise=calm,
        share_that_leaves_with_noise=noisy,
        share_that_leaves_the_deep_well_with_noise=back,
        barrier_from_the_shallow_side=well.height(top) - well.height(shallow),
    )


@claim(
    "opt-adaptive-escapes-minima",
    "Optimizers with momentum and adaptive rates, like Adam and RMSprop, are generally "
    "better at escaping local minima.",
    says="often",
    hedge="generally",
    notes="002",
    scope="a double well in one dimension, 5,000 noisy steps; nothing is trained",
)
def adaptive_rules_get_out(lab):
    """Shares that leave the shallow well with SGD, RMSprop and Adam."""
    calm, noisy = (
        shares_that_leave(lab, "shallow", noise, adaptive=True)
        for noise in (0.0, NOISE)
    )
    return Finding(
        {
            f"{way}": stats.greater(noisy[way], noisy["SGD"], by=FEW)
            for way in ADAPTIVE
            if way != "SGD"
        },
        "From near the shallow minimum, with noise of {noise:g} on the gradient, these "
        "shares leave it: {noisy:.0%}. Without noise: {calm:.0%}.",
        noise=NOISE,
        noisy={way: seen.mean() for way, seen in noisy.items()},
        calm={way: seen.mean() for way, seen in calm.items()},
    )


def draw_wells(lab):
    """The well, and where noisy walkers from its shallow minimum end."""
    well, runs = DoubleWell(), walks(lab, "shallow", NOISE)
    figure, axes = figures.new(2, 1, height=6.0)
    x = np.linspace(-1.9, 1.9, 200)
    axes[0].plot(x, well.height(x), color="#000000")
    for name, place in zip(("deep", "top", "shallow"), well.stations, strict=True):
        axes[0].annotate(name, (place, well.height(place)), (0, 8), ha="center",
                         textcoords="offset points")  # fmt: skip
    axes[0].set(xlim=(-1.9, 1.9), ylim=(-0.45, 0.6))
    title = "All start near the shallow minimum"
    figures.describe(axes[0], title, "", "height of the double well")
    bins = np.linspace(-1.9, 1.9, 39)
    middle = (bins[1:] + bins[:-1]) / 2
    for index, way in enumerate(WAYS):
        ended = runs[way]
        share = np.histogram(ended, bins)[0] / ended.size
        style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
        axes[1].step(middle, share, where="mid", label=way, **style)
    axes[1].set(xlim=(-1.9, 1.9))
    left = [seen.mean() for seen in shares_that_leave(lab, "shallow", NOISE).values()]
    title = f"After {STEPS} noisy steps {min(left):.0%} to {max(left):.0%} have left"
    figures.describe(axes[1], title, "x", "share of walkers in a bin of 0.1")
    figures.legend(axes[1], loc="upper center")
    lab.figure(
        "wells",
        figure,
        "A double well, and where noisy walkers from its shallow minimum end.",
    )


if __name__ == "__main__":
    main(__file__)
