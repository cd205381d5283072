"""Intervals of an effect over seeds: Student's t, Wilcoxon's ranks, sign flips."""

import functools
import math

import numpy as np

ROUNDING = 1e-5  # a spread this much smaller than the effect is float32's rounding


@functools.lru_cache(maxsize=4096)
def interval(
    differences: tuple[float, ...], scale: str, alpha: float, least: float
) -> tuple[float, float, float]:
    """Estimate and ends of the interval at level 1 - alpha."""
    values = np.array(differences)
    count = len(values)
    if np.isnan(values).any():
        return math.nan, -math.inf, math.inf
    if scale == "ranks":
        return _ranks(values, alpha)
    if not np.isfinite(values).all():
        return math.nan, -math.inf, math.inf
    mean, spread = float(values.mean()), float(values.std(ddof=1)) if count > 1 else 0.0
    if spread <= ROUNDING * max(abs(mean), least):
        # Zero spread is not certainty: the sign-flip test decides, by its 2^n flips.
        if 2.0 ** (1 - count) <= alpha:
            return mean, mean, mean
        return mean, -math.inf, math.inf
    from scipy.special import stdtrit

    half = float(stdtrit(count - 1, 1 - alpha / 2)) * spread / math.sqrt(count)
    return mean, mean - half, mean + half


def _ranks(values: np.ndarray, alpha: float) -> tuple[float, float, float]:
    """Hodges and Lehmann's estimate and interval (1963), exact for untied values."""
    count = len(values)
    rows, columns = np.triu_indices(count)
    with np.errstate(invalid="ignore"):
        walsh = values[rows] / 2 + values[columns] / 2
    # Of a run lost on each side nothing is known: either end of the interval has it.
    lowest = np.sort(np.where(np.isnan(walsh), -math.inf, walsh))
    highest = np.sort(np.where(np.isnan(walsh), math.inf, walsh))
    half = len(walsh) // 2
    middles = lowest[[~half, half]], highest[[~half, half]]
    agree = np.array_equal(*middles)
    middle = float(middles[0][0] / 2 + middles[0][1] / 2) if agree else math.nan
    ways = np.ones(1)  # of each sum of ranks, over all signs
    for rank in range(1, count + 1):
        longer = np.zeros(len(ways) + rank)
        longer[: len(ways)] += ways
        longer[rank:] += ways
        ways = longer
    tail = np.cumsum(ways) / 2.0**count
    cut = int(np.searchsorted(tail, alpha / 2, side="right"))  # P(T < cut) <= alpha/2
    if cut == 0:
        return middle, -math.inf, math.inf
    return middle, float(lowest[cut - 1]), float(highest[-cut])
