"""`claim`, `experiment` and `Finding`."""

import math

import numpy as np
import pytest

from recipes.lab import Finding, LabError, claim, experiment, stats
from recipes.lab.evidence.claims import read_sets


class Bench:
    """Stands for a run: experiments remember what they found in one."""


def test_a_claim_leaves_its_function_as_it_is():
    @claim("an-id", "A statement.", says="often", hedge="usually", notes="002")
    def decides(lab):
        return lab

    assert decides(3) == 3


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("Wrong Id", "A statement."), "words of a-z and 0-9"),
        (("", "A statement."), "words of a-z and 0-9"),
        (("an-id", ""), "states nothing"),
        (("an-id", 3), "statement must be text"),
        (("an-id", "A statement.", "never"), "says must be one of is, always"),
    ],
)
def test_a_claim_that_is_none_is_refused(arguments, told):
    id, statement, *says = arguments
    with pytest.raises(LabError, match=told):
        claim(id, statement, **({"says": says[0]} if says else {}))


@pytest.mark.parametrize("value", [1, 0.3, "yes", [], math.nan, np.array([True])])
def test_a_condition_is_a_truth_value_or_a_decision(value):
    with pytest.raises(LabError, match="condition 'a' must be True, False, None"):
        Finding({"a": value}, "A note.")


def test_a_finding_needs_a_condition_and_a_note():
    with pytest.raises(LabError, match="needs a condition"):
        Finding({}, "A note.")
    with pytest.raises(LabError, match="needs a note"):
        Finding(True, "")


def test_a_finding_takes_one_outcome_or_several_and_figures():
    def draw(lab):
        pass

    decision = stats.greater([1.0, 2.0], [0.0, 0.0], by=stats.ANY)
    one = Finding(decision, "A note.", figure=draw, x=1)
    assert one.conditions == {"as stated": decision}
    assert (one.figures, one.numbers) == ((draw,), {"x": 1})
    many = Finding({"a": np.False_, 3: None}, "A note.", figure=(draw, draw))
    assert many.conditions == {"a": False, "3": None}
    assert many.figures == (draw, draw)


def test_an_experiment_runs_once_a_run_for_each_argument():
    calls = []

    @experiment
    def measures(lab, size, *, scale=1):
        calls.append((size, scale))
        return [size * scale]

    first, second = Bench(), Bench()
    assert measures(first, 2) == [2]
    assert measures(first, size=2, scale=1) is measures(first, 2)
    assert calls == [(2, 1)]
    assert measures(first, 2, scale=3) == [6]
    assert measures(second, 2) == [2]
    assert calls == [(2, 1), (2, 3), (2, 1)]


def test_arguments_that_are_equal_but_not_the_same_are_two():
    """1, 1.0 and True are equal for Python."""
    calls = []

    @experiment
    def measures(lab, size):
        calls.append(size)

    bench = Bench()
    for size in (1, 1.0, True, (1,), (1.0,)):
        measures(bench, size)
    assert [repr(size) for size in calls] == ["1", "1.0", "True", "(1,)", "(1.0,)"]


def test_an_experiment_that_fails_is_tried_again():
    calls = []

    @experiment
    def measures(lab):
        calls.append(1)
        if len(calls) == 1:
            raise ValueError("no")
        return 5

    bench = Bench()
    with pytest.raises(ValueError, match="no"):
        measures(bench)
    assert measures(bench) == 5


def test_arguments_of_an_experiment_are_hashable():
    @experiment(alone=True)
    def measures(lab, sizes):
        return sizes

    with pytest.raises(LabError, match="'measures' must be hashable, not"):
        measures(Bench(), [1, 2])


def test_what_an_experiment_read_counts_for_each_that_asks_it():
    @experiment
    def inner(lab):
        read_sets(lab).add("digits")

    @experiment
    def outer(lab):
        inner(lab)
        read_sets(lab).add("wine")

    @experiment
    def reads_nothing(lab):
        return 1

    bench = Bench()
    for measures, read in (
        (inner, {"digits"}), (outer, {"digits", "wine"}), (reads_nothing, set()),
        (inner, {"digits"}),
    ):  # fmt: skip
        read_sets(bench).clear()
        measures(bench)
        assert read_sets(bench) == read


def test_an_experiment_forgets_with_its_run():
    import gc
    import weakref

    class Large:
        pass

    @experiment
    def measures(lab):
        return Large()

    bench = Bench()
    seen = weakref.ref(measures(bench))
    del bench
    gc.collect()
    assert seen() is None
