"""Decisions over seeds against SciPy, brute force and simulation."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats as scipy_stats

from recipes.lab import LabError, stats
from recipes.lab.evidence.thresholds import Threshold

POINT = stats.ACCURACY_POINT


def decide(differences, by=POINT, level=0.95, scale="linear"):
    zeros = [0.0] * len(differences)
    if scale == "ranks":
        return stats.against(differences, 0.0, by=by).at(level)
    return stats.greater(differences, zeros, by=by, scale=scale).at(level)


@pytest.mark.parametrize("level", [0.95, 1 - 0.05 / 6])
def test_the_interval_is_students(level):
    values = np.random.default_rng(1).normal(0.3, 1, size=9)
    wanted = scipy_stats.ttest_1samp(values, 0).confidence_interval(level)
    found = decide(values, level=level)
    assert (found.low, found.high) == pytest.approx((wanted.low, wanted.high))
    assert found.effect == pytest.approx(values.mean())
    assert found.n == 9


def test_logarithms_give_the_interval_of_the_ratio():
    rng = np.random.default_rng(2)
    first, second = np.exp(rng.normal(1, 0.2, 8)), np.exp(rng.normal(0, 0.2, 8))
    wanted = scipy_stats.ttest_rel(np.log(first), np.log(second))
    low, high = np.exp(wanted.confidence_interval(0.95))
    found = stats.greater(first, second, by=stats.TENTH, scale="log")
    assert (found.low, found.high) == pytest.approx((low, high))
    assert found.effect == pytest.approx(math.exp(np.log(first / second).mean()))
    assert found.holds is True
    assert stats.greater(second, first, by=stats.TENTH, scale="log").holds is False


# Means and half widths around the smallest effect that matters, 0.01.
@pytest.mark.parametrize(
    ("mean", "half", "holds"),
    [
        (0.02, 0.015, True),  # above 0, and large enough
        (0.012, 0.011, True),  # the lower end need not reach the threshold
        (0.008, 0.001, False),  # an effect, but below what matters
        (0.0, 0.009, False),  # no difference that matters
        (-0.05, 0.04, False),
        (0.0, 0.02, None),
        (0.02, 0.03, None),
        (0.008, 0.005, None),  # above 0, too small, and could be large enough
    ],
)
def test_when_a_decision_holds(mean, half, holds):
    """Five values with the mean and the interval's half width that are asked for."""
    shape = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
    unit = scipy_stats.t(4).ppf(0.975) * shape.std(ddof=1) / math.sqrt(5)
    assert decide(mean + shape * half / unit).holds is holds


@pytest.mark.parametrize("scale", ["linear", "ranks"])
@pytest.mark.parametrize(
    ("count", "conditions", "decided"),
    # Of 2^n sign flips two are as extreme: 2/32 > 0.05, 2/64 < 0.05, 2/64 > 0.05/2.
    [(5, 1, False), (6, 1, True), (6, 2, False), (7, 2, True), (8, 7, False)],
)
def test_equal_differences_are_decided_by_sign_flips(scale, count, conditions, decided):
    level = 1 - 0.05 / conditions
    found = decide([0.03] * count, level=level, scale=scale)
    assert found.holds is (True if decided else None)
    assert decide([0.0] * count, level=level, scale=scale).holds is (
        False if decided else None
    )
    assert math.isinf(found.low) is not decided


def test_rounding_of_float32_is_no_spread():
    """Five equal accuracies, two of them off by the last digit: not certain."""
    values = np.full(5, np.float32(0.93)).astype(float)
    values[:2] += np.spacing(np.float32(0.93))
    assert stats.greater(values, np.full(5, 0.9), by=POINT).holds is None
    assert stats.greater(values, np.full(5, np.float32(0.93)), by=POINT).holds is None


def brute_force(values: np.ndarray, level: float) -> tuple[float, float]:
    """The medians that the signed-rank test does not reject, over all sign flips."""
    count = len(values)
    signs = np.array(list(itertools.product([0, 1], repeat=count)))
    sums = signs @ np.arange(1, count + 1)

    def p(median: float) -> float:
        away = values - median
        ranks = scipy_stats.rankdata(abs(away))
        seen = ranks[away > 0].sum()
        return 2 * min((sums <= seen).mean(), (sums >= seen).mean())

    pairs = itertools.combinations_with_replacement(values, 2)
    walsh = sorted((a + b) / 2 for a, b in pairs)
    # Between two neighbors among these means the test says the same.
    kept = [
        (low, high)
        for low, high in itertools.pairwise(walsh)
        if p((low + high) / 2) > 1 - level
    ]
    return kept[0][0], kept[-1][1]


@pytest.mark.parametrize(
    ("count", "level"), [(6, 0.9), (6, 0.95), (8, 0.95), (8, 1 - 0.05 / 3), (10, 0.95)]
)
def test_the_interval_of_ranks_is_that_of_all_sign_flips(count, level):
    values = np.random.default_rng(count).gamma(2.0, size=count)
    found = decide(values, level=level, scale="ranks")
    assert (found.low, found.high) == pytest.approx(brute_force(values, level))


