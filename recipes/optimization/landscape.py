"""Loss landscapes: saddles, local minima, and how descent gets past them.

Surfaces of one and two weights where everything can be counted, and the critical
points of matrices and of a linear autoencoder, where all of them are known.

Notes: 1.12 Loss landscape: minima and saddles
Data: analytic surfaces; nothing is trained.
Run: recipes run landscape           (about 12 s on 2 CPU cores)
References: Baldi and Hornik (1989); Dauphin et al. (2014); Dean and Majumdar (2006).
"""

from dataclasses import dataclass

import numpy as np
from keras import optimizers

from recipes.lab import UsageError, figures, lab_main
from recipes.optimization import (
    _landscape_dimension,
    _landscape_ridges,
    _landscape_wells,
    _rules,
)
from recipes.optimization._surfaces import (
    first_step,
    keras_path,
    saddle_height,
    saddle_slope,
)

CLAIMS = {
    "saddle-definition": "A saddle is a flat point that is a minimum in one direction "
    "and a maximum in another.",
    "saddle-escape": "SGD leaves a saddle slowly, Adam faster.",
    "saddle-exact-start": "The gradient is zero at a saddle, so that descent gets "
    "stuck there.",
    "saddle-high-dimension": "In high dimension nearly all flat points are saddles.",
    "local-minimum-escape": "A larger learning rate or momentum gets out of a local "
    "minimum.",
    "gd-oscillation": "Descent oscillates where the learning rate is large.",
}
SMOKE = {"seeds": 2, "walkers": 10, "matrices": 500, "inputs": 4}

RATE, LIMIT = 0.01, 5000  # the rate of the race, and when it is called off
START = (1.0, 1e-6)
OFFSETS = (1e-2, 1e-6, 1e-12)  # from the ridge


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 5
    "Independent sequences of noise, and of random matrices."
    walkers: int = 100
    "Points in a double well for each seed."
    matrices: int = 20_000
    "Random matrices of each size for each seed."
    inputs: int = 6
    "The most inputs of a linear autoencoder, from 4 to 8."


def experiment(lab):
    """Judges saddles, then how many there are, then wells."""
    if not 4 <= lab.settings.inputs <= 8:
        raise UsageError(f"--inputs must be from 4 to 8, not {lab.settings.inputs}.")
    _landscape_ridges.define(lab)
    paths = race()
    judge_escape(lab, paths)
    draw_saddle(lab, paths)
    _landscape_ridges.start_on_them(lab)
    _landscape_dimension.judge(lab)
    _landscape_wells.judge(lab)


def race() -> dict[str, np.ndarray]:
    """Every rule from beside the ridge of the saddle, at the same rate."""
    paths = {
        name: _rules.descend(rule(RATE), saddle_slope, START, LIMIT)
        for name, rule in _rules.RULES.items()
    }
    careful = _rules.adagrad(RATE, start=0.1)
    paths["AdaGrad from 0.1"] = _rules.descend(careful, saddle_slope, START, LIMIT)
    return paths


def off_the_saddle(path) -> int | None:
    """The first step after which a path is well on its way to (0, ±1)."""
    return first_step(np.abs(path[..., 1]) > 0.9)


def in_keras(steps, most: int) -> dict[str, int | None]:
    """The same race with Keras's optimizers, as far as it takes or the most."""
    racers = {
        "SGD": optimizers.SGD(RATE),
        "momentum": optimizers.SGD(RATE, momentum=0.9),
        "RMSprop": optimizers.RMSprop(RATE),
        "Adam": optimizers.Adam(RATE),
    }
    found = {}
    for name, racer in racers.items():
        enough = min(most, (steps[name] or most) + 20)
        found[name] = off_the_saddle(keras_path(racer, saddle_slope, START, enough))
    return found


def best(rule, offset: float) -> tuple[int | None, float]:
    """The fewest steps to settle in a minimum, and the rate that takes them."""
    rates = np.geomspace(0.01, 3.2, 21)
    start = np.tile((START[0], offset), (len(rates), 1))
    with np.errstate(over="ignore", invalid="ignore"):
        path = _rules.descend(rule(rates[:, None]), saddle_slope, start, 2000)
        x, y = path[..., 0], path[..., 1]
        near = (np.abs(x) < 0.1) & (np.abs(np.abs(y) - 1) < 0.1)
    settled = np.cumprod(near[::-1], 0)[::-1].astype(bool)  # near from here on
    steps = [first_step(settled[:, case]) for case in range(len(rates))]
    found = [(n, float(rate)) for n, rate in zip(steps, rates, strict=True) if n]
    return min(found) if found else (None, float("nan"))


