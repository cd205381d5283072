"""How a verdict follows from what a run saw."""

import numpy as np
import pytest

from recipes.lab.evidence.verdicts import judge


@pytest.mark.parametrize(
    ("holds", "kind"),
    [
        (True, "supported"),
        (False, "refuted"),
        (None, "inconclusive"),
        (np.True_, "supported"),
        ({"a": True, "b": True}, "supported"),
        ({"a": False, "b": False}, "refuted"),
        ({"a": True, "b": False}, "conditional"),
        ({"a": True, "b": False, "c": None}, "conditional"),
        ({"a": True, "b": None}, "inconclusive"),
        ({"a": False, "b": None}, "inconclusive"),
    ],
)
def test_judge(holds, kind):
    assert judge(holds)[0] == kind


def test_conditions_are_told_by_outcome():
    _, details = judge({"a": True, "b": False, "c": True, "d": None})
    assert details == {
        "holds_for": ["a", "c"],
        "fails_for": ["b"],
        "undecided_for": ["d"],
    }


@pytest.mark.parametrize("holds", [1, 0.3, "yes", {}, {"a": 1}])
def test_anything_else_is_a_bug(holds):
    with pytest.raises(TypeError):
        judge(holds)
