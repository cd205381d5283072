"""State: what a recurrent network knows of the past is one vector.

A layer without recurrence answers each step by that step alone. A recurrent layer
carries a state from step to step: after half of a sequence the state is all that it
needs to go on, and a change of the first input still shows at the end.

How long it shows is another question. The picture `echo` follows it before any
training: what a layer *can* carry is not yet what it keeps.
"""

import keras
import numpy as np
from keras import ops

from recipes.architectures.recurrent._rounding import rounding
from recipes.lab import Finding, claim, experiment, figures, main, reseed

UNITS, FEATURES, STEPS = 16, 4, 12
DISTANCES = (0, 1, 2, 5, 10, 20, 50)  # steps between a changed input and the output
CELLS = {
    "SimpleRNN": keras.layers.SimpleRNN,
    "GRU": keras.layers.GRU,
    "LSTM": keras.layers.LSTM,
}
WITHOUT = "a Dense layer at every step"


def layer(name: str, seed: int, **arguments) -> keras.layers.Layer:
    """Makes a layer in float64, so that rounding hides no small change."""
    reseed(seed)
    if name == WITHOUT:
        return keras.layers.Dense(UNITS, "tanh", dtype="float64")
    return CELLS[name](UNITS, return_sequences=True, dtype="float64", **arguments)


def answers(one: keras.layers.Layer, x: np.ndarray) -> np.ndarray:
    """The layer's outputs at every step, (sequences, steps, units)."""
    return ops.convert_to_numpy(one(x))


def sequences(seed: int, steps: int = STEPS) -> np.ndarray:
    """Eight random sequences (8, steps, features)."""
    return np.random.default_rng([seed, 51]).normal(size=(8, steps, FEATURES))


