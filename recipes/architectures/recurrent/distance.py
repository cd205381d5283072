"""Distance: over how many steps recurrent networks learn to remember.

Two tasks need a memory. In recall the first symbol is to be named at the end; in the
adding problem two marked numbers somewhere in the sequence are to be added. SimpleRNN,
GRU and LSTM have about the same number of weights, the same sequences and updates, and
each the learning rate that is best for it.

An architecture is only half of a recurrent network; the start of its weights is the
other half. So each is tried with Keras's start and with one that was made for long
sequences: the identity for ReLU, a forget bias of log T for the LSTM.
"""

import keras
import numpy as np
from keras import ops

from recipes.architectures.recurrent._sequences import (
    ERROR_OF_THE_MEAN,
    GRU,
    IDENTITY,
    LOG,
    LSTM,
    NETWORKS,
    SHORT,
    TANH,
    UNITS,
    build,
    draw,
    scores,
    start,
)
from recipes.lab import (
    Finding,
    claim,
    experiment,
    figures,
    gradients,
    main,
    reseed,
    stats,
)

RECURRENT = (TANH, IDENTITY, GRU)  # without a cell state
SHOWN = (*RECURRENT, LSTM, LOG)
LEARNED = 0.75  # half way between guessing and knowing
ROWS = 32  # sequences that a gradient is measured on


def better(task: str, first: np.ndarray, second: np.ndarray) -> stats.Decision:
    """Whether the first scores are better: by a point of accuracy, or half the error.

    Errors differ by powers of ten, so a tenth less of them would say little.
    """
    if task == "recall":
        return stats.greater(first, second, by=stats.ACCURACY_POINT)
    return stats.greater(second, first, by=stats.TWICE, scale="log")


@claim(
    "rnn-vanishing",
    "As gradients vanish, recurrent networks have difficulty learning long-term "
    "dependencies.",
    notes="002",
    scope="recall over 100 steps (500 updates) and adding over 50 (1,000), about 1,300 "
    "weights",
)
def difficulty_grows(lab):
    """Compares the longest sequences with short ones, at the best rate for each."""
    found, conditions, means = scores(lab), {}, {}
    for task in ("recall", "adding"):
        longest = max(length for one, length in found if one == task)
        for network in RECURRENT:
            short, long = (found[task, n][network] for n in (SHORT, longest))
            conditions[f"{network}: {task} over {longest}"] = better(task, short, long)
            means[f"{network}: {task}"] = [float(short.mean()), float(long.mean())]
    ends = {
        network: float(np.exp(np.log(row[:, 0] / row[:, -1]).mean()))
        for network, row in reaches(lab).items()
        if network in RECURRENT
    }
    return Finding(
        conditions,
        "Over {longest} steps a tanh network recalls {tanh:.0%}, a GRU {gru:.0%}, a "
        "ReLU started at the identity {identity:.0%}. Over {short}: at least "
        "{easy:.0%}. Scores over short and long sequences (accuracy, squared error): "
        "{means:.3g}. Before training the first of {longest} steps gets this much of "
        "the last one's gradient: {ends:.1e}.",
        figure=draw_distance,
        tanh=means[f"{TANH}: recall"][1],
        gru=means[f"{GRU}: recall"][1],
        identity=means[f"{IDENTITY}: recall"][1],
        short=SHORT,
        easy=min(means[f"{network}: recall"][0] for network in RECURRENT),
        means=means,
        longest=lab.settings.length,
        ends=ends,
        scores_by_task_and_length=as_words(found),
    )


@claim(
    "lstm-beats-rnn-long",
    "LSTMs capture long-range dependencies better than simple recurrent networks.",
    notes="002",
    scope="recall over 50 and 100 steps (500 updates), adding over 50 (1,000), about "
    "1,300 weights",
)
def lstm_reaches_farther(lab):
    """LSTMs of two starts against a SimpleRNN, each at its best rate."""
    found = scores(lab)
    long = [place for place in found if place[1] > SHORT]
    conditions, means = {}, {}
    for task, length in long:
        row = found[task, length]
        for network in (LSTM, LOG):
            words = f"{network}: {task} over {length}"
            conditions[words] = better(task, row[network], row[TANH])
        means[f"{task} over {length}"] = {
            name: float(values.mean()) for name, values in row.items()
        }
    return Finding(
        conditions,
        "Recall over {longest} steps: LSTM {plain:.0%}, with forget bias log T "
        "{log:.0%}, SimpleRNN {tanh:.0%}. Adding over {half}: errors of {lstm:.1e}, "
        "{chrono:.1e} and {simple:.1e}. All means (accuracy, squared error; "
        "{guess:.3f} for the mean): {means:.3g}.",
        figure=draw_distance,
        longest=lab.settings.length,
        half=lab.settings.length // 2,
        **named(found, lab.settings.length),
        guess=ERROR_OF_THE_MEAN,
        means=means,
        scores_by_task_and_length=as_words(found),
    )


