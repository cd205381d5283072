"""Loss landscapes: saddles, local minima, and how descent gets past them.

Surfaces of one and two weights where everything can be counted, and the critical
points of matrices and of a linear autoencoder, where all of them are known. `saddles`
says what a saddle is; the other lessons stand alone.

Notes: 1.12 Loss landscape: minima and saddles
Data: analytic surfaces; nothing is trained.
Run: recipes run landscape           (about 12 s on 2 CPU cores)
References: Baldi and Hornik (1989); Dauphin et al. (2014); Dean and Majumdar (2006).
"""

from dataclasses import dataclass

from recipes.lab import UsageError

LESSONS = ("saddles", "race", "dimension", "wells", "oscillation")
SMOKE = {"seeds": 2, "walkers": 10, "matrices": 500, "inputs": 4}


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 10
    "Independent sequences of noise, and of random matrices."
    walkers: int = 100
    "Points in a double well for each seed, at most 100000."
    matrices: int = 10_000
    "Random matrices of each size for each seed, at most 200000."
    inputs: int = 6
    "The most inputs of a linear autoencoder, from 4 to 8."

    def __post_init__(self):
        if not 4 <= self.inputs <= 8:
            raise UsageError(f"--inputs must be from 4 to 8, not {self.inputs}.")
        for name, limit in (("walkers", 100_000), ("matrices", 200_000)):
            if getattr(self, name) > limit:
                raise UsageError(
                    f"--{name} must be at most {limit}, not {getattr(self, name)}."
                )
