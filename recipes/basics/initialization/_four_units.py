"""Four hidden units, trained from any start with what is said to part them."""

import math

import keras
import numpy as np
from keras import layers

from recipes.basics.initialization._rules import draw
from recipes.lab import Study, stats
from zoo import mlp

UNITS = 4
CONSTANT = 0.1
BATCH_SIZE = 64
SAME = 1e-6  # units are the same where weights differ by less, relative to the largest

# Which weights are random, by which rule; all others start at one constant.
RANDOM = {
    "random, Xavier": {"hidden": "Xavier", "output": "Xavier"},
    "random, N(0, 0.01²)": {"hidden": "N(0, 0.01²)", "output": "N(0, 0.01²)"},
    "random hidden kernel only": {"hidden": "Xavier"},
    "random output kernel only": {"output": "Xavier"},
    "random hidden biases only": {"biases": "N(0, 0.01²)"},
}
IDENTICAL = ("zeros", "one constant", "one random unit, copied")
# What is said to part units that start at one constant: arguments of `four_units`.
CURES = {
    "ReLU": {"activation": "relu"},
    "ELU": {"activation": "elu"},
    "L1": {"l1": 1e-3},
    "augmentation": {"before": "augmentation"},
    "dropout of hidden units": {"dropout": 0.5},
    "dropout of inputs": {"before": "dropout"},
}
CASES = {
    **{start: {"start": start, "network": {}} for start in (*IDENTICAL, *RANDOM)},
    **{name: {"start": "one constant", "network": n} for name, n in CURES.items()},
}


def four_units(
    input_shape, classes: int, activation="sigmoid", dropout=0.0, l1=0.0, before=""
) -> keras.Model:
    """A network with one hidden layer of four units.

    Args:
        input_shape: Of one image.
        classes: How many there are.
        activation: As in `zoo.mlp`.
        dropout: Share of the hidden units that is dropped.
        l1: Strength of the L1 penalty.
        before: What changes the images in training: "augmentation", "dropout" or
            nothing.
    """
    changes = {
        "augmentation": [
            layers.RandomTranslation(0.125, 0.125, fill_mode="constant"),
            layers.GaussianNoise(0.1),
        ],
        "dropout": [layers.Dropout(0.5)],
    }.get(before, [])
    network = mlp(
        input_shape,
        classes,
        units=(UNITS,),
        activation=activation,
        dropout=dropout,
        l1=l1,
    )
    return keras.Sequential([keras.Input(input_shape), *changes, network])


STUDY = Study(
    four_units,
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    {"class_name": "Adam", "config": {"learning_rate": 0.01}},
)


def start_weights(how: str, features: int, classes: int, seed: int) -> list:
    """Returns hidden kernel and biases, output kernel and biases to start from."""
    rng = np.random.default_rng([seed, 4])
    hidden = np.full((features, UNITS), CONSTANT)
    biases = np.zeros(UNITS)
    output = np.full((UNITS, classes), CONSTANT)
    if how == "zeros":
        hidden, output = 0 * hidden, 0 * output
    elif how == "one random unit, copied":
        hidden[:] = draw("Xavier", hidden.shape, rng)[:, :1]
        output[:] = draw("Xavier", output.shape, rng)[:1]
    rules = RANDOM.get(how, {})
    if "hidden" in rules:
        hidden = draw(rules["hidden"], hidden.shape, rng)
    if "output" in rules:
        output = draw(rules["output"], output.shape, rng)
    if "biases" in rules:
        biases = draw(rules["biases"], (1, UNITS), rng)[0]
    return [hidden, biases, output, np.zeros(classes)]


def likeness(hidden, biases, output) -> dict:
    """Says how alike the units are, from all the weights that they have.

    Args:
        hidden: (features, units).
        biases: (units,).
        output: (units, classes).

    Returns:
        `rank` of the hidden kernel as float32 can show, and `spread`, the largest
        difference of a weight from the first unit's over the largest weight.
    """
    own = np.concatenate([hidden, biases[None], output.T])
    largest = abs(own).max()
    differences = abs(own - own[:, :1]).max()
    return {
        "rank": int(np.linalg.matrix_rank(hidden.astype("float32"))),
        "spread": float(differences / largest) if largest else 0.0,
    }


def train(case, seed, data) -> dict:
    """Trains anew; returns how alike the units are, and what they learned."""
    count, classes = case["samples"], data.num_classes
    x, y = data.x_train[:count], data.y_train[:count]

    def measure(model):
        answers = model.predict_on_batch(data.x_test).argmax(1)
        hidden, biases, output, _ = model.get_weights()
        return {
            **likeness(hidden, biases, output),
            "accuracy": float((answers == data.y_test).mean()),
            "hidden_kernel": hidden.tolist(),
        }

    run = STUDY.train(
        (x, y),
        seed,
        epochs=math.ceil(case["steps"] / math.ceil(len(x) / BATCH_SIZE)),
        batch_size=BATCH_SIZE,
        network={"classes": classes, **case["network"]},
        weights=start_weights(case["start"], x[0].size, classes, seed),
        measure=measure,
    )
    return run["measured"]


def cases(settings, *names: str) -> dict[str, dict]:
    """What `train` is called with, by name."""
    shared = {"steps": settings.steps, "samples": settings.samples}
    return {name: CASES[name] | shared for name in names}


def parted(runs: list[dict]) -> bool | None:
    """True where in every run all units differ, False where in none any does."""
    if all(run["rank"] == UNITS and run["spread"] > SAME for run in runs):
        return True
    return False if all(run["spread"] <= SAME for run in runs) else None


def ranks(runs: dict[str, list[dict]]) -> dict[str, list[int]]:
    """The rank of the hidden kernel by case and seed."""
    return {name: [run["rank"] for run in rows] for name, rows in runs.items()}


def spreads(runs: dict[str, list[dict]]) -> dict[str, float]:
    """The largest spread of any seed by case."""
    return {name: max(run["spread"] for run in rows) for name, rows in runs.items()}


def accuracies(runs: dict[str, list[dict]]) -> dict[str, float]:
    """The mean test accuracy by case."""
    return {
        name: float(stats.column(rows, "accuracy").mean())
        for name, rows in runs.items()
    }
