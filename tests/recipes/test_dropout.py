"""The dropout recipe: masks by hand, averages enumerated, and fair trainings."""

import itertools
import math

import keras
import numpy as np
import pytest
from keras import ops

from recipes.generalization.dropout import (
    Settings,
    all_masks,
    low_and_high,
    masks,
    overfitting,
    penalty,
    reliance,
    scaling,
    weights_or_units,
)
from recipes.generalization.dropout._ablation import (
    LEVEL,
    ablate,
    participation,
    train_and_ablate,
)
from recipes.generalization.dropout._images import DropConnectEach, network, score
from recipes.lab import UsageError
from recipes.lab.data import sets
from recipes.lab.testing import RecordingLab, judged


@pytest.fixture(scope="module")
def digits():
    return sets.load("digits")


@pytest.mark.parametrize("setting", [{"epochs": 1}, {"rows": 99}, {"rows": 301}])
def test_settings_out_of_range(setting):
    with pytest.raises(UsageError, match=f"--{next(iter(setting))} must be"):
        Settings(**setting)


@pytest.mark.parametrize(
    ("claim", "fails"),
    [
        (masks.a_share_at_random, []),
        (masks.off_in_inference, []),
        (masks.smaller_in_training, []),
        (scaling.scaled_at_test, ["Keras: weights are scaled down at test"]),
    ],
)
def test_exact_claims(claim, fails):
    found = judged(claim, RecordingLab("dropout"))
    assert found["fails"] == fails
    assert found["undecided"] == []


def test_shares_of_single_draws():
    """Of 100 units 30 are dropped in 8.7 % of the draws, by the binomial formula."""
    numbers = judged(masks.a_share_at_random, RecordingLab("dropout"))["numbers"]
    by_formula = math.comb(100, 30) * 0.3**30 * 0.7**70
    assert by_formula == pytest.approx(0.087, abs=5e-4)
    assert numbers["exact"] == pytest.approx(by_formula, abs=0.02)
    assert numbers["deviation"] == pytest.approx(math.sqrt(0.3 * 0.7 / 100), rel=0.05)
    assert numbers["least"] < 0.2
    assert numbers["most"] > 0.4


def test_dropout_is_judged_as_an_l2_penalty_by_linear_models_and_networks(monkeypatch):
    wobble = np.linspace(0.99, 1.01, 10)

    def verdict(even):
        monkeypatch.setattr(
            penalty, "of", lambda lab, rate, name: even ** bool(rate) * 0.6 * wobble
        )
        return judged(penalty.like_ridge, RecordingLab("dropout"))

    other_unit = "an input in another unit: as with L2"
    more = [f"a network, dropout {r}: weights a tenth more even" for r in (0.3, 0.5)]
    same, better = verdict(1.0), verdict(1.3)
    assert same["fails"] == [other_unit, *more]
    assert better["fails"] == [other_unit]
    assert same["verdict"] == better["verdict"] == "conditional"
    assert better["decisions"][more[0]]["effect"] == pytest.approx(1.3)


def test_masks_and_chances():
    every, chances = scaling.every_mask(0.3)
    assert every.shape == (1024, 10)
    assert len(np.unique(every, axis=0)) == 1024
    assert chances.sum() == pytest.approx(1)
    assert chances @ every == pytest.approx(np.full(10, 0.7))
    # All ten kept: 0.7 to the tenth.
    assert chances[every.all(1)] == pytest.approx(0.7**10)


def test_two_masks_by_hand():
    """One input x = 2 with w = 3, target 1, rate 1/2: errors 11² and 1², half each."""
    x, y, weights = np.array([[2.0]]), np.array([1.0]), np.array([3.0])
    assert penalty.expected_loss(x, y, weights, 0.5) == pytest.approx((121 + 1) / 2)
    # Plain (6 - 1)², and penalty 1 · 4 · 9.
    assert penalty.penalized_loss(x, y, weights, 0.5) == pytest.approx(25 + 36)


def test_the_dropout_fit_is_the_least_expected_loss():
    x, y = penalty.problem(standardized=False)
    best = penalty.dropout_fit(x, y)
    least = penalty.expected_loss(x, y, best)
    rng = np.random.default_rng(0)
    for _ in range(5):
        other = best + 0.1 * rng.normal(size=best.shape)
        assert penalty.expected_loss(x, y, other) > least


