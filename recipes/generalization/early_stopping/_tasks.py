"""Four trainings to the end, with the losses of every epoch on three sets of rows."""

import keras
import numpy as np

from recipes.lab import Study, experiment
from zoo import mlp

WRONG = 0.5  # share of wrong labels in training and validation; the test is right
# Networks: rows to learn from, share of wrong labels, hidden units, Adam's rate, L2.
NETWORKS = {
    "half of the labels wrong": {
        "rows": 300, "wrong": WRONG, "units": [128], "rate": 0.01, "l2": 0.0
    },
    "right labels": {
        "rows": 300, "wrong": 0.0, "units": [128], "rate": 0.01, "l2": 0.0
    },
    "a linear classifier": {
        "rows": 1000, "wrong": 0.0, "units": [], "rate": 0.001, "l2": 0.0
    },
    "half wrong, with L2": {
        "rows": 300, "wrong": WRONG, "units": [128], "rate": 0.01, "l2": 0.01
    },
}  # fmt: skip
LEARNERS = tuple(NETWORKS)[:3]
TWO_SPEEDS = "two speeds"
TASKS = (*LEARNERS, TWO_SPEEDS)
BATCH, VALIDATION, TEST = 50, 200, 5000  # rows at most
# The linear model: many features that are learned at once, and few that are learned
# slowly because their scale is small; noise, and the rate of full-batch steps.
FAST, SLOW, SCALE, NOISE, STEP = 50, 5, 0.1, 0.5, 0.1
PER_EPOCH = 50  # epochs of the linear model for each of the networks': one step each


def build(input_shape, **network):
    """A multilayer perceptron."""
    return mlp(input_shape, **network)


network = Study(
    build,
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    "adam",
    metrics=["accuracy"],
)


def rows_of(case: dict, seed: int, data) -> list[tuple]:
    """Rows for training, validation and test, each as (x, y), drawn by the seed."""
    rng = np.random.default_rng([seed, 47])
    x = np.concatenate([data.x_train, data.x_test])
    y = np.concatenate([data.y_train, data.y_test])
    count = case["rows"]
    order = rng.permutation(len(x))[: count + VALIDATION + TEST]
    noisy = y.copy()
    wrong = rng.random(len(y)) < case["wrong"]
    noisy[wrong] += rng.integers(1, data.num_classes, wrong.sum()).astype(y.dtype)
    noisy %= data.num_classes
    train, held, test = np.split(order, [count, count + VALIDATION])
    return [(x[train], noisy[train]), (x[held], noisy[held]), (x[test], y[test])]


def train(case: dict, seed: int, data) -> dict:
    """Trains a network to the end.

    Args:
        case: An entry of `NETWORKS` with `epochs`.
        seed: Decides rows, wrong labels, weights and order.
        data: The images.

    Returns:
        One number an epoch: `loss` on the training rows, `val_loss` and `val_accuracy`
        on the validation rows, `test_loss` and `test_accuracy`.
    """
    training, validation, test = rows_of(case, seed, data)
    run = network.train(
        training,
        seed,
        epochs=case["epochs"],
        batch_size=BATCH,
        learning_rate=case["rate"],
        network={
            "num_classes": data.num_classes, "units": case["units"], "l2": case["l2"]
        },
        validation_data=validation,
        held_out=test,
        score_epochs=range(1, case["epochs"] + 1),
    )["history"]  # fmt: skip
    return {
        "loss": run["loss"],
        "val_loss": run["val_loss"],
        "val_accuracy": run["val_accuracy"],
        "test_loss": run["held_out_loss"],
        "test_accuracy": run["held_out_accuracy"],
    }


def train_two_speeds(case: dict, seed: int, data) -> dict:
    """Fits a linear model by full-batch gradient descent; losses as `train` gives them.

    First the fast features fit what is theirs; then they fit the noise, and what the
    slow ones have not explained yet; at last the slow ones explain it. The error on new
    rows falls, rises, and falls again (Heckel and Yilmaz, 2021).
    """
    rng = np.random.default_rng([seed, 53])
    scale = np.r_[np.ones(FAST), np.full(SLOW, SCALE)]
    truth = np.r_[
        rng.normal(0, 1 / np.sqrt(FAST), FAST),
        rng.normal(0, 2 / np.sqrt(SLOW) / SCALE, SLOW),
    ]
    sets = []
    for rows in (100, 100, 1000):
        x = rng.normal(size=(rows, FAST + SLOW)) * scale
        sets.append((x, x @ truth + rng.normal(0, NOISE, rows)))
    x, y = sets[0]
    weights, losses = np.zeros(FAST + SLOW), []
    for _ in range(case["epochs"]):
        weights -= STEP * x.T @ (x @ weights - y) / len(x)
        losses.append([float(((a @ weights - b) ** 2).mean()) for a, b in sets])
    names = ("loss", "val_loss", "test_loss")
    return {n: list(v) for n, v in zip(names, zip(*losses, strict=True), strict=True)}


@experiment
def records(lab, task: str) -> list[dict]:
    """The record of a task, one a seed: lists of one number an epoch."""
    epochs = lab.settings.epochs
    if task == TWO_SPEEDS:
        case = {"epochs": PER_EPOCH * epochs}
        runs = lab.sweep(train_two_speeds, {task: case}, title=task)
    else:
        runs = lab.sweep(
            train, {task: {**NETWORKS[task], "epochs": epochs}}, title=task
        )
    return runs[task]


def at(runs: list[dict], name: str, epochs) -> np.ndarray:
    """A measure at an epoch, counted from 1: one for all seeds, or one each."""
    chosen = np.broadcast_to(epochs, len(runs))
    return np.array([run[name][e - 1] for run, e in zip(runs, chosen, strict=True)])
