"""Saddles: what they are, and what starting exactly on one means."""

import numpy as np

from recipes.optimization._surfaces import first_step, saddle_slope
from recipes.optimization._update_rules import RULES, descend

RATE, STEPS, NOISE = 0.01, 6000, 0.01
ASLANT = "on a ridge 30° to the axes"

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


def define(lab) -> None:
    """Looks for a direction of each kind on three saddles."""
    found, curvatures, holds = {}, {}, {}
    for name, surface in SURFACES.items():
        found[name] = directions(surface)
        curvatures[name] = np.linalg.eigvalsh(hessian(surface))
        holds[name] = found[name]["minimum"] > 0 < found[name]["maximum"]
    lab.verdict(
        "saddle-definition",
        holds,
        evidence={"directions_of_360": found, "curvatures": curvatures},
        note="Curvatures at the flat point and directions (minimum/maximum/neither): "
        + "; ".join(
            f"{name}: "
            + ", ".join(f"{c:+.2f}" for c in curvatures[name].round(6) + 0.0)
            + " and "
            + "/".join(map(str, found[name].values()))
            for name in SURFACES
        )
        + ". Curvatures of both signs make a saddle; without any, a flat point with "
        "higher and lower points around it is one as well.",
    )


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


def start_on_them(lab) -> None:
    """Starts at the saddle, on its ridge, on a turned ridge, and with noise."""
    rngs = [np.random.default_rng([seed, 4]) for seed in lab.seeds]
    noise = np.stack([rng.normal(0, NOISE, (STEPS, 2)) for rng in rngs], axis=1)
    steps = {
        name: {
            case: [_left(path[:, run]) for run in range(path.shape[1])]
            for case, path in walks(rule, noise).items()
        }
        for name, rule in RULES.items()
    }
    cases = list(steps["SGD"])
    rows = [
        [name, *(_told(row[case]) for case in cases)] for name, row in steps.items()
    ]
    columns = ["optimizer", "at it", "ridge", "30°", "noise"]
    lab.table(f"Steps off the saddle at rate {RATE}", columns, rows)
    aslant = steps["SGD"][ASLANT][0] is not None
    lab.verdict(
        "saddle-exact-start",
        {case: all(n is None for n in steps["SGD"][case]) for case in cases},
        evidence={"steps_until_off_the_saddle": steps, "given_up_after": STEPS},
        note="SGD's steps until it is off: "
        + "; ".join(f"{case} {_told(steps['SGD'][case])}" for case in cases)
        + f" (given up after {STEPS})."
        + (" Rounding alone throws it off a ridge that lies aslant." if aslant else ""),
    )


def _left(path) -> int | None:
    return first_step(np.abs(path[:, 1]) > 0.9)


def _told(steps: list) -> str:
    if any(count is None for count in steps):
        never = sum(count is None for count in steps)
        return "never" if never == len(steps) else f"{never} of {len(steps)} never"
    low, high = min(steps), max(steps)
    return str(low) if low == high else f"{low}-{high}"
