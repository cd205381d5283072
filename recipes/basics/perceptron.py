"""The perceptron: gates it learns, the gate it cannot, and what a bias is for.

The rule runs on exact fractions, so that ties at the threshold are decided by the
rule and not by rounding; whole networks run in Keras.

Notes: 1.1 Neurons, perceptron, bias
Data: AND, OR and XOR; digits (or MNIST) for networks; a synthetic table of spam.
Run: recipes run perceptron          (about 20 s on 2 CPU cores)
References: McCulloch and Pitts (1943); Rosenblatt (1958); Minsky and Papert (1969).
"""

from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from scipy.optimize import linprog

from recipes.basics import _perceptron_layers, _perceptron_learning
from recipes.basics import _perceptron_rule as rule
from recipes.basics import _sigmoid_network as net
from recipes.lab import figures, lab_main

CLAIMS = {
    "mp-threshold-gate": "A McCulloch-Pitts unit fires when its weighted sum is above "
    "a threshold, and so computes logic gates.",
    "perceptron-learns-and-or": "The error-correction rule learns AND and OR.",
    "perceptron-xor-fails": "A single layer cannot learn XOR; with a hidden layer it "
    "can be done.",
    "perceptron-convergence-needs-separability": "Training converges to the right "
    "weights.",
    "perceptron-lr-invariance": "A smaller learning rate is more stable but needs more "
    "passes.",
    "perceptron-bias-constant": "The bias's extra input is a constant, -1, 0 or 1.",
    "perceptron-units-independent": "The units of a layer learn independently of each "
    "other.",
    "perceptron-cost": "Training costs O(T m n) for T passes, m inputs and n units.",
    "perceptron-single-neuron-can-learn": "A single neuron cannot learn.",
    "neuron-flow-spam": "A 3-2-1 network sorts mail by three counts.",
    "bias-shifts-activation": "A bias lets a unit fit data that misses the origin.",
    "bias-not-needed-origin": "Without an offset in the data the bias can be left out.",
    "bias-redundant-before-batchnorm": "Batch normalization makes a bias before it "
    "redundant.",
    "bias-not-redundant-before-layernorm": "Layer normalization makes a bias before it "
    "redundant.",
    "linear-stack-collapses": "Without activations a deep network is one linear map.",
    "all-weights-update": "Only neurons that contribute strongly are updated.",
    "ml-small-dl-big-data": "Classical methods win on small data, deep learning "
    "on big.",
}
SMOKE = {"seeds": 1, "starts": 3, "passes": 50, "steps": 40, "most": 60}


@dataclass(frozen=True)
class Settings:
    """What can be set from the command line."""

    seeds: int = 5
    "Networks for each case."
    starts: int = 100
    "Random starts of the rule, and of networks on XOR."
    passes: int = 4000
    "Passes over the four patterns of XOR."
    steps: int = 600
    "The fewest steps that train a network."
    most: int = 20000
    "The most training samples, where the data has them."
    data: Literal["digits", "mnist"] = "digits"
    "What the networks learn."


def experiment(lab):
    """Judges the rule exactly, then the networks."""
    threshold_gates(lab)
    gates = {name: rule.learn_gate(name) for name in rule.GATES}
    judge_gates(lab, gates)
    judge_separability(lab, gates)
    draw_gates(lab, gates)
    _perceptron_learning.judge(lab)
    _perceptron_layers.judge_stack(lab)
    from recipes.basics import (  # Keras, which nothing above needs
        _perceptron_bias,
        _perceptron_data_size,
        _perceptron_networks,
    )

    _perceptron_bias.judge(lab)
    _perceptron_networks.judge(lab)
    _perceptron_data_size.judge(lab)


def threshold_gates(lab) -> None:
    """Fixed weights (1, 1): the threshold alone decides which gate it is."""
    sums = np.array(rule.PATTERNS) @ np.array([1, 1])
    tables = {name: (sums > at).astype(int) for name, at in (("AND", 1.5), ("OR", 0.5))}
    lab.verdict(
        "mp-threshold-gate",
        {name: tuple(table) == rule.GATES[name] for name, table in tables.items()},
        evidence={"outputs_for_00_01_10_11": tables, "weights": [1, 1]},
        note="With weights (1, 1) a threshold of 1.5 gives AND and 0.5 gives OR.",
    )


def judge_gates(lab, gates) -> None:
    """AND and OR, with either convention at the threshold, by a single unit."""
    above = {
        name: rule.learn_gate(name, fires=rule.fires_above_zero)
        for name in ("AND", "OR")
    }
    passes = {
        f"{name}, fires {at}": learned[name].passes
        for at, learned in (("from 0", gates), ("above 0", above))
        for name in ("AND", "OR")
    }
    lab.verdict(
        "perceptron-learns-and-or",
        {case: count is not None for case, count in passes.items()},
        evidence={
            "first_pass_without_error": passes,
            "weights_over_rate": {
                case: [str(w / rule.QUARTER) for w in learned[name].weights.ravel()]
                for case, learned in (("from 0", gates), ("above 0", above))
                for name in ("AND",)
            },
        },
        note="From zeros with rate 1/4 the first pass without an error is "
        + ", ".join(f"{count} ({case})" for case, count in passes.items())
        + ".",
    )
    learned = {name: gates[name].passes for name in ("OR", "AND")}
    lab.verdict(
        "perceptron-single-neuron-can-learn",
        all(count is None for count in learned.values()),
        evidence={"first_pass_without_error_of_one_unit": learned},
        note=f"One unit with the error-correction rule learns OR in {learned['OR']} "
        f"and AND in {learned['AND']} passes; only the fixed unit of 1943 has no rule.",
    )


