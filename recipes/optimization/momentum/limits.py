"""Limits: how large a rate each form stands, and what momentum does across a ravine.

Along one direction of curvature c descent is a linear recursion, and only rate × c
counts. Plain descent multiplies the distance by 1 − ηc a step: it swings from 1 on and
diverges from 2 on. With momentum the state is a pair, position and velocity, and the
recursion is a 2×2 matrix: it is stable while both eigenvalues are inside the unit
circle, and it swings as soon as they are complex.
"""

from itertools import pairwise

import numpy as np
from keras.optimizers import SGD

from recipes.lab import Finding, claim, main
from recipes.optimization._surfaces import keras_path
from recipes.optimization.momentum._forms import (
    averaged,
    largest_stable_rates,
    plain,
    steps_to_stay,
    velocity,
)

LESS = 0.9  # "less" is at most this share: a tenth less
FORMS = ("plain", "velocity", "averaged", "Nesterov")


def bowl(point):
    """The slope of θ²/2: one direction of curvature 1."""
    return point


def crossings(path) -> int:
    """How often a path changes sides."""
    sides = np.sign(path)
    return int((sides[1:] * sides[:-1] < 0).sum())


# Across the ravine plain descent zig-zags at rates between 1 and 2. What zig-zag costs
# is the way traveled across: many tiny crossings are no harm, a few wide ones are.
ZIGZAG, CALM, ACROSS = (1.9, 1.5), 0.1, 100  # rates times curvature; steps


def swings(rate: float, beta: float) -> dict[str, list]:
    """Crossings and the way traveled from 1 in `ACROSS` steps, by form."""
    rates = np.full(ACROSS, rate)
    paths = {
        "plain": plain(bowl, 1.0, rates),
        "velocity form": velocity(bowl, 1.0, rates, beta),
        "(1 − β) form": averaged(bowl, 1.0, rates, beta),
    }
    return {
        name: [crossings(path), float(np.abs(np.diff(path)).sum())]
        for name, path in paths.items()
    }


@claim(
    "momentum-damps-oscillation",
    "Momentum smooths the zig-zag across a ravine.",
    notes="001 002 003",
    scope="one direction of curvature 1, 100 steps at rates 1.9 and 1.5; nothing is "
    "trained",
)
def smooths_across(lab):
    """The way traveled across, at rates at which plain descent zig-zags."""
    counted = {rate: swings(rate, lab.settings.beta) for rate in (*ZIGZAG, CALM)}
    lab.table(
        f"Across the ravine in {ACROSS} steps from 1",
        ["rate", "form", "crossings", "way traveled"],
        [[r, name, *seen] for r, row in counted.items() for name, seen in row.items()],
    )
    traveled = {
        f"rate {rate}": {name: seen[1] for name, seen in row.items()}
        for rate, row in counted.items()
    }
    return Finding(
        {
            f"rate {rate}, {form}": row[form][1] <= LESS * row["plain"][1]
            for rate, row in counted.items()
            if rate in ZIGZAG
            for form in list(row)[1:]
        },
        "Smooth are: {holding}. That means at most {less:.0%} of the way that plain "
        "descent travels across at the same rate: {traveled:.3g}. At rate {calm} the "
        "minimum is crossed so often: {crossed}.",
        less=LESS,
        calm=CALM,
        crossed={name: seen[0] for name, seen in counted[CALM].items()},
        traveled=traveled,
        crossings_and_way={f"rate {rate}": row for rate, row in counted.items()},
    )


def step_matrix(form: str, rate: float, beta: float) -> np.ndarray:
    """One step of a form on f(θ) = θ²/2 as a matrix on (θ, v).

    Raises:
        ValueError: There is no such form.
    """
    if form == "plain":
        return np.array([[1 - rate, 0], [0, 0]])
    if form == "velocity":
        return np.array([[1 - rate, beta], [-rate, beta]])
    if form == "averaged":
        share = (1 - beta) * rate
        return np.array([[1 - share, -rate * beta], [1 - beta, beta]])
    if form == "Nesterov":  # v ← βv − ηg, θ ← θ + βv − ηg with the new v
        return np.array([[1 - rate * (1 + beta), beta**2], [-rate, beta]])
    raise ValueError(f"form must be one of {', '.join(FORMS)}, not {form!r}.")


