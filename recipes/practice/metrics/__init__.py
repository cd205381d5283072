"""Metrics: which number to choose by, where to cut, and what a test score tells.

A metric is a question. Accuracy asks how many answers are right, precision how much of
what was found is right, recall how much was found, and F1 is one way to ask both. Read
`detectors` first, which chooses by each of them, then `thresholds`. `agreement` holds
Keras's metrics to scikit-learn's. `nodes` asks how many outputs ten classes need, and
`pixels` what accuracy says of a mask. The last three lessons are about the test set:
what 200 rows of it tell (`few_rows`), what is left of it after it chose (`once`), and
what copies of training rows in it are worth (`leaks`).

Notes: 1.28 Metrics, evaluation, shift
Data: two Gaussians, one row in twenty positive; faint discs; digits (or MNIST, as few
    and as small).
Run: recipes run metrics             (about 45 s on 2 CPU cores)
References: van Rijsbergen (1979) for F1; Elkan (2001); Blum and Hardt, The Ladder
    (2015); Zhang et al., Understanding Deep Learning Requires Rethinking
    Generalization (2017).
"""

from dataclasses import dataclass
from typing import Literal

from recipes.lab import UsageError

LESSONS = (
    "detectors",
    "thresholds",
    "agreement",
    "nodes",
    "pixels",
    "few_rows",
    "once",
    "leaks",
)
SMOKE = {"seeds": 2, "epochs": 1, "passes": 1}


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 10
    "Independent repetitions, at most 1000."
    epochs: int = 15
    "Passes of the networks over images, at most 1000; eight times as many by lot."
    passes: int = 20
    "Passes of the networks over made-up rows, at most 1000."
    data: Literal["digits", "mnist", "fashion_mnist"] = "digits"
    "The images, all as few and small as the digits."

    def __post_init__(self):
        for name in ("seeds", "epochs", "passes"):
            value = getattr(self, name)
            if not 1 <= value <= 1000:
                raise UsageError(f"--{name} must be 1 to 1000, not {value}.")
