"""A recurrent network that reads film reviews, word by word."""

from collections import Counter

import keras
import numpy as np

from recipes.lab.training.fit import fit
from recipes.weights import TRAININGS, Training
from zoo.text import encode_words, split_words

METRIC, UNIT, BETTER = "accuracy on the test reviews", "%", "higher"
HALF_MAY_COST = 0.1  # points of accuracy


def prepare(data) -> tuple[tuple, tuple, dict]:
    """Numbers of words; the words are the most frequent ones of the training set."""
    arguments = TRAININGS["lstm/imdb"].arguments
    counts = Counter(word for text in data.x_train for word in split_words(text))
    # Two numbers are taken: 0 is padding, 1 every other word. Ties go by alphabet.
    ranked = sorted(counts, key=lambda word: (-counts[word], word))
    words = ranked[: arguments["vocabulary_size"] - 2]
    (timesteps,) = arguments["input_shape"]
    x_train, x_test = (
        encode_words(texts, words, timesteps) for texts in (data.x_train, data.x_test)
    )
    preprocessing = f"zoo.encode_words(texts, card['words'], {timesteps})"
    extras = {"preprocessing": preprocessing, "words": words}
    return (x_train, data.y_train), (x_test, data.y_test), extras


def train(model, arrays: tuple, how: Training, seed: int) -> None:
    """Trains from the weights that the model has."""
    x, y = arrays
    steps = how.epochs * -(-len(x) // how.batch_size)
    rate = keras.optimizers.schedules.CosineDecay(how.learning_rate, steps)
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    # Without clipping some seeds lose half an epoch to one steep step.
    model.compile(keras.optimizers.Adam(rate, clipnorm=1.0), loss)
    y = y.astype("float32")[:, None]
    fit(model, x, y, batch_size=how.batch_size, epochs=how.epochs, seed=seed)


def score(model, arrays: tuple) -> float:
    """The share of reviews on whose side of 0 the logit lies, in %."""
    x, y = arrays
    logits = model.predict(x, batch_size=500, verbose=0)[:, 0]
    return float(100.0 * np.mean((logits > 0.0) == (y > 0)))
