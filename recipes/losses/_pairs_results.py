"""What the networks reached: comparisons of pairs, and their words."""

from collections.abc import Sequence

import numpy as np

from recipes.lab import stats
from recipes.lab.evidence.stats import Comparison
from recipes.losses._pairs_training import OPTIMIZERS, USUAL, WRONG, Case

GOOD = 0.9  # a network that gets this far in balanced accuracy has learned
MARGIN = 0.02  # a pair is worse from this difference in balanced accuracy on


class Results:
    """Balanced accuracies of every case, one a seed.

    Args:
        runs: What the sweep returned, by case.
    """

    def __init__(self, runs: dict[Case, list[dict]]):
        self.scores = {
            case: np.array([run["balanced_accuracy"] for run in found])
            for case, found in runs.items()
        }

    def learned(self, pair: str) -> dict[str, Comparison]:
        """How far a pair gets above `GOOD`, by start and optimizer."""
        return {
            f"{case.start}, {case.optimizer}": stats.paired(
                values, np.full(len(values), GOOD)
            )
            for case, values in self._of(pair)
        }

    def behind(
        self,
        pair: str,
        rival: str,
        starts: Sequence[str] = (USUAL, WRONG),
        optimizers: Sequence[str] = OPTIMIZERS,
    ) -> dict[str, Comparison]:
        """How far a pair stays behind its rival, beyond the margin."""
        return {
            f"{start}, {optimizer}": stats.paired(
                self.scores[Case(rival, start, optimizer)] - MARGIN,
                self.scores[Case(pair, start, optimizer)],
            )
            for start in starts
            for optimizer in optimizers
        }

    def reached(self, pair: str) -> str:
        """A pair's mean balanced accuracies in words."""
        return ", ".join(
            f"{values.mean():.3f} ({case.start}, {case.optimizer})"
            for case, values in self._of(pair)
        )

    def against(self, pair: str, rival: str, found: dict[str, Comparison]) -> str:
        """The rival's and the pair's means in words, where they were compared."""
        means = []
        for name in found:
            case = name.split(", ")
            first, second = (self.scores[Case(p, *case)] for p in (rival, pair))
            means.append(f"{first.mean():.3f} against {second.mean():.3f} ({name})")
        return f"{'; '.join(means)}; a difference counts from {MARGIN:g} on"

    def _of(self, pair: str):
        return [
            (case, values)
            for case, values in self.scores.items()
            if case.pair == pair and case.start in (USUAL, WRONG)
        ]


def outcomes(found: dict[str, Comparison]) -> dict[str, bool | None]:
    """Conditions of a verdict from comparisons by start and optimizer."""
    return {f"training, {name}": gap.positive for name, gap in found.items()}
