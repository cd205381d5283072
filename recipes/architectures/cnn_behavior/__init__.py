"""CNN behavior: what convolution and pooling do, and what they don't.

A convolution moves with its input, pooling forgets where, and weights are shared. Each
lesson takes one of these apart: by whole numbers where they are exact, and by small
networks and their controls (scrambled pixels, random filters, a pixel in place of
pooling) where training decides. Read `positions` first; the other lessons stand alone.

Notes: 1.22 CNN behavior
Data: digits (or MNIST, Fashion-MNIST, as few and as small); stripes are generated.
Run: recipes run cnn_behavior          (about 110 s on 2 CPU cores)
References: LeCun et al. (1989, 1998); Zeiler and Fergus (2014); Alain and Bengio,
    linear probes (2016); Lin, Chen and Yan (2013); Zhang (2019) on pooling and shifts.
"""

from dataclasses import dataclass
from typing import Literal

from recipes.lab import UsageError

LESSONS = (
    "positions",
    "small_changes",
    "noise",
    "pooled_fit",
    "hierarchy",
    "scales",
    "scrambled",
    "sharing",
    "patches",
    "bottleneck",
    "stuck",
)
SMOKE = {"seeds": 2, "epochs": 1}


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 10
    "Independent repetitions, at most 100."
    epochs: int = 12
    "Passes over 960 images, at most 1000; fewer images are passed more often."
    data: Literal["digits", "mnist", "fashion_mnist"] = "digits"
    "The images, all as few and small as the digits."

    def __post_init__(self):
        for name, least, most in (("seeds", 1, 100), ("epochs", 1, 1000)):
            value = getattr(self, name)
            if not least <= value <= most:
                raise UsageError(f"--{name} must be {least} to {most}, not {value}.")
