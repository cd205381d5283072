"""Wells: out of the shallow one, and to and fro in one."""

import numpy as np
from keras.optimizers import SGD

from recipes.lab import figures, stats
from recipes.optimization._surfaces import DoubleWell, keras_path, roll
from recipes.optimization._update_rules import momentum, sgd

STEPS, NOISE = 5000, 1.0
WAYS = {  # to walk: how the rule is made
    "rate 0.01": lambda: sgd(0.01),
    "rate 0.1": lambda: sgd(0.1),
    "momentum 0.9, velocity form": lambda: momentum(0.01),
    "momentum 0.9, (1 − β) form": lambda: momentum(0.01 * (1 - 0.9)),
}
PLAIN = "rate 0.01"


def judge(lab) -> None:
    """States the verdicts on the double well and on oscillation."""
    _escape(lab)
    _oscillation(lab)


def ends(well, around: float, walkers: int, noise: float, seed: int) -> dict:
    """Where walkers that start around a point end, by the way they walk."""
    starts = around + np.random.default_rng([seed, 6]).uniform(-0.3, 0.3, walkers)
    return {
        way: roll(rule(), well.slope, starts, STEPS, noise, seed)
        for way, rule in WAYS.items()
    }


def _walk(lab, well) -> tuple[dict, dict, dict]:
    """Shares that leave: the shallow well calmly, with noise, the deep with noise."""
    deep, top, shallow = well.stations
    shares = []
    for around, noise in ((shallow, 0.0), (shallow, NOISE), (deep, NOISE)):
        runs = [ends(well, around, lab.settings.walkers, noise, s) for s in lab.seeds]
        left = {w: [(r[w] < top) != (around < top) for r in runs] for w in WAYS}
        shares.append({w: [float(each.mean()) for each in left[w]] for w in WAYS})
    return shares[0], shares[1], shares[2]


def _escape(lab) -> None:
    well = DoubleWell()
    deep, top, shallow = well.stations
    calm, noisy, back = _walk(lab, well)
    gains = {way: stats.paired(noisy[way], noisy[PLAIN]) for way in list(WAYS)[1:]}
    rows = [
        [way, *(f"{np.mean(share[way]):.1%}" for share in (calm, noisy, back))]
        for way in WAYS
    ]
    columns = ["walk", "calm", "noise", "noise, from the deep"]
    lab.table(f"Walkers that leave a shallow well in {STEPS} steps", columns, rows)
    lab.verdict(
        "local-minimum-escape",
        {
            **{
                f"{w}, no noise": np.mean(calm[w]) > np.mean(calm[PLAIN]) for w in gains
            },
            **{f"{way}, noise": gains[way].positive for way in gains},
        },
        evidence={
            "share_that_leaves_without_noise": calm,
            "share_that_leaves_with_noise": noisy,
            "gain_over_rate_0.01_with_noise": gains,
            "share_that_leaves_the_deep_well_with_noise": back,
            "noise_of_the_gradient": NOISE,
            "barrier_from_the_shallow_side": well.height(top) - well.height(shallow),
            "rate_from_which_a_well_can_not_hold": {
                "shallow": 2 / well.curvature(shallow),
                "deep": 2 / well.curvature(deep),
            },
        },
        note="From rest within 0.3 of the shallow minimum, without noise, "
        + ", ".join(f"{np.mean(calm[way]):.0%} ({way})" for way in WAYS)
        + " leave it; with noise of 1 on the gradient "
        + ", ".join(f"{np.mean(noisy[way]):.0%} ({way})" for way in WAYS)
        + ". Without noise a well holds what settled in it up to a rate of "
        f"2/curvature: {2 / well.curvature(shallow):.2f} here, but "
        f"{2 / well.curvature(deep):.2f} in the deep well, which is sharper.",
    )
    _draw(lab, well)


def _draw(lab, well) -> None:
    """Draws the well, and where noisy walkers from its shallow minimum end."""
    shallow, walkers = well.stations[2], lab.settings.walkers
    runs = [ends(well, shallow, walkers, NOISE, seed) for seed in lab.seeds]
    places = {way: np.stack([run[way] for run in runs]) for way in WAYS}
    figure, axes = figures.new(2, 1, height=6.0)
    x = np.linspace(-1.9, 1.9, 200)
    axes[0].plot(x, well.height(x), color="#000000")
    for name, place in zip(("deep", "top", "shallow"), well.stations, strict=True):
        axes[0].annotate(name, (place, well.height(place)), (0, 8), ha="center",
                         textcoords="offset points")  # fmt: skip
    axes[0].set(xlim=(-1.9, 1.9), ylim=(-0.45, 0.6))
    figures.describe(axes[0], "A double well", "x", "height")
    bins = np.linspace(-1.9, 1.9, 39)
    middle = (bins[1:] + bins[:-1]) / 2
    for index, (way, ended) in enumerate(places.items()):
        share = np.histogram(ended, bins)[0] / ended.size
        style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
        axes[1].step(middle, share, where="mid", label=way, **style)
    axes[1].set(xlim=(-1.9, 1.9))
    title = f"Where {STEPS} noisy steps from the shallow minimum end"
    figures.describe(axes[1], title, "x", "share of walkers")
    figures.legend(axes[1], loc="upper center")
    told = "A double well, and where noisy walkers from its shallow minimum end."
    lab.figure("wells", figure, told)


def _oscillation(lab) -> None:
    """Descent on bowls at all sides of the limits, with Keras's SGD."""
    # Only rate times curvature counts, so one path has them all.
    products = np.array([0.1, 0.5, 0.9, 1.1, 1.5, 1.9, 2.0, 2.1])
    steps = 20
    path = keras_path(SGD(1.0), lambda x: products * x, np.ones(len(products)), steps)
    crossed = (np.sign(path[1:]) != np.sign(path[:-1])).sum(0)
    grown = np.abs(path[-1])
    exact = np.abs(path[-1] - (1 - products) ** steps) <= 1e-4 * np.abs(path[-1]) + 1e-6
    rows = [
        [f"{product}", int(count), float(end)]
        for product, count, end in zip(products, crossed, grown, strict=True)
    ]
    columns = ["rate x curvature", "crossings", "distance"]
    lab.table("Twenty steps of descent from 1", columns, rows)
    small, large = products < 1, products > 1
    lab.verdict(
        "gd-oscillation",
        bool(
            exact.all()
            and (crossed[small] == 0).all()
            and (crossed[large] == steps).all()
        ),
        evidence={
            "rate_times_curvature": products,
            "crossings_in_20_steps": crossed,
            "distance_after_20_steps_from_1": grown,
        },
        note="Each step multiplies the distance by 1 − rate × curvature: twenty steps "
        "cross the minimum "
        + ", ".join(f"{n} ({p})" for p, n in zip(products, crossed, strict=True))
        + " times for these products. Above 1 it goes to and fro, from 2 on without "
        "coming nearer.",
    )
