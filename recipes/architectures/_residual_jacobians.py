"""Jacobians through deep stacks of random layers, multiplied out in NumPy.

A plain layer is x -> φ(Wx), a residual one x -> x + s φ(Wx); the Jacobian of the
whole stack is the product of the layers' D W, or of their I + s D W.
"""

import numpy as np

WIDTH, DEPTH = 64, 50
LOST = 1e-3  # of its length: a gradient below it has vanished, one above it has not

ACTIVATIONS = {  # z -> value and slope
    "linear": lambda z: (z, np.ones_like(z)),
    "tanh": lambda z: (np.tanh(z), 1 - np.tanh(z) ** 2),
    "ReLU": lambda z: (np.maximum(z, 0), (z > 0).astype(float)),
}
STACKS = {  # deviation of the weights times √n, activation
    "0.5/√n, linear": (0.5, "linear"),
    "0.5/√n, tanh": (0.5, "tanh"),
    "√(2/n), ReLU": (2**0.5, "ReLU"),
}
KINDS = ("plain", "residual", "branch/√L")


def gains(kind: str, weights: float, activation: str, seed: int) -> np.ndarray:
    """Follows the Jacobian's size through one random stack.

    Args:
        kind: One of KINDS.
        weights: Standard deviation of the weights, times √WIDTH.
        activation: A key of ACTIVATIONS.
        seed: Decides the weights and the input.

    Returns:
        After each of DEPTH layers ‖J‖/√WIDTH with Frobenius's norm: the factor by
        which a gradient of random direction grows, root mean square; 1 for J = I.
    """
    rng = np.random.default_rng(seed)
    x, jacobian, found = rng.normal(size=WIDTH), np.eye(WIDTH), []
    branch = DEPTH**-0.5 if kind == KINDS[2] else 1.0
    for _ in range(DEPTH):
        W = rng.normal(0, weights / WIDTH**0.5, (WIDTH, WIDTH))
        value, slope = ACTIVATIONS[activation](W @ x)
        through = slope[:, None] * (W @ jacobian)
        if kind == "plain":
            x, jacobian = value, through
        else:
            x, jacobian = x + branch * value, jacobian + branch * through
        found.append(np.linalg.norm(jacobian) / WIDTH**0.5)
    return np.array(found)


def follow(seeds) -> dict[str, dict[str, np.ndarray]]:
    """Follows every kind through every stack; (seeds, DEPTH) each."""
    return {
        stack: {
            kind: np.array([gains(kind, *given, seed) for seed in seeds])
            for kind in KINDS
        }
        for stack, given in STACKS.items()
    }


def cured(found: dict[str, np.ndarray]) -> bool | None:
    """Whether a plain stack loses the gradient in every draw and a residual none.

    Returns:
        None where the plain stack loses nothing that could be cured.
    """
    if found["plain"][:, -1].max() >= LOST:
        return None
    return bool(found["residual"][:, -1].min() > LOST)


def tell(lab, found) -> None:
    """Prints the size after the last layer: median over the draws."""
    rows = [
        [stack, *(f"{np.median(row[:, -1]):.2g}" for row in kinds.values())]
        for stack, kinds in found.items()
    ]
    title = f"Growth of a gradient through {DEPTH} layers (median)"
    lab.table(title, ["deviation of weights", *KINDS], rows)
