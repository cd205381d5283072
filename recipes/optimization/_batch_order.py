"""A small CNN on digits that come shuffled, in one order, or sorted by class."""

import keras
import numpy as np
from keras import layers

from recipes.lab import Restart, fit, stats
from recipes.optimization._batch_digits import MIDDLE, TRAINED, Digits, measure

SHUFFLED, ONE_ORDER, SORTED = "shuffled every epoch", "one random order", "sorted"


def network(shape, classes: int) -> Restart:
    """One convolution with pooling and a dense layer, compiled once."""
    model = keras.Sequential(
        [
            keras.Input(shape),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(classes),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.003), loss)
    return Restart(model)


def judge(lab, digits: Digits) -> None:
    """Trains in three orders of the same samples."""
    restart = network(digits.x.shape[1:], digits.classes)
    x, y = digits.training
    epochs = max(1, lab.settings.epochs // 3)

    def train(case: str, seed: int) -> dict:
        restart()
        rows = np.random.default_rng([seed, 56]).permutation(TRAINED)
        if case == SORTED:
            rows = np.argsort(y, kind="stable")
        fit(restart.model, x[rows], y[rows], batch_size=MIDDLE, epochs=epochs,
            seed=seed, shuffle=case == SHUFFLED)  # fmt: skip
        return {"accuracy": measure(restart.model, digits.x, digits.y)[2]}

    runs = lab.sweep(train, (SHUFFLED, ONE_ORDER, SORTED), title="orders of the digits")
    accuracy = {c: np.array([run["accuracy"] for run in runs[c]]) for c in runs}
    gains = {
        case: stats.paired(accuracy[SHUFFLED], accuracy[case])
        for case in (SORTED, ONE_ORDER)
    }
    means = {case: float(values.mean()) for case, values in accuracy.items()}
    lab.verdict(
        "gd-minibatch-shuffle-matters",
        {f"the data come {case}": gain.positive for case, gain in gains.items()},
        evidence={"accuracy": accuracy, "gain_of_shuffling_every_epoch": gains},
        note=f"Held-out accuracy of a small CNN after {epochs} epochs: "
        f"{means[SHUFFLED]:.1%} shuffled every epoch, {means[ONE_ORDER]:.1%} in one "
        f"random order, {means[SORTED]:.1%} sorted by class. Shuffling every epoch "
        f"instead of once changes it by {gains[ONE_ORDER]}.",
    )