def named(found: dict, longest: int) -> dict[str, float]:
    """The mean scores that the note begins with."""
    recall, adding = found["recall", longest], found["adding", longest // 2]
    chosen = {
        "plain": recall[LSTM],
        "log": recall[LOG],
        "tanh": recall[TANH],
        "lstm": adding[LSTM],
        "chrono": adding[LOG],
        "simple": adding[TANH],
    }
    return {name: float(row.mean()) for name, row in chosen.items()}


def as_words(found: dict) -> dict[str, dict[str, np.ndarray]]:
    """The scores under names that a result can keep."""
    return {f"{task} over {length}": row for (task, length), row in found.items()}


# Whether vanishing gradients are the reason is seen before training: what the first
# step gets of the gradient of the loss at the end, against what the last one gets.


@experiment
def reaches(lab) -> dict[str, np.ndarray]:
    """Norms of the loss's gradient in the input of each step, (seeds, steps)."""
    length, found = lab.settings.length, {}
    for network in SHOWN:
        cell, activation, kind = NETWORKS[network]
        model = build((length, 4), cell, UNITS[cell], activation)
        found[network] = np.array(
            [reach(model, start(kind, length), length, seed) for seed in lab.seeds]
        )
    return found


def reach(model: keras.Model, drawn, length: int, seed: int) -> np.ndarray:
    """Draws weights and sequences; the gradient's norm by step, (steps,)."""
    reseed(seed)
    new = drawn(model) if drawn else keras.models.clone_model(model).get_weights()
    model.set_weights(new)
    x, y = draw("recall", ROWS, length, seed)

    def loss(values):
        return ops.mean(ops.binary_crossentropy(y, model(values[0]), from_logits=True))

    (slope,) = gradients(loss, [x])
    return np.sqrt((slope.astype(float) ** 2).sum((0, 2)))


def draw_distance(lab):
    """Scores by length, and the gradients before training."""
    figure, (left, right) = figures.new(1, 2, width=13.0, height=4.4)
    found, longest = scores(lab), lab.settings.length
    steps = [length for task, length in found if task == "recall"]
    left.set(xlim=(0, longest), ylim=(0.45, 1.06), xticks=steps)
    rows = {
        network: np.stack([found["recall", n][network] for n in steps], 1)
        for network in SHOWN
    }
    figures.curves(left, steps, rows, band=False)
    able = [name for name, row in rows.items() if row[:, -1].min() > LEARNED]
    title = (
        f"From every seed {len(able)} of {len(rows)} networks recall {longest} steps"
    )
    figures.describe(left, title, "steps", "mean test accuracy of recall")
    right.set(yscale="log", xlim=(longest, 1))
    backwards = {name: row[:, ::-1] for name, row in reaches(lab).items()}
    means = [row.mean(0) for row in backwards.values()]
    right.set_ylim(min(map(np.min, means)) / 10, 10 * max(map(np.max, means)))
    figures.curves(right, range(longest, 0, -1), backwards, band=False)
    shares = [row[-1] / row[0] for row in means]
    title = "Before training the starts decide what the first steps get"
    if max(shares) < 10 * min(shares):
        title = "Before training the first steps of all get about as much"
    label = f"time step, backwards (loss at step {longest})"
    figures.describe(right, title, label, "gradient norm")
    lab.figure(
        "distance",
        figure,
        "Left: test accuracy of recall by length, each network at its best rate, mean "
        "over seeds. Right: norm of the loss's gradient in the input of each step, "
        "before training.",
    )


if __name__ == "__main__":
    main(__file__)
