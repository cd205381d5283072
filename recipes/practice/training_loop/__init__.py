"""The training loop: one training written four ways, and what each step is for.

Zero the gradients, run the model forward, compute the loss, go backward, update. The
loop is written for Keras, TensorFlow, JAX and PyTorch and held against one in NumPy;
then its steps are left out and exchanged one by one. Read `four_ways` first.

Notes: 1.2 Forward pass, chain rule, back-propagation by hand
Data: digits (or MNIST, as few and as small).
Run: recipes run training_loop       (about 15 s on 2 CPU cores)
References: Rumelhart, Hinton and Williams (1986); Paszke et al. (2019).
"""

from dataclasses import dataclass
from typing import Literal

from recipes.lab import UsageError

LESSONS = ("four_ways", "steps", "reports")
SMOKE = {"steps": 4}


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    steps: int = 60
    "Updates of every training, 4 to 1000."
    data: Literal["digits", "mnist", "fashion_mnist"] = "digits"
    "The images, all as few and small as the digits."

    def __post_init__(self):
        if not 4 <= self.steps <= 1000:
            raise UsageError(f"--steps must be 4 to 1000, not {self.steps}.")
