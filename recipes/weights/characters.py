"""A language model of characters: the next one at every step of a window."""

import keras
import numpy as np

from recipes.lab.training.fit import fit
from recipes.weights import Training
from zoo import Vocabulary

METRIC, UNIT, BETTER = "cross-entropy on the test text", "nats a character", "lower"
HALF_MAY_COST = 0.001  # nats a character
TIMESTEPS = 100


def prepare(data) -> tuple[tuple, tuple, dict]:
    """Windows of the text, and the characters in the order of their numbers."""
    train, test = "".join(data.x_train), "".join(data.x_test)
    vocabulary = Vocabulary.of(train)
    extras = {
        "preprocessing": "zoo.Vocabulary(card['characters']).encode(text)",
        "characters": list(vocabulary.characters),
        "windows": f"scored on windows of {TIMESTEPS} characters",
    }
    return vocabulary.windows(train, TIMESTEPS), _windows(vocabulary, test), extras


def train(model, arrays: tuple, how: Training, seed: int) -> None:
    """Trains from the weights that the model has."""
    x, y = arrays
    steps = how.epochs * -(-len(x) // how.batch_size)
    rate = keras.optimizers.schedules.CosineDecay(how.learning_rate, steps)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(rate, clipnorm=1.0), loss)
    fit(model, x, y, batch_size=how.batch_size, epochs=how.epochs, seed=seed)


def score(model, arrays: tuple) -> float:
    """The mean of -log p over all characters of the windows."""
    x, y = arrays
    logits = model.predict(x, batch_size=100, verbose=0).astype("float64")
    largest = logits.max(axis=-1, keepdims=True)
    total = np.log(np.exp(logits - largest).sum(axis=-1)) + largest[..., 0]
    own = np.take_along_axis(logits, y[..., None], axis=-1)[..., 0]
    return float(np.mean(total - own))


def _windows(vocabulary: Vocabulary, text: str) -> tuple[np.ndarray, np.ndarray]:
    """The windows of the characters that the training text has, too."""
    known = set(vocabulary.characters)
    return vocabulary.windows("".join(c for c in text if c in known), TIMESTEPS)
