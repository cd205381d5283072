"""Recurrent networks: what a state, a gate and a product of gates can carry.

The exact lessons take recurrent layers apart: `state` shows what memory is, `unrolled`
walks back through time by hand, `gates` writes out a step of an LSTM and of a GRU,
`forgetting` and `conveyor` follow the cell state and its gradient. The trained ones
compare SimpleRNN, GRU and LSTM of equal size on sequences of growing length, each at
its best learning rate.

Notes: 1.24 Recurrent networks and LSTM
Data: generated sequences.
Run: recipes run recurrent           (about 140 s on 2 CPU cores)
References: Elman (1990); Bengio, Simard and Frasconi (1994); Hochreiter and
    Schmidhuber (1997); Gers, Schmidhuber and Cummins (2000); Cho et al. (2014); Le,
    Jaitly and Hinton (2015); Tallec and Ollivier (2018).
"""

from dataclasses import dataclass

from recipes.lab import UsageError

LESSONS = (
    "state",
    "unrolled",
    "gates",
    "forgetting",
    "conveyor",
    "distance",
    "rectified",
    "stability",
)
SMOKE = {"seeds": 1, "epochs": 1, "length": 30}


@dataclass(frozen=True)
class Settings:
    """What a run can change."""

    seeds: int = 10
    "Independent repetitions."
    epochs: int = 4
    "Passes over 4,000 sequences to recall; the adding problem takes twice as many."
    length: int = 100
    "Steps of the longest sequences, 30 to 1000."

    def __post_init__(self):
        if not 1 <= self.epochs <= 100:
            raise UsageError(f"--epochs must be 1 to 100, not {self.epochs}.")
        if not 30 <= self.length <= 1000:  # half of it is longer than the short ones
            raise UsageError(f"--length must be 30 to 1000, not {self.length}.")
