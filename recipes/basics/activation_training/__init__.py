"""Activations in training: races, dead units and their cures, outputs by task.

Networks of one hidden layer with ten units are so small that a machine idles between
their steps; here all kinds and seeds of an experiment train side by side in one Keras
model, each as it would alone.

Notes: 1.3 Activation functions
Data: linear and curved regressions; XOR; digits (or MNIST) for the outputs by task.
Run: recipes run activation_training (about 35 s on 2 CPU cores)
References: LeCun et al., Efficient BackProp (1998); Maas et al. (2013); He et al.
    (2015); Friedman (1991) for the curved target.
"""

from dataclasses import dataclass
from typing import Literal

from recipes.lab import UsageError

LESSONS = (
    "race",
    "centers",
    "dead_units",
    "negative_inputs",
    "learned_slopes",
    "xor_starts",
    "regression_outputs",
    "outputs_by_task",
)
SMOKE = {"seeds": 1, "epochs": 2, "samples": 100}


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 10
    "Networks of each kind, at most 100; some lessons take a multiple."
    epochs: int = 100
    "Passes of the race, at most 1000; other lessons take a part or a multiple."
    samples: int = 800
    "The most images for the outputs by task, at least 50."
    data: Literal["digits", "mnist", "fashion_mnist"] = "digits"
    "The images for the outputs by task."

    def __post_init__(self):
        for name, least, most in (
            ("seeds", 1, 100),  # all of them train in one model
            ("epochs", 1, 1000),
            ("samples", 50, 60_000),
        ):
            value = getattr(self, name)
            if not least <= value <= most:
                raise UsageError(f"--{name} must be {least} to {most}, not {value}.")
