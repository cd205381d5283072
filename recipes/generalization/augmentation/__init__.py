"""Augmentation: new training samples from old ones, and what they are worth.

A hundred images, a few sentences or a few curves are changed at random while a network
learns, in ways that keep their labels. Read `inside` first: where augmentation belongs,
and when it is off. Then `geometric` and `positions`, where it gains most; the other
lessons stand alone.

Notes: 1.17 Augmentation and noise
Data: digits (or MNIST, Fashion-MNIST); stripes, opinions and waves are generated.
Run: recipes run augmentation          (about 130 s on 2 CPU cores)
References: Simard et al. (2003); Zhang et al., mixup (2018); Yun et al., CutMix (2019);
    Zhong et al., Random Erasing (2020); Novak et al. (2018); Bishop (1995); Chawla et
    al., SMOTE (2002); Wei and Zou, EDA (2019).
"""

from dataclasses import dataclass
from typing import Literal

from recipes.lab import UsageError

LESSONS = (
    "inside",
    "geometric",
    "positions",
    "real_images",
    "lighting",
    "noise",
    "mixing",
    "smoothness",
    "stripes",
    "words",
    "series",
    "generated",
)
SMOKE = {"seeds": 2, "epochs": 1}


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 10
    "Training sets of each kind, each with weights of its own, at most 100."
    epochs: int = 60
    "Passes over 100 images, at most 1000; other lessons take a part or a multiple."
    data: Literal["digits", "mnist", "fashion_mnist"] = "digits"
    "The images."

    def __post_init__(self):
        for name, least, most in (("seeds", 1, 100), ("epochs", 1, 1000)):
            value = getattr(self, name)
            if not least <= value <= most:
                raise UsageError(f"--{name} must be {least} to {most}, not {value}.")
