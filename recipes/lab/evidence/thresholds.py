"""The smallest effects that matter: names, units and reasons, fixed before a run."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Threshold:
    """The smallest effect that matters.

    Attributes:
        name: What a reader calls it: "one point of accuracy".
        value: Its size, in the unit; of a ratio, the ratio itself.
        unit: What effects are measured in: "accuracy", "nats", "times".
        why: The reason for its size.
    """

    name: str
    value: float
    unit: str
    why: str

    def __post_init__(self):
        if not (math.isfinite(self.value) and self.value >= 0):
            raise ValueError(
                f"a threshold must be finite and at least 0, not {self.value!r}."
            )


# Effects over seeds.
ACCURACY_POINT = Threshold(
    "one point of accuracy",
    0.01,
    "accuracy",
    "people choose between methods by whole points; on embedded test sets a point is "
    "about four samples, which other seeds move as well.",
)
TENTH = Threshold(
    "a tenth",
    1.1,
    "times",
    "a loss, a time or a count that is less than a tenth larger changes no decision.",
)
TWICE = Threshold(
    "twice",
    2.0,
    "times",
    "claims of faster or larger by far mean at least a factor of two.",
)
ANY = Threshold(
    "any difference",
    0.0,
    "as measured",
    "the claim is about a direction, whatever its size.",
)

# How near two computed numbers are to be called equal.
EXACT = 1e-12  # float64: the same formula, terms in another order
CLOSE_FLOAT32 = 1e-5  # relative: float32 has 7 digits, sums lose one or two
