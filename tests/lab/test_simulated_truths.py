"""The rules on simulated truths: how often a claim of several conditions errs.

Each outcome has the scale that the rules ask for it: normal differences are
compared as they are, skewed ones by logarithms, capped and partly lost ones by ranks.
"""

import functools
import math
import re
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import nct, t

from recipes.lab import stats
from recipes.lab.evidence.thresholds import Threshold

CLAIMS = 500
RATE = 0.05
MOST = RATE + 3 * math.sqrt(RATE * (1 - RATE) / CLAIMS)  # three standard errors
ONE = Threshold("one unit", 1.0, "units", "the effect that is simulated")
E_FOLD = Threshold("e times", math.e, "times", "the effect that is simulated")
CAP, LOST = 0.5, 0.2


def normal(rng, n, effect, by):
    return stats.greater(rng.normal(size=n) + effect, rng.normal(size=n), by=by)


def skewed(rng, n, effect, by):
    by = E_FOLD if by is ONE else by
    first = rng.lognormal(effect, size=n)
    return stats.greater(first, rng.lognormal(size=n), by=by, scale="log")


def partly_lost(rng, n, effect, by):
    """A fifth of the trainings of either side diverge."""
    first, second = rng.normal(size=n) + effect, rng.normal(size=n)
    first[rng.random(n) < LOST] = -math.inf
    second[rng.random(n) < LOST] = -math.inf
    return stats.greater(first, second, by=by, scale="ranks")


def capped(rng, n, effect, by):
    """A third of the outcomes and more lie at the cap, which also caps the effect."""
    first = np.minimum(rng.normal(size=n) + effect, CAP)
    second = np.minimum(rng.normal(size=n), CAP)
    if by is ONE:
        by = Threshold("what the cap leaves", _what_the_cap_leaves(), "units", "seen")
    return stats.greater(first, second, by=by, scale="ranks")


@functools.cache
def _what_the_cap_leaves() -> float:
    """The median of means of two differences, which the ranks estimate."""
    rng = np.random.default_rng(7)
    first, second = rng.normal(size=(2, 200_000)) + 1.0, rng.normal(size=(2, 200_000))
    differences = np.minimum(first, CAP) - np.minimum(second, CAP)
    return float(np.median(differences.mean(0)))


OUTCOMES = (normal, skewed, partly_lost, capped)


def share(outcome, n, conditions, effect, by, wrong) -> float:
    """Of the claims, those with a condition that is decided wrongly."""
    rng = np.random.default_rng([n, conditions])
    level = 1 - 0.05 / conditions
    return np.mean(
        [
            any(
                outcome(rng, n, effect, by).at(level).holds is wrong
                for _ in range(conditions)
            )
            for _ in range(CLAIMS)
        ]
    )


@pytest.mark.parametrize("n", [5, 10, 20])
@pytest.mark.parametrize("conditions", [1, 2, 6])
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_no_effect_is_rarely_found(outcome, conditions, n):
    assert share(outcome, n, conditions, 0.0, stats.ANY, True) <= MOST


@pytest.mark.parametrize("n", [5, 10, 20])
@pytest.mark.parametrize("conditions", [1, 2, 6])
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_an_effect_that_just_matters_is_rarely_denied(outcome, conditions, n):
    assert share(outcome, n, conditions, 1.0, ONE, False) <= MOST


def test_the_docs_have_the_power():
    """The least effect found in 80 % of claims, by the noncentral t distribution."""
    page = Path(__file__).parents[2] / "docs" / "judging.md"
    rows = re.findall(r"^\| (\d+) \|(.+)\|$", page.read_text("utf-8"), re.MULTILINE)
    assert [int(n) for n, _ in rows] == [5, 10, 20]
    for n, cells in ((int(n), map(float, cells.split("|"))) for n, cells in rows):
        for conditions, printed in zip((1, 4, 6), cells, strict=True):
            bound = t.ppf(1 - 0.025 / conditions, n - 1)
            power = nct.sf(bound, n - 1, printed * math.sqrt(n))
            assert power == pytest.approx(0.8, abs=0.02)
