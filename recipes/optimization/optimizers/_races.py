"""Optimizers raced in NumPy, each at the best of its own rates."""

from collections.abc import Callable, Sequence

import numpy as np

from recipes.optimization._update_rules import RULES

RATES = np.logspace(-4, 1, 16)  # three a decade: half decades miss some best ones
TUNED = 3  # seeds, apart from those that are judged, on which the rate is chosen


def best_rates(lab, names: Sequence[str], problem: Callable) -> dict[str, tuple]:
    """Each optimizer's best rate on the tuning seeds, and its mean score there."""
    found, rates = {}, RATES[7:12:2] if lab.smoke else RATES
    for name in names:
        tried = scores(name, rates, problem, lab.tuning_seeds[:TUNED])
        deciding = (tried if tried.ndim == 2 else tried[:, :, 0]).mean(0)
        best = int(np.argmin(deciding))
        found[name] = float(rates[best]), float(deciding[best])
    return found


def race(lab, names: Sequence[str], problem: Callable) -> dict[str, np.ndarray]:
    """Runs optimizers on a problem, each at its best rate.

    Rates are chosen on the tuning seeds and judged on others, so that none is ahead
    because its rate was picked on the very numbers that are compared.

    Args:
        lab: What the lesson was handed.
        names: Keys of `RULES`.
        problem: `problem(rule, seed)` follows a rule that holds many rates at once,
            (rates, 1), and returns (rates,) or (rates, k) scores. Lower is better, and
            the first of k scores chooses the rate.

    Returns:
        For each name the scores (seeds,) or (seeds, k) at its best rate.
    """
    return {
        name: scores(name, np.array([rate]), problem, lab.seeds)[:, 0]
        for name, (rate, _) in best_rates(lab, names, problem).items()
    }


def scores(name: str, rates, problem: Callable, seeds: Sequence[int]) -> np.ndarray:
    """Scores (seeds, rates, ...) of one optimizer; infinite where it diverges."""
    with np.errstate(over="ignore", invalid="ignore"):
        found = np.array([problem(RULES[name](rates[:, None]), seed) for seed in seeds])
    return np.where(np.isfinite(found), found, np.inf)
