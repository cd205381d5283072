"""Weighted losses: what a weight buys, at what price, and what else would buy it.

A class is made rare, labels are made wrong, errors get unequal costs and two tasks
different scales. Every answer is judged by the metric that the task is about, and
compared with the rival that needs no weight. Read `imbalance` first; the other lessons
stand alone.

Notes: 1.6 Weighted losses
Data: two Gaussians, one row in twenty positive; digits (or MNIST, as few
    and as small); two made-up regressions.
Run: recipes run weighting   (about 20 s on 2 CPU cores)
References: Elkan (2001); Lin et al. (2017); Han et al. (2018); Kendall, Gal and
    Cipolla (2018); Zhang and Sabuncu (2018); Cui et al. (2019).
"""

from dataclasses import dataclass
from typing import Literal

from recipes.lab import UsageError

LESSONS = (
    "imbalance",
    "focal",
    "costs",
    "noise",
    "tasks",
    "example",
    "repetition",
)
SMOKE = {"seeds": 1, "samples": 400, "passes": 2, "epochs": 2}


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 10
    "Independent repetitions."
    samples: int = 4000
    "Training rows of the two Gaussians, 100 to 1000000."
    passes: int = 10
    "Passes over them, at most 1000."
    epochs: int = 20
    "Passes over the digits, and over the two tasks, at most 1000."
    data: Literal["digits", "mnist", "fashion_mnist"] = "digits"
    "The images, all as few and small as the digits."

    def __post_init__(self):
        if not 100 <= self.samples <= 1_000_000:  # five positive rows at least
            raise UsageError(f"--samples must be 100 to 1000000, not {self.samples}.")
        if self.passes > 1000:
            raise UsageError(f"--passes must be at most 1000, not {self.passes}.")
        if self.epochs > 1000:
            raise UsageError(f"--epochs must be at most 1000, not {self.epochs}.")
