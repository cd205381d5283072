"""Regression losses: what an outlier costs, and what can be done about it.

Formulas are compared with Keras's. Then constants, planes and small networks are fitted
to data with outliers: by other losses, with capped or weighted targets, with penalties,
by random forests. Read `definitions` first; the other lessons stand alone.

Notes: 1.5 Loss functions
Data: generated: a noisy curve, planes and samples, a part of whose targets is off.
Run: recipes run regression          (about 10 s on 2 CPU cores)
References: Huber (1964); Tukey (1977); Koenker and Bassett (1978);
    Breiman (2001); Barron (2019).
"""

from dataclasses import dataclass

from recipes.lab import UsageError

LESSONS = (
    "definitions",
    "adaptive",
    "location",
    "slopes",
    "sensitivity",
    "huber",
    "capping",
    "weights",
    "penalties",
    "forests",
)
SMOKE = {"seeds": 2, "points": 80, "passes": 5, "trees": 5}


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 10
    "Data sets and networks for each case."
    points: int = 200
    "Points of the curve, at most 100000."
    outliers: float = 0.1
    "Share of the curve's targets that are thrown 6 to 10 units off, below 0.5."
    passes: int = 100
    "Passes over the points, at most 1000."
    trees: int = 50
    "Trees of a forest, at most 1000."

    def __post_init__(self):
        for name, most in (("points", 100_000), ("passes", 1000), ("trees", 1000)):
            value = getattr(self, name)
            if value > most:
                raise UsageError(f"--{name} must be at most {most}, not {value}.")
        if not 0 < self.outliers < 0.5:
            raise UsageError(
                f"--outliers must be between 0 and 0.5, not {self.outliers}."
            )
        if round(self.outliers * self.points) < 1:
            raise UsageError(
                f"--outliers {self.outliers} of --points {self.points} must be one "
                "point at least."
            )
