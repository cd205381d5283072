"""XOR: no line separates it, so it takes a hidden layer, and one that bends.

XOR is 1 where exactly one input is. No single unit answers it: a line gets three of the
four patterns right at most. Two units side by side do, OR and NAND, and an AND of
their two answers: a hidden layer, here first with weights set by hand, then trained.

Depth alone is not enough. Without an activation between them layers multiply into one:
W₂(W₁x + b₁) + b₂ = (W₂W₁)x + (W₂b₁ + b₂), and that is one line again.
"""

from itertools import combinations

import numpy as np
from scipy.optimize import linprog

from recipes.basics._sigmoid_network import (
    LINEAR,
    SIGMOID,
    forward,
    random_layers,
    stack,
    train,
)
from recipes.basics.perceptron._rule import GATES, PATTERNS, learn_gate
from recipes.lab import Finding, claim, main, stats


def separable(patterns, answers) -> bool:
    """Asks a linear program for weights on the right side of every pattern by 1."""
    signs = 2 * np.array(answers) - 1
    x = np.array([(1, *pattern) for pattern in patterns])
    found = linprog(np.zeros(3), A_ub=-signs[:, None] * x, b_ub=-np.ones(len(x)),
                    bounds=(None, None))  # fmt: skip
    return found.status == 0


def most_right_of_any_line() -> int:
    """The size of the largest set of XOR's patterns that a line gets right."""
    return max(
        size
        for size in range(1, 5)
        for rows in combinations(range(4), size)
        if separable([PATTERNS[i] for i in rows], [GATES["XOR"][i] for i in rows])
    )


def hidden_xor() -> list[int]:
    """Answers XOR with two threshold units, OR and NAND, and an AND of them."""
    bits = np.array(PATTERNS)
    either, not_both = bits.sum(1) > 0.5, -bits.sum(1) > -1.5
    return (either.astype(int) + not_both > 1.5).astype(int).tolist()


def xor_accuracy(starts: int, passes: int, hidden) -> np.ndarray:
    """Trains 2-4-1 networks on XOR by back-propagation; their accuracies by start."""
    x, y = np.array(PATTERNS, float).T, np.array([GATES["XOR"]], float)
    layers = stack([random_layers((2, 4, 1), seed) for seed in range(starts)])
    layers, _ = train(layers, x, y, rate=1.0, passes=passes, hidden=hidden)
    outputs = forward(layers, x, hidden)[-1]
    return ((outputs > 0.5) == y).mean((-2, -1))


@claim(
    "perceptron-xor-fails",
    "A single layer cannot learn XOR; with a hidden layer it can be done.",
    says="is",
    notes="002 003",
    scope="four patterns; 2-4-1 sigmoid networks, 100 starts, 4000 passes at rate 1",
)
def needs_a_hidden_layer(lab):
    """The rule, any line at all, a hidden layer by hand, and trained ones."""
    chosen = lab.settings
    run, most_right = learn_gate("XOR"), most_right_of_any_line()
    trained = xor_accuracy(chosen.starts, chosen.passes, SIGMOID)
    return Finding(
        {
            "one layer": run.passes is None and most_right < 4,
            "hidden layer, by hand": tuple(hidden_xor()) == GATES["XOR"],
            "hidden layer, most trainings": np.median(trained) == 1,
        },
        "None of {passes} passes is free of errors, and no line gets more than "
        "{most_right} of 4 patterns right. OR and NAND into AND get all, and so do "
        "{share:.0%} of trained 2-4-1 sigmoid networks.",
        passes=len(run.errors),
        most_right=most_right,
        share=(trained == 1).mean(),
        best_accuracy_of_any_line=most_right / 4,
        errors_a_pass=run.errors,
        starts=len(trained),
    )


@claim(
    "linear-stack-collapses",
    "Without activations a deep network is one linear map.",
    says="is",
    notes="001 002",
    scope="a 5-8-6-3 network; 2-4-1 networks on XOR, 100 starts, 4000 passes at rate 1",
)
def linear_layers_are_one(lab):
    """Multiplies three layers into one, and trains a linear hidden layer on XOR."""
    layers = random_layers((5, 8, 6, 3), seed=0)
    x = np.random.default_rng(0).normal(size=(5, 100))
    deep = forward(layers, x, hidden=LINEAR, output=LINEAR)[-1]
    W, b = np.eye(5), np.zeros((5, 1))
    for kernel, bias in layers:
        W, b = kernel @ W, kernel @ b + bias
    gap = float(np.abs(deep - (W @ x + b)).max())
    accuracy = xor_accuracy(lab.settings.starts, lab.settings.passes, LINEAR)
    return Finding(
        {
            "three linear layers equal one": stats.below(gap, stats.EXACT),
            "a linear hidden layer never learns XOR": accuracy.max() <= 0.75,
        },
        "Three linear layers equal one to {gap:.0e}; with a linear hidden layer no "
        "start gets more than {most:.0%} of XOR right.",
        gap=gap,
        most=accuracy.max(),
        starts=len(accuracy),
    )


if __name__ == "__main__":
    main(__file__)