def judge_escape(lab, paths) -> None:
    """Steps until off the saddle, at one rate and each at its best."""
    steps = {name: off_the_saddle(path) for name, path in paths.items()}
    keras_steps = in_keras(steps, most=100 if lab.smoke else LIMIT)
    fewest = {
        offset: {name: best(rule, offset) for name, rule in _rules.RULES.items()}
        for offset in OFFSETS
    }
    rows = [
        [name, f"{steps[name]}", f"{keras_steps.get(name, '-')}"]
        + [str(row[name][0]) if name in row else "-" for row in fewest.values()]
        for name in paths
    ]
    columns = ["optimizer", "10⁻⁶", "in Keras", *(f"best, {o:.0e}" for o in OFFSETS)]
    title = f"Steps off a saddle at rate {RATE}, and to settle at the best rate"
    lab.table(f"{title}, by distance from the ridge", columns, rows)

    def faster(adam, sgd):
        return None if sgd is None or adam is None else adam < sgd

    lab.verdict(
        "saddle-escape",
        {
            f"rate {RATE}": faster(steps["Adam"], steps["SGD"]),
            f"rate {RATE}, in Keras": faster(keras_steps["Adam"], keras_steps["SGD"]),
            **{
                f"best rates, {offset:.0e} beside": faster(
                    row["Adam"][0], row["SGD"][0]
                )
                for offset, row in fewest.items()
            },
        },
        evidence={
            "steps_until_|y|_>_0.9": steps,
            "the_same_in_Keras": keras_steps,
            "fewest_steps_to_settle_and_their_rate": fewest,
        },
        note=f"From 10⁻⁶ beside the ridge at rate {RATE}: "
        + ", ".join(f"{name} {count}" for name, count in steps.items())
        + " steps (AdaGrad's sum starts at 0, in Keras at 0.1). To settle, SGD and "
        "Adam each at its best rate: "
        + ", ".join(
            f"{row['SGD'][0]} and {row['Adam'][0]} from {offset:.0e}"
            for offset, row in fewest.items()
        )
        + ".",
    )


def draw_saddle(lab, paths) -> None:
    """Draws the paths over the contours, and the steps by the distance at first."""
    figure, (plane, way) = figures.new(1, 2, width=11.0, height=4.4)
    x, y = np.meshgrid(np.linspace(-0.3, 1.1, 200), np.linspace(-0.3, 1.1, 200))
    levels = np.linspace(-0.25, 0.6, 18)
    plane.contour(
        x, y, saddle_height(x, y), levels, colors="#BBBBBB", linewidths=0.8,
        linestyles="solid",
    )  # fmt: skip
    offsets = np.geomspace(1e-12, 0.1, 23)
    starts = np.stack([np.ones_like(offsets), offsets], 1)
    way.set(xscale="log", yscale="log", xlim=(0.5e-12, 0.2))
    for index, (name, rule) in enumerate(_rules.RULES.items()):
        style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
        plane.plot(*paths[name].T, **style)
        many = _rules.descend(rule(RATE), saddle_slope, starts, LIMIT)
        steps = [off_the_saddle(many[:, case]) or np.nan for case in range(len(starts))]
        way.plot(offsets, steps, label=name, **style)
    figures.label_ends(way)
    plane.plot(0, 0, "ko", markersize=7)
    plane.plot(0, 1, "k*", markersize=10)
    title = "Past a saddle (dot) to a minimum (star)"
    figures.describe(plane, title, "x", "y")
    title = f"Steps off it at rate {RATE}"
    figures.describe(way, title, "distance from the ridge at first", "steps")
    told = f"Five optimizers from beside a saddle's ridge, all at rate {RATE}."
    lab.figure("saddle", figure, told)


if __name__ == "__main__":
    lab_main(experiment)
