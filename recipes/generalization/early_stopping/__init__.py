"""Early stopping: when to stop, which weights to keep, and what that is worth.

Networks on digits and a linear model are trained to the end once, and every epoch's
losses are kept; Keras's own `EarlyStopping` is then shown the records and says where it
would have stopped. What it kept is judged on test rows that chose nothing. Read `rules`
first; the other lessons stand alone.

Notes: 1.18 Early stopping, checkpoints, monitoring
Data: digits (or MNIST, Fashion-MNIST), also with wrong labels; a generated regression.
Run: recipes run early_stopping      (about 20 s on 2 CPU cores)
References: Prechelt, Early Stopping - But When? (1998); Nakkiran et al., Deep Double
    Descent (2020); Heckel and Yilmaz, Early Stopping in Deep Networks: Double Descent
    and How to Eliminate It (2021).
"""

from dataclasses import dataclass
from typing import Literal

from recipes.lab import UsageError

LESSONS = ("rules", "records", "curves", "worth", "monitors")
SMOKE = {"seeds": 2, "epochs": 9}


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 10
    "Independent repetitions, at most 100."
    epochs: int = 60
    "Epochs of the networks, 9 to 1000; the linear model has 50 times as many."
    data: Literal["digits", "mnist", "fashion_mnist"] = "digits"
    "The images."

    def __post_init__(self):
        for name, least, most in (("seeds", 1, 100), ("epochs", 9, 1000)):
            value = getattr(self, name)
            if not least <= value <= most:
                raise UsageError(f"--{name} must be {least} to {most}, not {value}.")
