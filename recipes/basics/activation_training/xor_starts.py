"""XOR starts: the hidden activation decides from how many starts XOR is learned.

A 2-2-1 network has just enough units for XOR, and from some starts gradient descent
ends on a plateau instead. Whether it does depends on the hidden activation, too. All
networks here begin with the same weights, learn at the same rate, and differ in the two
hidden units alone; the output is a sigmoid.
"""

import numpy as np

from recipes.basics._sigmoid_network import (
    SIGMOID,
    forward,
    random_layers,
    stack,
    train,
)
from recipes.lab import Finding, claim, main, stats

STARTS = 200
PASSES = 20  # for each of the setting's epochs: 2000 of them
RATE = 1.0
SMALL = 0.05  # a cost that counts as having learned XOR; guessing ½ costs 0.5
X = np.array([[0.0, 0, 1, 1], [0, 1, 0, 1]])
Y = np.array([[0.0, 1, 1, 0]])
# The function, and its slope from the function's value.
HIDDEN = {
    "sigmoid": SIGMOID,
    "tanh": (np.tanh, lambda a: 1 - a**2),
    "ReLU": (lambda z: np.maximum(z, 0), lambda a: (a > 0).astype(float)),
    "leaky ReLU 0.3": (
        lambda z: np.where(z > 0, z, 0.3 * z),
        lambda a: np.where(a > 0, 1.0, 0.3),
    ),
}
PAIRS = (("tanh", "sigmoid"), ("tanh", "ReLU"), ("leaky ReLU 0.3", "ReLU"))
WORTH = stats.Threshold(
    "one start in twenty",
    0.05,
    "share of starts that learn",
    "fewer would not pay for another choice: one start more costs as little.",
)


def learned(name: str, starts: int, passes: int) -> np.ndarray:
    """Which starts learn XOR with this hidden activation."""
    networks = stack([random_layers((2, 2, 1), seed) for seed in range(starts)])
    layers, _ = train(networks, X, Y, rate=RATE, passes=passes, hidden=HIDDEN[name])
    errors = Y - forward(layers, X, hidden=HIDDEN[name])[-1]
    return 0.5 * (errors**2).sum((-2, -1)) < SMALL


@claim(
    "act-escapes-minima",
    "The choice of the activation can significantly impact the ability to escape local "
    "minima.",
    says="can",
    hedge="can",
    notes="002",
    scope="XOR, 2-2-1 networks with a sigmoid output, 200 starts, 2000 passes",
)
def activation_decides(lab):
    """Compares the shares of starts that learn XOR, start by start."""
    passes = PASSES * lab.settings.epochs
    found = {name: learned(name, STARTS, passes) for name in HIDDEN}
    return Finding(
        {
            f"{first} rather than {second}": stats.greater(
                found[first], found[second], by=WORTH
            )
            for first, second in PAIRS
        },
        "Of {starts} starts these shares learn XOR in {passes} passes: {share:.0%}.",
        starts=STARTS,
        passes=passes,
        share={name: success.mean() for name, success in found.items()},
    )


if __name__ == "__main__":
    main(__file__)
