"""The update rules of the notes in NumPy: a gradient in, a change out.

Each function takes the learning rate and returns `step(gradient) -> change`,
which remembers its averages. Textbook forms, free of any framework's defaults.
"""

import numpy as np


def sgd(rate):
    """θ ← θ − η g."""
    return lambda gradient: -rate * gradient


def momentum(rate, gamma=0.9):
    """V ← γ v − η g; θ ← θ + v (Polyak, 1964)."""
    velocity = 0.0

    def step(gradient):
        nonlocal velocity
        velocity = gamma * velocity - rate * gradient
        return velocity

    return step


def adagrad(rate, epsilon=1e-7, start=0.0):
    """G ← G + g²; θ ← θ − η g / √(G + ε) (Duchi et al., 2011)."""
    total = start

    def step(gradient):
        nonlocal total
        total = total + gradient**2
        return -rate * gradient / np.sqrt(total + epsilon)

    return step


def rmsprop(rate, rho=0.9, epsilon=1e-7, start=0.0):
    """E ← ρ E + (1 − ρ) g²; θ ← θ − η g / √(E + ε) (Tieleman and Hinton, 2012)."""
    mean = start

    def step(gradient):
        nonlocal mean
        mean = rho * mean + (1 - rho) * gradient**2
        return -rate * gradient / np.sqrt(mean + epsilon)

    return step


def adadelta(rate=1.0, rho=0.95, epsilon=1e-7):
    """Δθ = −RMS[Δθ] / RMS[g] · g; the method has no rate (Zeiler, 2012)."""
    gradients = changes = 0.0

    def step(gradient):
        nonlocal gradients, changes
        gradients = rho * gradients + (1 - rho) * gradient**2
        change = -np.sqrt((changes + epsilon) / (gradients + epsilon)) * gradient
        changes = rho * changes + (1 - rho) * change**2
        return rate * change

    return step


def adam(rate, beta_1=0.9, beta_2=0.999, epsilon=1e-7, corrected=True, amsgrad=False):
    """θ ← θ − η m̂ / (√v̂ + ε), m̂ and v̂ freed of their start (Kingma, Ba, 2015).

    With amsgrad the divisor never shrinks: v is the largest so far (Reddi et al.,
    2018).
    """
    first = second = largest = time = 0.0

    def step(gradient):
        nonlocal first, second, largest, time
        time += 1
        first = beta_1 * first + (1 - beta_1) * gradient
        second = beta_2 * second + (1 - beta_2) * gradient**2
        largest = np.maximum(largest, second) if amsgrad else second
        m, v = first, largest
        if corrected:
            m, v = m / (1 - beta_1**time), v / (1 - beta_2**time)
        return -rate * m / (np.sqrt(v) + epsilon)

    return step


RULES = {
    "SGD": sgd,
    "momentum": momentum,
    "AdaGrad": adagrad,
    "RMSprop": rmsprop,
    "Adam": adam,
}


def changes(rule, gradients) -> np.ndarray:
    """Feeds given gradients to a rule; returns its steps, one for each gradient."""
    return np.array([rule(gradient) for gradient in gradients])


def descend(rule, gradient, start, steps: int) -> np.ndarray:
    """Follows a rule downhill; returns the points (steps + 1, *start.shape).

    Args:
        rule: A `step(gradient) -> change`.
        gradient: `gradient(point, time)` at time 0, 1, ...
        start: The first point.
        steps: How many steps.
    """
    points = [np.asarray(start, float)]
    for time in range(steps):
        points.append(points[-1] + rule(gradient(points[-1], time)))
    return np.stack(points)
