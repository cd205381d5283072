"""The claim about recurrent networks: four optimizers on the adding problem."""

import keras
import numpy as np

from recipes.lab import Restart, fit, generators, stats

LENGTH = 20  # numbers in a sequence; two of them are to be added
RATES = (0.001, 0.01, 0.1)
TUNING_SEED = 1000


def judge_recurrent(lab) -> None:
    """Races RMSprop against the others on an LSTM, each at its best rate."""
    opt = keras.optimizers
    made = {
        "SGD": opt.SGD(),
        "AdaGrad": opt.Adagrad(),
        "RMSprop": opt.RMSprop(),
        "Adam": opt.Adam(),
    }
    networks = {name: _Network(optimizer) for name, optimizer in made.items()}
    tuning = lab.sweep(
        lambda case, seed: networks[case[0]].train(seed, case[1], lab.smoke),
        {f"{name} {rate:g}": (name, rate) for name in networks for rate in RATES},
        seeds=[TUNING_SEED],
        title="LSTM rates",
    )
    best = {
        name: min(RATES, key=lambda rate: tuning[f"{name} {rate:g}"][0]["error"])
        for name in networks
    }
    runs = lab.sweep(
        lambda name, seed: networks[name].train(seed, best[name], lab.smoke),
        list(networks),
        title="LSTM",
    )
    errors = {name: [run["error"] for run in runs[name]] for name in networks}
    gaps = {
        f"against {name}": stats.paired(errors[name], errors["RMSprop"])
        for name in networks
        if name != "RMSprop"
    }
    lab.verdict(
        "opt-rmsprop-rnn",
        {name: gap.positive for name, gap in gaps.items()},
        evidence={
            "test_mean_squared_error": errors,
            "gain_of_RMSprop": gaps,
            "rate": best,
            "error_of_the_mean": 1 / 6,
        },
        note="Mean squared error of an LSTM on the adding problem, each optimizer at "
        "its best rate: "
        + ", ".join(f"{name} {np.mean(values):.3g}" for name, values in errors.items())
        + " (always answering the mean: 0.167).",
    )


class _Network:
    """An LSTM with one optimizer, compiled once and trained often."""

    def __init__(self, optimizer):
        self.model = keras.Sequential(
            [
                keras.layers.Input((LENGTH, 2)),
                keras.layers.LSTM(16),
                keras.layers.Dense(1),
            ]
        )
        self.model.compile(optimizer, "mse")
        self.restart = Restart(self.model)

    def train(self, seed: int, rate: float, smoke: bool) -> dict:
        self.restart()
        self.model.optimizer.learning_rate = rate
        x, y = generators.adding(1500, LENGTH, seed=seed)
        epochs = 1 if smoke else 12
        fit(
            self.model,
            x[:1000],
            y[:1000, None],
            batch_size=50,
            epochs=epochs,
            seed=seed,
            on_divergence="return",
        )
        error = self.model.evaluate(x[1000:], y[1000:, None], batch_size=500, verbose=0)
        return {"error": float(error) if np.isfinite(error) else 1e3}
