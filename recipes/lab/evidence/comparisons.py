"""Statistics of paired runs: what a difference over seeds says, and what not."""

from dataclasses import dataclass

import numpy as np

from recipes.lab.errors import LabError


@dataclass(frozen=True)
class Comparison:
    """The paired difference between two settings over the same seeds.

    Attributes:
        pairs: How many seeds.
        mean: The mean difference, in the unit of what was compared.
        low: The lower end of its 95 % interval; -inf for a single pair.
        high: The upper end; inf for a single pair.
        effect_size: The mean difference over the standard deviation of the
            differences (Cohen's d for pairs); NaN where that is 0.
    """

    pairs: int
    mean: float
    low: float
    high: float
    effect_size: float

    @property
    def positive(self) -> bool | None:
        """True or False where the whole interval is on one side of 0, else None."""
        if self.low > 0:
            return True
        return False if self.high < 0 else None

    @property
    def negative(self) -> bool | None:
        """The opposite of `positive`; None as well where the interval holds 0."""
        return None if self.positive is None else not self.positive

    def as_dict(self) -> dict:
        """Returns the evidence that goes into a result."""
        return {
            "pairs": self.pairs,
            "mean_difference": self.mean,
            "interval_95": [self.low, self.high],
            "effect_size": self.effect_size,
        }

    def __str__(self) -> str:
        return f"{self.mean:+.3g} [{self.low:+.3g}, {self.high:+.3g}], n={self.pairs}"


def paired(first, second, resamples: int = 9999) -> Comparison:
    """Compares two settings that ran with the same seeds.

    The interval is the wider of two: the bootstrap of the mean difference (BCa,
    Efron 1987) and Student's t. With the five seeds of a usual run the bootstrap
    alone covers well under 95 %, and t alone trusts the differences to be normal.

    Args:
        first: One number a seed.
        second: As many numbers, in the same order of seeds.
        resamples: Bootstrap resamples.

    Returns:
        The comparison of `first - second`.

    Raises:
        LabError: The lengths differ, nothing is there, or a value is not finite.
    """
    from scipy import stats

    first, second = np.asarray(first, float), np.asarray(second, float)
    if first.shape != second.shape or first.ndim != 1 or not first.size:
        raise LabError(
            "a paired comparison needs two lists of one length, not "
            f"{first.shape} and {second.shape}."
        )
    difference = first - second
    if not np.isfinite(difference).all():
        raise LabError("a paired comparison met a value that is not finite.")
    count, mean = len(difference), float(difference.mean())
    if count == 1:
        return Comparison(1, mean, -np.inf, np.inf, float("nan"))
    spread = float(difference.std(ddof=1))
    if spread <= 1e-12 * max(abs(mean), 1e-300):  # every pair differs by the same
        return Comparison(count, mean, mean, mean, float("nan"))
    t = stats.t.interval(0.95, count - 1, loc=mean, scale=spread / np.sqrt(count))
    boot = stats.bootstrap(
        (difference,), np.mean, n_resamples=resamples, rng=np.random.default_rng(0)
    ).confidence_interval
    low, high = np.nanmin([t[0], boot.low]), np.nanmax([t[1], boot.high])
    return Comparison(count, mean, float(low), float(high), mean / spread)
