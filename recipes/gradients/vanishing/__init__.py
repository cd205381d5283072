"""Vanishing gradients: where they come from, and what brings them back.

Networks of ten hidden layers are watched from inside `fit`: the norm of every layer's
gradient before training, how much each layer then learns, and what each remedy
changes. Recurrent networks recall the first symbol of a sequence. Read `slopes` and
`depth` first; the other lessons stand alone.

Notes: 1.13 Vanishing, exploding, clipping
Data: digits (or MNIST, as few and as small); generated sequences.
Run: recipes run vanishing           (about 30 s on 2 CPU cores)
References: Hochreiter (1991); Bengio, Simard and Frasconi (1994); Glorot and Bengio
    (2010); He, Zhang, Ren and Sun (2015); Ioffe and Szegedy (2015).
"""

from dataclasses import dataclass
from typing import Literal

from recipes.lab import UsageError

LESSONS = ("slopes", "depth", "remedies", "memory", "diagnosis")
SMOKE = {"seeds": 1, "epochs": 1, "depth": 4, "length": 30}


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 5
    "Independent repetitions."
    epochs: int = 5
    "Passes over the data, at most 1000."
    depth: int = 10
    "Hidden layers of the deep networks, 4 to 100."
    length: int = 100
    "Steps of the longest sequences, 21 to 1000."
    data: Literal["digits", "mnist", "fashion_mnist"] = "digits"
    "The images, all as few and small as the digits."

    def __post_init__(self):
        if self.epochs > 1000:
            raise UsageError(f"--epochs must be at most 1000, not {self.epochs}.")
        if self.depth < 4:  # half of it must have a first and a last layer
            raise UsageError(f"--depth must be at least 4, not {self.depth}.")
        if self.depth > 100:
            raise UsageError(f"--depth must be at most 100, not {self.depth}.")
        if not 20 < self.length <= 1000:  # longer than the short sequences
            raise UsageError(f"--length must be 21 to 1000, not {self.length}.")
