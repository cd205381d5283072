"""Forgetting: the forget gate is a rate at which the cell state fades.

A gate of 1 keeps the cell state, a gate of 0 forgets it. A sigmoid reaches neither:
what a gate keeps in one step, it keeps to the power of t over t steps. So the bias that
the gate starts with says how long an untrained LSTM remembers. Compare the curves of
the picture `kept`.
"""

import keras
import numpy as np
from keras import ops

from recipes.lab import Finding, claim, experiment, figures, main

STEPS = 20
OPEN = 10.0  # a bias that opens a gate: σ(10) = 0.99995
# A gate never reaches 0 or 1: "keeps" and "forgets" mean all but a hundredth.
HUNDREDTH = 0.01


@experiment
def kept(lab) -> dict[float, np.ndarray]:
    """By bias of the forget gate: what is left of a cell state of 1, by step."""
    found = {}
    for bias in (-OPEN, 0.0, 1.0, 3.0, OPEN):
        found[bias] = cell_states(np.full(2, bias))[:, 0]
    return found


def cell_states(forget_bias: np.ndarray) -> np.ndarray:
    """Lets Keras's LSTM run from a cell state of 1 with a shut input gate.

    Args:
        forget_bias: One for each unit: nothing else reaches the gates.

    Returns:
        The cell state before the first step and behind each (steps + 1, units).
    """
    units = len(forget_bias)
    one = keras.layers.LSTMCell(units, dtype="float64")
    one.build((1, 1))
    zeros = [np.zeros(weight.shape) for weight in one.get_weights()]
    shut = np.full(units, -1e3)
    zeros[-1] = np.concatenate([shut, forget_bias, np.zeros(2 * units)])
    one.set_weights(zeros)
    state = [np.zeros((1, units)), np.ones((1, units))]
    found = [np.ones(units)]
    for _ in range(STEPS):
        _, state = one(np.zeros((1, 1)), state)
        found.append(ops.convert_to_numpy(state[1])[0])
    return np.array(found)


@claim(
    "lstm-forget-semantics",
    "The forget gate gives each value of the cell state a number from 0 to 1: 1 means "
    "keep, 0 means forget.",
    says="is",
    notes="002",
    scope="Keras's LSTM cell with biases of -10 to 10, 20 steps; nothing is trained",
)
def keeps_or_forgets(lab):
    """Opens and shuts the forget gate and looks at what is left of the cell state."""
    left = kept(lab)
    mixed = cell_states(np.array([OPEN, -OPEN]))
    return Finding(
        {
            "near 1 it keeps": bool(left[OPEN][-1] > 1 - HUNDREDTH),
            "near 0 it forgets at once": bool(left[-OPEN][1] < HUNDREDTH),
            "each value has its own": bool(
                mixed[-1, 0] > 1 - HUNDREDTH and mixed[1, 1] < HUNDREDTH
            ),
        },
        "Of a cell state of 1 the gate σ(10) leaves {opened:.4f} after {steps} steps, "
        "σ(-10) {shut:.0e} after one. In between it is a rate of fading: with Keras's "
        "start, σ(1) = {start:.2f}, {faded:.1e} is left after {steps} steps.",
        figure=draw_kept,
        opened=left[OPEN][-1],
        shut=left[-OPEN][1],
        steps=STEPS,
        start=1 / (1 + np.exp(-1)),
        faded=left[1.0][-1],
        left_after_all_steps={f"bias {bias:g}": row[-1] for bias, row in left.items()},
    )


def draw_kept(lab):
    """What forget gates of several biases leave of a cell state."""
    figure, axes = figures.new(width=7.4)
    axes.set(xlim=(0, STEPS), ylim=(0, 1.02), xticks=range(0, STEPS + 1, 5))
    rows = {f"bias {bias:g}": row for bias, row in kept(lab).items()}
    figures.curves(axes, range(STEPS + 1), rows)
    title = f"With Keras's bias of 1 a cell state is gone in less than {STEPS} steps"
    figures.describe(axes, title, "step", "what is left of a cell state of 1")
    lab.figure(
        "kept",
        figure,
        "An LSTM's cell state with a shut input gate, by the bias of the forget gate.",
    )


if __name__ == "__main__":
    main(__file__)
