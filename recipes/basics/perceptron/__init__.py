"""The perceptron: gates it learns, the gate it cannot, and what a bias is for.

Read `gates` first. `rate`, `layer` and `xor` run on the same rule, in exact fractions,
so that ties at the threshold are decided by the rule and not by rounding. `bias`,
`biases_everywhere`, `flow` and `data_size` stand alone and need Keras.

Notes: 1.1 Neurons, perceptron, bias
Data: AND, OR and XOR; digits (or MNIST) for networks; a synthetic table of spam.
Run: recipes run perceptron          (about 25 s on 2 CPU cores)
References: McCulloch and Pitts (1943); Rosenblatt (1958); Minsky and Papert (1969).
"""

from dataclasses import dataclass
from typing import Literal

from recipes.lab import UsageError

LESSONS = (
    "gates",
    "rate",
    "layer",
    "xor",
    "bias",
    "biases_everywhere",
    "flow",
    "data_size",
)
SMOKE = {"seeds": 1, "starts": 3, "passes": 50, "steps": 40, "most": 60}


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 5
    "Networks for each case."
    starts: int = 100
    "Random starts of the rule, and of networks on XOR."
    passes: int = 4000
    "Passes over the four patterns of XOR."
    steps: int = 600
    "The fewest steps that train a network."
    most: int = 10000
    "The most training samples, where the data has them; at least 20."
    data: Literal["digits", "mnist", "fashion_mnist"] = "digits"
    "What the networks learn."

    def __post_init__(self):
        for name, most in (("starts", 10_000), ("passes", 100_000), ("steps", 100_000)):
            if not 1 <= getattr(self, name) <= most:
                raise UsageError(
                    f"--{name} must be 1 to {most}, not {getattr(self, name)}."
                )
        if self.most < 20:  # fewer may hold one class alone
            raise UsageError(f"--most must be at least 20, not {self.most}.")
