"""Settings are chosen on the tuning seeds, by a mean, and never on the others."""

import numpy as np
import pytest

from recipes.lab import LabError, stats
from recipes.lab.testing import RecordingLab

RATES = (0.01, 0.1, 1.0)


def train(case, seed, data) -> dict:
    """A loss that is least at 0.1 in the mean, and at 0.01 for the first seed alone."""
    alone = case["rate"] == 0.01 and seed == 10_000
    loss = 0.0 if alone else abs(np.log10(case["rate"]) + 1)
    return {"loss": loss, "accuracy": 1 - loss}


def diverging(case, seed, data) -> dict:
    return {"loss": float("nan") if case["rate"] < 1 else 5.0}


def grid(*names: str) -> dict:
    return {name: {rate: {"rate": rate} for rate in RATES} for name in names}


@pytest.mark.parametrize(
    "given",
    [
        {"score": "loss"},
        {"score": lambda run: run["loss"] ** 2},
        {"score": "accuracy", "largest": True},
    ],
)
def test_the_best_mean_over_tuning_seeds_is_chosen(given):
    lab = RecordingLab(seeds=3)
    chosen = lab.choose(train, grid("one", "other"), seeds=3, **given)
    assert chosen == {"one": 0.1, "other": 0.1}
    ((_, cases, seeds),) = lab.sweeps
    assert seeds == [10_000, 10_001, 10_002]
    assert list(cases)[:2] == ["one, 0.01", "one, 0.1"]


def test_the_first_of_equal_ones_is_chosen():
    lab = RecordingLab(seeds=2)
    assert lab.choose(train, grid("one"), score="loss") == {"one": 0.01}


def test_what_is_not_finite_is_never_chosen():
    lab = RecordingLab(seeds=2)
    for largest in (False, True):
        chosen = lab.choose(diverging, grid("one"), score="loss", largest=largest)
        assert chosen == {"one": 1.0}


def test_nothing_is_trained_where_nothing_is_to_be_chosen():
    smoke = RecordingLab(seeds=2, smoke=True)
    assert smoke.choose(train, grid("one"), score="loss") == {"one": 0.01}
    whole = RecordingLab(seeds=2)
    single = {"all": {"only": {"rate": 1.0}}}
    assert whole.choose(train, single, score="loss") == {"all": "only"}
    assert not smoke.sweeps
    assert not whole.sweeps
    mixed = whole.choose(train, {**single, **grid("one")}, score="loss", seeds=2)
    assert mixed == {"all": "only", "one": 0.1}
    assert len(whole.sweeps[0][1]) == len(RATES)


@pytest.mark.parametrize(
    ("candidates", "seeds", "told"),
    [
        ({"one": {}}, 1, "nothing to choose from for 'one'"),
        (grid("one"), 0, "must be at least 1, not 0"),
    ],
)
def test_what_cannot_be_chosen_is_one_sentence(candidates, seeds, told):
    with pytest.raises(LabError, match=told):
        RecordingLab(seeds=2).choose(train, candidates, score="loss", seeds=seeds)


def test_columns_of_results():
    runs = [{"loss": 1, "history": [1, 2]}, {"loss": None, "history": [3, 4]}]
    assert stats.column(runs, "history").tolist() == [[1, 2], [3, 4]]
    loss = stats.columns(runs)["loss"]
    assert loss.dtype == float
    np.testing.assert_array_equal(loss, [1.0, np.nan])
