"""The overfitting recipe: rows, remedies and selections, counted by hand."""

import numpy as np
import pytest

from recipes.generalization.overfitting import diagnosis, features, more_data, remedies
from recipes.lab.data import sets
from recipes.lab.testing import RecordingLab

SMALL = {"samples": 60, "classes": 4, "wrong": 0.5, "rate": 0.01, "longer": 1,
         "epochs": 2, "network": {}, "patience": None}  # fmt: skip


@pytest.fixture(scope="module")
def digits():
    return sets.load("digits")


@pytest.mark.parametrize(
    ("flag", "message"), [("--epochs=1001", "1 to 1000"), ("--seeds=101", "1 to 100")]
)
def test_settings_out_of_range(recipes_run, flag, message):
    assert message in recipes_run("overfitting", flag, code=2)


def test_half_of_the_labels_are_wrong_and_the_test_is_right(digits):
    rows = diagnosis.rows_of(SMALL, 0, digits)
    x = np.concatenate([digits.x_train, digits.x_test])
    y = np.concatenate([digits.y_train, digits.y_test])
    known = {image.tobytes(): label for image, label in zip(x, y, strict=True)}
    right = [
        np.mean([known[i.tobytes()] == label for i, label in zip(*part, strict=True)])
        for part in rows
    ]
    assert [len(part[0]) for part in rows] == [60, 300, int((y < 4).sum()) - 360]
    assert 0.35 < right[0] < 0.65
    assert 0.4 < right[1] < 0.6
    assert right[2] == 1
    assert max(part[1].max() for part in rows) == 3


def test_every_remedy_trains_and_none_is_the_base(digits):
    """A change of the case reaches the training."""
    base = remedies.train(SMALL, 0, digits)
    for strengths in remedies.REMEDIES.values():
        change = list(strengths.values())[-1]
        found = remedies.train({**SMALL, **change}, 0, digits)
        assert set(found) == {"training", "validation", "test", "epochs"}
        if "network" in change:
            assert found != base


def test_early_stopping_ends_before_and_is_scored_at_its_best_epoch(digits):
    case = {**SMALL, "wrong": 0.5, "epochs": 40, "patience": 3}
    found = remedies.train(case, 0, digits)
    assert found["epochs"] < 40
    # The same weights as a training that ends at that epoch.
    best = {**case, "patience": None, "epochs": found["epochs"] - 3}
    expected = remedies.train(best, 0, digits)
    assert found["test"] == pytest.approx(expected["test"], abs=0.01)


def test_copies_change_no_weight_in_a_full_batch():
    assert more_data.full_batch_difference(RecordingLab("overfitting")) < 1e-5


def test_equal_updates_are_equal():
    """Batches of 50: an epoch of 100 rows has 2, one of 400 has 8."""
    updates = {
        arm: -(-one["rows"] * one["copies"] // 50) * one["longer"]
        for arm, one in more_data.ARMS.items()
    }
    assert updates["few rows, equal updates"] == updates["new rows"] == 8
    assert updates["copies"] == 8
    assert updates["few rows, equal epochs"] == 2


@pytest.mark.parametrize("kind", features.KINDS)
def test_a_feature_that_says_all_is_kept(kind):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(100, 45))
    kept = features.features_of(kind, x, np.sign(x[:, 7]))
    assert kept[7]
    assert kept.sum() < 45
    assert features.features_of(features.ALL, x, x[:, 0]).all()


def test_who_is_right_by_hand():
    assert features.right([0.2, -3.0, 1.0, -0.1], np.array([1, -1, -1, -1])) == 0.75


def test_only_selecting_inside_the_folds_is_honest():
    found = [features.reported(seed) for seed in range(4)]
    inside = np.mean([one["inside the folds"] for one in found])
    outside = np.mean([one["on all rows before"] for one in found])
    assert inside == pytest.approx(0.5, abs=0.1)
    assert outside > 0.65
