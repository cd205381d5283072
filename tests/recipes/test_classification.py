"""The classification recipe: formulas, labels, networks and exact verdicts."""

import keras
import numpy as np
import pytest
from scipy import special

from recipes.lab.data import sets
from recipes.lab.evidence.judging import judge
from recipes.lab.testing import RecordingLab
from recipes.losses.classification import (
    comparing,
    cross_entropy,
    from_logits,
    hinge,
    margin,
    mismatch,
    printed_run,
    several_labels,
    wrong_labels,
)


class Lab:
    """What claims that train in no sweep are handed."""

    def __init__(self, seeds: int):
        self.seeds = range(seeds)


def judged(decide, seeds=5) -> dict:
    """What becomes of a claim."""
    return judge(decide.claim, decide(Lab(seeds)))


def test_formulas_against_scipy():
    rng = np.random.default_rng(0)
    z, y = rng.normal(0, 5, 50), rng.integers(0, 2, 50)
    expected = -(y * special.log_expit(z) + (1 - y) * special.log_expit(-z))
    assert cross_entropy.cross_entropy(y, from_logits.sigmoid(z)) == pytest.approx(
        expected
    )
    assert from_logits.sigmoid_cross_entropy(y, z) == pytest.approx(expected)
    z, y = rng.normal(0, 5, (50, 4)), np.eye(4)[rng.integers(0, 4, 50)]
    expected = -(y * special.log_softmax(z, -1)).sum(-1)
    written = cross_entropy.categorical_cross_entropy(y, from_logits.softmax(z))
    assert written == pytest.approx(expected)
    assert from_logits.softmax_cross_entropy(y, z) == pytest.approx(expected)


def test_far_logits():
    """Wrong by 1000, the loss is 1000; as written it is infinite or not a number."""
    y, z = np.array([1.0, 0.0]), np.array([-1000.0, 1000.0])
    assert from_logits.sigmoid_cross_entropy(y, z).tolist() == [1000, 1000]
    written = cross_entropy.cross_entropy(y, from_logits.sigmoid(z))
    assert not np.isfinite(written).any()
    assert from_logits.softmax_cross_entropy(y, z) == 2000
    assert np.isnan(cross_entropy.categorical_cross_entropy(y, from_logits.softmax(z)))


def test_hinges_by_hand():
    y, score = np.array([1, 1, -1, -1]), np.array([0.3, 2.0, 0.3, -2.0])
    assert hinge.hinge(y, score) == pytest.approx([0.7, 0, 1.3, 0])
    y = np.array([[0.0, 1, 0]])
    assert hinge.categorical_hinge(y, np.array([[0.5, 1.0, -1]])) == 0.5
    assert hinge.categorical_hinge(y, np.array([[-2, 0.5, -3.0]])) == 0.0
    assert hinge.categorical_hinge(y, np.array([[-2, -1.5, -3.0]])) == 0.5


def test_entropy_of_a_rare_class():
    assert cross_entropy.entropy(0.5) == pytest.approx(np.log(2))
    assert cross_entropy.entropy(0.05) == pytest.approx(0.198515, abs=5e-7)


def test_exact_verdicts():
    binary = judged(cross_entropy.binary)
    assert binary["verdict"] == "supported"
    assert binary["numbers"]["wrong"] == pytest.approx(-np.log(1e-7), rel=1e-4)
    rows = judged(cross_entropy.one_row_a_label)
    assert rows["holds"] == ["Keras's CategoricalCrossentropy"]
    assert rows["verdict"] == "supported"
    assert rows["numbers"]["same"] == "gives"
    assert rows["numbers"]["gap"] < 1e-6
    constant = judged(cross_entropy.no_constant_is_cheaper)
    assert constant["verdict"] == "supported"
    learned = constant["numbers"]["entropy_over_test_loss_of_logistic_regression"]
    assert learned.holds
    # 1 - σ(z) is 0 where e^-z is below half the spacing of numbers under 1.
    sigmoid = judged(from_logits.of_a_sigmoid)
    assert sigmoid["verdict"] == "supported"
    kinds = (np.float32, np.float64)
    for kind in kinds:
        expected = np.ceil(-np.log(np.finfo(kind).epsneg / 2))
        assert abs(sigmoid["numbers"]["fails"][kind.__name__] - expected) <= 1
    assert sigmoid["numbers"]["slope"] == pytest.approx(-0.9933071491, rel=1e-6)
    softmax = judged(from_logits.of_a_softmax)
    assert softmax["verdict"] == "supported"
    assert softmax["numbers"]["fails"] == {
        kind.__name__: int(np.ceil(np.log(np.finfo(kind).max))) for kind in kinds
    }
    for found in (sigmoid, softmax):
        assert found["numbers"]["keras_is_right_at_logits_of_1000"]
        assert not found["numbers"]["finite_as_written_at_logits_of_1000"]
    assert judged(hinge.written_out)["verdict"] == "supported"


