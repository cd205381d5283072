"""Shift: a model that does well on the dev set and fails in deployment.

A dev set tells what comes only if what comes is like it. Here the same network meets
images with noise, moved, dimmed, or in other shares of the classes than its dev set
had, and images like its own as the control. Read `deployment` first; `detection` asks
whether the shift can be seen without labels.

Notes: 1.28 Metrics, evaluation, shift
Data: digits (or MNIST, as few and as small).
Run: recipes run shift               (about 25 s on 2 CPU cores)
References: Saerens, Latinne and Decaestecker (2002); Lipton, Wang and Smola (2018);
    Rabanser, Günnemann and Lipton, Failing Loudly (2019).
"""

from dataclasses import dataclass
from typing import Literal

from recipes.lab import UsageError

LESSONS = ("deployment", "detection")
SMOKE = {"seeds": 2, "epochs": 1}


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 10
    "Independent repetitions, at most 1000."
    epochs: int = 15
    "Passes over the images, at most 1000."
    data: Literal["digits", "mnist", "fashion_mnist"] = "digits"
    "The images, all as few and small as the digits."

    def __post_init__(self):
        for name in ("seeds", "epochs"):
            value = getattr(self, name)
            if not 1 <= value <= 1000:
                raise UsageError(f"--{name} must be 1 to 1000, not {value}.")
