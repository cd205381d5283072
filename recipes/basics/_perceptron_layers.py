"""Networks of the perceptron's chapter that NumPy trains: XOR, and linear layers."""

import numpy as np

from recipes.basics import _sigmoid_network as net


def xor_accuracy(starts: int, passes: int, hidden) -> np.ndarray:
    """Trains 2-4-1 networks on XOR from many starts; returns their accuracies."""
    x, y = np.array([[0.0, 0, 1, 1], [0, 1, 0, 1]]), np.array([[0.0, 1, 1, 0]])
    layers = net.stack([net.random_layers((2, 4, 1), seed) for seed in range(starts)])
    layers, _ = net.train(layers, x, y, rate=1.0, passes=passes, hidden=hidden)
    outputs = net.forward(layers, x, hidden)[-1]
    return ((outputs > 0.5) == y).mean((-2, -1))


def judge_stack(lab) -> None:
    """Linear layers equal one, and learn no XOR."""
    layers = net.random_layers((5, 8, 6, 3), seed=0)
    x = np.random.default_rng(0).normal(size=(5, 100))
    deep = net.forward(layers, x, hidden=net.LINEAR, output=net.LINEAR)[-1]
    W, b = np.eye(5), np.zeros((5, 1))
    for kernel, bias in layers:
        W, b = kernel @ W, kernel @ b + bias
    gap = float(np.abs(deep - (W @ x + b)).max())
    chosen = lab.settings
    linear = xor_accuracy(chosen.starts, chosen.passes, net.LINEAR)
    lab.verdict(
        "linear-stack-collapses",
        bool(gap < 1e-12 and linear.max() <= 0.75),
        evidence={
            "largest_difference_of_three_layers_to_one": gap,
            "best_accuracy_on_XOR_of_a_deep_linear_net": linear.max(),
            "starts": len(linear),
        },
        note=f"Three linear layers equal one to {gap:.0e}; with a linear hidden layer "
        f"no start gets more than {linear.max():.0%} of XOR right.",
    )
