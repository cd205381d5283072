"""Dropout: what it drops, what it averages, and whether networks gain by it.

The first four lessons are exact: masks of Keras's layer are counted, and small networks
are averaged over every mask that there is. The others train networks on few images with
and without dropout and DropConnect, all stopped where the validation loss is least and
judged by a test set that chose nothing.

Notes: 1.16 Dropout and DropConnect
Data: Gaussian rows; digits (or MNIST, Fashion-MNIST), also with wrong labels.
Run: recipes run dropout             (about 70 s on 2 CPU cores)
References: Hinton et al. (2012); Wager, Wang and Liang (2013); Wan et al. (2013);
    Baldi and Sadowski (2013); Srivastava et al. (2014); Gal and Ghahramani (2016).
"""

from dataclasses import dataclass
from typing import Literal

from recipes.lab import UsageError

LESSONS = (
    "masks",
    "scaling",
    "all_masks",
    "penalty",
    "overfitting",
    "low_and_high",
    "reliance",
    "weights_or_units",
)
SMOKE = {"seeds": 2, "epochs": 3, "rows": 100}


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 10
    "Independent repetitions; the low rates take four times as many."
    epochs: int = 100
    "Passes over the images at most, 2 to 1000: trainings stop on validation."
    rows: int = 200
    "Images of the small training sets, 100 to 300; the larger are twice as many."
    data: Literal["digits", "mnist", "fashion_mnist"] = "digits"
    "The images."

    def __post_init__(self):
        # Digits: 797 of the 1,797 are for the test alone; validation takes 300 more.
        for name, least, most in (("epochs", 2, 1000), ("rows", 100, 300)):
            value = getattr(self, name)
            if not least <= value <= most:
                raise UsageError(f"--{name} must be {least} to {most}, not {value}.")
