"""Momentum: two forms of one method, and what each does to ravines and noise.

The notes write momentum with and without a factor (1 − β) before the gradient.
Most of what they say of it, for and against, is true of one form and not of the
other at the same learning rate.

Notes: 1.9 Momentum and exponentially weighted averages
Data: analytic surfaces; nothing is trained.
Run: recipes run momentum            (about 10 s on 2 CPU cores)
References: Polyak (1964); Sutskever et al. (2013); Kingma and Ba (2015).
"""

from dataclasses import dataclass

import numpy as np
from keras.optimizers import SGD
from keras.optimizers.schedules import PiecewiseConstantDecay

from recipes.lab import UsageError, figures, lab_main
from recipes.optimization import (
    _momentum_averages,
    _momentum_hills,
    _momentum_limits,
    _momentum_noise,
)
from recipes.optimization._descent_paths import keras_path
from recipes.optimization._momentum_forms import (
    arrival,
    averaged,
    heavy_ball,
    limits,
    plain,
    velocity,
)

CLAIMS = {
    "ewma-definition": "An exponentially weighted average, v ← βv + (1 − β)x, gives a "
    "value k steps old the weight (1 − β)βᵏ: it remembers about 1/(1 − β) values.",
    "ewma-bias-correction": "Started at 0 the average is too small at first; dividing "
    "by 1 − βᵗ puts it right.",
    "momentum-two-forms": "Momentum with and without the factor (1 − β) before the "
    "gradient is one method.",
    "momentum-accelerates": "Momentum is faster along the shallow direction of a "
    "ravine.",
    "momentum-damps-oscillation": "Momentum smooths the zig-zag across a ravine.",
    "momentum-noise": "Momentum smooths the noise of the gradients (elsewhere the "
    "notes say that it amplifies it).",
    "momentum-larger-lr-stable": "Momentum tolerates larger learning rates.",
    "momentum-overshoot": "Too much momentum overshoots the minimum.",
    "momentum-escapes-local-minima": "Momentum can roll out of shallow local minima.",
    "momentum-saddle": "Momentum overcomes saddle points (elsewhere the notes say "
    "that it gets stuck at them).",
    "adam-contains-momentum": "Adam's first moment is momentum.",
}
SMOKE = {"seeds": 2, "condition": 10, "starts": 21}

RATE = 0.1
START, GOAL = (1.0, 1.0), 1e-3  # where the race begins, and how near it ends
FASTER = 0.9  # "faster" takes at most this share of the steps


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 5
    "Independent sequences of noise."
    beta: float = 0.9
    "How much of the velocity is kept from step to step."
    condition: int = 100
    "The ravine's steep curvature over its shallow one."
    starts: int = 401
    "Starts along the double well."


def experiment(lab):
    """Judges the averages, then the ravine, then noise, hills and Adam."""
    beta, condition = lab.settings.beta, lab.settings.condition
    if beta > 0.99:  # what a simulation waits for would take too long
        raise UsageError(f"--beta must be at most 0.99, not {beta}.")
    if condition < 2:
        raise UsageError(f"--condition must be at least 2, not {condition}.")
    _momentum_averages.judge(lab)
    paths = race(beta, condition)
    judge_forms(lab, paths)
    judge_acceleration(lab, paths)
    draw_ravine(lab, paths)
    _momentum_limits.judge(lab)
    _momentum_noise.judge(lab)
    _momentum_hills.judge(lab)


def ravine(condition):
    """The slope of (x² + y²/condition)/2: steep along x, shallow along y."""
    curvatures = np.array([1.0, 1 / condition])
    return lambda point: curvatures * point


def race(beta, condition) -> dict[str, np.ndarray]:
    """Every form from (1, 1) down the ravine, at one rate and at rate/(1 − β)."""
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
        steps = arrival(np.linalg.norm(path, axis=-1), GOAL)
    return np.inf if steps is None else steps


def judge_forms(lab, paths) -> None:
    """One method where the rate is divided by (1 − β) and never changes."""
    beta, slope = lab.settings.beta, ravine(lab.settings.condition)
    reference = paths["velocity form"]

    def apart(path, other=reference):
        count = min(len(path), len(other))
        return float(np.abs(path[:count] - other[:count]).max())

    # Cut the rate on the way: the velocity form remembers steps, the other slopes.
    cut = np.repeat([RATE, RATE / 10], [100, 200])
    inside, outside = (
        velocity(slope, START, cut, beta),
        averaged(slope, START, cut / (1 - beta), beta),
    )
    schedule = PiecewiseConstantDecay([99], [RATE, RATE / 10])
    of_keras = {
        "constant rate": apart(keras_path(SGD(RATE, beta), slope, START, 300)),
        "rate cut": apart(keras_path(SGD(schedule, beta), slope, START, 300), inside),
    }
    found = {
        "the same rate": apart(paths["(1 − β) form"]),
        "rate/(1 − β)": apart(paths["(1 − β) form, rate/(1 − β)"]),
        "form with Δθ, the same rate": apart(paths["form with Δθ"]),
        "rate/(1 − β), cut to a tenth on the way": apart(outside, inside),
    }
    keras_is_velocity = max(of_keras.values()) < 1e-5
    lab.verdict(
        "momentum-two-forms",
        {case: far < 1e-9 for case, far in found.items()},
        evidence={
            "distance_from_the_velocity_form": found,
            "distance_of_Keras_from_the_velocity_form": of_keras,
            "steps_of_both_with_rate/(1 − β)": [
                steps_of(reference),
                steps_of(paths["(1 − β) form, rate/(1 − β)"]),
            ],
        },
        note="The form with (1 − β) takes the steps of the velocity form where its "
        "rate is divided by 1 − β: paths "
        f"{found['rate/(1 − β)']:.0e} apart, {found['the same rate']:.2f} at the same "
        "rate. Where the rate is cut on the way they part "
        f"({found['rate/(1 − β), cut to a tenth on the way']:.2f}): the velocity keeps "
        "the old rate in it. Keras's SGD "
        + ("is the velocity form." if keras_is_velocity else "is neither form."),
    )


