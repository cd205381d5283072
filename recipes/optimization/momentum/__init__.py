"""Momentum: two forms of one method, and what each does to ravines and noise.

The notes write momentum with and without a factor (1 − β) before the gradient. Most of
what they say of it, for and against, is true of one form and not of the other at the
same learning rate. Read `averages` first, then `two_forms`; the other lessons stand
alone.

Notes: 1.9 Momentum and exponentially weighted averages
Data: analytic surfaces; nothing is trained.
Run: recipes run momentum            (about 10 s on 2 CPU cores)
References: Polyak (1964); Sutskever et al. (2013); Kingma and Ba (2015).
"""

from dataclasses import dataclass

from recipes.lab import UsageError

LESSONS = ("averages", "two_forms", "ravine", "limits", "noise", "hills")
SMOKE = {"seeds": 2, "condition": 10, "starts": 21}


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 5
    "Independent sequences of noise."
    beta: float = 0.9
    "How much of the velocity is kept from step to step, at most 0.99."
    condition: int = 100
    "The ravine's steep curvature over its shallow one, 2 to 1000."
    starts: int = 401
    "Starts along the double well, at least 11."

    def __post_init__(self):
        if self.beta > 0.99:  # what a simulation waits for would take too long
            raise UsageError(f"--beta must be at most 0.99, not {self.beta}.")
        if not 2 <= self.condition <= 1000:  # the race takes 20 × condition steps
            raise UsageError(f"--condition must be 2 to 1000, not {self.condition}.")
        if not 11 <= self.starts <= 100_001:
            raise UsageError(f"--starts must be 11 to 100001, not {self.starts}.")
