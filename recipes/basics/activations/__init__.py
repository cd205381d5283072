"""Activations: formulas, slopes, kinks, and what each costs.

Every formula of the notes is written out in NumPy and compared with Keras, every
derivative with central differences and the backend's autodiff. What activations do to
a training is in the recipes `activation_training` and `activation_depth`.

Notes: 1.3 Activation functions
Data: points on a line; a small regression for the step function.
Run: recipes run activations         (about 12 s on 2 CPU cores)
References: Nair and Hinton (2010); Maas et al. (2013); Goodfellow et al. (2013);
    He et al. (2015); Clevert et al. (2016); Ramachandran et al. (2017).
"""

from dataclasses import dataclass

from recipes.lab import UsageError

LESSONS = (
    "formulas",
    "sigmoids",
    "ranges",
    "kinks",
    "maxout",
    "flat_parts",
    "softmax",
    "cost",
)
SMOKE = {"draws": 900, "steps": 20, "rounds": 2, "elements": 4096}


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    draws: int = 20000
    "Jacobians of softmax, at least 9."
    steps: int = 200
    "Training steps in front of a step function, at least 10."
    rounds: int = 15
    "Timings of each activation, at least 2."
    elements: int = 1048576
    "Numbers that a timed activation works on, at least 256."

    def __post_init__(self):
        for name, least, most in (
            ("draws", 9, 10_000_000),
            ("steps", 10, 100_000),
            ("rounds", 2, 10_000),
            ("elements", 256, 2**27),
        ):
            value = getattr(self, name)
            if not least <= value <= most:
                raise UsageError(f"--{name} must be {least} to {most}, not {value}.")
