"""Ravine: momentum gains speed along the bottom, in the form that adds gradients up.

A ravine is steep across and shallow along: f = (x² + y²/100)/2. The steep side limits
the rate, and the shallow side then takes thousands of steps. Momentum adds up the small
slopes that all point the same way. The form with (1 − β) averages them instead, and an
average of equal slopes is no longer than one of them.
"""

import numpy as np

from recipes.lab import Finding, claim, experiment, figures, main
from recipes.optimization.momentum._forms import (
    averaged,
    heavy_ball,
    largest_stable_rates,
    plain,
    steps_to_stay,
    velocity,
)

RATE = 0.1
START, GOAL = (1.0, 1.0), 1e-3  # where a race begins, and how near it ends
FASTER = 0.9  # "faster" takes at most this share of the steps: a tenth fewer
FORMS = {
    "velocity form": "the velocity form",
    "(1 − β) form": "the form with (1 − β)",
}
FAR = 2  # "far ahead" is at most half as far from the minimum
RATES_TRIED = 200  # evenly from 0 to the largest stable rate, for the best of each form


def ravine(condition):
    """The slope of (x² + y²/condition)/2: steep along x, shallow along y."""
    curvatures = np.array([1.0, 1 / condition])
    return lambda point: curvatures * point


@experiment
def paths(lab) -> dict[str, np.ndarray]:
    """Every form from (1, 1) down the ravine, at one rate and at rate/(1 − β)."""
    beta, condition = lab.settings.beta, lab.settings.condition
    slope, scale = ravine(condition), 1 / (1 - beta)
    rates = np.full(int(100 * condition + 20 * scale), RATE)
    with np.errstate(over="ignore", invalid="ignore"):  # the last one may diverge
        return {
            "plain": plain(slope, START, rates),
            "velocity form": velocity(slope, START, rates, beta),
            "(1 − β) form": averaged(slope, START, rates, beta),
            "(1 − β) form, rate/(1 − β)": averaged(slope, START, rates * scale, beta),
            "form with Δθ": heavy_ball(slope, START, rates, beta),
            "plain, rate/(1 − β)": plain(slope, START, rates * scale),
        }


def steps_of(path) -> float:
    """Steps until a path stays within the goal, infinite where it never does."""
    with np.errstate(over="ignore", invalid="ignore"):
        steps = steps_to_stay(np.linalg.norm(path, axis=-1), GOAL)
    return np.inf if steps is None else steps


def faster(steps: float, than: float) -> bool | None:
    """Whether a path needs a tenth fewer steps; None where both never arrive."""
    return None if np.isinf(steps) and np.isinf(than) else steps <= FASTER * than


def fewest_steps(form, beta, condition) -> tuple[float, float]:
    """The fewest steps of a form on the ravine, and the rate that takes them."""
    limit = largest_stable_rates(beta)["plain" if form is plain else "velocity"]
    rates = limit * (np.arange(RATES_TRIED) + 0.5) / RATES_TRIED
    extra = () if form is plain else (beta,)
    start = np.ones((len(rates), 2))
    count = int(20 * condition + 20 / (1 - beta))  # a velocity dies away as slowly
    every = np.broadcast_to(rates[:, None], (count, len(rates), 1))
    path = form(ravine(condition), start, every, *extra)
    steps = [steps_of(path[:, case]) for case in range(len(rates))]
    return min(steps), float(rates[np.argmin(steps)])


def at_one_rate(lab) -> dict[str, bool | None]:
    """Whether each form of momentum is faster than plain descent at the same rate."""
    steps = {name: steps_of(path) for name, path in paths(lab).items()}
    return {form: faster(steps[form], steps["plain"]) for form in FORMS}


def who_is_faster(lab) -> str:
    """What is seen at one rate, in words."""
    found = at_one_rate(lab)
    ahead = [name for form, name in FORMS.items() if found[form]]
    if len(ahead) == 1:
        return f"only {ahead[0]} is faster"
    return "both forms are faster" if ahead else "neither form is faster"


# Two comparisons are fair: one rate for all, as the notes have it, and for each form
# the best of its own rates. The race ends within 0.001 of the minimum.


