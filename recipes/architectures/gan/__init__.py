"""Generative adversarial networks: noise into numbers, noise into digits.

The losses are judged by formula, then both generator losses train a GAN of two small
networks on the line, in NumPy, and a DCGAN on images, each pair from the same seeds.

Notes: 1.25 Generative adversarial networks
Data: digits by default; `--data mnist` for larger ones (about 12 min).
Run: recipes run gan   (about 1 min on 2 CPU cores)
References: Goodfellow et al. (2014); Radford et al. (2015); Arjovsky and Bottou
    (2017); Heusel et al. (2017).
"""

from dataclasses import dataclass
from typing import Literal

LESSONS = ("losses", "equilibrium", "line", "early_signal", "images")
SMOKE = {
    "seeds": 1,
    "image_seeds": 1,
    "line_steps": 20,
    "head_start": 10,
    "steps": 10,
}


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 40
    "Independent repetitions on the line."
    image_seeds: int = 3
    "Independent repetitions on images."
    line_steps: int = 600
    "Updates of both networks on the line."
    head_start: int = 100
    "Updates of a discriminator that starts ahead."
    steps: int = 1500
    "Updates of both networks on images, in ten rounds."
    data: Literal["digits", "mnist", "fashion_mnist"] = "digits"
    "The images."
