"""Learning rate schedules: six curves to the digit, and what they buy in training.

A schedule lowers (or swings) the learning rate as training goes on. `steps`, `waves`,
`cycles` and `plateau` put every formula of the notes beside what Keras does. `settling`
says why a falling rate helps, on a bowl with noisy slopes where all can be worked out;
the other lessons ask a network on digits what it gains.

Notes: 1.10 Learning rate and schedules
Data: a bowl with noisy slopes; digits (or MNIST, as few and as small) for the
    network.
Run: recipes run schedules           (about 35 s on 2 CPU cores)
References: Robbins and Monro (1951); Loshchilov and Hutter (2017), SGDR; Smith
    (2017), Cyclical Learning Rates; Kingma and Ba (2015).
"""

from dataclasses import dataclass
from typing import Literal

from recipes.lab import UsageError

LESSONS = (
    "steps",
    "waves",
    "cycles",
    "plateau",
    "settling",
    "gains",
    "overfitting",
    "first_rates",
)
SMOKE = {"seeds": 2, "epochs": 4, "rates": 3}


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 10
    "Independent repetitions."
    epochs: int = 16
    "Passes over the digits, from 4 to 1000."
    rates: int = 5
    "Learning rates of each sweep, half a decade apart; at most 25."
    data: Literal["digits", "mnist", "fashion_mnist"] = "digits"
    "The images that the network learns, all as few and small as the digits."

    def __post_init__(self):
        if not 4 <= self.epochs <= 1000:
            raise UsageError(f"--epochs must be 4 to 1000, not {self.epochs}.")
        if self.rates > 25:
            raise UsageError(f"--rates must be at most 25, not {self.rates}.")
