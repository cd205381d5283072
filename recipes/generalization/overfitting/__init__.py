"""Overfitting: 98 % in training and 54 % on the test, and what to do about it.

A network is built to have these two numbers before anything is tried: it learns 300
digits by heart of which half have a wrong label. Each remedy of the notes then gets the
strength that is best on validation rows, on other seeds, and must raise the accuracy on
a test that is read once: a narrower gap alone is no merit. The other lessons ask what
the two numbers mean, what more data brings, and what selecting features does.

Notes: 1.17 Augmentation and noise
Data: digits (or MNIST, Fashion-MNIST) with wrong labels, or few photographs (CIFAR-10);
    generated rows for the features.
Run: recipes run overfitting         (about 30 s on 2 CPU cores)
References: Zhang et al., Understanding Deep Learning Requires Rethinking Generalization
    (2017); Guyon and Elisseeff, An Introduction to Variable and Feature Selection
    (2003); Ambroise and McLachlan, Selection Bias in Gene Extraction (2002).
"""

from dataclasses import dataclass
from typing import Literal

from recipes.lab import UsageError

LESSONS = ("diagnosis", "remedies", "more_data", "features")
SMOKE = {"seeds": 2, "epochs": 2}


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 10
    "Independent repetitions, at most 100."
    epochs: int = 60
    "Passes over the rows, at most 1000."
    data: Literal["digits", "mnist", "fashion_mnist", "cifar10"] = "digits"
    "The images."

    def __post_init__(self):
        for name, most in (("seeds", 100), ("epochs", 1000)):
            value = getattr(self, name)
            if not 1 <= value <= most:
                raise UsageError(f"--{name} must be 1 to {most}, not {value}.")
