"""Classification losses: cross-entropy, hinge, and what the wrong one costs.

Formulas are compared with Keras's, at moderate logits and at ±1000. Then networks are
trained: on several labels at once, with losses that do not fit ten classes, on labels
that are wrong in part, to be compared by their loss, and as in the notes' printed run.
Read `cross_entropy` first; the other lessons stand alone.

Notes: 1.5 Loss functions
Data: digits (or MNIST, as few and as small); generated classes, among
    them the 1000 x 20 of the notes' run.
Run: recipes run classification      (about 20 s on 2 CPU cores)
References: Cortes and Vapnik (1995); Szegedy et al. (2016) for label smoothing;
    Ghosh et al. (2017) and Zhang and Sabuncu (2018) for noisy labels.
"""

from dataclasses import dataclass
from typing import Literal

from recipes.lab import UsageError

LESSONS = (
    "cross_entropy",
    "from_logits",
    "several_labels",
    "hinge",
    "margin",
    "mismatch",
    "wrong_labels",
    "comparing",
    "cost",
    "printed_run",
)
SMOKE = {
    "seeds": 2, "epochs": 2, "digits_epochs": 2, "noisy_passes": 5, "passes": 2,
    "compared_epochs": 5,
}  # fmt: skip


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 10
    "Networks for each case."
    epochs: int = 20
    "Epochs of the notes' run, at most 1000."
    digits_epochs: int = 20
    "The most epochs on digits until nine in ten are right, at most 1000."
    noisy_passes: int = 50
    "Passes over digits of which some labels are wrong, in steps of 5, at most 5000."
    noisy_samples: int = 600
    "Digits to learn from then, 100 to 1437; the others are for the test."
    compared_epochs: int = 60
    "Epochs of networks that are compared by their loss, at most 1000."
    passes: int = 20
    "Passes over generated classes, at most 1000."
    noise: float = 0.2
    "Share of wrong labels, between 0 and 1."
    data: Literal["digits", "mnist", "fashion_mnist"] = "digits"
    "The images, all as few and small as the digits."

    def __post_init__(self):
        most = {"epochs": 1000, "digits_epochs": 1000, "noisy_passes": 5000}
        most |= {"compared_epochs": 1000, "passes": 1000}
        for name, limit in most.items():
            value = getattr(self, name)
            if value > limit:
                flag = name.replace("_", "-")
                raise UsageError(f"--{flag} must be at most {limit}, not {value}.")
        if not 100 <= self.noisy_samples <= 1437:
            raise UsageError(
                f"--noisy-samples must be 100 to 1437, not {self.noisy_samples}."
            )
        if not 0 < self.noise < 1:
            raise UsageError(f"--noise must be between 0 and 1, not {self.noise}.")
