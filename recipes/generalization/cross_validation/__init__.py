"""Cross-validation: what k folds tell, how surely, and what they do not do.

The samples are split into k folds; each is held out once, while a model is fitted to
the others, and the k scores are averaged. Read `folds` first, which counts; then
`average`, where a network is trained on folds. The other lessons stand alone; they fit
linear models, neighbors and trees, thousands of times.

Notes: 1.19 Cross-validation, bias and variance
Data: digits (or MNIST, Fashion-MNIST) for the network; Gaussian rows and curves.
Run: recipes run cross_validation          (about 30 s on 2 CPU cores)
References: Stone (1974); Kohavi (1995); Hastie, Tibshirani and Friedman, The Elements
    of Statistical Learning, chapter 7 (2009); Cawley and Talbot (2010).
"""

from dataclasses import dataclass
from typing import Literal

from recipes.lab import UsageError

LESSONS = (
    "folds",
    "average",
    "reliable",
    "leave_one_out",
    "selection",
    "memorizing",
)
SMOKE = {"seeds": 2, "repeats": 3, "epochs": 1}


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 10
    "Independent repetitions, at most 1000."
    repeats: int = 20
    "Data sets a repetition, whose errors are averaged, 2 to 1000."
    epochs: int = 60
    "Passes of a network over its samples, at most 1000."
    data: Literal["digits", "mnist", "fashion_mnist"] = "digits"
    "The images for the network."

    def __post_init__(self):
        for name, least in (("seeds", 1), ("repeats", 2), ("epochs", 1)):
            value = getattr(self, name)
            if not least <= value <= 1000:
                raise UsageError(f"--{name} must be {least} to 1000, not {value}.")
