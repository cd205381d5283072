"""The ensembles recipe: averages, agreement and weights by hand, and fair rivals."""

import keras
import numpy as np
import pytest

import zoo
from recipes.lab import UsageError
from recipes.lab.data import sets
from recipes.lab.testing import RecordingLab, judged
from recipes.practice._images import TEST, VALIDATION, draw
from recipes.practice.ensembles import (
    Settings,
    dropout_link,
    early_fusion,
    late_fusion,
    stacking,
)
from recipes.practice.ensembles._members import (
    AS_LARGE,
    MEMBERS,
    UNITS,
    agreement,
    best_member,
    best_rate,
    mean_member,
    share_right,
    softmax,
    squared_error,
    together,
    train,
)


@pytest.fixture(scope="module")
def digits():
    return sets.load("digits")


@pytest.mark.parametrize("setting", [{"seeds": 101}, {"rows": 99}, {"epochs": 0}])
def test_settings_out_of_range(setting):
    with pytest.raises(UsageError, match=f"--{next(iter(setting))} must be"):
        Settings(**setting)


def test_images_by_part(digits):
    parts = draw(digits, 2, 300, wrong=0.2)
    right = draw(digits, 2, 300)
    assert [len(x) for x, _ in parts.values()] == [300, VALIDATION, TEST]
    for name in ("training", "validation"):
        assert (parts[name][1] != right[name][1]).mean() == pytest.approx(0.2, abs=0.07)
    assert (parts["test"][1] == right["test"][1]).all()
    images = [{image.tobytes() for image in x} for x, _ in parts.values()]
    assert not images[0] & images[1]
    assert not images[0] & images[2]


def test_the_rival_has_as_many_parameters():
    small, large = (
        zoo.mlp((8, 8, 1), 10, units=(units,)).count_params()
        for units in (UNITS, AS_LARGE)
    )
    assert large == pytest.approx(MEMBERS * small, rel=0.01)


def test_measures_by_hand():
    chances = np.array([[0.5, 0.5], [0.2, 0.8]])
    assert share_right(chances, np.array([1, 1])) == 0.5  # a tie goes to the first
    # (0.5² + 0.5² + 0.2² + 0.2²)/2
    assert squared_error(chances, np.array([0, 1])) == pytest.approx(0.29)
    assert softmax([[0.0, np.log(3)]]) == pytest.approx(np.array([[0.25, 0.75]]))
    one, other = [0, 0, 1, 1], [1, 1, 0, 0]
    assert agreement(np.array([one, one])) == pytest.approx(1)
    assert agreement(np.array([one, other])) == pytest.approx(-1)
    assert agreement(np.array([one, [0, 0, 0, 0]])) == 1.0  # nothing to compare


def test_summaries_by_hand():
    runs = [
        {"validation": [0.1, 0.9], "test": [0.8, 0.6], "together": {"test": 0.7}},
        {"validation": [0.5, 0.4], "test": [0.3, 0.5], "together": {"test": 0.9}},
    ]
    assert best_member(runs).tolist() == [0.6, 0.3]
    assert mean_member(runs) == pytest.approx([0.7, 0.4])
    assert together(runs).tolist() == [0.7, 0.9]


CASE = {
    "members": 3, "units": 8, "dropout": 0.0, "vary": "starts", "learning_rate": 0.01,
    "epochs": 2, "rows": 100, "wrong": 0.2,
}  # fmt: skip


@pytest.mark.parametrize("vary", ["starts", "rows"])
def test_the_identity_of_the_squared_error(digits, vary):
    found = train({**CASE, "vary": vary}, 0, digits)
    assert found["error_together"] == pytest.approx(
        found["error"] - found["spread"], abs=1e-12
    )
    assert found["spread"] > 0
    assert len(found["test"]) == 3


def test_one_member_is_together(digits):
    found = train({**CASE, "members": 1}, 0, digits)
    assert found["together"]["test"] == found["test"][0]
    assert found["spread"] == pytest.approx(0)


def test_a_mean_of_probabilities_is_the_zoos_late_fusion(digits):
    members = [zoo.mlp((8, 8, 1), 10, units=(4,)) for _ in range(3)]
    x, y = digits.x_test[:50], digits.y_test[:50]
    chances = [softmax(keras.ops.convert_to_numpy(m(x))) for m in members]
    fused = keras.ops.convert_to_numpy(zoo.late_fusion(members)(x))
    assert softmax(fused) == pytest.approx(np.mean(chances, 0), rel=1e-4)
    assert share_right(softmax(fused), y) == share_right(np.mean(chances, 0), y)


def test_rates_are_chosen_on_other_seeds():
    lab = RecordingLab("ensembles", seeds=2, epochs=2, rows=100)
    best_rate(lab, 0.2, 8)
    late_fusion.singles(lab, 0.2, 8)
    (_, tried, tuning), (_, chosen, seeds) = lab.sweeps
    assert len(tried) == 3
    assert not set(tuning) & set(seeds)
    (case,) = chosen.values()
    assert case["members"] == 1


# Early fusion --------------------------------------------------------------------


def test_halves_make_the_image(digits):
    rng = np.random.default_rng(0)
    x, y = digits.x_test, digits.y_test
    (left, right), same = early_fusion.two_parts(early_fusion.TASKS[0], x, y, rng)
    assert (np.concatenate([left, right], 2) == x).all()
    assert same is y
    (left, strange), _ = early_fusion.two_parts(early_fusion.TASKS[2], x, y, rng)
    assert (left == x[:, :, :4]).all()
    assert (strange != right).any()
    ink = sorted(half.sum() for half in right)
    assert sorted(half.sum() for half in strange) == pytest.approx(ink)


