"""Momentum across the ravine: zig-zag, stable rates, overshooting."""

from itertools import pairwise

import numpy as np
from keras.optimizers import SGD

from recipes.optimization._descent_paths import keras_path
from recipes.optimization._momentum_forms import (
    arrival,
    averaged,
    limits,
    matrix,
    plain,
    velocity,
)

LESS = 0.9  # "less" is at most this share
FORMS = ("plain", "velocity", "averaged", "Nesterov")


def bowl(point):
    """The slope of θ²/2."""
    return point


def judge(lab) -> None:
    """States the verdicts on the steep direction; all of them are exact."""
    _zigzag(lab)
    _stability(lab)
    _overshoot(lab)


def crossings(path) -> int:
    """How often a path changes sides."""
    sides = np.sign(path)
    return int((sides[1:] * sides[:-1] < 0).sum())


def _zigzag(lab) -> None:
    """Counts crossings and the way traveled, where plain descent zig-zags and not."""
    beta, steps = lab.settings.beta, 100
    found, holds = {}, {}
    for rate in (1.9, 0.1):
        rates = np.full(steps, rate)
        paths = {
            "plain": plain(bowl, 1.0, rates),
            "velocity form": velocity(bowl, 1.0, rates, beta),
            "(1 − β) form": averaged(bowl, 1.0, rates, beta),
        }
        for name, path in paths.items():
            travel = float(np.abs(np.diff(path)).sum())
            found[f"rate {rate}, {name}"] = crossings(path), travel
        zigzag, far = found[f"rate {rate}, plain"]
        for name in list(paths)[1:]:
            case = f"rate {rate}, {name}"
            crossed, traveled = found[case]
            fewer = crossed < zigzag and crossed <= LESS * zigzag
            holds[case] = fewer and traveled <= LESS * far
    rows = [[case, *measures] for case, measures in found.items()]
    lab.table(
        f"Across the ravine in {steps} steps from 1",
        ["case", "crossings", "way traveled"],
        rows,
    )

    def told(rate):
        return "; ".join(
            f"{case.partition(', ')[2]} {count} and {far:.1f}"
            for case, (count, far) in found.items()
            if case.startswith(f"rate {rate},")
        )

    lab.verdict(
        "momentum-damps-oscillation",
        holds,
        evidence={"crossings_and_way_traveled": found, "steps": steps},
        note=f"Smooth means at most {LESS:.0%} of plain descent's crossings and of its "
        f"way at the same rate. Crossings and way at rate 1.9: {told(1.9)}. At rate "
        f"0.1: {told(0.1)}.",
    )


def growth(form: str, rate: float, beta: float) -> float:
    """By how much a form multiplies a distance in the long run."""
    return float(np.abs(np.linalg.eigvals(matrix(form, rate, beta))).max())


def find_limit(form: str, beta: float) -> float:
    """The largest rate that does not diverge on a curvature of 1, by bisection."""
    low, high = 1e-3, 1e3
    for _ in range(60):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if growth(form, middle, beta) < 1 else (low, middle)
    return low


def _stability(lab) -> None:
    """Locates the limits by eigenvalues, and lets Keras walk on both sides of them."""
    beta = lab.settings.beta
    formulas, found = limits(beta), {form: find_limit(form, beta) for form in FORMS}
    exact = all(abs(found[f] / formulas[f] - 1) < 1e-6 for f in FORMS)
    optimizers = {
        "plain": SGD(1.0),
        "velocity": SGD(1.0, momentum=beta),
        "averaged": SGD(1.0 - beta, momentum=beta),
        "Nesterov": SGD(1.0, momentum=beta, nesterov=True),
    }
    # Only rate times curvature counts: a rate of 1 on curvatures 3 % off the limit.
    either = {form: np.array([0.97, 1.03]) * formulas[form] for form in optimizers}
    ends = {
        form: np.abs(
            keras_path(optimizer, lambda x, c=either[form]: c * x, [1.0, 1.0], 200)
        )[-20:].max(0)
        for form, optimizer in optimizers.items()
    }
    agrees = {form: bool(end[0] < 1 < end[1]) for form, end in ends.items()}
    lab.verdict(
        "momentum-larger-lr-stable",
        {
            f"{form} form": exact and agrees[form] and found[form] > found["plain"]
            for form in ("velocity", "averaged")
        },
        evidence={
            "largest_stable_rate_times_curvature": found,
            "by_formula": formulas,
            "distance_in_Keras_3_%_below_and_above_after_200_steps": ends,
        },
        note="On a curvature of 1 descent is stable up to a rate of "
        + ", ".join(f"{limit:.4g} ({form})" for form, limit in found.items())
        + ": 2 for plain descent, 2(1 + β) for the velocity form, that over (1 − β) "
        "for the averaged one, and over (1 + 2β) for nesterov=True.",
    )


def _overshoot(lab) -> None:
    """From 1 at rate 0.1: the lowest point, and the steps until it stays near 0."""
    rate, steps, betas = 0.1, 2000, (0.0, 0.5, 0.9, 0.99)
    paths = {b: velocity(bowl, 1.0, np.full(steps, rate), b) for b in betas}
    lowest = {b: min(0.0, float(path.min())) for b, path in paths.items()}
    rest = {b: arrival(np.abs(path), 1e-3) for b, path in paths.items()}
    in_keras = {
        b: min(0.0, float(keras_path(SGD(rate, b), bowl, 1.0, 60).min())) for b in betas
    }
    # Two equal roots of z² − (1 + β − η)z + β: more momentum than this swings.
    edge = (1 - rate**0.5) ** 2
    below, above = (
        crossings(velocity(bowl, 1.0, np.full(200, rate), beta))
        for beta in (edge - 0.02, edge + 0.02)
    )
    grows = all(lowest[a] > lowest[b] for a, b in pairwise(betas))
    same = max(abs(lowest[b] - in_keras[b]) for b in betas) < 1e-4
    lab.verdict(
        "momentum-overshoot",
        bool(lowest[0.0] == 0 and grows and below == 0 < above and same),
        evidence={
            "lowest_point_from_1": lowest,
            "the_same_in_Keras": in_keras,
            "steps_until_within_0.001": rest,
            "momentum_that_begins_to_overshoot": edge,
            "crossings_0.02_below_and_above_it": [below, above],
        },
        note=f"From 1 toward 0 at rate {rate} the lowest point is "
        + ", ".join(f"{low:.4f} (β = {b:g})" for b, low in lowest.items())
        + ", and the steps to rest are "
        + ", ".join(str(count) for count in rest.values())
        + f"; overshooting begins at β = (1 − √(rate × curvature))² = {edge:.4f}.",
    )