def test_margins_by_hand():
    x, y = np.array([[1.0, 0], [3, 4], [-1, 1]]), np.array([1.0, 1, -1])
    # The points of both classes that are nearest to each other are 1 and -1 apart in
    # the first input; the border between (1, 0) and (-1, 1) halves their distance.
    assert margin.largest(x, y) == pytest.approx(5**0.5 / 2, rel=1e-3)
    assert margin.margin(np.array([2.0, 0]), 0.0, x, y) == 1.0
    assert margin.margin(np.array([-2.0, 0]), 0.0, x, y) == -3.0
    # Weights of a score above 1 everywhere have no gradient: they stay as they are.
    assert margin.descend(x, y, np.array([5.0, 0.0])) == 1.0


def test_the_best_hinge_score_is_one_whatever_the_chance():
    assert [margin.best_score(p) for p in (0.1, 0.4, 0.6, 0.9)] == [-1, -1, 1, 1]
    x = np.array([[-9.0, 0]] * 4 + [[9.0, 0]] * 2)
    y = np.array([-1.0, -1, -1, 1, 1, 1])
    scores = margin.by_interval(x, y, least=False)
    assert scores[0] == pytest.approx(np.log(2 / 4))  # with one of each added
    assert scores[-1] == pytest.approx(np.log(3 / 1))
    assert margin.by_interval(x, y, least=True)[[0, -1]].tolist() == [-1, 1]


def test_pairs_that_agree_by_hand():
    one, two = [(0.1, 0.9), (0.2, 0.8), (0.3, 0.85)], [(0.5, 0.7), (0.4, 0.6)]
    assert comparing.agreeing([one]) == pytest.approx(2 / 3)
    assert comparing.agreeing([two]) == 0
    assert comparing.agreeing([one, two]) == pytest.approx(2 / 4)
    assert np.isnan(comparing.agreeing([[(0.1, 0.9), (0.2, 0.905)]]))  # a tie


def test_pairs_are_stages_of_a_network_or_networks_at_a_stage():
    runs = {
        "small": [{"training_loss": [3.0, 2.0], "held_out_accuracy": [0.5, 0.6]}],
        "large": [{"training_loss": [2.0, 1.0], "held_out_accuracy": [0.4, 0.3]}],
    }
    found = comparing.shares(runs, "training_loss")
    assert found["during training"].tolist() == [0.5]
    assert found["between networks"].tolist() == [0.0]
    assert found["all pairs"].tolist() == [0.25]


def test_a_wrong_formula_would_be_seen(monkeypatch):
    right = cross_entropy.cross_entropy
    monkeypatch.setattr(
        cross_entropy, "cross_entropy", lambda y, p: 1.001 * right(y, p)
    )
    assert judged(cross_entropy.binary)["verdict"] == "refuted"


def test_three_labels_are_drawn_by_their_chances():
    x, y, new_x, new_y = several_labels.draw_labels(0)
    assert x.shape == new_x.shape == (600, 10)
    assert y.shape == new_y.shape == (600, 3)
    assert set(np.unique(y)) == {0.0, 1.0}
    both = np.r_[y, new_y].mean(0)
    assert both[2] < 0.35  # the rare one
    assert both[:2] == pytest.approx([0.5, 0.5], abs=0.06)


def test_multiclass_hinge_of_keras():
    found = hinge.multiclass_values()
    assert found["wrong 0.5, Keras"] == pytest.approx(1 + 0.5 - 1)
    assert found["wrong 0.5, formula"] == pytest.approx(1 + 0.5 - 1)
    assert found["wrong -2, Keras"] == pytest.approx(1 + 0 - 0.5)
    assert found["wrong -2, formula"] == 0  # 1 - 2 - 0.5 is below 0
    assert hinge.formula_agrees()


@pytest.fixture(scope="module")
def digits():
    return sets.load("digits")


def test_digits_are_split_without_loss(digits):
    x, y, new_x, new_y = wrong_labels.split_digits(digits, 300)
    assert x.shape == (300, 64)
    assert new_x.shape == (1497, 64)
    assert len(y) + len(new_y) == 1797


def test_training_depends_on_its_seed_alone_and_stops_at_its_goal(digits):
    plain = {"loss": "cross-entropy", "end": "logits", "optimizer": "adam",
             "rate": 0.001, "goal": 0.95}  # fmt: skip
    found = []
    for before in (False, True):
        if before:
            other = plain | {"loss": "absolute error", "end": "softmax"}
            mismatch.train(other | {"epochs": 1}, 3, digits)
            mismatch.train(plain | {"epochs": 1}, 4, digits)
        found.append(mismatch.train(plain | {"epochs": 2}, 0, digits))
    assert found[0] == found[1]
    assert found[0]["epochs"] == 3.0  # two are too few
    long = mismatch.train(plain | {"epochs": 60}, 0, digits)
    assert long["accuracy"][:2] == found[0]["accuracy"]
    assert long["accuracy"][-2] < 0.95 <= long["accuracy"][-1]
    assert len(long["accuracy"]) < 60


