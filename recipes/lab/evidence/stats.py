"""What numbers decide: differences over seeds, and comparisons of measured values.

A condition of a claim is one of two kinds. Chance: `greater` and `against` make a
`Decision` from one number a seed; the lab decides all of a claim's together. Measured:
`above`, `below` and `close` compare two numbers; None where one is not finite.
`column` takes one number a seed out of a sweep's results.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from recipes.lab.errors import LabError
from recipes.lab.evidence.brackets import METHODS, in_brackets
from recipes.lab.evidence.intervals import interval
from recipes.lab.evidence.thresholds import ACCURACY_POINT as ACCURACY_POINT
from recipes.lab.evidence.thresholds import ANY as ANY
from recipes.lab.evidence.thresholds import CLOSE_FLOAT32 as CLOSE_FLOAT32
from recipes.lab.evidence.thresholds import EXACT as EXACT
from recipes.lab.evidence.thresholds import TENTH as TENTH
from recipes.lab.evidence.thresholds import TWICE as TWICE
from recipes.lab.evidence.thresholds import Threshold as Threshold

Scale = Literal["linear", "log", "ranks"]
SCALES = ("linear", "log", "ranks")


@dataclass(frozen=True)
class Decision:
    """Whether an effect over seeds is at least the smallest one that matters.

    Attributes:
        differences: One a seed; logarithms of ratios where the scale is "log".
        by: The smallest effect that matters.
        scale: "linear" (Student's t), "log" (the same on logarithms; the effect is a
            ratio) or "ranks" (median, Wilcoxon's signed ranks).
        level: Of the interval. The lab sets 1 - 0.05/m for a claim with m of these,
            so that all of the claim's intervals hold together with 95 %.
    """

    differences: tuple[float, ...]
    by: Threshold
    scale: Scale = "linear"
    level: float = 0.95

    @property
    def n(self) -> int:
        """How many seeds."""
        return len(self.differences)

    @property
    def effect(self) -> float:
        """The mean difference, the mean ratio ("log") or the median ("ranks")."""
        return self._shown(self._estimate()[0])

    @property
    def low(self) -> float:
        """The lower end of the interval; -inf (0 for ratios) where none is known."""
        return self._shown(self._estimate()[1])

    @property
    def high(self) -> float:
        """The upper end of the interval."""
        return self._shown(self._estimate()[2])

    @property
    def holds(self) -> bool | None:
        """True, False, or None where the seeds can't tell.

        True: the interval lies above no effect, and the effect is at least the
        smallest that matters. False: the whole interval lies below that one.
        """
        effect, low, high = self._estimate()
        if math.isnan(effect):
            return None
        if low > 0 and effect >= self._least:
            return True
        return False if high < self._least else None

    def at(self, level: float) -> "Decision":
        """Returns the same decision with an interval of another level."""
        return replace(self, level=level)

    def as_dict(self) -> dict:
        """Returns what a result keeps."""
        return {
            "effect": self.effect,
            "interval": [self.low, self.high],
            "level": self.level,
            "n": self.n,
            "smallest": self.by.value,
            "smallest_name": self.by.name,
            "unit": self.by.unit,
            "why": self.by.why,
            "method": METHODS[self.scale],
            "holds": self.holds,
        }

    def __str__(self) -> str:
        return in_brackets(self.as_dict())

    def _shown(self, value: float) -> float:
        if self.scale != "log":
            return value
        return math.inf if value > 700 else math.exp(value)

    @property
    def _least(self) -> float:
        return math.log(self.by.value) if self.scale == "log" else self.by.value

    def _estimate(self) -> tuple[float, float, float]:
        alpha = round(1 - self.level, 12)
        return interval(self.differences, self.scale, alpha, self._least)


def column(runs: Sequence[Mapping[str, Any]], name: str) -> np.ndarray:
    """Returns an entry of the results of a sweep's case: one number or curve a seed.

    Args:
        runs: Results in the order of the seeds.
        name: Of the entry; None in it becomes NaN.

    Returns:
        A float64 array, (seeds, ...).
    """
    return np.array([run[name] for run in runs], float)


def columns(runs: Sequence[Mapping[str, Any]]) -> dict[str, np.ndarray]:
    """Returns every entry of the results of a sweep's case: name to (seeds, ...)."""
    return {name: column(runs, name) for name in runs[0]}


def greater(
    first: Sequence[float],
    second: Sequence[float],
    *,
    by: Threshold,
    scale: Scale = "linear",
) -> Decision:
    """Asks whether `first` is greater than `second`, seed by seed.

    For "smaller" change the two. Take "log" for what is skewed and positive (losses,
    times: `by` is a ratio then), "ranks" for what is capped or partly lost.

    Args:
        first: One number a seed.
        second: As many numbers, in the same order of seeds.
        by: The smallest effect that matters; for "log" a ratio above 1, or `ANY`.
        scale: "linear", "log" or "ranks".

    Raises:
        LabError: The lengths differ, nothing is there, the scale is unknown, or a
            number isn't positive where its logarithm is needed.

    Example:
        >>> greater([0.9, 0.92, 0.91], [0.5, 0.53, 0.5], by=ACCURACY_POINT).holds
        True
    """
    one, other = np.asarray(first, float), np.asarray(second, float)
    if one.shape != other.shape or one.ndim != 1 or not one.size:
        raise LabError(
            "a comparison over seeds needs two lists of one length, not "
            f"{one.shape} and {other.shape}."
        )
    return _decision(one, other, by, scale)


def against(
    values: Sequence[float],
    constant: float,
    *,
    by: Threshold,
    scale: Scale = "ranks",
) -> Decision:
    """Asks whether values, one a seed, are greater than a constant.

    The test is Wilcoxon's signed ranks on the median, or Student's t on logarithms:
    a t-test of a skewed mean decides wrongly too often.

    Args:
        values: One number a seed.
        constant: What to compare with.
        by: The smallest effect that matters.
        scale: "ranks" or "log".

    Raises:
        LabError: As `greater`; or the scale is "linear".
    """
    if scale == "linear":
        raise LabError("against tests the median: scale must be 'ranks' or 'log'.")
    array = np.asarray(values, float)
    if array.ndim != 1 or not array.size:
        raise LabError(f"against needs one number a seed, not shape {array.shape}.")
    return _decision(array, np.full_like(array, constant), by, scale)


def above(first: float, second: float) -> bool | None:
    """Returns whether first > second; None where one of them is not finite."""
    return bool(first > second) if _finite(first, second) else None


def below(first: float, second: float) -> bool | None:
    """Returns whether first < second; None where one of them is not finite."""
    return bool(first < second) if _finite(first, second) else None


def close(first: float, second: float, within: float) -> bool | None:
    """Returns whether two numbers differ by at most `within`.

    None where one of them is not finite.
    """
    return bool(abs(first - second) <= within) if _finite(first, second) else None


def _finite(*values) -> bool:
    return all(value is not None and math.isfinite(value) for value in values)


def _decision(first, second, by: Threshold, scale: Scale) -> Decision:
    if not isinstance(by, Threshold):
        raise LabError(f"by must be a named Threshold, not {by!r}.")
    if scale not in SCALES:
        raise LabError(f"scale must be one of {', '.join(SCALES)}, not {scale!r}.")
    if scale != "log" and by.unit == "times" and by.value >= 1:
        raise LabError(f"'{by.name}' is a ratio: it needs scale='log', not '{scale}'.")
    if scale == "log":
        if by is ANY:
            by = replace(ANY, value=1.0, unit="times")
        if by.value < 1:
            raise LabError(f"on logarithms by is a ratio from 1, not {by.value}.")
        if min(first.min(), second.min()) <= 0:
            raise LabError("a comparison of logarithms needs positive numbers.")
        first, second = np.log(first), np.log(second)
    with np.errstate(invalid="ignore"):
        return Decision(tuple(map(float, first - second)), by, scale)
