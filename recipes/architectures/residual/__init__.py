"""Residual networks: what a skip connection cures, and what it costs.

A block is taken apart, one block after another is switched off, Jacobians are
followed through 50 random layers, and networks of 20 and 40 layers are trained with
and without skip connections, each at the best of three learning rates. Read `block`
and `bypass` first; the other two lessons stand alone.

Notes: 1.23 Residual networks
Data: digits (or MNIST, as few and as small); random stacks of 64×64 layers.
Run: recipes run residual   (about 40 s on 2 CPU cores)
References: He, Zhang, Ren and Sun (2015, 2016); Ioffe and Szegedy (2015); Zhang,
    Dauphin and Ma (2019); De and Smith (2020).
"""

from dataclasses import dataclass
from typing import Literal

from recipes.lab import UsageError

LESSONS = ("block", "bypass", "trainable", "depth")
SMOKE = {"seeds": 1, "epochs": 1, "depth": 2}


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 5
    "Independent repetitions."
    epochs: int = 8
    "Passes over the data, at most 1000."
    depth: int = 40
    "Hidden layers of the deep networks, 2 to 200; the shallower ones have half."
    data: Literal["digits", "mnist", "fashion_mnist"] = "digits"
    "The images, all as few and small as the digits."

    def __post_init__(self):
        if self.epochs > 1000:
            raise UsageError(f"--epochs must be at most 1000, not {self.epochs}.")
        if not 2 <= self.depth <= 200:
            raise UsageError(f"--depth must be 2 to 200, not {self.depth}.")
