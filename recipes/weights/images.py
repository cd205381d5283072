"""Classifiers of images: cross-entropy, Adam, a rate that falls along a cosine."""

import keras
import numpy as np

from recipes.lab.training.fit import fit
from recipes.weights import Training

METRIC, UNIT, BETTER = "accuracy on the test images", "%", "higher"
HALF_MAY_COST = 0.1  # points of accuracy


def prepare(data) -> tuple[tuple, tuple, dict]:
    """Arrays to train on, arrays to score on, and what the card says besides."""
    preprocessing = "channels last, each number divided by the largest possible one"
    return (
        (data.x_train, data.y_train),
        (data.x_test, data.y_test),
        {"preprocessing": f"images in [0, 1], {preprocessing}"},
    )


def train(model, arrays: tuple, how: Training, seed: int) -> None:
    """Trains from the weights that the model has."""
    x, y = arrays
    steps = how.epochs * -(-len(x) // how.batch_size)
    rate = keras.optimizers.schedules.CosineDecay(how.learning_rate, steps)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(rate), loss)
    fit(model, x, y, batch_size=how.batch_size, epochs=how.epochs, seed=seed)


def score(model, arrays: tuple) -> float:
    """The share of images whose class has the largest logit, in %."""
    x, y = arrays
    logits = model.predict(x, batch_size=500, verbose=0)
    return float(100.0 * np.mean(np.argmax(logits, axis=-1) == y))
