"""Back-propagation by hand: the worked numbers, the formulas and their slips.

The forward and the backward pass are written out in NumPy and held against the
backend's autodiff and against finite differences. The same pass then trains: XOR from
many starts, and curves with more and more hidden units. Read `worked` first, then
`derivatives` and `layers`; the other lessons train.

Notes: 1.2 Forward pass, chain rule, back-propagation by hand
Data: the notes' worked examples; XOR; sin(x) and abs(x) on [-π, π].
Run: recipes run backprop            (about 15 s on 2 CPU cores)
References: Rumelhart, Hinton and Williams (1986); Cybenko (1989).
"""

from dataclasses import dataclass

from recipes.lab import UsageError

LESSONS = ("worked", "derivatives", "layers", "descent", "starts", "widths")
SMOKE = {"seeds": 1, "starts": 4, "passes": 50, "units": 4, "fit_steps": 20}


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 5
    "Networks for each curve and width."
    starts: int = 200
    "Starting points for XOR."
    passes: int = 4000
    "Passes over the four patterns of XOR."
    rate: float = 1.0
    "Learning rate for XOR."
    units: int = 64
    "The most hidden units that fit a curve, 2 to 2048."
    fit_steps: int = 1000
    "The most steps that fit a curve."

    def __post_init__(self):
        limits = {"starts": 10_000, "passes": 100_000, "fit_steps": 100_000}
        for name, most in limits.items():
            if not 1 <= getattr(self, name) <= most:
                flag = name.replace("_", "-")
                raise UsageError(
                    f"--{flag} must be 1 to {most}, not {getattr(self, name)}."
                )
        if not 2 <= self.units <= 2048:
            raise UsageError(f"--units must be 2 to 2048, not {self.units}.")
