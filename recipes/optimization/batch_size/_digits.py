"""Digits in batches: the samples, one small network, and its trainings by size."""

import keras
import numpy as np

from recipes.lab import Study, experiment, stats
from zoo import mlp

TRAINED = 1056  # of the digits: 66 x 16, 33 x 32, 2 x 528; the others are held out
SMALL, MIDDLE, LARGE = 16, 32, 528
SIZES = (SMALL, MIDDLE, LARGE)
RATES = (0.2, 0.6, 1.8)  # half a decade apart; at 3.2 this network learns nothing
TUNED = 2  # seeds on which the rate is chosen; what is judged is trained on others
MEASURES = ("training_loss", "held_out_loss", "held_out_accuracy")
LARGEST = 10.0  # nats: what a loss counts where training diverged


def small_network(input_shape):
    """One hidden layer of 64 units, and a logit for each of the ten digits."""
    return mlp(input_shape, 10, units=(64,))


# A `Study` compiles a network once a process, and starts every training from the
# weights that the seed draws.
network = Study(
    small_network,
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    "sgd",
    metrics=["accuracy"],
)


def train_and_held_out(data) -> tuple[tuple, tuple]:
    """Returns the digits to train on and those held out, each as (x, y)."""
    x = np.concatenate([data.x_train, data.x_test])
    y = np.concatenate([data.y_train, data.y_test])
    return (x[:TRAINED], y[:TRAINED]), (x[TRAINED:], y[TRAINED:])


def train(case: dict, seed: int, data) -> dict[str, list[float]]:
    """Trains in batches of one size at one rate.

    Args:
        case: `batch_size`, `learning_rate`, `epochs`, `score_epochs`, those after which
            losses are measured, and `passes`, 1 where it isn't given: how many shuffled
            passes over the data are laid end to end and count as one epoch. It makes
            long trainings in few large batches quick.
        seed: Decides the weights and the order of the samples.
        data: The digits.

    Returns:
        Each of `MEASURES` after each of those epochs.
    """
    settings = dict(case)
    (x, y), held_out = train_and_held_out(data)
    passes = settings.pop("passes", 1)
    if passes > 1:
        rng = np.random.default_rng([seed, 59])
        rows = np.concatenate([rng.permutation(TRAINED) for _ in range(passes)])
        x, y, settings["shuffle"] = x[rows], y[rows], False
    run = network.train(
        (x, y),
        seed,
        held_out=held_out,
        score_training=True,
        largest=LARGEST,
        **settings,
    )
    return {name: run["history"][name] for name in MEASURES}


def epochs_of(updates: int, size: int) -> int:
    """Returns how many epochs have as many updates."""
    return updates * size // TRAINED


def case_of(lab, size: int, rate: float, equal: str) -> dict:
    """The case of `train` for a size, measured after every epoch.

    For equal "epochs" it trains as many as the setting says, for equal "updates" as
    many as have them: the many of large batches in 33 parts.
    """
    shared = {"batch_size": size, "learning_rate": rate}
    epochs = lab.settings.epochs
    if equal == "updates":
        epochs, passes = epochs_of(lab.settings.updates, size), 1
        if epochs > 33:  # half of a multiple of 66: see `Settings`
            epochs, passes = 33, epochs // 33
        shared["passes"] = passes
    return {**shared, "epochs": epochs, "score_epochs": list(range(1, epochs + 1))}


@experiment
def best_rates(lab, equal: str) -> dict[int, float]:
    """Each size's rate of least training loss; held-out digits don't choose."""
    return lab.choose(
        train,
        {b: {rate: case_of(lab, b, rate, equal) for rate in RATES} for b in SIZES},
        score=lambda run: run["training_loss"][-1],
        seeds=TUNED,
        data=lab.like_digits,
        title=f"rates at equal {equal}",
    )


@experiment
def runs_of(lab, size: int, rate: float, equal: str) -> list[dict]:
    """Trains a size at a rate for equal "epochs" or "updates", one result a seed."""
    name = f"batches of {size}, rate {rate:g}, equal {equal}"
    case = case_of(lab, size, rate, equal)
    return lab.sweep(train, {name: case}, data=lab.like_digits, title=name)[name]


def at_best(lab, size: int, equal: str, measure: str) -> np.ndarray:
    """A measure at the end, at the size's best rate, one number a seed."""
    return at_rate(lab, size, best_rates(lab, equal)[size], equal, measure)


def at_rate(lab, size: int, rate: float, equal: str, measure: str) -> np.ndarray:
    """A measure at the end, at a rate, one number a seed."""
    return stats.column(runs_of(lab, size, rate, equal), measure)[:, -1]
