"""Paired comparisons against independent computations."""

import numpy as np
import pytest
from scipy import stats as scipy_stats

from recipes.lab.errors import LabError
from recipes.lab.evidence.stats import paired


def test_mean_effect_and_sign():
    first, second = np.array([3.0, 5.0, 4.0, 6.0]), np.array([1.0, 2.0, 2.5, 2.0])
    found = paired(first, second)
    difference = first - second
    assert found.mean == pytest.approx(2.625)
    assert found.effect_size == pytest.approx(2.625 / np.std(difference, ddof=1))
    assert found.positive is True
    assert found.negative is False
    assert paired(second, first).positive is False


def test_interval_is_never_narrower_than_student_t():
    rng = np.random.default_rng(1)
    first, second = rng.normal(size=7), rng.normal(size=7)
    low, high = scipy_stats.ttest_rel(first, second).confidence_interval(0.95)
    found = paired(first, second)
    assert found.low <= low
    assert found.high >= high


def test_interval_covers_at_least_95_percent_with_five_seeds():
    """Normal and skewed differences: the true mean is inside often enough."""
    rng = np.random.default_rng(2)
    for draw in (rng.standard_normal, rng.standard_exponential):
        true = 0.0 if draw == rng.standard_normal else 1.0
        inside = 0
        for _ in range(400):
            found = paired(draw(5), np.zeros(5), resamples=199)
            inside += found.low <= true <= found.high
        floor = 0.93 if true == 0.0 else 0.87  # five skewed values hide their tail
        assert inside / 400 >= floor


def test_one_pair_decides_nothing():
    found = paired([2.0], [1.0])
    assert found.positive is None
    assert found.negative is None


def test_equal_differences_need_no_bootstrap():
    found = paired([2.0, 3.0, 4.0], [1.0, 2.0, 3.0])
    assert (found.low, found.high) == (1.0, 1.0)
    assert found.positive is True
    assert paired([1.0, 2.0], [1.0, 2.0]).positive is None


@pytest.mark.parametrize(
    ("first", "second"), [([1.0], [1.0, 2.0]), ([], []), ([np.nan], [1.0])]
)
def test_bad_input_is_refused(first, second):
    with pytest.raises(LabError, match="paired comparison"):
        paired(first, second)
