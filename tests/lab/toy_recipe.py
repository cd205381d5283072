"""Toy: two learning rates on digits.

Free text about it.

Notes: 9.9 Nothing in particular
Data: digits.
Run: recipes run toy_recipe.py   (about 2 s)
References: nobody (2026);
    somebody (2025).
"""

import os
from dataclasses import dataclass
from typing import Literal

import keras

from recipes.lab import Finding, claim, experiment, figures, fit, main, stats

SMOKE = {"seeds": 2, "epochs": 1}


@dataclass(frozen=True)
class Settings:
    seeds: int = 3
    "Repetitions."
    epochs: int = 2
    "Passes."
    rate: float = 0.1
    "The larger rate."
    data: Literal["digits", "mnist"] = "digits"
    "What is learned."


def train(case, seed, data):
    stop = os.environ.get("TOY_STOP_AT")
    if stop == f"{case['rate']} {seed}":
        raise KeyboardInterrupt
    with open(os.environ.get("TOY_LOG", os.devnull), "a") as log:
        log.write(f"{case['rate']} {seed}\n")
    model = keras.Sequential(
        [
            keras.layers.Input(data.x_train.shape[1:]),
            keras.layers.Flatten(),
            keras.layers.Dense(data.num_classes),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(case["rate"]), loss)
    epochs = case["epochs"]
    x, y = data.x_train[:200], data.y_train[:200]
    history = fit(model, x, y, batch_size=50, epochs=epochs, seed=seed)
    return {"history": history.history}


@experiment
def runs(lab):
    epochs = lab.settings.epochs
    return lab.sweep(
        train,
        {
            "large": {"rate": lab.settings.rate, "epochs": epochs},
            "small": {"rate": 0.01, "epochs": epochs},
        },
        precision="float32",
        title="runs",
    )


@claim("larger-faster", "A larger rate is faster.", notes="ours", scope="digits")
def larger_is_faster(lab):
    last = {
        name: [run["history"]["loss"][-1] for run in found]
        for name, found in runs(lab).items()
    }
    gap = stats.greater(last["small"], last["large"], by=stats.ANY)
    lab.table("Losses", ["case", "loss"], [[k, v[0]] for k, v in last.items()])
    return Finding(gap, "Small minus large: {gap}.", gap=gap, figure=draw)


@claim("in-part", "Holds in part.", notes="ours")
def in_part(lab):
    return Finding({"here": True, "there": False}, "Only {holding}.", n=2)


def draw(lab):
    figure, axes = figures.new()
    x = range(1, lab.settings.epochs + 1)
    losses = {k: [r["history"]["loss"] for r in v] for k, v in runs(lab).items()}
    figures.curves(axes, x, losses)
    figures.describe(axes, "The larger rate falls faster", "epoch", "loss (nats)")
    lab.figure("loss", figure, "Loss by epoch.")


if __name__ == "__main__":
    main(__file__)
