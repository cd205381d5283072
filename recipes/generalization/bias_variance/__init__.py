"""Bias and variance: what a model is too simple to learn, and what it learns of noise.

The notes know two ways to be wrong: a straight line through a curve, and a wiggly curve
through every point. `curves` fits both. `parts` shows that the error is a sum, and
`balance` and `complexity` ask whether more of one always means less of the other. It
does up to the point at which a model fits every training row, and not beyond it.

Notes: 1.19 Cross-validation, bias and variance
Data: noisy curves and a noisy plane; digits (or MNIST) for a tree and a network.
Run: recipes run bias_variance       (about 30 s on 2 CPU cores)
References: Geman, Bienenstock and Doursat (1992); Belkin et al. (2019); Nakkiran et al.
    (2020); Yang et al. (2020).
"""

from dataclasses import dataclass
from typing import Literal

from recipes.lab import UsageError

LESSONS = ("curves", "parts", "definitions", "balance", "complexity")
SMOKE = {"seeds": 2, "sets": 5, "epochs": 2, "samples": 100}


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 10
    "Independent repetitions."
    sets: int = 100
    "Training sets from which bias and variance are estimated, 2 to 10000."
    epochs: int = 100
    "Passes of the networks over their images, at most 1000."
    samples: int = 1000
    "The most images to train on, at least 50."
    data: Literal["digits", "mnist", "fashion_mnist"] = "digits"
    "The images for the tree and the network."

    def __post_init__(self):
        for name, least, most in (
            ("sets", 2, 10_000),  # a variance needs two
            ("epochs", 1, 1000),
            ("samples", 50, 60_000),
        ):
            value = getattr(self, name)
            if not least <= value <= most:
                raise UsageError(f"--{name} must be {least} to {most}, not {value}.")
