"""Recurrent network: RMSprop and momentum against plain SGD on the adding problem.

An LSTM reads ten pairs of a number and a mark and must add the two marked numbers.
Answering the mean of all sums gives a squared error of 1/6; one that is well below has
learned to read the marks. "Often used" and "works well" do not say that a method beats
all others: so each is asked whether it learns at all, and whether it gets further than
plain SGD in the same 400 updates. Each has the best of three rates, half a decade
apart, chosen on sequences that are not judged.
"""

import keras
import numpy as np

from recipes.lab import Finding, Study, claim, experiment, generators, main, stats

LENGTH, TRAINED, HELD_OUT = 10, 2000, 500  # numbers in a sequence; sequences
BATCH, EPOCHS = 100, 20  # so 20 updates an epoch
FEW = 6  # seeds: errors differ tenfold, and an LSTM is slow
ERROR_OF_THE_MEAN = 1 / 6
LARGEST = 1e3  # what an error counts at most, where training diverged
OPTIMIZERS = {
    "SGD": ("sgd", (0.1, 0.3, 1.0)),
    "momentum": (
        {"class_name": "SGD", "config": {"momentum": 0.9}},
        (0.03, 0.1, 0.3),
    ),
    "RMSprop": ("rmsprop", (0.01, 0.03, 0.1)),
}


def lstm(input_shape) -> keras.Model:
    """An LSTM of 16 units and one output; unrolled, since ten steps are few."""
    return keras.Sequential(
        [
            keras.layers.Input(input_shape),
            keras.layers.LSTM(16, unroll=True),
            keras.layers.Dense(1),
        ]
    )


NETWORK = Study(lstm, "mse")


def train(case, seed, data):
    """Trains on the seed's sequences; returns the error on others."""
    x, y = generators.adding(TRAINED + HELD_OUT, LENGTH, seed=seed)
    run = NETWORK.train(
        (x[:TRAINED], y[:TRAINED, None]),
        seed,
        epochs=case["epochs"],
        batch_size=BATCH,
        learning_rate=case["learning_rate"],
        optimizer=OPTIMIZERS[case["optimizer"]][0],
        held_out=(x[TRAINED:], y[TRAINED:, None]),
        largest=LARGEST,
    )
    return {"error": run["held_out_loss"]}


@experiment
def errors(lab) -> tuple[dict[str, float], dict[str, np.ndarray]]:
    """The best rate of each optimizer, and its errors at that rate, one a seed."""
    epochs = 1 if lab.smoke else EPOCHS
    grid = {
        name: {
            rate: {"optimizer": name, "learning_rate": rate, "epochs": epochs}
            for rate in rates
        }
        for name, (_, rates) in OPTIMIZERS.items()
    }
    best = lab.choose(
        train, grid, score="error", precision="recurrent", title="LSTM rates"
    )
    chosen = {name: grid[name][rate] for name, rate in best.items()}
    runs = lab.sweep(
        train, chosen, seeds=lab.seeds[:FEW], precision="recurrent", title="LSTM"
    )
    return best, {name: stats.column(found, "error") for name, found in runs.items()}


def learns_and_beats_sgd(lab, name: str) -> Finding:
    """Whether an optimizer halves the error of the mean, and SGD's by a tenth."""
    best, error = errors(lab)
    half = np.full(len(error[name]), ERROR_OF_THE_MEAN / 2)
    return Finding(
        {
            "learns: below half of the error of the mean": stats.greater(
                half, error[name], by=stats.ANY, scale="log"
            ),
            "a tenth below the error of SGD": stats.greater(
                error["SGD"], error[name], by=stats.TENTH, scale="log"
            ),
        },
        "Mean squared error of an LSTM on the adding problem after {updates} updates, "
        "each optimizer at its best rate ({best}): {means:.3g} (always answering the "
        "mean: {guess:.3f}).",
        updates=EPOCHS * TRAINED // BATCH,
        best=best,
        means={name: float(values.mean()) for name, values in error.items()},
        guess=ERROR_OF_THE_MEAN,
        errors=error,
    )


@claim(
    "opt-rmsprop-rnn",
    "RMSprop is often used in recurrent networks: it trains them.",
    says="often",
    hedge="often used",
    notes="002",
    scope="the adding problem of length 10, an LSTM of 16 units, 400 updates",
)
def rmsprop_trains_recurrent_networks(lab):
    """RMSprop's error against that of the mean and that of SGD."""
    return learns_and_beats_sgd(lab, "RMSprop")


@claim(
    "momentum-rnn",
    "SGD with momentum works well with recurrent networks.",
    notes="003",
    scope="the adding problem of length 10, an LSTM of 16 units, 400 updates",
)
def momentum_trains_recurrent_networks(lab):
    """The error with momentum against that of the mean and that without."""
    return learns_and_beats_sgd(lab, "momentum")


if __name__ == "__main__":
    main(__file__)
