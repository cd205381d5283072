"""Optimizers: six update rules, one table, and what a learning rate explains.

The notes train one network on MNIST with SGD, Adam, RMSprop and AdaGrad and conclude
that SGD is slow. Here the rules are checked one by one, the table is reproduced, and
then every optimizer gets a sweep of learning rates.

Notes: 1.8 Optimizers
Data: digits by default; `--data mnist` reproduces the notes' table (about 10 min).
Run: recipes run optimizers   (about 1 min on 2 CPU cores)
References: Robbins and Monro (1951); Polyak (1964); Duchi et al. (2011);
    Tieleman and Hinton (2012); Zeiler (2012); Kingma and Ba (2015).
"""

from dataclasses import dataclass
from typing import Literal

from recipes.lab import UsageError

LESSONS = (
    "update_rules",
    "step_sizes",
    "memory",
    "what_is_kept",
    "rare_words",
    "small_problems",
    "recurrent_network",
    "notes_table",
    "learning_rates",
    "at_best",
)
SMOKE = {"seeds": 2, "epochs": 1, "rates": 2}


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 8
    "Independent repetitions."
    epochs: int = 5
    "Passes over the data."
    rates: int = 9
    "Learning rates of the sweep, from 1e-4 to 1: 2 to 100."
    data: Literal["digits", "mnist", "fashion_mnist"] = "digits"
    "What the network learns."

    def __post_init__(self):
        if not 2 <= self.rates <= 100:
            raise UsageError(f"--rates must be 2 to 100, not {self.rates}.")
