"""CNN arithmetic: shapes, parameters, and how many pixels an output sees.

Nothing is trained and nothing is estimated: every number is read off real Keras
layers, and what an output depends on is found by lighting pixels one at a time. Read
`counting` first; the other lessons stand alone.

Notes: 1.21 CNN arithmetic
Data: none; images of zeros, single lit pixels and random whole numbers.
Run: recipes run cnn_arithmetic   (about 8 s on 2 CPU cores)
References: LeCun et al. (1998); Lin, Chen and Yan (2013); Dumoulin and Visin (2016);
    Luo et al. (2016).
"""

from dataclasses import dataclass

from recipes.lab import UsageError

LESSONS = ("counting", "pointwise", "sizes", "pooling", "fields")
SMOKE = {"draws": 10}


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    draws: int = 200
    "Random convolutions on which the output formula is tried, at most 10000."

    def __post_init__(self):
        if not 1 <= self.draws <= 10_000:
            raise UsageError(f"--draws must be 1 to 10000, not {self.draws}.")
