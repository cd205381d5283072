"""The verdict rules against a table written by hand, and the note that is filled in."""

import math

import numpy as np
import pytest

from recipes.lab import Finding, LabError, stats
from recipes.lab.catalog.claim import Claim
from recipes.lab.evidence.judging import judge
from recipes.lab.evidence.verdicts import rule

# One block for each number U of undecided conditions, one row for each T from 0 to 5,
# one letter for each F from 0 to 5: Supported, Refuted, Conditional, Inconclusive.
# "always" and "advice": decided ones must be at least as many as undecided ones.
ALWAYS = """
IRRRRR SCCCCC SCCCCC SCCCCC SCCCCC SCCCCC
IRRRRR SCCCCC SCCCCC SCCCCC SCCCCC SCCCCC
IIRRRR ICCCCC SCCCCC SCCCCC SCCCCC SCCCCC
IIIRRR IICCCC ICCCCC SCCCCC SCCCCC SCCCCC
IIIIRR IIICCC IICCCC ICCCCC SCCCCC SCCCCC
IIIIIR IIIICC IIICCC IICCCC ICCCCC SCCCCC
"""
# "is": supported only where nothing is undecided.
IS = """
IRRRRR SCCCCC SCCCCC SCCCCC SCCCCC SCCCCC
IRRRRR ICCCCC ICCCCC ICCCCC ICCCCC ICCCCC
IIRRRR ICCCCC ICCCCC ICCCCC ICCCCC ICCCCC
IIIRRR IICCCC ICCCCC ICCCCC ICCCCC ICCCCC
IIIIRR IIICCC IICCCC ICCCCC ICCCCC ICCCCC
IIIIIR IIIICC IIICCC IICCCC ICCCCC ICCCCC
"""
# "often": four to one decides.
OFTEN = """
IRRRRR SCCCRR SCCCCC SCCCCC SSCCCC SSCCCC
IRRRRR SCCCRR SCCCCC SCCCCC SSCCCC SSCCCC
IIRRRR ICCCRR SCCCCC SCCCCC SSCCCC SSCCCC
IIIRRR IICCRR ICCCCC SCCCCC SSCCCC SSCCCC
IIIIRR IIICRR IICCCC ICCCCC SSCCCC SSCCCC
IIIIIR IIIIRR IIICCC IICCCC ISCCCC SSCCCC
"""
# "can": one that holds is enough.
CAN = """
IRRRRR SSSSSS SSSSSS SSSSSS SSSSSS SSSSSS
IRRRRR SSSSSS SSSSSS SSSSSS SSSSSS SSSSSS
IIRRRR SSSSSS SSSSSS SSSSSS SSSSSS SSSSSS
IIIRRR SSSSSS SSSSSS SSSSSS SSSSSS SSSSSS
IIIIRR SSSSSS SSSSSS SSSSSS SSSSSS SSSSSS
IIIIIR SSSSSS SSSSSS SSSSSS SSSSSS SSSSSS
"""
WORDS = {"S": "supported", "R": "refuted", "C": "conditional", "I": "inconclusive"}
TABLES = {"always": ALWAYS, "advice": ALWAYS, "is": IS, "often": OFTEN, "can": CAN}


@pytest.mark.parametrize("says", TABLES)
def test_every_count_of_conditions(says):
    rows = [line.split() for line in TABLES[says].split("\n") if line]
    for undecided in range(6):
        for holding in range(6):
            for failing in range(6):
                wanted = WORDS[rows[undecided][holding][failing]]
                counts = holding, failing, undecided
                assert rule(says, *counts) == wanted, counts


def claim_of(says="always"):
    return Claim("an-id", "A statement.", says)


def normal(effect: float, count: int, seed: int = 0) -> list[float]:
    return list(effect + np.random.default_rng(seed).normal(size=count))


def test_intervals_of_a_claim_hold_together():
    """Three chance conditions: each interval has level 1 - 0.05/3."""
    from scipy import stats as scipy_stats

    zeros = [0.0] * 8
    chance = {
        name: stats.greater(normal(1.0, 8, seed), zeros, by=stats.ANY)
        for seed, name in enumerate("abc")
    }
    finding = Finding({**chance, "exact": True}, "Gain {gain}.", gain=chance["a"])
    found = judge(claim_of(), finding)
    for seed, name in enumerate("abc"):
        values = np.array(normal(1.0, 8, seed))
        t = scipy_stats.t(7).ppf(1 - 0.05 / 3 / 2)
        half = t * values.std(ddof=1) / math.sqrt(8)
        wanted = [values.mean() - half, values.mean() + half]
        assert found["decisions"][name]["interval"] == pytest.approx(wanted)
        assert found["decisions"][name]["level"] == pytest.approx(1 - 0.05 / 3)
    # What is shown is what decides: the same Decision in the note has that level.
    low, high = found["decisions"]["a"]["interval"]
    assert f"[{low:+.3g}, {high:+.3g}]" in found["note"]


def test_a_condition_that_one_alone_would_decide_is_open_among_many():
    """p between 0.05/5 and 0.05 is enough for one condition, and not for five."""
    from scipy import stats as scipy_stats

    values = [0.6, 1.5, 0.7, 1.9, 0.8, 0.0]
    assert 0.01 < scipy_stats.ttest_1samp(values, 0).pvalue < 0.05
    decision = stats.greater(values, [0.0] * 6, by=stats.ANY)
    assert judge(claim_of(), Finding(decision, "It is."))["holds"] == ["as stated"]
    five = {str(n): decision for n in range(5)}
    assert judge(claim_of(), Finding(five, "It is."))["undecided"] == list(five)


def test_the_three_lists_and_the_note():
    finding = Finding(
        {"a": True, "b": False, "c": None, "d": np.True_},
        "{holding}! {failing}? {undecided}. {x:.1%} {many:.2f} {by:.1f} {lost}",
        x=0.123,
        many=np.array([1.0, 2.0]),
        by={"one": 1.0, "two": [2.0, None]},
        lost=None,
    )
    found = judge(claim_of(), finding)
    assert (found["holds"], found["fails"]) == (["a", "d"], ["b"])
    assert found["undecided"] == ["c"]
    note = "a; d! b? c. 12.3% 1.00, 2.00 one: 1.0, two: 2.0, none none"
    assert found["note"] == note
    assert judge(claim_of(), Finding(True, "{failing}"))["note"] == "none"


@pytest.mark.parametrize("note", ["{missing}", "{x:.1%}", "{0}", "{", "{x.y}"])
def test_a_note_that_cannot_be_filled_in_is_one_sentence(note):
    with pytest.raises(LabError, match="note of 'an-id' can't be filled in"):
        judge(claim_of(), Finding(True, note, x="text"))


def test_can_takes_six_conditions_at_most():
    six = {str(n): n == 0 for n in range(6)}
    assert judge(claim_of("can"), Finding(six, "It can."))["verdict"] == "supported"
    with pytest.raises(LabError, match="6 conditions at most, not 7"):
        judge(claim_of("can"), Finding({**six, "7": False}, "It can."))