def separable(patterns, answers) -> bool:
    """Asks a linear program for weights on the right side of every pattern by 1."""
    signs = 2 * np.array(answers) - 1
    x = np.array([(1, *pattern) for pattern in patterns])
    found = linprog(np.zeros(3), A_ub=-signs[:, None] * x, b_ub=-np.ones(len(x)),
                    bounds=(None, None))  # fmt: skip
    return found.status == 0


def hidden_xor() -> list[int]:
    """Answers XOR with two threshold units, OR and NAND, and an AND of them."""
    bits = np.array(rule.PATTERNS)
    either, not_both = bits.sum(1) > 0.5, -bits.sum(1) > -1.5
    return (either.astype(int) + not_both > 1.5).astype(int).tolist()


def judge_separability(lab, gates) -> None:
    """XOR: no line, no convergence; a hidden layer does it."""
    xor, chosen = gates["XOR"], lab.settings
    best = max(
        size
        for size in range(1, 5)
        for rows in combinations(range(4), size)
        if separable(
            [rule.PATTERNS[i] for i in rows], [rule.GATES["XOR"][i] for i in rows]
        )
    )
    trained = _perceptron_layers.xor_accuracy(chosen.starts, chosen.passes, net.SIGMOID)
    lab.verdict(
        "perceptron-xor-fails",
        {
            "one layer": xor.passes is None and best < 4,
            "hidden layer, by hand": tuple(hidden_xor()) == rule.GATES["XOR"],
            "hidden layer, most trainings": bool(np.median(trained) == 1),
        },
        evidence={
            "errors_a_pass": xor.errors,
            "best_accuracy_of_any_line": best / 4,
            "share_of_trained_2_4_1_networks_all_right": (trained == 1).mean(),
            "starts": len(trained),
        },
        note=f"{len(xor.errors)} passes without an error-free one; no line gets more "
        f"than {best} of 4 patterns right, while OR and NAND into AND get all, and "
        f"{(trained == 1).mean():.0%} of trained 2-4-1 sigmoid networks do.",
    )
    first, again = repeats(xor.states[3::4])
    lab.verdict(
        "perceptron-convergence-needs-separability",
        {name: learned.passes is not None for name, learned in gates.items()},
        evidence={
            "errors_a_pass": {n: learned.errors[:12] for n, learned in gates.items()},
            "XOR_weights_after_pass": first,
            "come_back_exactly_after_pass": again,
        },
        note="It converges only where a line separates the classes; on XOR the exact "
        f"weights of pass {first} come back after pass {again}, so that it goes round "
        "for ever.",
    )


def repeats(states) -> tuple[int, int] | tuple[None, None]:
    """Returns the first two passes that end with the same weights."""
    seen = {}
    for number, state in enumerate(states, 1):
        if state in seen:
            return seen[state], number
        seen[state] = number
    return None, None


def draw_gates(lab, gates) -> None:
    """Draws the line after every sample, and the errors pass by pass."""
    figure, axes = figures.new(1, 4, width=12.0, height=3.4)
    for panel, (name, learned) in zip(axes[:3], gates.items(), strict=True):
        settled = learned.passes is not None
        for state in dict.fromkeys(learned.states):  # each line once
            last = settled and state == learned.states[-1]
            draw_line(panel, *map(float, state), bold=last)
        for answer, marker in ((0, "o"), (1, "s")):
            chosen = np.array(rule.GATES[name]) == answer
            points = np.array(rule.PATTERNS)[chosen].T
            panel.scatter(
                *points, marker=marker, s=70, zorder=3, color=figures.COLORS[answer]
            )
        panel.set(xlim=(-0.5, 1.5), ylim=(-0.5, 1.5), xticks=(0, 1), yticks=(0, 1))
        panel.set_aspect("equal")
        told = f"{name}: right from pass {learned.passes}"
        figures.describe(panel, told if settled else f"{name}: never right", "x1", "x2")
    passes = 12
    errors = {name: (g.errors + [0] * passes)[:passes] for name, g in gates.items()}
    axes[3].set(xticks=range(2, passes + 1, 2), yticks=range(5))
    figures.curves(axes[3], range(1, passes + 1), errors)
    figures.describe(axes[3], "XOR never settles", "pass", "errors of 4")
    lab.figure(
        "gates",
        figure,
        "The unit's line after each sample (faint) and at the end (bold, itself on the "
        "side of 1); squares are 1.",
    )


def draw_line(panel, bias: float, first: float, second: float, bold: bool) -> None:
    """Draws where bias + first x1 + second x2 = 0, if that is a line."""
    across = np.array([-0.5, 1.5])
    if second:
        ends = across, -(bias + first * across) / second
    elif first:
        ends = np.full(2, -bias / first), across
    else:
        return
    style = {"alpha": 1.0, "linewidth": 2} if bold else {"alpha": 0.3, "linewidth": 1}
    panel.plot(*ends, color="black", **style)


if __name__ == "__main__":
    lab_main(experiment)
