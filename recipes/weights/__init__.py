"""How the weights inside `zoo` are trained: `recipes train NAME`.

`TRAININGS` says what is trained on what; each family of networks has one file that says
how. Nothing here loads Keras before a training begins.
"""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Training:
    """One network on one data set.

    Attributes:
        how: The module of this folder that trains and scores it.
        data: Name of the data set.
        seeds: How many trainings the interval is made of; seed 0 is published.
        epochs: Passes over the training set.
        batch_size: Samples a step.
        learning_rate: Adam's at the first step.
        arguments: The builder's arguments that differ from its defaults.
    """

    how: str
    data: str
    seeds: int
    epochs: int
    batch_size: int
    learning_rate: float
    arguments: dict[str, Any] = field(default_factory=dict)


_DIGITS = {"input_shape": [8, 8, 1], "num_classes": 10}
_REVIEWS = {
    "input_shape": [200],
    "num_classes": 1,
    "units": [32],
    "vocabulary_size": 8000,
    "embedding_dim": 32,
    "mask_zero": True,
    "dropout": 0.5,
    "task": "binary",
}

# By "builder/weights", as in `zoo.create(builder, weights=weights)`.
TRAININGS = {
    "mlp/digits": Training("images", "digits", 5, 60, 32, 1e-3, _DIGITS),
    "mlp_mnist/mnist": Training("images", "mnist", 5, 8, 128, 1e-3),
    "lenet/digits": Training("images", "digits", 5, 40, 32, 1e-3, _DIGITS),
    "lenet/mnist": Training("images", "mnist", 3, 2, 128, 2e-3),
    "resnet20/digits": Training("images", "digits", 5, 30, 32, 4e-3, _DIGITS),
    "resnet20/mnist": Training(
        "images", "mnist", 3, 1, 128, 4e-3, {"input_shape": [28, 28, 1]}
    ),
    "lstm/imdb": Training("reviews", "imdb_reviews", 5, 3, 64, 2e-3, _REVIEWS),
    "char_lm/tiny_shakespeare": Training(
        "characters", "tiny_shakespeare", 3, 5, 32, 5e-3, {"vocabulary_size": 65}
    ),
    "dcgan/digits": Training(
        "samples", "digits", 5, 40, 32, 2e-4, {"image_shape": [8, 8, 1]}
    ),
    "dcgan/mnist": Training("samples", "mnist", 3, 1, 128, 4e-4),
}