def test_wrong_labels_are_wrong_and_as_many_as_asked(digits):
    right = digits.y_train[:300]
    noisy = wrong_labels.noisy_labels(right, 10, 0.2, seed=0)
    assert (noisy != right).sum() == 60
    assert noisy.min() >= 0
    assert noisy.max() <= 9
    assert (noisy == wrong_labels.noisy_labels(right, 10, 0.2, seed=0)).all()
    assert (noisy != wrong_labels.noisy_labels(right, 10, 0.2, seed=1)).any()
    assert (wrong_labels.noisy_labels(right, 10, 0.0, seed=0) == right).all()


def test_share_of_wrong_labels_that_is_learned(digits):
    x, right = digits.x_train[:300].reshape(300, -1), digits.y_train[:300]
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(10)])
    guesses = model.predict_on_batch(x).argmax(-1)
    assert wrong_labels.share_learned(model, x, right, right) == 0.0
    wrong = guesses != right
    assert wrong.any()
    assert wrong_labels.share_learned(model, x, guesses, right) == 1.0
    never = np.where(wrong, guesses, (right + 1) % 10)
    expected = wrong.mean()  # the others are never what the network says
    found = wrong_labels.share_learned(model, x, never, right)
    assert found == pytest.approx(expected)


def test_crossing_by_hand():
    assert mismatch.crossing([0.5, 0.7, 0.95], 0.9) == pytest.approx(2.8)
    assert mismatch.crossing([0.9], 0.9) == 1.0
    assert mismatch.crossing([0.5, 0.7], 0.9) is None


@pytest.mark.parametrize(("epochs", "slower"), [(5, 0), (20, 6)])
def test_the_title_counts_the_pairs_that_are_slower(monkeypatch, epochs, slower):
    runs = {
        f"{name}, {optimizer}": [{"epochs": 5 if name == mismatch.RIGHT else epochs}]
        for name, (*_, optimizers) in mismatch.PAIRS.items()
        for optimizer in optimizers
    }
    monkeypatch.setattr(mismatch, "races", lambda lab: runs)
    monkeypatch.setattr(mismatch, "goal_of", lambda lab: 0.9)
    lab = RecordingLab("classification")
    mismatch.draw_races(lab)
    title = lab.figures["mismatch"][0].axes[0].get_title("left")
    assert title.startswith(f"{slower} of 6 other pairs")


def test_the_notes_run_is_set_up_as_printed():
    parts = printed_run.split_samples()
    assert {name: len(y) for name, (_, y) in parts.items()} == {
        "train": 640, "validate": 160, "test": 200}  # fmt: skip
    y = np.concatenate([parts["train"][1], parts["validate"][1]])
    assert y.mean() == pytest.approx(0.49125)
    assert parts["test"][1].mean() == pytest.approx(0.535)
    network = printed_run.network((20,))
    shapes = [layer.count_params() for layer in network.layers]
    assert shapes == [21 * 32, 33 * 16, 17]
    assert network.count_params() == 1217
    counts = np.array(list(printed_run.PRINTED["val_accuracy"].values())) * 160
    assert np.round(counts).tolist() == [112, 125, 130, 131, 134, 134]


def test_printed_numbers_are_compared_with_where_one_more_run_is_expected():
    def history(shift):
        return {
            metric: [values.get(epoch, 0.5) + shift for epoch in range(1, 7)]
            for metric, values in printed_run.PRINTED.items()
        }

    # Two runs: 1 degree of freedom, where Student's t is the tangent of an angle.
    compared = printed_run.compare([history(s) for s in (0.01, 0.03)])
    assert len(compared) == 12
    assert all(row["inside"] for row in compared.values())
    t = np.tan(np.pi * (1 - 0.05 / 12) / 2)
    half = t * 0.02 / 2**0.5 * 1.5**0.5
    for row in compared.values():
        assert row["greatest"] - row["least"] == pytest.approx(2 * half)
    many = [history(s) for s in np.tile((0.05, 0.06), 10)]
    assert not any(row["inside"] for row in printed_run.compare(many).values())
    short = [{k: v[:1] for k, v in history(0).items()} for _ in range(2)]
    assert len(printed_run.compare(short)) == 4


def test_a_loss_cannot_see_the_logits_behind_its_outputs(digits):
    """Cross-entropy of sigmoids is no softmax cross-entropy of their logits."""
    study = mismatch.STUDIES["cross-entropy of outputs"]
    x, labels, _, _ = mismatch.split_digits(digits)
    y = np.eye(10, dtype="float32")[labels]
    arguments = {"epochs": 1, "batch_size": 64, "learning_rate": 0.0,
                 "optimizer": "sgd", "network": {"num_classes": 10, "end": "sigmoid"},
                 "measure": lambda model: model.predict_on_batch(x)}  # fmt: skip
    run = study.train((x, y), 0, **arguments)
    outputs = np.array(run["measured"])
    expected = -np.log((outputs / outputs.sum(1, keepdims=True) * y).sum(1)).mean()
    assert run["history"]["loss"][0] == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(
    "flag",
    ["--noise=1.5", "--epochs=1001", "--noisy-samples=99", "--noisy-passes=5001"],
)
def test_settings_out_of_range(recipes_run, flag):
    assert f"{flag.partition('=')[0]} must be" in (
        recipes_run("classification", flag, code=2)
    )