def test_one_picture_says_nothing_of_two(digits):
    """Given the first picture's class both answers are about as frequent."""
    rng = np.random.default_rng(1)
    x, y = digits.x_train, digits.y_train
    (first, second), same = early_fusion.two_parts(early_fusion.TASKS[1], x, y, rng)
    assert first.shape == second.shape == x.shape
    classes = {image.tobytes(): label for image, label in zip(x, y, strict=True)}
    one = np.array([classes[image.tobytes()] for image in first])
    other = np.array([classes[image.tobytes()] for image in second])
    assert set(one) | set(other) == {0, 1}
    assert (same == (one == other)).all()
    for label in (0, 1):
        assert same[one == label].mean() == pytest.approx(0.5, abs=0.06)


def test_both_ways_are_about_as_large():
    shapes = [(8, 4, 1)] * 2
    early = early_fusion.fused(shapes, 10).count_params()
    late = sum(early_fusion.apart(shape, 10).count_params() for shape in shapes)
    assert early == pytest.approx(late, rel=0.1)


@pytest.mark.parametrize("way", ["early", "late"])
@pytest.mark.parametrize("task", early_fusion.TASKS)
def test_each_way_trains(digits, way, task):
    case = {"task": task, "way": way, "learning_rate": 0.01, "epochs": 1, "rows": 100}
    found = early_fusion.train(case, 0, digits)
    assert all(0 <= found[name] <= 1 for name in ("validation", "test"))


# Stacking ------------------------------------------------------------------------


def test_the_target_is_friedmans():
    x, y = stacking.rows(500, 3)
    expected = (
        10 * np.sin(np.pi * x[:, 0] * x[:, 1])
        + 20 * (x[:, 2] - 0.5) ** 2
        + 10 * x[:, 3]
        + 5 * x[:, 4]
    )
    assert y * 4.9 + 14.4 == pytest.approx(expected, abs=1e-4)
    assert y.mean() == pytest.approx(0, abs=0.1)
    assert y.std() == pytest.approx(1, abs=0.1)


def test_outliers_are_a_tenth():
    clean = stacking.rows(300, 4)[1]
    y = stacking.rows(300, 4, 0.1)[1]
    assert (y - clean > 10).sum() == 30
    # The others have noise of deviation 1/4.9.
    assert (y - clean)[y - clean < 10].std() == pytest.approx(0.204, rel=0.15)


def test_the_best_weight_by_hand():
    y = np.array([0.0, 0.0, 0.0, 100.0])  # the last is an outlier
    good, bad = np.zeros(4), np.array([1.0, 1.0, 1.0, 1.0])
    assert stacking.best_weight(y, good, bad) == 1.0
    assert stacking.best_weight(y, bad, good) == 0.0
    between = np.array([1.0, 1.0, 1.0, 1.0])
    assert stacking.best_weight(np.full(4, 0.25), between, good) == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("network", "forest", "verdict"),
    [
        ((2.0, 1.2), (0.5, 0.5), "supported"),
        ((2.0, 1.05), (0.5, 0.5), "conditional"),  # a twentieth is less than a tenth
        ((1.0, 0.9), (2.0, 2.0), "refuted"),  # nearer than the forest is no answer
    ],
)
def test_a_stack_must_beat_the_network_alone(monkeypatch, network, forest, verdict):
    wobble = np.exp(0.001 * np.random.default_rng(0).standard_normal(10))
    found = {
        words: {
            "network": one * wobble, "forest": other * wobble[::-1],
            "stack": np.ones(10), "stack in sample": np.ones(10),
            "weight": np.zeros(10), "weight in sample": np.zeros(10),
        }
        for words, one, other in zip(stacking.LOSSES, network, forest, strict=True)
    }  # fmt: skip
    monkeypatch.setattr(stacking, "stacks", lambda lab: found)
    seen = judged(stacking.weighed_out_of_fold, RecordingLab("ensembles"))
    assert seen["verdict"] == verdict
    for decision, ratio in zip(seen["decisions"].values(), network, strict=True):
        assert decision["effect"] == pytest.approx(ratio, rel=0.002)


@pytest.mark.parametrize(
    ("ahead", "verdict"),
    [(0.0, "supported"), (-0.02, "refuted"), (-0.01, "inconclusive")],
)
def test_one_network_with_dropout_against_five(monkeypatch, ahead, verdict):
    """Up to a point behind is as good; at a point the seeds can't tell."""
    wobble = np.tile([0.002, -0.002], 20)
    five = np.full(40, 0.9)
    found = {
        "one of 64 units": five, "one of 128 units": five,
        "one of 128, dropout": five + ahead + wobble, "five of 64 units": five,
    }  # fmt: skip
    monkeypatch.setattr(dropout_link, "all_accuracies", lambda lab: found)
    seen = judged(dropout_link.as_good_as_five, RecordingLab("ensembles"))
    assert seen["verdict"] == verdict


def test_a_stack_lies_between_its_members():
    case = {"loss": "huber", "rows": 100, "epochs": 3, "learning_rate": 0.01,
            "stacked": True}  # fmt: skip
    found = stacking.train(case, 0)
    assert 0 <= found["weight"] <= 1
    # The distance of a weighted mean is at most the weighted mean of distances.
    for stack, weight in (("stack", "weight"), ("stack in sample", "weight in sample")):
        share = found[weight]
        bound = share * found["network"] + (1 - share) * found["forest"]
        assert found[stack] <= bound + 1e-6
    assert set(stacking.train({**case, "stacked": False}, 0)) == {"network"}
