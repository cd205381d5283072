"""Exploding gradients: what makes them, and what they do to a training.

Wide networks of ten layers are measured from inside `fit` before they are trained, with
weights of many sizes; chains of layers are followed until a number overflows; networks
with too large weights are trained; and a recurrence is followed over 30 steps. Read
`growth` first; the other lessons stand alone.

Notes: 1.13 Vanishing, exploding, clipping
Data: digits (or MNIST, as few and as small); random chains and recurrences.
Run: recipes run exploding           (about 30 s on 2 CPU cores)
References: Bengio, Simard and Frasconi (1994); Glorot and Bengio (2010); Pascanu,
    Mikolov and Bengio (2013); Chizat, Oyallon and Bach (2019).
"""

from dataclasses import dataclass
from typing import Literal

from recipes.lab import UsageError

LESSONS = ("growth", "bounds", "divergence", "overfitting", "recurrence")
SMOKE = {"seeds": 1, "epochs": 1, "depth": 4}


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 10
    "Independent repetitions."
    epochs: int = 30
    "Passes over the data, where networks are trained to the end, at most 1000."
    depth: int = 10
    "Hidden layers of the deep networks, 3 to 100."
    data: Literal["digits", "mnist", "fashion_mnist"] = "digits"
    "The images, all as few and small as the digits."

    def __post_init__(self):
        if self.depth < 3:  # a first and a last layer, and what lies between
            raise UsageError(f"--depth must be at least 3, not {self.depth}.")
        if self.depth > 100:
            raise UsageError(f"--depth must be at most 100, not {self.depth}.")
        if self.epochs > 1000:
            raise UsageError(f"--epochs must be at most 1000, not {self.epochs}.")
