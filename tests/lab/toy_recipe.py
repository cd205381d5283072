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

from recipes.lab import figures, fit, lab_main, stats

CLAIMS = {"larger-faster": "A larger rate is faster.", "in-part": "Holds in part."}
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


def experiment(lab):
    data = lab.data()

    def train(rate, seed):
        stop = os.environ.get("TOY_STOP_AT")
        if stop == f"{rate} {seed}":
            raise KeyboardInterrupt
        with open(os.environ.get("TOY_LOG", os.devnull), "a") as log:
            log.write(f"{rate} {seed}\n")
        model = keras.Sequential(
            [
                keras.layers.Input(data.x_train.shape[1:]),
                keras.layers.Flatten(),
                keras.layers.Dense(data.num_classes),
            ]
        )
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.SGD(rate), loss)
        epochs = lab.settings.epochs
        x, y = data.x_train[:200], data.y_train[:200]
        history = fit(model, x, y, batch_size=50, epochs=epochs, seed=seed)
        return {"history": history.history}

    runs = lab.sweep(train, {"large": lab.settings.rate, "small": 0.01})
    last = {
        name: [run["history"]["loss"][-1] for run in found]
        for name, found in runs.items()
    }
    gap = stats.paired(last["small"], last["large"])
    lab.verdict("larger-faster", gap.positive, evidence={"gap": gap}, note=f"{gap}")
    holds = {"here": True, "there": False}
    lab.verdict("in-part", holds, evidence={"n": 2}, note="Only here.")
    lab.table("Losses", ["case", "loss"], [[k, v[0]] for k, v in last.items()])
    figure, axes = figures.new()
    x = range(1, lab.settings.epochs + 1)
    figures.curves(
        axes, x, {k: [r["history"]["loss"] for r in v] for k, v in runs.items()}
    )
    figures.describe(axes, "The larger rate falls faster", "epoch", "loss (nats)")
    lab.figure("loss", figure, "Loss by epoch.")


if __name__ == "__main__":
    lab_main(experiment)
