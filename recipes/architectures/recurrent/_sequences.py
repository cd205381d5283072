"""Recurrent networks of equal size on two tasks, each at its best learning rate."""

from typing import Any

import keras
import numpy as np
from keras import ops

from recipes.lab import Study, experiment, generators, stats

SHORT = 10  # steps that every network can learn over
SEQUENCES, HELD_OUT, BATCH = 4000, 500, 32
RATES = (0.001, 0.003, 0.01, 0.03)
FEW = 2  # seeds that choose a rate
# About as many weights in each: 1,326, 1,296 and 1,344 for four features.
UNITS = {"simple_rnn": 34, "gru": 18, "lstm": 16}
ERROR_OF_THE_MEAN = 1 / 6  # of always answering 1 in the adding problem

# Cell, activation and start. "identity": the recurrent kernel is the identity (Le et
# al., 2015). "log T": so is the LSTM's forget bias (Tallec and Ollivier, 2018).
NETWORKS = {
    "SimpleRNN, tanh": ("simple_rnn", "tanh", "Keras's"),
    "SimpleRNN, ReLU": ("simple_rnn", "relu", "Keras's"),
    "SimpleRNN, ReLU from the identity": ("simple_rnn", "relu", "identity"),
    "GRU": ("gru", "tanh", "Keras's"),
    "LSTM": ("lstm", "tanh", "Keras's"),
    "LSTM, forget bias log T": ("lstm", "tanh", "log T"),
}
TANH, RELU, IDENTITY, GRU, LSTM, LOG = NETWORKS

# Clipped by norm 1, as recurrent networks usually are: what diverges is no question
# here.
CLIPPED = {"class_name": "Adam", "config": {"global_clipnorm": 1.0}}


CELLS = {
    "simple_rnn": keras.layers.SimpleRNN,
    "gru": keras.layers.GRU,
    "lstm": keras.layers.LSTM,
}


@keras.saving.register_keras_serializable(package="recurrent")
def rectify(x):
    """ReLU, written as a maximum.

    TensorFlow's graph optimizer stumbles over Keras's own behind a product in a loop,
    with a page of errors that mean nothing; the numbers are the same.
    """
    return ops.maximum(ops.cast(0, x.dtype), x)


ACTIVATIONS = {"tanh": "tanh", "relu": rectify}


def build(input_shape, cell: str, units: int, activation: str) -> keras.Model:
    """Makes a recurrent network with one output: a number, or a logit."""
    return keras.Sequential(
        [
            keras.layers.Input(input_shape),
            CELLS[cell](units, activation=ACTIVATIONS[activation]),
            keras.layers.Dense(1),
        ]
    )


def accuracy() -> keras.metrics.Metric:
    """Of logits: above 0 stands for class 1."""
    return keras.metrics.BinaryAccuracy("accuracy", threshold=0.0)


STUDIES = {
    "recall": Study(
        build,
        keras.losses.BinaryCrossentropy(from_logits=True),
        CLIPPED,
        [accuracy],
    ),
    "adding": Study(build, "mse", CLIPPED),
}
SCORES = {"recall": "held_out_accuracy", "adding": "held_out_loss"}