def best(form, beta, condition) -> tuple[float, float]:
    """The fewest steps of a form on the ravine, and the rate that takes them."""
    limit = limits(beta)["plain" if form is plain else "velocity"]
    rates = limit * (np.arange(200) + 0.5) / 200
    extra = () if form is plain else (beta,)
    start = np.ones((len(rates), 2))
    every = np.broadcast_to(rates[:, None], (20 * condition, len(rates), 1))
    path = form(ravine(condition), start, every, *extra)
    steps = [steps_of(path[:, case]) for case in range(len(rates))]
    return min(steps), float(rates[np.argmin(steps)])


def judge_acceleration(lab, paths) -> None:
    """The steps of every form, at one rate and each at its best."""
    beta, condition = lab.settings.beta, lab.settings.condition
    steps = {name: steps_of(path) for name, path in paths.items()}
    fewest = {
        "plain": best(plain, beta, condition),
        "momentum": best(velocity, beta, condition),
    }
    closed = int(np.ceil(np.log(GOAL) / np.log1p(-RATE / condition)))
    rows = [[name, count] for name, count in steps.items()]
    rows += [[f"{n}, best rate {rate:.2f}", c] for n, (c, rate) in fewest.items()]
    lab.table(f"Steps to within {GOAL}", ["form", "steps"], rows)
    longer = steps["plain, rate/(1 − β)"]
    longer = f"{longer}" if np.isfinite(longer) else "diverges"
    lab.verdict(
        "momentum-accelerates",
        {
            "velocity form, same rate": steps["velocity form"]
            <= FASTER * steps["plain"],
            "(1 − β) form, same rate": steps["(1 − β) form"] <= FASTER * steps["plain"],
            "each at its best rate": fewest["momentum"][0]
            <= FASTER * fewest["plain"][0],
        },
        evidence={
            "steps": steps,
            "steps_of_plain_by_formula": closed,
            "fewest_steps_and_their_rate": fewest,
            "faster_means_at_most": FASTER,
        },
        note=f"Curvatures 1 and {1 / condition:g}, rate {RATE}: plain descent needs "
        f"{steps['plain']} steps, the velocity form {steps['velocity form']}, the form "
        f"with (1 − β) {steps['(1 − β) form']}; plain descent at rate/(1 − β), in the "
        f"long run a step as long as the velocity form's, {longer}. Each at its best "
        f"rate, plain {fewest['plain'][0]}, momentum {fewest['momentum'][0]}.",
    )


def draw_ravine(lab, paths) -> None:
    """Draws the paths over the ravine's contours, and the way still to go."""
    condition, shown = lab.settings.condition, 100
    figure, (plane, way) = figures.new(1, 2, width=10.0, height=4.2)
    x, y = np.meshgrid(np.linspace(-0.7, 1.1, 200), np.linspace(-0.2, 1.1, 200))
    height = (x**2 + y**2 / condition) / 2
    levels = np.geomspace(1e-4, 0.5, 9)
    plane.contour(x, y, height, levels, colors="#BBBBBB", linewidths=0.8)
    way.set(xscale="log", yscale="log", ylim=(GOAL, 2))
    for index, name in enumerate(("velocity form", "plain", "(1 − β) form")):
        path, style = paths[name], {"color": figures.COLORS[index]}
        style["linestyle"] = figures.LINES[index]
        plane.plot(*path[: shown + 1].T, marker="o", markersize=2.5, lw=1, **style)
        distance = np.linalg.norm(path, axis=1)
        label = f"{name}: {steps_of(path)} steps"
        way.plot(np.arange(1, len(path)), distance[1:], label=label, **style)
    plane.plot(0, 0, "k*", markersize=10)
    told = f"{shown} steps at rate {RATE} toward the star"
    flat = f"y (curvature {1 / condition:g})"
    figures.describe(plane, told, "x (curvature 1)", flat)
    told = f"Steps to within {GOAL} of it"
    figures.describe(way, told, "steps", "distance from the star")
    figures.legend(way, loc="lower left")
    lab.figure(
        "ravine",
        figure,
        f"Plain descent and momentum in two forms, all at rate {RATE}, down a ravine.",
    )


if __name__ == "__main__":
    lab_main(experiment)
