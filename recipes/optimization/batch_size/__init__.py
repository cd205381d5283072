"""Batch size: how much noise, how many updates, how long, and what is learned.

Whether small batches are better depends on what is held equal: epochs or updates,
and whether each size may have the learning rate that suits it. Read `epochs` and
`noise` first, which count and measure what a batch is; then `small_or_large`, where a
network learns. The other lessons stand alone.

Notes: 1.11 Batch size and gradient-descent variants
Data: Gaussian rows and a double well; digits (or MNIST, as few and as small) for the
    networks.
Run: recipes run batch_size          (about 40 s on 2 CPU cores)
References: Robbins and Monro (1951); Ioffe and Szegedy (2015); Keskar et al. (2017);
    Shallue et al. (2019).
"""

from dataclasses import dataclass
from typing import Literal

from recipes.lab import UsageError

LESSONS = (
    "epochs",
    "data_size",
    "noise",
    "wandering",
    "wells",
    "small_or_large",
    "gaps",
    "normalization",
    "hardware",
    "update_cost",
)
SMOKE = {"seeds": 2, "epochs": 2, "updates": 132, "rounds": 3, "steps": 200}


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 8
    "Independent repetitions."
    epochs: int = 12
    "Passes over the digits, where sizes are compared at equal epochs; at most 1000."
    updates: int = 264
    "Updates, where they are compared at equal updates: a multiple of 66."
    rounds: int = 30
    "Rounds of the timings, at most 10000."
    steps: int = 2000
    "Steps in the double well, at most a million."
    data: Literal["digits", "mnist", "fashion_mnist"] = "digits"
    "The images that the networks learn, all as few and small as the digits."

    def __post_init__(self):
        if self.updates % 66:  # an epoch of the smallest batches has 66
            raise UsageError(f"--updates must be a multiple of 66, not {self.updates}.")
        highest = {"epochs": 1000, "updates": 66_000, "rounds": 10_000, "steps": 10**6}
        for name, limit in highest.items():
            if getattr(self, name) > limit:
                raise UsageError(
                    f"--{name} must be at most {limit}, not {getattr(self, name)}."
                )
