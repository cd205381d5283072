"""Race: SGD leaves a saddle slowly, for its slopes are small, and Adam rescales them.

Beside the ridge of x²/2 − y²/2 + y⁴/4 the slope across is −y: a start a millionth
beside it has a slope of a millionth. SGD's steps grow by 1 % each from there, and it
takes hundreds of them to get away. Adam divides by the size of the slopes, so its first
step is as long as the rate whatever the slope. At one rate that decides the race. With
the best rate for each the answer depends on the start: SGD takes larger rates here than
Adam.
"""

import numpy as np
from keras import optimizers

from recipes.lab import Finding, claim, experiment, figures, main
from recipes.optimization._surfaces import (
    first_step,
    keras_path,
    saddle_height,
    saddle_slope,
)
from recipes.optimization._update_rules import RULES, adagrad, descend

RATE, LIMIT = 0.01, 5000  # the rate of the race, and when it is called off
START = (1.0, 1e-6)
OFFSETS = (1e-2, 1e-6, 1e-12)  # from the ridge


@experiment
def paths(lab) -> dict[str, np.ndarray]:
    """Every rule from beside the ridge of the saddle, at the same rate."""
    found = {
        name: descend(rule(RATE), saddle_slope, START, LIMIT)
        for name, rule in RULES.items()
    }
    careful = adagrad(RATE, start=0.1)  # Keras's AdaGrad starts its sum at 0.1
    found["AdaGrad from 0.1"] = descend(careful, saddle_slope, START, LIMIT)
    return found


def off_the_saddle(path) -> int | None:
    """The first step after which a path is well on its way to (0, ±1)."""
    return first_step(np.abs(path[..., 1]) > 0.9)


def steps_in_keras(steps, most: int) -> dict[str, int | None]:
    """The same race with Keras's optimizers, for as long as it takes or the most."""
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


def fewest_steps(rule, offset: float) -> tuple[int | None, float]:
    """The fewest steps to settle in a minimum, and the rate that takes them."""
    rates = np.geomspace(0.01, 3.2, 21)
    start = np.tile((START[0], offset), (len(rates), 1))
    with np.errstate(over="ignore", invalid="ignore"):
        path = descend(rule(rates[:, None]), saddle_slope, start, 2000)
        x, y = path[..., 0], path[..., 1]
        near = (np.abs(x) < 0.1) & (np.abs(np.abs(y) - 1) < 0.1)
    settled = np.cumprod(near[::-1], 0)[::-1].astype(bool)  # near from here on
    steps = [first_step(settled[:, case]) for case in range(len(rates))]
    found = [(n, float(rate)) for n, rate in zip(steps, rates, strict=True) if n]
    return min(found) if found else (None, float("nan"))


def fewer(adam: int | None, sgd: int | None) -> bool | None:
    """Whether Adam takes fewer steps; None where one of the two never arrives."""
    return None if sgd is None or adam is None else adam < sgd


# One note has no hedge ("slowly compared to Adam"), the other says "generally better":
# the stronger one is judged. Keras's optimizers run the same race; the table has both.


@claim(
    "saddle-escape",
    "SGD leaves a saddle slowly, Adam faster.",
    notes="000 002",
    scope="x²/2 − y²/2 + y⁴/4, rate 0.01 or each one's best; nothing is trained",
)
def adam_leaves_faster(lab):
    """Steps until off the saddle, at one rate and each at its best."""
    steps = {name: off_the_saddle(path) for name, path in paths(lab).items()}
    in_keras = steps_in_keras(steps, most=100 if lab.smoke else LIMIT)
    fewest = {
        offset: {name: fewest_steps(rule, offset) for name, rule in RULES.items()}
        for offset in OFFSETS
    }
    rows = [
        [name, f"{steps[name]}", f"{in_keras.get(name, '-')}"]
        + [str(row[name][0]) if name in row else "-" for row in fewest.values()]
        for name in steps
    ]
    columns = ["optimizer", "10⁻⁶", "in Keras", *(f"best, {o:.0e}" for o in OFFSETS)]
    title = f"Steps off a saddle at rate {RATE}, and to settle at the best rate"
    lab.table(f"{title}, by distance from the ridge", columns, rows)
    best = {
        f"{offset:.0e}": [row[name][0] for name in ("SGD", "Adam")]
        for offset, row in fewest.items()
    }
    return Finding(
        {
            f"both at rate {RATE}": fewer(steps["Adam"], steps["SGD"]),
            **{
                f"each at its best rate, {offset:.0e} from the ridge": fewer(
                    row["Adam"][0], row["SGD"][0]
                )
                for offset, row in fewest.items()
            },
        },
        "At one small rate Adam is far faster; each at its best rate only where "
        "training starts within about 10⁻¹² of the ridge. From 10⁻⁶ beside the ridge "
        "at rate {rate}: {steps} steps. To settle, SGD and Adam each at its best "
        "rate, by the distance from the ridge: {best}.",
        figure=draw_saddle,
        rate=RATE,
        steps=steps,
        best=best,
        steps_in_keras=in_keras,
        fewest_steps_to_settle_and_their_rate=fewest,
    )


def draw_saddle(lab):
    """The paths over the contours, and the steps by the distance at first."""
    figure, (plane, way) = figures.new(1, 2, width=11.0, height=4.4)
    x, y = np.meshgrid(np.linspace(-0.3, 1.1, 200), np.linspace(-0.3, 1.1, 200))
    levels, style = np.linspace(-0.25, 0.6, 18), {"linestyles": "solid"}
    height = saddle_height(x, y)
    plane.contour(x, y, height, levels, colors="#BBBBBB", linewidths=0.8, **style)
    offsets = np.geomspace(1e-12, 0.1, 23)
    starts = np.stack([np.ones_like(offsets), offsets], 1)
    way.set(xscale="log", yscale="log", xlim=(0.5e-12, 0.2))
    for index, (name, rule) in enumerate(RULES.items()):
        style = {"color": figures.COLORS[index], "linestyle": figures.LINES[index]}
        plane.plot(*paths(lab)[name].T, **style)
        many = descend(rule(RATE), saddle_slope, starts, LIMIT)
        steps = [off_the_saddle(many[:, case]) or np.nan for case in range(len(starts))]
        way.plot(offsets, steps, label=name, **style)
    figures.label_ends(way)
    plane.plot(0, 0, "ko", markersize=7)
    plane.plot(0, 1, "k*", markersize=10)
    title = "SGD and momentum pass the saddle (dot)"
    figures.describe(plane, title, "x, along the ridge", "y, across the ridge")
    title = "Adam and RMSprop do not mind how near the ridge is"
    x = "distance from the ridge at first"
    figures.describe(way, title, x, f"steps off the saddle at rate {RATE}")
    lab.figure(
        "saddle",
        figure,
        f"Five optimizers from beside a saddle's ridge, all at rate {RATE}.",
    )


if __name__ == "__main__":
    main(__file__)
