"""Momentum in NumPy: the forms that the notes write, and Keras's Nesterov form.

Each takes the slope, the start and one rate a step, and returns all points.
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


# Which rates keep each form stable on a bowl of curvature 1, and the matrix that
# takes its (position, velocity) to the next one there.


def matrix(form: str, rate: float, beta: float) -> np.ndarray:
    """One step of a form on f(θ) = θ²/2 as a matrix on (θ, v)."""
    if form == "plain":
        return np.array([[1 - rate, 0], [0, 0]])
    if form == "velocity":
        return np.array([[1 - rate, beta], [-rate, beta]])
    if form == "averaged":
        ahead = (1 - beta) * rate
        return np.array([[1 - ahead, -rate * beta], [1 - beta, beta]])
    if form == "Nesterov":  # v ← βv − ηg, θ ← θ + βv − ηg with the new v
        return np.array([[1 - rate * (1 + beta), beta**2], [-rate, beta]])
    raise ValueError(f"form must be plain, velocity, averaged or Nesterov, not {form}")


def limits(beta: float) -> dict[str, float]:
    """The rates, times the curvature, from which each form diverges."""
    return {
        "plain": 2.0,
        "velocity": 2 * (1 + beta),
        "averaged": 2 * (1 + beta) / (1 - beta),
        "Nesterov": 2 * (1 + beta) / (1 + 2 * beta),
    }


def arrival(distances, goal: float) -> int | None:
    """Returns after how many steps a path stays within a distance; None if never.

    Args:
        distances: From the goal, (steps + 1,), from the start on.
        goal: How near is near enough.
    """
    far = np.flatnonzero(~(np.asarray(distances) <= goal))  # NaN is far as well
    if not far.size:
        return 0
    return int(far[-1]) + 1 if far[-1] + 1 < len(distances) else None