def test_thinned_networks_are_those_of_keras():
    """Masks of ones give the layer's training outputs for all units kept."""
    rng = np.random.default_rng(1)
    hidden, kernel = rng.random((5, 3)), rng.normal(size=(3, 2))
    logits = all_masks.thinned(hidden, kernel, np.zeros(2))
    assert logits.shape == (8, 5, 2)
    assert not logits[0].any()
    assert logits[-1] == pytest.approx(2 * hidden @ kernel)
    # Mean logits are those of all units, unscaled: (0 + 2)/2 = 1.
    assert logits.mean(0) == pytest.approx(hidden @ kernel)
    # So is, up to their sum, the geometric mean of probabilities.
    geometric = np.exp(np.log(all_masks.softmax(logits)).mean(0))
    geometric /= geometric.sum(1, keepdims=True)
    assert geometric == pytest.approx(all_masks.softmax(hidden @ kernel))


def test_agreement_of_errors():
    right, wrong = [0, 0, 1, 1], [1, 1, 0, 0]
    assert all_masks.agreement(np.array([right, right])) == pytest.approx(1)
    assert all_masks.agreement(np.array([right, wrong])) == pytest.approx(-1)
    assert np.isnan(all_masks.agreement(np.array([[1, 1], [0, 1]])))
    loss, accuracy = all_masks.quality(np.array([[0.5, 0.5], [0.2, 0.8]]), [0, 0])
    assert loss == pytest.approx(-np.log(0.5 * 0.2) / 2)
    assert accuracy == 0.5


def test_all_masks_of_a_trained_network(digits):
    found = all_masks.train_and_enumerate({"rows": 100, "epochs": 3}, 0, digits)
    assert found["geometric_off"] < 1e-4 < found["arithmetic_off"]
    off, expected = found["monte_carlo"]["100"]
    assert 0.5 < off / expected < 1.5
    mean, most = found["members"]
    assert mean < most


def test_participation_by_hand():
    assert participation(np.ones((2, 3))) == pytest.approx(1)
    assert participation(np.array([0.0, 5.0, 0.0, 0.0])) == 0.25
    assert participation(np.array([1.0, -3.0])) == pytest.approx(16 / 20)


def test_ablation_is_a_network_without_the_part(digits):
    rng = np.random.default_rng(2)
    weights = [rng.normal(size=s) for s in ((64, 5), (5,), (5, 10), (10,))]
    x, y = digits.x_test.reshape(-1, 64).astype(float), digits.y_test

    def accuracy(first, second, x):
        logits = np.maximum(x @ first + weights[1], 0) @ second + weights[3]
        return (logits.argmax(1) == y).mean()

    found = ablate(weights, x, y)
    whole = accuracy(weights[0], weights[2], x)
    assert found["accuracy"] == whole
    without = weights[2] * (np.arange(5) != 3)[:, None]
    assert found["units"][3] == whole - accuracy(weights[0], without, x)
    blank = x * (np.arange(64) != 20)
    assert found["pixels"][20] == whole - accuracy(weights[0], weights[2], blank)


def test_a_training_ends_at_the_level(digits):
    case = {"dropout": 0.3, "pixels": 0.0, "epochs": 60, "rows": 300}
    found = train_and_ablate(case, 0, digits)
    assert LEVEL <= found["validation"][1] < LEVEL + 0.06


def test_dropped_pixels_are_inputs():
    """A kernel of ones adds them up: of 64 ones about half, each doubled."""
    model = network((8, 8, 1), 10, units=[2], input_rate=0.5)
    kinds = [type(layer).__name__ for layer in model.layers]
    assert kinds == ["InputLayer", "Flatten", "Dropout", "Dense", "Dropout", "Dense"]
    model.layers[3].kernel.assign(np.ones((64, 2)))
    sums = keras.Model(model.input, model.layers[3].output)
    ones = np.ones((500, 8, 8, 1), "float32")
    seen = ops.convert_to_numpy(sums(ones, training=True))
    assert np.isin(seen, np.arange(0, 130, 2)).all()
    assert seen.mean() == pytest.approx(64, abs=2)  # five standard errors: 5 * 8/√500
    assert seen.std() == pytest.approx(8, rel=0.2)  # of 64 draws of 0 or 2: √64
    assert (ops.convert_to_numpy(sums(ones, training=False)) == 64).all()


