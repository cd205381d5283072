"""Transfer learning: when a network that was trained on something else is a help.

A small convolutional network learns five digits from many images. Then it meets the
other five digits, with 5 or 20 images of each. Its last layer is replaced; the layers
below stay as they are, learn along, or are let go one after the other. The rivals are
a network that starts from nothing, one with frozen random features, and a linear model
on the pixels; each gets as many trial rates. Read `when` and `freezing` first.

Notes: 1.26 Transfer learning
Data: digits (or MNIST, Fashion-MNIST, as few and as small; or CIFAR-10, where the
    look-alikes are cats and dogs).
Run: recipes run transfer            (about 105 s on 2 CPU cores)
References: Yosinski et al., How Transferable Are Features in Deep Neural Networks?
    (2014); Howard and Ruder, Universal Language Model Fine-tuning for Text
    Classification (2018); Wang et al., Characterizing and Avoiding Negative Transfer
    (2019).
"""

from dataclasses import dataclass
from typing import Literal

from recipes.lab import UsageError

LESSONS = (
    "when",
    "look_alikes",
    "freezing",
    "choices",
    "listed_settings",
    "unrelated",
    "frozen_normalization",
)
SMOKE = {"seeds": 2, "steps": 4, "source_epochs": 1}


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 10
    "Independent repetitions, at most 100; the look-alikes take twice as many."
    steps: int = 160
    "Updates on the few images, at least: 4 to 10,000."
    source_epochs: int = 8
    "Passes over the many images of the source, 1 to 100."
    data: Literal["digits", "mnist", "fashion_mnist", "cifar10"] = "digits"
    "The images."

    def __post_init__(self):
        for name, least, most in (
            ("seeds", 1, 100),
            ("steps", 4, 10_000),
            ("source_epochs", 1, 100),
        ):
            value = getattr(self, name)
            if not least <= value <= most:
                raise UsageError(f"--{name} must be {least} to {most}, not {value}.")
