"""Penalties: what L1 and L2 do to weights, and when that helps on new data.

A penalty adds the size of the weights to the loss. Linear models show what it does to
them, where every answer has a formula; a network on few digits, also with half of its
labels wrong, shows what it is worth. Read `sparsity` and `spreading` first; the other
lessons stand alone.

Notes: 1.15 Regularization: L1 and L2
Data: generated linear problems; digits (or MNIST, Fashion-MNIST) for the networks.
Run: recipes run penalties           (about 55 s on 2 CPU cores)
References: Tibshirani, Regression Shrinkage and Selection via the Lasso (1996); Hoerl
    and Kennard, Ridge Regression (1970); Frank and Friedman (1993) for powers between;
    Daubechies, Defrise and De Mol (2004) for the proximal step; Loshchilov and Hutter,
    Decoupled Weight Decay Regularization (2019).
"""

from dataclasses import dataclass
from typing import Literal

from recipes.lab import UsageError

LESSONS = (
    "sparsity",
    "spreading",
    "powers",
    "balance",
    "decay",
    "gap",
    "network_size",
    "small_weights",
)
SMOKE = {"seeds": 2, "epochs": 2, "samples": 50, "steps": 200}


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 10
    "Independent repetitions, at most 100; the linear problems take a multiple."
    epochs: int = 60
    "Passes of the networks over their rows, at most 1000."
    samples: int = 300
    "Images that a network learns from, 50 to 600."
    steps: int = 2000
    "Steps of the linear models that learn by gradient descent, at most 100000."
    data: Literal["digits", "mnist", "fashion_mnist"] = "digits"
    "The images for the networks."

    def __post_init__(self):
        for name, least, most in (
            ("seeds", 1, 100),
            ("epochs", 1, 1000),
            ("samples", 50, 600),
            ("steps", 200, 100_000),
        ):
            value = getattr(self, name)
            if not least <= value <= most:
                raise UsageError(f"--{name} must be {least} to {most}, not {value}.")
