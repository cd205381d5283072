"""Gradient descent: what a learning rate too small or too large does, and cures.

The two exercises of the notes step by step, then the limits: exactly on parabolas,
and with a network on digits.

Notes: 1.10 Learning rate and schedules
Data: parabolas and a double well; digits (or MNIST, as few and as small) for the
    network.
Run: recipes run gradient_descent    (about 15 s on 2 CPU cores)
References: Cauchy (1847); LeCun et al. (1998), Efficient BackProp.
"""

from dataclasses import dataclass
from typing import Literal

from recipes.lab import UsageError

LESSONS = ("rates", "cures", "wells")
SMOKE = {"seeds": 2, "epochs": 1, "walkers": 10, "steps": 500}


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 10
    "Independent repetitions."
    epochs: int = 5
    "Passes over the digits."
    walkers: int = 100
    "Points in a double well for each seed, at most 100000."
    steps: int = 5000
    "Steps in the double well at the larger rate, at most a million."
    data: Literal["digits", "mnist", "fashion_mnist"] = "digits"
    "The images that the network learns, all as few and small as the digits."

    def __post_init__(self):
        if self.walkers > 100_000:
            raise UsageError(f"--walkers must be at most 100000, not {self.walkers}.")
        if self.steps > 1_000_000:
            raise UsageError(f"--steps must be at most 1000000, not {self.steps}.")
