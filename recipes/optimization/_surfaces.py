"""Small surfaces to walk down, and Keras's optimizers walking down them."""

from dataclasses import dataclass

import keras
import numpy as np


def keras_path(optimizer, slope, start, steps: int) -> np.ndarray:
    """Walks downhill with a Keras optimizer.

    Args:
        optimizer: A new `keras.optimizers.Optimizer`.
        slope: `slope(point)`, the gradient.
        start: The first point.
        steps: How many steps.

    Returns:
        The points (steps + 1, *start.shape), in float32 as Keras holds them.
    """
    variable = keras.Variable(np.asarray(start, "float32"))
    optimizer.build([variable])
    points = [keras.ops.convert_to_numpy(variable.value).copy()]
    for _ in range(steps):
        gradient = np.asarray(slope(points[-1]), "float32")
        optimizer.apply([keras.ops.convert_to_tensor(gradient)], [variable])
        points.append(keras.ops.convert_to_numpy(variable.value).copy())
    return np.stack(points)


def replay(optimizer, gradients) -> np.ndarray:
    """Feeds given gradients to a Keras optimizer; returns its steps from zeros on."""
    following = iter(gradients)
    start = np.zeros(np.shape(gradients)[1:])
    path = keras_path(optimizer, lambda _: next(following), start, len(gradients))
    return np.diff(path.astype(float), axis=0)


def first_step(reached) -> int | None:
    """Returns the first step at which a condition holds, or None.

    Args:
        reached: Booleans (steps + 1,), from the start on.
    """
    reached = np.asarray(reached)
    return int(reached.argmax()) if reached.any() else None


def saddle_height(x, y):
    """f(x, y) = x²/2 - y²/2 + y⁴/4: a saddle at the origin, minima at (0, ±1)."""
    return x**2 / 2 - y**2 / 2 + y**4 / 4


def saddle_slope(point, _time=0) -> np.ndarray:
    """The gradient of `saddle_height` at points (..., 2)."""
    x, y = point[..., 0], point[..., 1]
    return np.stack([x, y**3 - y], -1)


@dataclass(frozen=True)
class DoubleWell:
    """f(x) = x⁴/4 - x²/2 + tilt x: for a tilt above 0 the left well is deeper.

    Attributes:
        tilt: From 0, equal wells, to 0.385, where the shallow well disappears.
    """

    tilt: float = 0.1

    def height(self, x):
        """The function itself."""
        return x**4 / 4 - x**2 / 2 + self.tilt * x

    def slope(self, x, _time=0):
        """Its derivative."""
        return (x * x - 1) * x + self.tilt  # x**3 takes ten times as long

    def curvature(self, x):
        """Its second derivative."""
        return 3 * x**2 - 1

    @property
    def stations(self) -> tuple[float, float, float]:
        """The deep minimum, the top between the wells, the shallow minimum."""
        deep, top, shallow = np.sort(np.roots([1, 0, -1, self.tilt]).real)
        return float(deep), float(top), float(shallow)


def roll(rule, slope, starts, steps: int, noise: float = 0.0, seed: int = 0):
    """Lets many points walk at once and returns where they are in the end.

    Args:
        rule: `rule(gradient) -> change` that remembers its averages.
        slope: `slope(points)`, the gradient.
        starts: The first points, any shape.
        steps: How many steps.
        noise: Standard deviation of what is added to every gradient.
        seed: Decides the noise.

    Returns:
        The last points, of the shape of `starts`.
    """
    rng = np.random.default_rng(seed)
    points = np.array(starts, float)
    for _ in range(steps):
        gradient = slope(points)
        if noise:
            gradient = gradient + rng.normal(0, noise, points.shape)
        points = points + rule(gradient)
    return points
