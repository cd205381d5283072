"""Digits in batches: the samples, one small network, and its trainings by size."""

import keras
import numpy as np

from recipes.lab import Study, experiment
from zoo import mlp

TRAINED = 1056  # of the digits: 66 x 16, 33 x 32, 2 x 528; the others are held out
SMALL, MIDDLE, LARGE = 16, 32, 528
SIZES = (SMALL, MIDDLE, LARGE)
RATES = (0.2, 0.6, 1.8)  # at 3.2 this network learns nothing
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


def halves(data) -> tuple[tuple, tuple]:
    """Returns the digits to train on and those held out, each as (x, y)."""
    x = np.concatenate([data.x_train, data.x_test])
    y = np.concatenate([data.y_train, data.y_test])
    return (x[:TRAINED], y[:TRAINED]), (x[TRAINED:], y[TRAINED:])


def train(case: dict, seed: int, data) -> dict[str, list[float]]:
    """Trains in batches of one size at one rate.

    Args:
        case: `batch_size`, `learning_rate`, `epochs` and `score_epochs`, those after
            which losses are measured.
        seed: Decides the weights and the order of the samples.
        data: The digits.

    Returns:
        Each of `MEASURES` after each of those epochs.
    """
    training, held_out = halves(data)
    run = network.train(
        training,
        seed,
        held_out=held_out,
        score_training=True,
        largest=LARGEST,
        **case,
    )
    return {name: run["history"][name] for name in MEASURES}


def epochs_of(updates: int, size: int) -> int:
    """Returns how many epochs have as many updates."""
    return updates * size // TRAINED


def score_epochs(size: int, epochs: int, updates: int) -> list[int]:
    """Returns after which epochs a size is measured: every one that is compared.

    Those up to `epochs`, that of the last of the `updates`, and some between them.
    """
    end = epochs_of(updates, size)
    between = np.linspace(epochs, max(epochs, end), 12)
    return sorted({*range(1, epochs + 1), *map(round, between), end})


@experiment
def by_size_and_rate(lab) -> dict[tuple[int, float], list[dict]]:
    """Trains every size with every rate, long enough for both comparisons."""
    settings, cases = lab.settings, {}
    for size in SIZES:
        epochs = score_epochs(size, settings.epochs, settings.updates)
        for rate in RATES:
            cases[size, rate] = {
                "batch_size": size,
                "learning_rate": rate,
                "epochs": epochs[-1],
                "score_epochs": epochs,
            }
    names = {key: f"batches of {key[0]}, rate {key[1]:g}" for key in cases}
    found = lab.sweep(
        train,
        {names[key]: case for key, case in cases.items()},
        data="digits",
        title="batch sizes on digits",
    )
    return {key: found[names[key]] for key in cases}


def after(lab, size: int, equal: str, measure: str, rate: float) -> np.ndarray:
    """A measure after equal "epochs" or "updates", one number a seed."""
    epochs, updates = lab.settings.epochs, lab.settings.updates
    epoch = epochs if equal == "epochs" else epochs_of(updates, size)
    place = score_epochs(size, epochs, updates).index(epoch)
    runs = by_size_and_rate(lab)[size, rate]
    return np.array([run[measure][place] for run in runs])


def best_rate(lab, size: int, equal: str) -> float:
    """The rate with the least mean training loss; held-out digits don't choose."""
    return min(
        RATES, key=lambda rate: after(lab, size, equal, "training_loss", rate).mean()
    )


def at_best(lab, size: int, equal: str, measure: str) -> np.ndarray:
    """A measure at the best rate, one number a seed."""
    return after(lab, size, equal, measure, best_rate(lab, size, equal))
