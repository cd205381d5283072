"""Deep learning: what networks find by themselves, and what size and weights tell.

Six sentences that are said of networks in general. They learn features that others
design by hand; they penalize themselves as ridge and lasso do; a category fits into one
neuron; a bigger network is a better one; layers and units are capacity; a higher weight
is a stronger influence. Each lesson stands alone.

Notes: 1.30 General deep-learning statements
Data: digits (or MNIST, Fashion-MNIST, as few and as small); generated regressions.
Run: recipes run deep_learning       (about 55 s on 2 CPU cores)
References: Dalal and Triggs, Histograms of Oriented Gradients (2005); Zhang et al.,
    Understanding Deep Learning Requires Rethinking Generalization (2017); Ali et al., A
    Continuous-Time View of Early Stopping for Least Squares (2019); Guo and Berkhahn,
    Entity Embeddings of Categorical Variables (2016).
"""

from dataclasses import dataclass
from typing import Literal

from recipes.lab import UsageError

LESSONS = (
    "features",
    "own_penalty",
    "categories",
    "bigger",
    "capacity",
    "influence",
)
SMOKE = {"seeds": 2, "epochs": 2, "rows": 100}


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 10
    "Independent repetitions, at most 100; the features take twice as many."
    epochs: int = 60
    "Passes over the rows, 1 to 1000."
    rows: int = 300
    "Images to learn from, 100 to 700; the features are tried with 100 and 700, too."
    data: Literal["digits", "mnist", "fashion_mnist"] = "digits"
    "The images."

    def __post_init__(self):
        for name, least, most in (
            ("seeds", 1, 100),
            ("epochs", 1, 1000),
            ("rows", 100, 700),  # 797 of 1,797 images are for the test, 300 validate
        ):
            value = getattr(self, name)
            if not least <= value <= most:
                raise UsageError(f"--{name} must be {least} to {most}, not {value}.")
