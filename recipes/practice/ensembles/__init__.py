"""Ensembles: what several networks know together, and what one of their size knows.

Five small networks learn the same few images, some of them with a wrong label. Their
mean prediction is compared with the mean member, with the best one, and with a single
network that has as many parameters as all five. Two lessons fuse inputs in place of
predictions, and stack a network with a random forest. Read `late_fusion` first.

Notes: 1.27 Ensembles and fusion
Data: digits (or MNIST, Fashion-MNIST, as few and as small); Friedman's curved
    regression with outliers for the stack.
Run: recipes run ensembles           (about 55 s on 2 CPU cores)
References: Hansen and Salamon, Neural Network Ensembles (1990); Krogh and Vedelsby,
    Neural Network Ensembles, Cross Validation, and Active Learning (1995); Breiman,
    Bagging Predictors (1996); Wolpert, Stacked Generalization (1992).
"""

from dataclasses import dataclass
from typing import Literal

from recipes.lab import UsageError

LESSONS = ("late_fusion", "different_ways", "dropout_link", "early_fusion", "stacking")
SMOKE = {"seeds": 2, "epochs": 2, "rows": 100}


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 10
    "Independent repetitions, at most 100; dropout is tried with four times as many."
    epochs: int = 40
    "Passes over the rows, 1 to 1000."
    rows: int = 300
    "Rows to learn from, 100 to 500."
    data: Literal["digits", "mnist", "fashion_mnist"] = "digits"
    "The images."

    def __post_init__(self):
        for name, least, most in (
            ("seeds", 1, 100),
            ("epochs", 1, 1000),
            ("rows", 100, 500),  # 797 of 1,797 images are for the test, 300 validate
        ):
            value = getattr(self, name)
            if not least <= value <= most:
                raise UsageError(f"--{name} must be {least} to {most}, not {value}.")
