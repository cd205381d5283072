"""Saddles: flat points with ways up and ways down, and what starting on one means.

At a saddle the gradient is zero, and it is no minimum: there is a direction down. Most
have curvatures of both signs; the monkey saddle has none at all and is one all the
same. Descent that starts exactly on the ridge has no slope to either side and stays.
But a ridge is a line without width: a little noise, or rounding alone where the ridge
does not lie along an axis, puts a point beside it, and from there it leaves.
"""

import numpy as np

from recipes.lab import Finding, claim, main
from recipes.optimization._surfaces import first_step, saddle_slope
from recipes.optimization._update_rules import RULES, descend

SURFACES = {  # each is flat at the origin, with higher and lower points around it
    "x² − y²": lambda x, y: x**2 - y**2,
    "(1 − xy)²/2, a network of two weights": lambda x, y: (1 - x * y) ** 2 / 2,
    "x³ − 3xy², the monkey saddle": lambda x, y: x**3 - 3 * x * y**2,
}


def hessian(surface, step: float = 1e-3) -> np.ndarray:
    """Second derivatives at the origin by central differences."""
    across = surface(step, step) - surface(step, -step)
    across = (across - surface(-step, step) + surface(-step, -step)) / (4 * step**2)
    here = 2 * surface(0.0, 0.0)
    along = [
        (surface(*point) + surface(*(-point)) - here) / step**2
        for point in step * np.eye(2)
    ]
    return np.array([[along[0], across], [across, along[1]]])


def directions(surface, distance: float = 0.01, count: int = 360) -> dict[str, int]:
    """Counts directions through the origin: up on both sides, down on both, mixed."""
    angles = np.pi * np.arange(count) / count
    x, y = distance * np.cos(angles), distance * np.sin(angles)
    rises = np.stack([surface(x, y), surface(-x, -y)]) - surface(0.0, 0.0)
    rises[np.abs(rises) < 1e-15] = 0.0
    up, down = (rises > 0).all(0), (rises < 0).all(0)
    return {
        "minimum": int(up.sum()),
        "maximum": int(down.sum()),
        "neither": int((~up & ~down).sum()),
    }


def around(surface, distance: float = 0.01) -> tuple[bool, bool]:
    """Whether a small circle around the origin has higher and has lower points."""
    angles = 2 * np.pi * np.arange(720) / 720
    rises = surface(distance * np.cos(angles), distance * np.sin(angles))
    rises = rises - surface(0.0, 0.0)
    return bool((rises > 1e-15).any()), bool((rises < -1e-15).any())


@claim(
    "saddle-definition",
    "A saddle is a flat point of the loss that is neither a local minimum nor a local "
    "maximum.",
    says="is",
    notes="000",
    scope="three surfaces of two weights; nothing is trained",
)
def is_neither(lab):
    """Looks around flat points for higher and for lower ones, and at curvatures."""
    found = {name: directions(surface) for name, surface in SURFACES.items()}
    curvatures = {
        name: np.linalg.eigvalsh(hessian(surface)) for name, surface in SURFACES.items()
    }
    shown = {name: c.round(6) + 0.0 for name, c in curvatures.items()}
    rows = [
        [name, *(f"{c:+.2f}" for c in shown[name]), *found[name].values()]
        for name in SURFACES
    ]
    columns = ["surface", "curvature", "curvature", *found["x² − y²"]]
    lab.table("Flat points: curvatures, and 360 directions by kind", columns, rows)
    bowl = around(lambda x, y: x**2 + y**2)
    return Finding(
        {name: around(surface) == (True, True) for name, surface in SURFACES.items()}
        | {"a bowl is none": bowl != (True, True)},
        "Around each of the three flat points some points are higher and some lower. "
        "Most saddles have curvatures of both signs ({both:+.2f} for x² − y²), a "
        "minimum in one direction and a maximum in another. The monkey saddle has "
        "curvatures of {monkey:.2f}: no direction is a minimum or a maximum, each "
        "rises on one side and falls on the other.",
        both=shown["x² − y²"],
        monkey=shown["x³ − 3xy², the monkey saddle"],
        directions_of_360=found,
        curvatures=curvatures,
    )