def growth(form: str, rate: float, beta: float) -> float:
    """By how much a form multiplies a distance in the long run."""
    return float(np.abs(np.linalg.eigvals(step_matrix(form, rate, beta))).max())


def find_largest_stable_rate(form: str, beta: float) -> float:
    """The largest rate that does not diverge on a curvature of 1, by bisection."""
    low, high = 1e-3, 1e3
    for _ in range(60):
        middle = (low * high) ** 0.5
        if growth(form, middle, beta) < 1:
            low = middle
        else:
            high = middle
    return low


# The formulas are checked twice: against eigenvalues, and against Keras walking 3 %
# below and 3 % above each limit.


@claim(
    "momentum-larger-lr-stable",
    "Momentum can tolerate larger learning rates.",
    says="can",
    hedge="can",
    notes="002",
    scope="one direction of curvature 1; nothing is trained",
)
def stands_larger_rates(lab):
    """Locates the limits by eigenvalues, and lets Keras walk on both sides of them."""
    beta = lab.settings.beta
    formulas = largest_stable_rates(beta)
    limits = {form: find_largest_stable_rate(form, beta) for form in FORMS}
    exact = all(abs(limits[f] / formulas[f] - 1) < 1e-6 for f in FORMS)
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
    higher = {form: exact and limits[form] > limits["plain"] for form in limits}
    return Finding(
        {
            # 200 steps of Keras that don't show the limit yet leave it undecided.
            f"{form} form": higher[form] if agrees[form] else None
            for form in ("velocity", "averaged", "Nesterov")
        },
        "On a curvature of 1 descent is stable up to these rates: {limits:.4g}. That "
        "is 2 for plain descent, 2(1 + β) for the velocity form, that over (1 − β) for "
        "the averaged one, and over (1 + 2β) for nesterov=True.",
        limits=limits,
        limits_by_formula=formulas,
        distance_in_keras_below_and_above=ends,
    )


@claim(
    "momentum-overshoot",
    "Too much momentum can overshoot the minimum.",
    says="can",
    hedge="can",
    notes="002 003",
    scope="one direction of curvature 1, rate 0.1, β 0 to 0.99; nothing is trained",
)
def overshoots(lab):
    """From 1 at rate 0.1: the lowest point, and the steps until it stays near 0."""
    rate, steps, betas = 0.1, 2000, (0.0, 0.5, 0.9, 0.99)
    paths = {b: velocity(bowl, 1.0, np.full(steps, rate), b) for b in betas}
    lowest = {b: min(0.0, float(path.min())) for b, path in paths.items()}
    in_keras = {
        b: min(0.0, float(keras_path(SGD(rate, b), bowl, 1.0, 60).min())) for b in betas
    }
    # A step is θ(t+1) = (1 + β − η) θ(t) − β θ(t−1), of which powers zᵗ are solutions
    # if z² = (1 + β − η) z − β. Real roots z mean that θ glides to 0, complex ones that
    # it swings, and complex they are where (1 + β − η)² < 4β: for β above this edge.
    edge = (1 - rate**0.5) ** 2
    below, above = (
        crossings(velocity(bowl, 1.0, np.full(200, rate), beta))
        for beta in (edge - 0.02, edge + 0.02)
    )
    grows = all(lowest[a] > lowest[b] for a, b in pairwise(betas))
    same = max(abs(lowest[b] - in_keras[b]) for b in betas) < 1e-4
    return Finding(
        bool(lowest[0.0] == 0 and grows and below == 0 < above and same),
        "From 1 toward 0 at rate {rate} the lowest point is {lowest:.4f} for β = 0, "
        "0.5, 0.9 and 0.99, and the steps to rest are {steps_to_rest}; overshooting "
        "begins at β = (1 − √(rate × curvature))² = {edge:.4f}.",
        rate=rate,
        lowest=list(lowest.values()),
        lowest_in_keras=list(in_keras.values()),
        steps_to_rest=[steps_to_stay(np.abs(path), 1e-3) for path in paths.values()],
        edge=edge,
        crossings_below_and_above_edge=[below, above],
    )


if __name__ == "__main__":
    main(__file__)
