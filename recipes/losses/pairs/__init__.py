"""Activation and loss in pairs: what reaches the logit, and what that does.

Every pair is taken twice. Its derivative in the logit is compared with the formula.
Then networks learn digits with it, from Keras's start and from one that is sure of a
wrong answer, with SGD and Adam, each at the best of five learning rates. Read `sigmoid`
first; the other lessons stand alone.

Notes: 1.7 Activation × loss pairs
Data: logits; digits, or MNIST as few and as small (odd or even, and which); a
    linear regression with noise.
Run: recipes run pairs   (about 20 s on 2 CPU cores)
References: Solla, Levin and Fleisher (1988); Glorot and Bengio (2010); Golik,
    Doetsch and Ney (2013).
"""

from dataclasses import dataclass
from typing import Literal

from recipes.lab import UsageError

LESSONS = ("sigmoid", "softmax", "relu", "logits", "probabilities")
SMOKE = {"seeds": 1, "epochs": 1, "passes": 2}


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 10
    "Independent repetitions."
    epochs: int = 10
    "Passes over the digits, at most 1000."
    passes: int = 30
    "Passes over the regression's rows, at most 1000."
    data: Literal["digits", "mnist", "fashion_mnist"] = "digits"
    "The images, all as few and small as the digits."

    def __post_init__(self):
        if self.epochs > 1000:
            raise UsageError(f"--epochs must be at most 1000, not {self.epochs}.")
        if self.passes > 1000:
            raise UsageError(f"--passes must be at most 1000, not {self.passes}.")