@claim(
    "momentum-accelerates",
    "Momentum helps to speed up along the shallow direction of a ravine.",
    says="often",
    hedge="helps",
    notes="000 001 002 003",
    scope="a ravine of curvatures 1 and 1/condition, rate 0.1 or each form's best; "
    "nothing is trained",
)
def faster_along(lab):
    """The steps of every form, at one rate and each at its best."""
    beta, condition = lab.settings.beta, lab.settings.condition
    steps = {name: steps_of(path) for name, path in paths(lab).items()}
    fewest = {
        "plain": fewest_steps(plain, beta, condition),
        "momentum": fewest_steps(velocity, beta, condition),
    }
    rows = [[name, count] for name, count in steps.items()]
    rows += [[f"{n}, best rate {rate:.2f}", c] for n, (c, rate) in fewest.items()]
    lab.table(f"Steps to within {GOAL} of the minimum", ["form", "steps"], rows)
    longer = steps["plain, rate/(1 − β)"]
    same_rate = at_one_rate(lab)
    return Finding(
        {f"{form}, same rate": is_faster for form, is_faster in same_rate.items()}
        | {"each at its best rate": faster(fewest["momentum"][0], fewest["plain"][0])},
        "At one rate {seen} than plain descent. "
        "Curvatures 1 and {shallow:g}, rate {rate}: plain descent needs "
        "{steps[plain]} steps, the velocity form {steps[velocity form]}, the form "
        "with (1 − β) {averaged_steps}; plain descent at rate/(1 − β), in the long "
        "run a step as long as the velocity form's, {longer}. Each at its best rate, "
        "plain needs {fewest[plain][0]}, momentum {fewest[momentum][0]}.",
        figure=draw_ravine,
        seen=who_is_faster(lab),
        shallow=1 / condition,
        rate=RATE,
        averaged_steps=steps["(1 − β) form"],
        longer=f"{longer}" if np.isfinite(longer) else "diverges",
        steps=steps,
        steps_of_plain_by_formula=int(
            np.ceil(np.log(GOAL) / np.log1p(-RATE / condition))
        ),
        fewest=fewest,
        faster_means_at_most=FASTER,
    )


def draw_ravine(lab):
    """The paths over the ravine's contours, and the distance that is left."""
    condition, shown = lab.settings.condition, 100
    figure, (plane, way) = figures.new(1, 2, width=10.0, height=4.2)
    names = ("velocity form", "plain", "(1 − β) form")
    found = {name: paths(lab)[name][: shown + 1] for name in names}
    x_low, y_low = np.min([path.min(0) for path in found.values()], axis=0) - 0.05
    x, y = np.meshgrid(
        np.linspace(min(-0.7, x_low), 1.1, 200), np.linspace(min(-0.2, y_low), 1.1, 200)
    )
    height = (x**2 + y**2 / condition) / 2
    levels = np.geomspace(1e-4, 0.5, 9)
    plane.contour(x, y, height, levels, colors="#BBBBBB", linewidths=0.8)
    way.set(xscale="log", yscale="log", ylim=(GOAL, 2))
    for index, name in enumerate(names):
        path, style = paths(lab)[name], {"color": figures.COLORS[index]}
        style["linestyle"] = figures.LINES[index]
        plane.plot(
            *found[name].T, marker="o", markersize=2.5, lw=1, label=name, **style
        )
        distance = np.linalg.norm(path, axis=1)
        label = f"{name}: {steps_of(path)} steps"
        way.plot(np.arange(1, len(path)), distance[1:], label=label, **style)
    plane.plot(0, 0, "k*", markersize=10)
    left = {name: np.linalg.norm(path[-1]) for name, path in found.items()}
    ahead = left["velocity form"] <= left["plain"] / FAR
    ahead = "the velocity form is far ahead" if ahead else "no form is far ahead"
    title = f"After {shown} steps {ahead}"
    flat = f"y (curvature {1 / condition:g})"
    figures.describe(plane, title, "x (curvature 1)", flat)
    figures.legend(plane, loc="lower right")
    seen = who_is_faster(lab)
    title = f"{seen[0].upper()}{seen[1:]}"
    figures.describe(way, title, "steps", "distance from the minimum")
    figures.legend(way, loc="lower left")
    lab.figure(
        "ravine",
        figure,
        f"Plain descent and momentum in two forms, all at rate {RATE}, down a ravine.",
    )


if __name__ == "__main__":
    main(__file__)
