"""Gradient clipping: what it does to a gradient, and to a training that explodes.

The same gradients are clipped in every way that Keras and this project's callbacks
offer, and compared with the formulas. Recurrent networks whose gradients explode are
trained with and without clipping. Read `rules` first.

Notes: 1.13 Vanishing, exploding, clipping
Data: the adding problem.
Run: recipes run clipping            (about 20 s on 2 CPU cores)
References: Pascanu, Mikolov and Bengio (2013); Seetharaman et al. (2020).
"""

from dataclasses import dataclass

from recipes.lab import UsageError

LESSONS = ("rules", "rescue")
SMOKE = {"seeds": 1, "epochs": 1}


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 10
    "Independent repetitions."
    epochs: int = 10
    "Passes over the data, at most 1000."

    def __post_init__(self):
        if self.epochs > 1000:
            raise UsageError(f"--epochs must be at most 1000, not {self.epochs}.")
