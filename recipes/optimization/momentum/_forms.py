"""The ways in which the notes write momentum, in NumPy.

Each function takes the slope, the start and one rate a step, and returns all points.
"""

import numpy as np


def plain(slope, start, rates) -> np.ndarray:
    """θ ← θ − ηg: gradient descent."""
    points = [np.asarray(start, float)]
    for rate in rates:
        points.append(points[-1] - rate * slope(points[-1]))
    return np.stack(points)


def velocity(slope, start, rates, beta=0.9) -> np.ndarray:
    """The velocity form: v ← βv − ηg, θ ← θ + v (Polyak, 1964); Keras's SGD."""
    points, v = [np.asarray(start, float)], 0.0
    for rate in rates:
        v = beta * v - rate * slope(points[-1])
        points.append(points[-1] + v)
    return np.stack(points)


def averaged(slope, start, rates, beta=0.9) -> np.ndarray:
    """The form with (1 − β): v ← βv + (1 − β)g, an average; θ ← θ − ηv."""
    points, v = [np.asarray(start, float)], 0.0
    for rate in rates:
        v = beta * v + (1 - beta) * slope(points[-1])
        points.append(points[-1] - rate * v)
    return np.stack(points)


def heavy_ball(slope, start, rates, beta=0.9) -> np.ndarray:
    """The form with Δθ: Δθ ← −ηg + β Δθ of the step before; θ ← θ + Δθ."""
    points = [np.asarray(start, float)] * 2
    for rate in rates:
        step = beta * (points[-1] - points[-2]) - rate * slope(points[-1])
        points.append(points[-1] + step)
    return np.stack(points[1:])


def average(values, beta=0.9, corrected=False) -> np.ndarray:
    """Exponentially weighted averages, v ← βv + (1 − β)x from v = 0, after each value.

    Args:
        values: (steps, ...), averaged along the first axis.
        beta: The share of the average that is kept, in [0, 1).
        corrected: Whether to divide by 1 − βᵗ.
    """
    v, averages = np.zeros(np.shape(values)[1:]), []
    for value in values:
        v = beta * v + (1 - beta) * np.asarray(value)
        averages.append(v)
    if corrected:
        times = np.arange(1, len(averages) + 1)
        averages = [v / (1 - beta**t) for v, t in zip(averages, times, strict=True)]
    return np.array(averages)


def largest_stable_rates(beta: float) -> dict[str, float]:
    """The rates, times the curvature, from which each form diverges."""
    return {
        "plain": 2.0,
        "velocity": 2 * (1 + beta),
        "averaged": 2 * (1 + beta) / (1 - beta),
        "Nesterov": 2 * (1 + beta) / (1 + 2 * beta),
    }


def steps_to_stay(distances, goal: float) -> int | None:
    """Returns after how many steps a path stays within a distance; None if never.

    Args:
        distances: From the goal, (steps + 1,), from the start on.
        goal: How near is near enough.
    """
    away = np.flatnonzero(~(np.asarray(distances) <= goal))  # NaN is away as well
    if not away.size:
        return 0
    return int(away[-1]) + 1 if away[-1] + 1 < len(distances) else None