def test_ranks_agree_with_scipys_test():
    rng = np.random.default_rng(5)
    for shift in (0.0, 0.4, 0.8, 1.2):
        values = rng.normal(shift, 1, size=10)
        p = scipy_stats.wilcoxon(values, method="exact").pvalue
        found = decide(values, by=stats.ANY, scale="ranks")
        assert (found.low > 0 or found.high < 0) is bool(p <= 0.05)


def test_a_lost_run_is_the_last_in_rank():
    """Nine gains and one training that diverged: the median still says so."""
    values = [0.3, 0.4, 0.35, 0.5, 0.45, 0.32, 0.41, 0.39, 0.44, math.inf]
    assert decide(values, scale="ranks").holds is True
    assert decide([-one for one in values], scale="ranks").holds is False
    values[0] = -math.inf  # one lost on each side
    assert decide(values, scale="ranks").low == -math.inf
    assert decide(values, scale="linear").holds is None
    values[1] = math.nan
    assert decide(values, scale="ranks").holds is None


@pytest.mark.parametrize("scale", ["linear", "log", "ranks"])
def test_what_is_not_a_number_decides_nothing(scale):
    values = [1.2, 1.3, math.nan, 1.4, 1.5, 1.6, 1.7]
    if scale == "log":
        found = stats.greater(values, [1.0] * 7, by=stats.TENTH, scale="log")
    else:
        found = decide(values, scale=scale)
    assert found.holds is None
    assert math.isnan(found.effect)


def test_intervals_cover_as_often_as_they_say():
    """2,000 claims of three conditions: all three intervals hold in about 95 %."""
    rng = np.random.default_rng(6)
    level = 1 - 0.05 / 3
    for scale, count in (("linear", 5), ("ranks", 10)):
        together = 0
        for _ in range(2000):
            inside = True
            for _ in range(3):
                found = decide(rng.normal(0.2, 1, count), level=level, scale=scale)
                inside &= found.low <= 0.2 <= found.high
            together += inside
        # Independent: (1 - 0.05/3)^3 = 0.951; two standard errors are 0.01.
        assert 0.94 <= together / 2000 <= (0.962 if scale == "linear" else 0.98)


def test_wrong_decisions_are_rare():
    """No effect: a gain is found in at most 2.5 %. Twice the least: never denied."""
    rng = np.random.default_rng(7)
    by = Threshold("half", 0.5, "units", "for this test")
    wrong = [decide(rng.normal(0, 1, 10), by=by).holds is True for _ in range(2000)]
    assert np.mean(wrong) <= 0.03
    denied = [decide(rng.normal(1, 1, 10), by=by).holds is False for _ in range(2000)]
    assert np.mean(denied) <= 0.05


def test_measured_numbers():
    assert stats.above(2, 1) is True
    assert stats.above(1, 1) is False
    assert stats.below(1, 2) is True
    assert stats.below(1, 1) is False
    assert stats.close(1.0, 1.1, within=0.2) is True
    assert stats.close(1.0, 1.3, within=0.2) is False
    for nothing in (math.nan, math.inf, None):
        assert stats.above(nothing, 1) is None
        assert stats.below(1, nothing) is None
        assert stats.close(nothing, nothing, within=1) is None


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: stats.greater([1], [1, 2], by=POINT), "two lists of one length"),
        (lambda: stats.greater([], [], by=POINT), "two lists of one length"),
        (lambda: stats.greater([1], [2], by=0.01), "named Threshold"),
        (lambda: stats.greater([1], [2], by=POINT, scale="x"), "scale must be one of"),
        (lambda: stats.greater([1], [2], by=stats.TENTH), "needs scale='log'"),
        (lambda: stats.greater([1], [2], by=POINT, scale="log"), "ratio from 1"),
        (lambda: stats.greater([0], [2], by=stats.ANY, scale="log"), "positive"),
        (lambda: stats.against([1], 2, by=POINT, scale="linear"), "tests the median"),
        (lambda: stats.against(3.0, 2, by=POINT), "one number a seed"),
    ],
)
def test_what_cannot_be_decided_is_one_sentence(call, told):
    with pytest.raises(LabError, match=told):
        call()


def test_a_decision_as_plain_data_and_as_words():
    found = stats.greater([3.0, 5.0], [1.0, 1.0], by=POINT)
    plain = found.as_dict()
    assert plain["effect"] == 3.0
    assert plain["n"] == 2
    assert plain["smallest"] == 0.01
    assert plain["unit"] == "accuracy"
    assert str(found).startswith("+3 [")
    assert "times" in str(stats.greater([2, 3], [1, 1], by=stats.TENTH, scale="log"))


@pytest.mark.parametrize("value", [-0.1, math.nan, math.inf])
def test_a_threshold_is_a_size(value):
    with pytest.raises(ValueError, match="finite and at least 0"):
        Threshold("name", value, "unit", "reason")
