"""The cross_validation recipe: learners and errors by another way, and counts."""

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from recipes.generalization.cross_validation import (
    average,
    folds,
    leave_one_out,
    memorizing,
    reliable,
    selection,
)
from recipes.lab.data import sets
from recipes.lab.testing import RecordingLab, judged

RNG = np.random.default_rng(0)
X, NEW = RNG.normal(size=(30, 4)), RNG.normal(size=(50, 4))
Y = X @ [1.0, -1.0, 0.5, 0.0] + RNG.normal(size=30) + 3


@pytest.mark.parametrize(
    ("flag", "message"),
    [("--repeats=1", "2 to 1000"), ("--seeds=0", ""), ("--epochs=1001", "1 to 1000")],
)
def test_settings_out_of_range(recipes_run, flag, message):
    assert message in recipes_run("cross_validation", flag, code=2)


def test_learners_are_those_of_scikit_learn():
    expected = Ridge(alpha=leave_one_out.PENALTY).fit(X, Y).predict(NEW)
    np.testing.assert_allclose(leave_one_out.ridge(X, Y, NEW), expected)
    expected = KNeighborsRegressor(1).fit(X, Y).predict(NEW)
    np.testing.assert_array_equal(leave_one_out.nearest(X, Y, NEW), expected)
    classes = (Y > 3).astype(int)
    expected = KNeighborsClassifier(1).fit(X, classes).predict(NEW)
    np.testing.assert_array_equal(memorizing.nearest(X, classes, NEW), expected)
    expected = LinearRegression().fit(X, classes).predict(NEW) > 0.5
    for module in (memorizing, reliable):
        np.testing.assert_array_equal(module.linear(X, classes, NEW), expected)
    # With equally many of each class that is Fisher's discriminant.
    balanced = np.arange(30) % 2
    expected = LinearDiscriminantAnalysis().fit(X, balanced).predict(NEW)
    np.testing.assert_array_equal(reliable.linear(X, balanced, NEW), expected)


def test_leave_one_out_by_the_formula():
    """The residuals over 1 − leverage, of ridge with a constant."""
    ones = np.column_stack([np.ones(30), X])
    penalty = np.diag([0.0, *[leave_one_out.PENALTY] * 4])
    hat = ones @ np.linalg.solve(ones.T @ ones + penalty, ones.T)
    expected = np.mean(((Y - hat @ Y) / (1 - np.diag(hat))) ** 2)
    found = leave_one_out.estimate(leave_one_out.ridge, X, Y, 30, 0)
    assert found == pytest.approx(expected)


def test_bias_and_deviation_make_the_root_mean_square():
    found = {"5 folds": RNG.normal(2, 1, (3, 20)), "truth": np.ones((3, 20))}
    seen = leave_one_out.parts(found, "5 folds")
    total = np.mean(leave_one_out.typical(found, "5 folds") ** 2)
    assert seen["bias"] ** 2 + seen["deviation"] ** 2 == pytest.approx(total)


def test_rare_samples_are_shared_out():
    labels = folds.labels_of((0.05,))
    assert np.bincount(labels).tolist() == [10, 190]
    counts = folds.members(labels, StratifiedKFold(5, shuffle=True, random_state=3))
    assert counts.tolist() == [[2, 38]] * 5
    plain = folds.members(labels, KFold(5))  # in the order of the samples
    assert plain[:, 0].tolist() == [10, 0, 0, 0, 0]
    assert judged(folds.sizes, RecordingLab("cross_validation"))["verdict"] == (
        "supported"
    )


def test_errors_of_held_out_rows():
    """Least squares on exactly linear targets has none; a constant has the variance."""
    exact = X @ [1.0, 2.0, 3.0, 4.0]
    nothing = np.zeros((30, 1))
    errors = selection.validation_errors([X, nothing], exact, 0)
    assert errors.shape == (2, 5)
    assert errors[0].max() < 1e-20
    assert errors[1].mean() == pytest.approx((exact**2).mean())


def test_the_training_error_takes_the_highest_degree():
    chosen = selection.choose_degree(0)
    assert chosen["the training error"][0] == max(selection.DEGREES)
    best = chosen["the true error"][1]
    assert all(best <= error for _, error in chosen.values())
    assert best > selection.NOISE**2


def test_cross_validation_leaves_a_fit_as_it_is():
    gap = selection.gaps(0, sets.load("digits"))
    assert gap["with"] == gap["without"]


def test_who_memorizes_is_right_on_the_training_data():
    for name in ("nearest neighbor", "deep tree"):
        assert memorizing.fold_scores(name, 1)[1] == 1
    assert memorizing.fold_scores("linear", 1)[1] < 0.95


def test_areas_can_go_either_way(monkeypatch):
    wide, narrow = np.full((2, 4), 0.2), np.full((2, 4), 0.1)
    found = {"one": {"spread": wide}, "other": {"spread": narrow}}
    monkeypatch.setattr(memorizing, "spreads", lambda lab: found)
    assert memorizing.areas(None, ("one", "other")).tolist() == [1, 1]
    assert memorizing.areas(None, ("other", "one")).tolist() == [0, 0]
    assert memorizing.areas(None, ("one", "one")).tolist() == [0.5, 0.5]


def test_new_images_are_new_and_every_sample_counts_once():
    digits = sets.load("digits")
    (x, _), (new, _) = average.draw(digits, 300, 0)
    seen = {row.tobytes() for row in x}
    assert len(new) == average.NEW
    assert not any(row.tobytes() in seen for row in new)
    run = average.train({"rows": 100, "epochs": 1}, 0, digits)
    assert len(run["folds"]) == average.FOLDS
    assert 0 <= run["truth"] <= 1


def test_misses_by_hand():
    found = {
        "folds": np.array([[0.5, 0.7], [0.9, 0.9]]),
        "truth": np.array([0.6, 0.8]),
    }
    errors = average.errors(found)
    np.testing.assert_allclose(errors["the mean"], [0, 0.1], atol=1e-12)
    np.testing.assert_allclose(errors["one fold"], [0.1, 0.1])
