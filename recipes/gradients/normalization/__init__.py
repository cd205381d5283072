"""Normalization: what batch normalization does, and what it does for training.

Batch normalization gives every unit the mean and variance of its batch to share. The
first four lessons take one layer apart, in training, in inference and in front of a
sigmoid. The others train networks with and without it: how soon they learn, from
which weights, how deep, with how much noise, and where it belongs.

Notes: 1.14 Normalization
Data: Gaussian rows; digits (or MNIST, Fashion-MNIST); spirals.
Run: recipes run normalization       (about 95 s on 2 CPU cores)
References: Ioffe and Szegedy (2015); Ba, Kiros and Hinton (2016); Santurkar et al.
    (2018); Yang et al. (2019).
"""

from dataclasses import dataclass
from typing import Literal

from recipes.lab import UsageError

LESSONS = (
    "moments",
    "modes",
    "linear_regime",
    "layer_bias",
    "speed",
    "scales",
    "depth",
    "batch_noise",
    "drift",
    "placement",
)
SMOKE = {"seeds": 2, "epochs": 2, "rows": 100}


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 10
    "Independent repetitions."
    epochs: int = 20
    "Passes over the images, 2 to 1000; some lessons take a multiple."
    rows: int = 500
    "Images to train on, 100 to 650; half as many more choose learning rates."
    data: Literal["digits", "mnist", "fashion_mnist"] = "digits"
    "The images."

    def __post_init__(self):
        # Digits: 797 of the 1,797 are for the test alone, so 1,000 remain.
        for name, least, most in (("epochs", 2, 1000), ("rows", 100, 650)):
            value = getattr(self, name)
            if not least <= value <= most:
                raise UsageError(f"--{name} must be {least} to {most}, not {value}.")