# The race's saddle, x²/2 − y²/2 + y⁴/4: the ridge is y = 0, and a point is off it where
# |y| > 0.9, close to a minimum at (0, ±1).
RATE, STEPS, NOISE = 0.01, 6000, 0.01
ASLANT = "on a ridge 30° to the axes"


def turned(angle: float):
    """The saddle turned in its plane: its slope, and the matrix that turns."""
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.array([[cos, -sin], [sin, cos]])
    return lambda point, _=0: saddle_slope(point @ turn) @ turn.T, turn


def walks(rule, noise) -> dict[str, np.ndarray]:
    """A rule at the saddle, on its ridge, on a turned ridge, and on it with noise.

    Args:
        rule: `rule(rate)`, a key's value of `RULES`.
        noise: Added to the gradients, (steps, runs, 2).

    Returns:
        Paths (steps + 1, runs, 2) by the start.
    """
    ridge = np.array([[1.0, 0.0]])
    slope, turn = turned(np.pi / 6)
    every = np.repeat(ridge, noise.shape[1], axis=0)

    def noisy(point, time):
        return saddle_slope(point) + noise[time]

    return {
        "exactly at the saddle": descend(rule(RATE), saddle_slope, 0 * ridge, STEPS),
        "exactly on its ridge": descend(rule(RATE), saddle_slope, ridge, STEPS),
        ASLANT: descend(rule(RATE), slope, ridge @ turn.T, STEPS) @ turn,
        f"with noise of {NOISE}": descend(rule(RATE), noisy, every, STEPS),
    }


def off_the_saddle(path) -> int | None:
    """The first step after which a path is well on its way to (0, ±1)."""
    return first_step(np.abs(path[:, 1]) > 0.9)


def in_words(steps: list) -> str:
    """Says the least and the greatest number of steps, or that some never leave."""
    never = sum(count is None for count in steps)
    if never:
        return "never" if never == len(steps) else f"{never} of {len(steps)} never"
    low, high = min(steps), max(steps)
    return str(low) if low == high else f"{low}-{high}"


@claim(
    "saddle-exact-start",
    "The gradient is zero at a saddle, so that descent gets stuck there.",
    says="can",
    hedge="can",
    notes="001",
    scope="x²/2 − y²/2 + y⁴/4, rate 0.01, 6,000 steps; nothing is trained",
)
def stays_on_the_ridge(lab):
    """Starts at the saddle, on its ridge, on a turned ridge, and with noise."""
    rngs = [np.random.default_rng([seed, 4]) for seed in lab.seeds]
    noise = np.stack([rng.normal(0, NOISE, (STEPS, 2)) for rng in rngs], axis=1)
    steps = {
        name: {
            case: [off_the_saddle(path[:, run]) for run in range(path.shape[1])]
            for case, path in walks(rule, noise).items()
        }
        for name, rule in RULES.items()
    }
    of_sgd = steps["SGD"]
    rows = [[name, *map(in_words, row.values())] for name, row in steps.items()]
    columns = ["optimizer", "at it", "ridge", "30°", "noise"]
    lab.table(f"Steps off the saddle at rate {RATE}", columns, rows)
    return Finding(
        {case: all(n is None for n in counts) for case, counts in of_sgd.items()},
        "SGD's steps until it is off: {of_sgd} (given up after {given_up_after}). "
        "{rounding}",
        of_sgd={case: in_words(counts) for case, counts in of_sgd.items()},
        given_up_after=STEPS,
        rounding="On the ridge that lies aslant rounding alone sets it off."
        if of_sgd[ASLANT][0] is not None
        else "Rounding alone does not set it off.",
        steps_until_off_the_saddle=steps,
    )


if __name__ == "__main__":
    main(__file__)