def in_two_halves(name: str, seed: int) -> float:
    """How far the outputs are off if a layer reads on from the state of the half."""
    one, x = layer(name, seed, return_state=True), sequences(seed)
    whole, *_ = one(x)
    _, *state = one(x[:, : STEPS // 2])
    rest, *_ = one(x[:, STEPS // 2 :], initial_state=state)
    whole, rest = ops.convert_to_numpy(whole), ops.convert_to_numpy(rest)
    return float(np.abs(whole[:, STEPS // 2 :] - rest).max())


def changed_by_first(one: keras.layers.Layer, x: np.ndarray) -> np.ndarray:
    """How far each step's output moves if the first input is another, (steps,)."""
    other = x.copy()
    other[:, 0] += 1.0
    return np.abs(answers(one, other) - answers(one, x)).max((0, 2))


@claim(
    "rnn-memory",
    "What sets recurrent networks apart is memory: a hidden state, updated at every "
    "step, carries past inputs into the present output.",
    says="is",
    notes="002",
    scope="16 units on random sequences of 12 steps, random weights; nothing is "
    "trained",
)
def carries_the_past(lab):
    """Changes the first input; splits a sequence and passes the state on."""
    seed, x = lab.seeds[0], sequences(lab.seeds[0])
    moved = {name: changed_by_first(layer(name, seed), x) for name in (*CELLS, WITHOUT)}
    apart = {name: in_two_halves(name, seed) for name in CELLS}
    conditions = {}
    for name in CELLS:
        remembers = bool(moved[name][-1] > rounding())
        conditions[f"{name}: the first input shows in the last output"] = remembers
    carried = max(apart.values()) < rounding()
    conditions["the state carries all of it"] = carried
    conditions["without recurrence nothing is remembered"] = not moved[WITHOUT][
        1:
    ].any()
    return Finding(
        conditions,
        "The first of {steps} inputs still moves the last output; without recurrence "
        "it does not. It moves by {last:.2g}. A layer that goes on from the state of "
        "the first half gives the same outputs as one that read all of it (to "
        "{apart:.0e}).",
        figure=draw_echo,
        steps=STEPS,
        last={name: float(moved[name][-1]) for name in CELLS},
        moved_without_recurrence=float(moved[WITHOUT][-1]),
        apart=max(apart.values()),
        largest_difference_after_two_halves=apart,
    )


@experiment
def echoes(lab) -> dict[str, np.ndarray]:
    """How far the last output moves by the distance of a changed input, by seed."""
    steps = max(DISTANCES) + 1
    found = {}
    for name in CELLS:
        rows = []
        for seed in lab.seeds:
            one, x = layer(name, seed), sequences(seed, steps)
            # Outputs do not depend on later inputs: one change answers all distances.
            moved = changed_by_first(one, x)
            rows.append(moved[list(DISTANCES)])
        found[name] = np.array(rows)
    return found


# Order is asked of the whole chain: that the layer reads one step after the other, that
# what comes later changes nothing earlier, and that another order gives another answer.
# A layer that averages the steps stands beside it: to it the order is nothing.


@claim(
    "rnn-order-matters",
    "A recurrent network processes a sequence one input at a time: each output follows "
    "from the present input and from the memory of those before.",
    says="is",
    notes="002",
    scope="16 units on random sequences of 12 steps, random weights; nothing is "
    "trained",
)
def reads_in_order(lab):
    """Feeds steps one by one, changes the last input, turns the sequence round."""
    seed, x = lab.seeds[0], sequences(lab.seeds[0])
    late = x.copy()
    late[:, -1] += 1.0
    stepwise, back, turned = {}, {}, {}
    for name in CELLS:
        one = layer(name, seed)
        found = answers(one, x)
        stepwise[name] = float(np.abs(one_by_one(name, seed, x) - found).max())
        back[name] = float(np.abs(answers(one, late) - found)[:, :-1].max())
        turned[name] = float(np.abs(answers(one, x[:, ::-1]) - found)[:, -1].max())
    mean = answers(layer(WITHOUT, seed), x).mean(1)
    mean_turned = answers(layer(WITHOUT, seed), x[:, ::-1]).mean(1)
    pooled = float(np.abs(mean_turned - mean).max())
    return Finding(
        {
            "one input at a time gives the same": max(stepwise.values()) < rounding(),
            "later inputs change no earlier output": max(back.values()) == 0,
            "another order gives another output": min(turned.values()) > rounding(),
        },
        "Fed one step at a time, the outputs are those of the whole sequence (to "
        "{stepwise:.0e}). Read backwards, the same inputs move the last output by "
        "{turned:.2g}; the average of a Dense layer over the steps moves by "
        "{pooled:.0e}.",
        turned=turned,
        pooled=pooled,
        stepwise=max(stepwise.values()),
        largest_difference_step_by_step=stepwise,
        change_of_earlier_outputs_by_the_last_input=back,
    )


def one_by_one(name: str, seed: int, x: np.ndarray) -> np.ndarray:
    """The outputs of a layer that is given one step, and its state, at a time."""
    one, state, outputs = layer(name, seed, return_state=True), None, []
    for step in range(x.shape[1]):
        output, *state = one(x[:, step : step + 1], initial_state=state)
        outputs.append(ops.convert_to_numpy(output)[:, 0])
    return np.stack(outputs, 1)


def draw_echo(lab):
    """How much of a changed input is left in the output, by distance."""
    figure, axes = figures.new(width=7.8)
    axes.set(yscale="log", xlim=(0, max(DISTANCES)))
    found = echoes(lab)
    figures.curves(axes, DISTANCES, found)
    ends = {name: row[:, -1].mean() for name, row in found.items()}
    longest = max(ends, key=lambda name: ends[name])
    title = f"Before training the {longest} shows a changed input for longest"
    label = "largest change of an output"
    figures.describe(axes, title, "steps since the changed input", label)
    lab.figure(
        "echo",
        figure,
        "Change of the output by a change of 1 in the input so many steps before, "
        "random weights; mean and range over seeds.",
    )


if __name__ == "__main__":
    main(__file__)
