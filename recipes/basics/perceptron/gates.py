"""Gates: one unit learns AND and OR, and never XOR, which no line separates.

The unit of 1943 adds up its weighted inputs and fires where the sum is above a
threshold. Its weights are fixed. Rosenblatt's rule of 1958 finds them: after each
sample, w ← w + η (t − y) x. Nothing moves where the answer y is the target t; else each
weight moves by its own input, toward the target. A constant input 1 carries the bias.

The weights are a line in the plane of the two inputs: on its one side the unit fires.
Training ends where some line has all 1s on that side. For XOR there is none, and the
weights come back to where they were: the rule goes round for ever.
"""

import numpy as np

from recipes.basics.perceptron._rule import (
    GATES,
    PATTERNS,
    QUARTER,
    Learned,
    fires_above_zero,
    fires_from_zero,
    learn_gate,
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
    "perceptron-single-neuron-can-learn",
    "A single neuron cannot learn.",
    notes="003",
    scope="four patterns, exact fractions, rate 1/4, at most 50 passes",
)
def one_unit_cannot_learn(lab):
    """The notes say it of the unit of 1943, whose weights nothing changes."""
    passes = {name: learned(lab)[name].passes for name in ("OR", "AND")}
    return Finding(
        all(count is None for count in passes.values()),
        "One unit with the error-correction rule learns OR in {passes[OR]} and AND in "
        "{passes[AND]} passes; only the fixed unit of 1943 has no rule.",
        figure=draw_gates,
        passes=passes,
    )


@claim(
    "perceptron-convergence-needs-separability",
    "Training converges to the right weights.",
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