def recall(samples: int, length: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Sequences whose first symbol is to be named at their end.

    Returns:
        One-hot symbols (samples, length, 4): first one of two, then random ones of
        the two others; and which it was, (samples, 1).
    """
    rng = np.random.default_rng([seed, length])
    symbols = rng.integers(2, 4, (samples, length))
    symbols[:, 0] = rng.integers(0, 2, samples)
    one_hot = np.eye(4, dtype="float32")[symbols]
    return one_hot, symbols[:, :1].astype("float32")


def draw(task: str, samples: int, length: int, seed: int):
    """Sequences and targets of a task, (samples, length, features) and (samples, 1)."""
    if task == "recall":
        return recall(samples, length, seed)
    x, y = generators.adding(samples, length, seed=seed)
    return x, y[:, None]


def start(kind: str, length: int):
    """Returns what draws the weights of another start; None: as the layers do.

    Args:
        kind: "Keras's", "identity" or "log T".
        length: Steps of the sequences, T.
    """
    if kind == "Keras's":
        return None

    def drawn(model: keras.Model) -> list[np.ndarray]:
        # The model itself still has the weights of whatever it was trained to before.
        new = keras.models.clone_model(model).get_weights()
        kernel, recurrent_kernel, bias, *head = (array.copy() for array in new)
        if kind == "identity":
            recurrent_kernel = np.eye(len(recurrent_kernel), dtype="float32")
        else:
            units = len(recurrent_kernel)
            bias[units : 2 * units] = np.log(length)
        return [kernel, recurrent_kernel, bias, *head]

    return drawn


def train(case, seed, data):
    """Trains one network on the seed's sequences; returns its score on others.

    Args:
        case: `task`, `network` (a name of `NETWORKS`), `length`, `learning_rate`,
            `epochs`, `sequences` and `xla`.
        seed: Decides weights, sequences and their order.
        data: None: the sequences are generated.

    Returns:
        `score`: the accuracy for recall, the squared error for adding, that of the
        mean at most; and the training losses by epoch.
    """
    task, length = case["task"], case["length"]
    cell, activation, kind = NETWORKS[case["network"]]
    x, y = draw(task, case["sequences"] + HELD_OUT, length, seed)
    trained, held_out = slice(case["sequences"]), slice(case["sequences"], None)
    run = STUDIES[task].train(
        (x[trained], y[trained]),
        seed,
        epochs=case["epochs"],
        batch_size=BATCH,
        learning_rate=case["learning_rate"],
        network={
            "cell": cell,
            "units": UNITS[cell],
            "activation": activation,
        },
        weights=start(kind, length),
        held_out=(x[held_out], y[held_out]),
        xla=case["xla"],  # a loop over small steps is twice as fast compiled
    )
    score = run[SCORES[task]]
    if task == "adding":
        score = min(score, ERROR_OF_THE_MEAN)  # one that diverged knows as little
    return {"score": score, "losses": run["history"]["loss"]}


def lengths(lab, task: str) -> tuple[int, ...]:
    """The lengths of a task: short, half of the longest, and for recall the longest."""
    longest = lab.settings.length
    half = (SHORT, longest // 2)
    return half if task == "adding" else (*half, longest)


@experiment
def scores(lab) -> dict[tuple[str, int], dict[str, np.ndarray]]:
    """By task and length: the scores of every network at its best rate, by seed."""
    return {place: found for place, (found, _) in trainings(lab).items()}


@experiment
def trainings(lab) -> dict[tuple[str, int], tuple[dict, dict]]:
    """By task and length: the scores of every network, and the rates chosen."""
    passes = {"recall": lab.settings.epochs, "adding": 2 * lab.settings.epochs}
    cases: dict[str, dict[str, Any]] = {
        f"{task} over {length}, {network}": {
            "task": task,
            "network": network,
            "length": length,
            "epochs": passes[task],
            "sequences": 100 if lab.smoke else SEQUENCES,
            "xla": not lab.smoke,
        }
        for task in STUDIES
        for length in lengths(lab, task)
        for network in NETWORKS
        # The start of Keras for ReLU is judged over the longest sequences only.
        if network != RELU or length == max(lengths(lab, task))
    }
    best: dict[str, float] = {}
    for task in STUDIES:
        grid = {
            name: {rate: {**case, "learning_rate": rate} for rate in RATES}
            for name, case in cases.items()
            if case["task"] == task
        }
        best |= lab.choose(
            train,
            grid,
            score="score",
            largest=task == "recall",  # an accuracy; of adding an error
            seeds=FEW,
            precision="float32",
            title=f"learning rates of {task}",
        )
    chosen = {name: {**cases[name], "learning_rate": best[name]} for name in cases}
    runs = lab.sweep(train, chosen, precision="float32", title="at the best rates")
    found: dict[tuple[str, int], tuple[dict, dict]] = {}
    for name, case in cases.items():
        values, rates = found.setdefault((case["task"], case["length"]), ({}, {}))
        values[case["network"]] = stats.column(runs[name], "score")
        rates[case["network"]] = best[name]
    tabulate(lab, found)
    return found


def tabulate(lab, found: dict) -> None:
    """Prints every network's mean score and rate."""
    lab.table(
        "Mean scores at the best rates: accuracy for recall, squared error for adding",
        ["task", "steps", "network", "rate", "mean", "worst seed"],
        [
            [task, length, network, rates[network], float(row.mean()),
             float(row.min() if task == "recall" else row.max())]
            for (task, length), (values, rates) in found.items()
            for network, row in values.items()
        ],
    )  # fmt: skip