def test_features_are_judged_with_dropout_of_pixels_too(monkeypatch):
    wobble = 1e-4 * np.linspace(-1, 1, 10)

    def of(lab, rate, name, pixels=False):
        return (0.02 if pixels else 0.04) + wobble

    monkeypatch.setattr(reliance, "of", of)
    runs = {
        rate: [{"validation": (0.3, 0.9), "test": (0.3, 0.9)}] for rate in (0.3, 0.5)
    }
    monkeypatch.setattr(reliance, "ablations", lambda lab, pixels: runs)
    found = judged(reliance.leans_on_no_single_pixel, RecordingLab("dropout"))
    assert found["holds"] == [
        f"dropout {r} of hidden units and pixels" for r in (0.3, 0.5)
    ]
    assert found["fails"] == [f"dropout {r} of hidden units" for r in (0.3, 0.5)]
    effect = found["decisions"]["dropout 0.3 of hidden units and pixels"]["effect"]
    assert effect == pytest.approx(0.02)


def test_a_mask_for_each_example():
    layer = DropConnectEach(50, rate=0.5, kernel_initializer="ones", seed=0)
    same = np.ones((4, 30), "float32")
    seen = ops.convert_to_numpy(layer(same, training=True))
    assert len(np.unique(seen, axis=0)) == 4
    # Each output is twice the number of kept weights of thirty.
    assert np.isin(seen, np.arange(0, 62, 2)).all()
    assert seen.mean() == pytest.approx(30, rel=0.1)
    quiet = ops.convert_to_numpy(layer(same, training=False))
    assert quiet == pytest.approx(np.full((4, 50), 30.0))


def test_dropconnect_of_the_zoo_has_one_mask():
    kernel = weights_or_units.masked(0.3)
    assert set(np.unique(kernel.round(4))) == {0, np.float32(1 / 0.7).round(4)}
    assert (kernel == 0).mean() == pytest.approx(0.3, abs=0.04)


def test_wrong_labels_are_never_in_the_test(digits):
    (_, y), (_, checked), (_, last) = all_masks.draw(digits, 1, 300, wrong=0.5)
    right = [part[1] for part in all_masks.draw(digits, 1, 300)]
    # A tenth of the replaced labels are right by chance.
    assert (y != right[0]).mean() == pytest.approx(0.45, abs=0.1)
    assert (checked != right[1]).mean() == pytest.approx(0.45, abs=0.1)
    assert (last == right[2]).all()


def test_score_by_hand(digits):
    model = network((8, 8, 1), 10, rate=0.5)
    x, y = digits.x_test, digits.y_test
    loss, accuracy = score(model, x, y)
    scce = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    logits = model.predict(x, verbose=0)
    assert loss == pytest.approx(float(scce(y, logits)), rel=1e-5)
    assert accuracy == pytest.approx((logits.argmax(1) == y).mean())


def test_the_weights_of_the_least_validation_loss_are_kept(digits):
    case = {
        "network": {"rate": 0.0},
        "learning_rate": 0.03,
        "epochs": 15,
        "rows": 100,
        "wrong": 0.5,
    }
    stopped = overfitting.train({**case, "stopped": True}, 0, digits)
    whole = overfitting.train({**case, "stopped": False}, 0, digits)
    assert stopped["validation"][0] == pytest.approx(
        stopped["validation_loss"], rel=1e-4
    )
    assert stopped["validation"][0] < whole["validation"][0]


def test_rates_are_chosen_on_other_seeds(digits):
    lab = RecordingLab("dropout", seeds=2, epochs=3, rows=100)
    choices = low_and_high.choices(lab, 0.1, low_and_high.WAYS[1], True)
    assert choices[0]["network"]["units"] == [71, 71]  # 64/0.9
    found = low_and_high.at_best(
        lab, {"one": choices[:2]}, lambda run: run["validation_loss"], "here"
    )
    (_, tried, tuning), (_, chosen, seeds) = lab.sweeps
    assert len(tried) == 2
    assert not set(tuning) & set(seeds)
    assert chosen["one"] in choices
    assert all(run["chosen"] == chosen["one"] for run in found["one"])


def test_widths_leave_as_many_units():
    for rate, way in itertools.product((0.5, 0.9), low_and_high.WAYS):
        kept = low_and_high.width_of(rate, way) * (1 - rate)
        expected = 64 if way == low_and_high.WAYS[1] else 64 * (1 - rate)
        assert kept == pytest.approx(expected)
