"""XOR learned by back-propagation, from many starting points at once."""

import numpy as np

from recipes.basics._sigmoid_network import random_layers, stack, train
from recipes.lab import experiment

X = np.array([[0.0, 0, 1, 1], [0, 1, 0, 1]])
Y = np.array([[0.0, 1, 1, 0]])


@experiment
def xor_costs(lab, units: int, sign: int = 1) -> np.ndarray:
    """Trains 2-units-1 networks on XOR; costs (passes + 1, starts).

    A sign of -1 steps up the gradient.
    """
    chosen = lab.settings
    networks = [random_layers((2, units, 1), seed) for seed in range(chosen.starts)]
    rate = sign * chosen.rate
    _, costs = train(stack(networks), X, Y, rate=rate, passes=chosen.passes)
    return costs
