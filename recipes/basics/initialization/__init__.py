"""Initial weights: units that must differ, and variances that must last.

Four hidden units start alike and are trained with every supposed cure. Random networks
of ten layers show what Xavier's and He's variances keep, for signals and for gradients,
and trainings from good and bad starts what that is worth. Read `symmetry` and `depth`
first.

Notes: 1.4 Initialization and symmetry
Data: digits (or MNIST); Gaussian inputs for variances.
Run: recipes run initialization      (about 30 s on 2 CPU cores)
References: LeCun, Bottou, Orr and Müller (1998); Glorot and Bengio (2010); He, Zhang,
    Ren and Sun (2015).
"""

from dataclasses import dataclass
from typing import Literal

from recipes.lab import UsageError

LESSONS = ("symmetry", "cures", "rules", "depth", "explosion", "starts")
SMOKE = {"seeds": 1, "steps": 30, "epochs": 1, "depth": 3, "width": 32, "draws": 2}


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 5
    "Trainings of each case; twice as many where starts race."
    steps: int = 300
    "The fewest steps that train a network of four hidden units."
    epochs: int = 20
    "Passes over the data for all other networks."
    samples: int = 1408
    "The most training images, at least 64."
    depth: int = 10
    "Layers of the random networks, 2 to 50."
    width: int = 256
    "Units of each of their layers, 16 to 2048."
    draws: int = 12
    "Random networks for each kind, 2 to 1000."
    data: Literal["digits", "mnist", "fashion_mnist"] = "digits"
    "What the networks learn."

    def __post_init__(self):
        limits = {
            "steps": (1, 100_000),
            "epochs": (1, 1000),
            "samples": (64, 1_000_000),
            "depth": (2, 50),  # beyond it N(0, 1) leaves what a float can hold
            "width": (16, 2048),
            "draws": (2, 1000),
        }
        for name, (least, most) in limits.items():
            if not least <= getattr(self, name) <= most:
                raise UsageError(
                    f"--{name} must be {least} to {most}, not {getattr(self, name)}."
                )
