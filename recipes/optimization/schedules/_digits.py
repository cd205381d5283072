"""A small network on digits, trained with many schedules."""

import keras
import numpy as np

from recipes.lab import Study, experiment, stats
from recipes.optimization.schedules._curves import SHAPES
from zoo import mlp

TRAINED = 1024  # digits to train on; all others are held out
BATCH_SIZE = 32
WRONG = 0.2  # share of wrong labels, where there are any
LARGEST = 10.0  # nats: what a loss counts at most, also one that is not finite
SMALLEST = 1e-9  # nats: a loss of 0 has no logarithm
CENTERS = {"SGD": -0.5, "Adam": -2.0}  # decades of the middle rate
METHODS = ("SGD", "SGD, cosine", "Adam", "Adam, cosine")
TIMELY = "drop after a quarter"
TUNED = 3  # seeds of the sweeps over rates; what is judged is trained on others


def small_network(input_shape):
    """One hidden layer of 64 units, and a logit for each of the ten digits."""
    return mlp(input_shape, 10, units=(64,))


network = Study(
    small_network,
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)


def train(case: dict, seed: int, data) -> dict:
    """Trains with one schedule.

    Args:
        case: `rate`, of which the schedule takes shares; `schedule`, a key of `SHAPES`;
            `epochs`, over which it runs from end to end; and, where it isn't the
            default, `optimizer` ("SGD"), `wrong`, whether a share of all labels is
            wrong, the held-out ones too, and `watch`, whether losses are measured at
            the end of each epoch.
        seed: Decides the weights, the order of the samples, and which labels are wrong.
        data: The digits.

    Returns:
        Losses by the labels in use and held-out accuracy by the true ones; the same by
        epoch where they are watched.
    """
    x = np.concatenate([data.x_train, data.x_test])
    truth = np.concatenate([data.y_train, data.y_test])
    labels = flip(truth, data.num_classes, seed) if case.get("wrong") else truth
    watched = range(1, case["epochs"] + 1) if case.get("watch") else ()

    def accuracy(model) -> float:
        logits = keras.ops.convert_to_numpy(model(x[TRAINED:]))
        if not np.isfinite(logits).all():  # diverged: no better than guessing
            return 1 / data.num_classes
        return float((logits.argmax(1) == truth[TRAINED:]).mean())

    run = network.train(
        (x[:TRAINED], labels[:TRAINED]),
        seed,
        epochs=case["epochs"],
        batch_size=BATCH_SIZE,
        learning_rate=case["rate"],
        optimizer=case.get("optimizer", "SGD"),
        held_out=(x[TRAINED:], labels[TRAINED:]),
        score_training=True,
        score_epochs=watched,
        measure=accuracy,
        largest=LARGEST,
        callbacks=[schedule(case)],
    )
    kept = {name: run[name] for name in ("training_loss", "held_out_loss")}
    kept["accuracy"] = run["measured"]
    return {**kept, "history": run["history"]} if watched else kept


def schedule(case: dict) -> keras.callbacks.Callback:
    """Returns the callback that sets the rate of every epoch."""
    shape = SHAPES[case["schedule"]]
    return keras.callbacks.LearningRateScheduler(
        lambda epoch: float(case["rate"] * shape(epoch, case["epochs"]))
    )


def flip(labels, classes: int, seed: int) -> np.ndarray:
    """Returns labels of which a share, other ones with each seed, is wrong."""
    rng = np.random.default_rng([seed, 41])
    wrong = rng.random(len(labels)) < WRONG
    others = (labels + rng.integers(1, classes, len(labels))) % classes
    return np.where(wrong, others, labels).astype("int32")


def column(results: list[dict], name: str) -> np.ndarray:
    """Returns one number a seed; of losses, at least what has a logarithm."""
    values = stats.column(results, name)
    return np.maximum(values, SMALLEST) if name.endswith("loss") else values


def by_epoch(results: list[dict], name: str) -> np.ndarray:
    """Returns a measure as (seeds, epochs)."""
    return stats.column([result["history"] for result in results], name)


def case_of(lab, method: str, rate: float, **other) -> dict:
    """The case of `train` for a key of `METHODS` at a first rate."""
    optimizer, _, shape = method.partition(", ")
    return {
        "rate": rate,
        "schedule": shape or "constant",
        "epochs": lab.settings.epochs,
        "optimizer": optimizer,
        **other,
    }


@experiment
def first_rates(lab) -> dict[str, dict[float, list[dict]]]:
    """Trains every method with every rate on the tuning seeds: method to rate."""
    count, grid = lab.settings.rates, {}
    for method in METHODS:
        center = CENTERS[method.partition(", ")[0]]
        decades = center + (np.arange(count) - (count - 1) / 2) / 2
        grid[method] = [float(f"{rate:.2g}") for rate in 10.0**decades]
    cases = {
        f"{method}, {rate:g}": case_of(lab, method, rate)
        for method, rates in grid.items()
        for rate in rates
    }
    seeds = lab.tuning_seeds[:TUNED]
    runs = lab.sweep(
        train, cases, data=lab.like_digits, seeds=seeds, title="first rates"
    )
    return {
        method: {rate: runs[f"{method}, {rate:g}"] for rate in rates}
        for method, rates in grid.items()
    }


def best_rate(lab, method: str) -> float:
    """The rate with the least training loss on the tuning seeds.

    The mean is that of logarithms: one lost training of three does not choose.
    """
    table = first_rates(lab)[method]
    return min(
        table, key=lambda rate: np.log(column(table[rate], "training_loss")).mean()
    )


@experiment
def at_rate(lab, method: str, rate: float) -> list[dict]:
    """Trains a method at a first rate, one result a seed."""
    case, title = case_of(lab, method, rate, watch=True), f"{method}, {rate:g}"
    return lab.sweep(train, {title: case}, data=lab.like_digits, title=title)[title]


def at_best(lab, method: str, times: float = 1.0) -> list[dict]:
    """Trains a method at so many times its own best rate, one result a seed."""
    return at_rate(lab, method, float(f"{times * best_rate(lab, method):.2g}"))


@experiment
def from_best_rate(lab) -> dict[str, list[dict]]:
    """Trains with every schedule, all from the best constant rate."""
    rate = best_rate(lab, "SGD")
    cases = {
        name: case_of(lab, f"SGD, {name}", rate, watch=True)
        for name in ("cosine", "rising cosine", "cyclical", TIMELY)
    }
    half = {"epochs": lab.settings.epochs // 2}
    cases["cosine, half the epochs"] = {**cases["cosine"], **half}
    runs = lab.sweep(train, cases, data=lab.like_digits, title="schedules on digits")
    return {"constant": at_best(lab, "SGD"), **runs}


@experiment
def with_wrong_labels(lab) -> dict[str, list[dict]]:
    """Trains on digits of which a share has a wrong label, to be learned by heart."""
    rate = best_rate(lab, "SGD")
    cases = {
        name: case_of(lab, f"SGD, {name}", rate, wrong=True, watch=True)
        for name in ("constant", "cosine", TIMELY)
    }
    return lab.sweep(train, cases, data=lab.like_digits, title="wrong labels")
