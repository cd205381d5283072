"""Gates: one unit learns AND and OR, and never XOR, which no line separates.

The unit of 1943 adds up its weighted inputs and fires where the sum is above a
threshold. Its weights are fixed. Rosenblatt's rule of 1958 finds them: after each
sample, w ← w + η (t − y) x. Nothing moves where the answer y is the target t; else each
weight moves by its own input, toward the target. A constant input 1 carries the bias.

The weights are a line in the plane of the two inputs: on its one side the unit fires.
Training ends where some line has all 1s on that side. For XOR there is none, and the
weights come back to where they were: the rule goes round for ever.
"""

from fractions import Fraction

import numpy as np

from recipes.basics.perceptron._rule import (
    GATES,
    PATTERNS,
    QUARTER,
    Learned,
    fires_above_zero,
    fires_from_zero,
    learn,
    learn_gate,
    numbers,
)
from recipes.lab import Finding, claim, experiment, figures, main

SHOWN = 12  # passes in the figure: AND and OR are learned by then


@claim(
    "mp-threshold-gate",
    "A McCulloch-Pitts unit fires when its weighted sum is above a threshold, and so "
    "computes logic gates.",
    says="is",
    notes="001 003",
    scope="two inputs, exact; nothing is trained",
)
def threshold_decides(lab):
    """Fixed weights (1, 1): the threshold alone decides which gate it is."""
    sums = np.array(PATTERNS) @ np.array([1, 1])
    thresholds = {"AND": 1.5, "OR": 0.5}
    outputs = {name: (sums > at).astype(int) for name, at in thresholds.items()}
    return Finding(
        {name: tuple(found) == GATES[name] for name, found in outputs.items()},
        "With weights (1, 1) a threshold of {thresholds[AND]} gives AND and "
        "{thresholds[OR]} gives OR.",
        thresholds=thresholds,
        weights=[1, 1],
        outputs_for_00_01_10_11=outputs,
    )


@experiment
def learned(lab) -> dict[str, Learned]:
    """All three gates, learned from zeros in exact fractions."""
    return {name: learn_gate(name) for name in GATES}


# The notes disagree on a sum of exactly 0: one lets the unit fire there (h ≥ 0), the
# other does not (h > 0). From zeros the first sample already meets that case.


@claim(
    "perceptron-learns-and-or",
    "The error-correction rule learns AND and OR.",
    notes="002 003",
    scope="four patterns, exact fractions, rate 1/4, at most 50 passes",
)
def learns_and_or(lab):
    """AND and OR by a single unit, with either convention at the threshold."""
    conventions = {"from 0": fires_from_zero, "above 0": fires_above_zero}
    runs = {
        f"{name}, fires {at}": learn_gate(name, fires=fires)
        for at, fires in conventions.items()
        for name in ("AND", "OR")
    }
    passes = {case: run.passes for case, run in runs.items()}
    return Finding(
        {case: count is not None for case, count in passes.items()},
        "From zeros with rate 1/4 the first pass without an error is {passes[OR, fires "
        "from 0]} for OR and {passes[AND, fires from 0]} for AND; with a unit that "
        "fires only above 0 it is {passes[OR, fires above 0]} and {passes[AND, fires "
        "above 0]}.",
        figure=draw_gates,
        passes=passes,
        weights_over_rate={
            case: [str(weight / QUARTER) for weight in run.weights.ravel()]
            for case, run in runs.items()
        },
    )


@claim(
    "perceptron-single-neuron",
    # Of the neuron of McCulloch and Pitts: "cannot learn; it simply receives inputs".
    "A single neuron cannot learn; it only receives inputs and fires or not.",
    says="is",
    notes="003",
    scope="four patterns, exact fractions, rate 1/4, at most 50 passes",
)
def one_unit_cannot_learn(lab):
    """A unit without a rule (its rate is 0), and the same unit with the rule."""
    fixed = {name: learn_gate(name, rate=Fraction(0)) for name in ("OR", "AND")}
    passes = {name: learned(lab)[name].passes for name in fixed}
    return Finding(
        {
            "the unit of 1943, whose weights are fixed": all(
                len(set(run.errors)) == 1 and run.passes is None
                for run in fixed.values()
            ),
            "a unit with the error-correction rule": all(
                count is None for count in passes.values()
            ),
        },
        "With fixed weights a unit makes the same errors in each of {shown} passes. "
        "With the error-correction rule one unit learns OR in {passes[OR]} and AND in "
        "{passes[AND]} passes.",
        figure=draw_gates,
        shown=len(fixed["OR"].errors),
        passes=passes,
        errors_a_pass_with_fixed_weights={n: r.errors[0] for n, r in fixed.items()},
    )


# The rule adds η (t − y) x. Whether a weight rises or falls is decided by the error and
# by the sign of its input together.


