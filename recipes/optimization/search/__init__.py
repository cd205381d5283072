"""Search for hyperparameters: grid, random, model-guided and stopped early.

How many trainings does a search need, and what does it find that the default hasn't?
One network, trained at 54 pairs of rate and momentum for each seed, is the ground on
which all searches of this recipe are compared: what they would have found is read from
its table. Functions whose best value is known stand beside it. Read `grids` first;
`libraries` has a search on file that you can copy for your own.

Notes: 1.20 Hyper-parameter search
Data: functions of one to five dimensions; digits (or MNIST) for the network.
Run: recipes run search              (about 50 s on 2 CPU cores)
References: Bergstra et al. (2011), TPE; Bergstra and Bengio (2012); Li et al. (2018),
    Hyperband; Akiba et al. (2019), Optuna.
"""

from dataclasses import dataclass
from typing import Literal

from recipes.lab import UsageError

LESSONS = (
    "grids",
    "bayesian",
    "refining",
    "budgets",
    "libraries",
    "baseline",
    "overshooting",
    "interactions",
)
SMOKE = {"seeds": 2, "searches": 2, "epochs": 3, "rows": 128}


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 10
    "Independent repetitions: each has a network, its rows, and its searches."
    searches: int = 10
    "Model-guided searches a seed, at most 1000; of cheap ones a hundred times as many."
    epochs: int = 27
    "Passes of the network at each pair: 3, 9, 27 or 81."
    rows: int = 512
    "Images to train on: 64 to 50000."
    data: Literal["digits", "mnist", "fashion_mnist"] = "digits"
    "The images."

    def __post_init__(self):
        if not 1 <= self.searches <= 1000:
            raise UsageError(f"--searches must be 1 to 1000, not {self.searches}.")
        if self.epochs not in (3, 9, 27, 81):  # Hyperband keeps a third at each stop
            raise UsageError(f"--epochs must be 3, 9, 27 or 81, not {self.epochs}.")
        limit = 1000 if self.data == "digits" else 50_000
        if not 64 <= self.rows <= limit:
            raise UsageError(
                f"--rows must be 64 to {limit} with {self.data}, not {self.rows}."
            )
