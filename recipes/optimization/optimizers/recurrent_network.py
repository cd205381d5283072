"""Recurrent network: Adam and RMSprop learn the adding problem, SGD and AdaGrad don't.

An LSTM reads twenty pairs of a number and a mark and must add the two marked numbers.
Answering the mean of all sums gives an error of 1/6; only an optimizer that gets below
it has learned anything in twelve epochs. Each has its best of three rates, chosen on a
seed of its own.
"""

import keras
import numpy as np

from recipes.lab import Finding, Study, claim, experiment, generators, main, stats

LENGTH = 20  # numbers in a sequence; two of them are to be added
RATES = (0.001, 0.01, 0.1)
TUNING_SEED = 1000
ERROR_OF_THE_MEAN = 1 / 6
LARGEST = 1e3  # what an error counts at most, where training diverged
OPTIMIZERS = {"SGD": "sgd", "AdaGrad": "adagrad", "RMSprop": "rmsprop", "Adam": "adam"}
ERROR = stats.Threshold(
    "a twentieth of the mean's error",
    ERROR_OF_THE_MEAN / 20,
    "mean squared error",
    "always answering the mean has 1/6; a twentieth of that is visible in a curve.",
)


def lstm(input_shape) -> keras.Model:
    """An LSTM of 16 units and one output."""
    return keras.Sequential(
        [keras.layers.Input(input_shape), keras.layers.LSTM(16), keras.layers.Dense(1)]
    )


NETWORK = Study(lstm, "mse")


def train(case, seed, data):
    """Trains on 1000 sequences; returns the error on 500 others."""
    x, y = generators.adding(1500, LENGTH, seed=seed)
    run = NETWORK.train(
        (x[:1000], y[:1000, None]),
        seed,
        epochs=case["epochs"],
        batch_size=50,
        learning_rate=case["learning_rate"],
        optimizer=OPTIMIZERS[case["optimizer"]],
        held_out=(x[1000:], y[1000:, None]),
        largest=LARGEST,
    )
    return {"error": run["held_out_loss"]}


@experiment
def errors(lab) -> tuple[dict[str, float], dict[str, list[float]]]:
    """The best rate of each optimizer, and its errors at that rate."""
    epochs = 1 if lab.smoke else 12
    tried = {
        f"{name} {rate:g}": {
            "optimizer": name, "learning_rate": rate, "epochs": epochs
        }
        for name in OPTIMIZERS
        for rate in RATES
    }  # fmt: skip
    tuning = lab.sweep(
        train, tried, seeds=[TUNING_SEED], precision="recurrent", title="LSTM rates"
    )
    best = {
        name: min(RATES, key=lambda rate: tuning[f"{name} {rate:g}"][0]["error"])
        for name in OPTIMIZERS
    }
    chosen = {name: tried[f"{name} {rate:g}"] for name, rate in best.items()}
    runs = lab.sweep(train, chosen, precision="recurrent", title="LSTM")
    return best, {name: [run["error"] for run in runs[name]] for name in runs}


@claim(
    "opt-rmsprop-rnn",
    "RMSprop suits recurrent networks.",
    says="often",
    hedge="often used",
    notes="002 003",
    scope="the adding problem of length 20, an LSTM of 16 units, 12 epochs",
)
def rmsprop_suits_recurrent_networks(lab):
    """RMSprop's error against that of each other optimizer."""
    best, error = errors(lab)
    gains = {
        f"against {name}": stats.greater(error[name], error["RMSprop"], by=ERROR)
        for name in OPTIMIZERS
        if name != "RMSprop"
    }
    return Finding(
        gains,
        "Mean squared error of an LSTM on the adding problem, each optimizer at its "
        "best rate: {means:.3g} (always answering the mean: {guess:.3f}).",
        means={name: float(np.mean(values)) for name, values in error.items()},
        guess=ERROR_OF_THE_MEAN,
        errors=error,
        gains=gains,
        best_rates=best,
    )


if __name__ == "__main__":
    main(__file__)