@claim(
    "perceptron-update-direction",
    "Weights go up where the output was less than the target, and down where it was "
    "greater.",
    says="is",
    notes="002",
    scope="one update of one weight: inputs 2, 0 and -2, both kinds of error, exact",
)
def direction(lab):
    """One update with the output too low, and one with the output too high."""
    moves = {}
    for value in (2, 0, -2):
        x = numbers([(1, value)], Fraction)  # 1 carries the bias
        for error, bias in ((1, -9), (-1, 9)):  # the bias alone decides the output
            start = numbers([[bias], [0]], Fraction)
            target = np.array([[int(error > 0)]])
            run = learn(x, target, QUARTER, weights=start, passes=1)
            moves[value, error] = float(run.weights[1, 0])
    follows = {
        value: all(np.sign(moves[value, error]) == error for error in (1, -1))
        for value in (2, 0, -2)
    }
    return Finding(
        {
            "inputs above 0": follows[2],
            "inputs of 0": follows[0],
            "inputs below 0": follows[-2],
        },
        "Where the output is too low, the weight of an input 2 moves by {up:+g}, that "
        "of an input 0 by {none:g}, that of an input -2 by {down:+g}: a change has the "
        "sign of error times input.",
        up=moves[2, 1],
        none=moves[0, 1],
        down=moves[-2, 1],
        moves={f"input {v}, target - output {e}": m for (v, e), m in moves.items()},
    )


@claim(
    "perceptron-convergence-needs-separability",
    "Training gradually converges to weights that classify the training examples.",
    notes="002",
    scope="four patterns, exact fractions, rate 1/4, at most 50 passes",
)
def converges(lab):
    """AND, OR, and XOR: a run that repeats exact weights can never end."""
    gates = learned(lab)
    first, again = repeats(gates["XOR"].states[3::4])  # the weights after each pass
    return Finding(
        {name: gate.passes is not None for name, gate in gates.items()},
        "It converges only where a line separates the classes ({holding}). On "
        "{failing} the exact weights of pass {first} come back after pass {again}: it "
        "goes round for ever.",
        figure=draw_gates,
        first=first,
        again=again,
        errors_a_pass={name: gate.errors[:SHOWN] for name, gate in gates.items()},
    )


def repeats(states) -> tuple[int, int] | tuple[None, None]:
    """Returns the first two passes that end with the same weights."""
    seen = {}
    for number, state in enumerate(states, 1):
        if state in seen:
            return seen[state], number
        seen[state] = number
    return None, None


def draw_gates(lab):
    """The line after every sample, the side where the unit fires, and the errors."""
    gates = learned(lab)
    figure, axes = figures.new(1, 4, width=13.0, height=3.6)
    across = np.linspace(-0.5, 1.5, 400)
    x1, x2 = np.meshgrid(across, across)
    for panel, (name, gate) in zip(axes[:3], gates.items(), strict=True):
        panel.grid(False)
        for state in dict.fromkeys(gate.states[:-1]):  # each line once
            draw_line(panel, *map(float, state), color="#888888", linewidth=0.8)
        if gate.passes:
            bias, first, second = map(float, gate.states[-1])
            fires = (bias + first * x1 + second * x2 >= 0).astype(float)
            colors = ["#FFFFFF", "#FCE3D0"]
            panel.contourf(x1, x2, fires, [-0.5, 0.5, 1.5], colors=colors, zorder=0)
            draw_line(panel, bias, first, second, color="black", linewidth=2.5)
            panel.text(1.45, 1.38, "fires", ha="right")
        for answer, marker in ((0, "o"), (1, "s")):
            chosen = np.array(GATES[name]) == answer
            points, color = np.array(PATTERNS)[chosen].T, figures.COLORS[answer]
            panel.scatter(*points, marker=marker, s=90, zorder=3, color=color)
        panel.set(xlim=(-0.5, 1.5), ylim=(-0.5, 1.5), xticks=(0, 1), yticks=(0, 1))
        panel.set_aspect("equal")
        title = f"right from pass {gate.passes}" if gate.passes else "no line will do"
        figures.describe(panel, f"{name}: {title}", "input x1", "input x2")
    for panel, said in zip(axes, ("gray: on the way", "■ 1   ● 0"), strict=False):
        panel.text(-0.46, -0.44, said, size=9, color="#555555")
    errors = {n: (g.errors + [0] * SHOWN)[:SHOWN] for n, g in gates.items()}
    axes[3].set(xticks=range(2, SHOWN + 1, 2), yticks=range(5))
    axes[3].set_box_aspect(1)
    figures.curves(axes[3], range(1, SHOWN + 1), errors)
    figures.describe(
        axes[3], "Only XOR never settles", "pass", "errors (of 4 patterns)"
    )
    lab.figure(
        "gates",
        figure,
        "Squares are to be 1, circles 0. Thin lines: the unit after each sample; bold: "
        "at the end. It fires in the shaded half and on its border, where some squares "
        "lie.",
    )


def draw_line(panel, bias: float, first: float, second: float, **style) -> None:
    """Draws where bias + first x1 + second x2 = 0, if that is a line."""
    across = np.array([-0.5, 1.5])
    if second:
        panel.plot(across, -(bias + first * across) / second, **style)
    elif first:
        panel.plot(np.full(2, -bias / first), across, **style)


if __name__ == "__main__":
    main(__file__)
