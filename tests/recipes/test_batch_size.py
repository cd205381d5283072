"""The batch_size recipe: noise, counts and memory by formula, and exact conditions."""

import keras
import numpy as np
import pytest

from recipes.lab.data import sets
from recipes.lab.training.gradients import gradients
from recipes.optimization.batch_size import (
    data_size,
    epochs,
    gaps,
    hardware,
    noise,
    normalization,
    small_or_large,
    wandering,
    wells,
)
from tests.recipes.running import run


@pytest.fixture(scope="module")
def digits():
    return sets.load("digits")


def test_exact_conditions(tmp_path):
    """Smoke runs judge nothing, yet keep which conditions held."""
    result = run(tmp_path, "batch_size", "--smoke")
    claims = {entry["id"]: entry for entry in result["claims"]}
    counts = claims["gd-updates-per-epoch"]
    assert not counts["fails"]
    assert counts["numbers"]["updates"]["60000/64"] == 938
    assert not claims["gd-fullbatch-shuffle-irrelevant"]["fails"]
    assert "noise falls as 1/B, to 0 with all" in claims["gd-variants"]["holds"]
    assert not claims["gd-parallel-exact"]["fails"]
    broken = claims["batch-small-breaks-bn"]["holds"]
    assert "batches of 2: every output ±1, but for epsilon" in broken
    assert "batches of 1: every output 0" in broken
    assert "the mean of a batch is off by 1/√B" in broken


@pytest.mark.parametrize(
    ("flag", "message"),
    [("--updates=100", "multiple of 66"), ("--epochs=1001", "at most 1000")],
)
def test_settings_out_of_range(recipes_run, flag, message):
    assert message in recipes_run("batch_size", flag, code=2)


def test_gradients_of_samples_are_those_of_keras():
    """Keras's gradient of the mean loss is the mean of our gradients."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(12, 5)), rng.integers(10, size=12)
    kernels = noise.initial_weights((5, 64, 10), 3)

    def loss(weights):
        logits = keras.ops.relu(keras.ops.matmul(x, weights[0])) @ weights[1]
        return keras.ops.mean(
            keras.ops.sparse_categorical_crossentropy(y, logits, from_logits=True)
        )

    expected = np.concatenate([g.ravel() for g in gradients(loss, kernels)])
    ours = noise.each_gradient(x, y, 3)
    assert ours.shape == (12, 5 * 64 + 64 * 10)
    assert ours.mean(0) == pytest.approx(expected, abs=1e-10)


def test_variance_of_batches_by_hand():
    """Of 1, 2, 3 two are drawn: means 1.5, 2, 2.5, of variance 1/6."""
    three = np.array([[1.0], [2.0], [3.0]])
    assert noise.by_formula(three, 2) == pytest.approx(1 / 6)
    assert noise.by_formula(three, 3) == pytest.approx(0)
    assert noise.variance(three, 2, 0) == pytest.approx(1 / 6, rel=0.15)


def test_updates_of_an_epoch():
    assert epochs.updates_of(100, 33) == 4


def test_order_matters_to_small_batches_only(digits):
    assert epochs.gradient_change(digits, 0) < 1e-13

    def difference(size):
        found = epochs.train_in_two_orders({"batch_size": size}, 0, digits)
        return found["largest_difference"]

    assert difference(1056) < 1e-4
    assert difference(32) > 1e-3


@pytest.mark.parametrize("size", [1, 4])
def test_the_linear_model_ends_at_its_floor(size):
    rates = np.full(2000, 0.05)
    late = wandering.simulate(rates, size, 0)[1000:].mean()
    assert late == pytest.approx(wandering.floor(0.05, size), rel=0.1)


def test_limits_of_the_linear_model():
    assert wandering.limit(1) == pytest.approx(2 / 12)
    assert wandering.limit(np.inf) == 2
    for size in (1, 32):
        limit = wandering.limit(size)
        assert np.isfinite(wandering.floor(0.99 * limit, size))
        assert wandering.floor(1.01 * limit, size) == np.inf
    assert wandering.fewest_updates(np.inf) == 1  # rate 1 takes all the way


def test_a_full_batch_stays_in_its_well():
    assert wells.stay(wells.SAMPLES, 300, 0) == 1
    assert wells.stay(1, 2000, 0) < 1


def test_memory_of_a_step():
    small, large = hardware.step_peak(16), hardware.step_peak(528)
    assert small < large
    activations = 4 * (784 + 128 + 64 + 10)
    assert hardware.activation_bytes(1) == activations
    assert (large - small) / 512 >= activations
    assert small > 4 * 109_184  # the gradients of the kernels alone


def test_normalized_pairs_are_plus_and_minus_one():
    x = np.array([[0.0, 5.0], [2.0, 4.0]], "float32")
    seen = normalization.outputs(x, 1e-10)
    assert seen == pytest.approx(np.array([[-1, 1], [1, -1]]), abs=1e-4)
    small = np.array([[0.0], [0.02]], "float32")  # d = 0.01
    expected = 0.01 / np.sqrt(0.01**2 + 1e-3)
    assert np.abs(normalization.outputs(small, 1e-3)) == pytest.approx(
        expected, rel=1e-3
    )


def test_a_training_depends_on_its_seed_alone(digits):
    case = {"batch_size": 32, "learning_rate": 0.2, "epochs": 2, "score_epochs": [2]}
    one = noise.train(case, 5, digits)
    noise.train({**case, "learning_rate": 100.0}, 6, digits)
    assert noise.train(case, 5, digits) == one
    assert len(one["held_out_accuracy"]) == 1
    # 741 digits are held out: their share that is right is a multiple of 1/741.
    right = 741 * one["held_out_accuracy"][0]
    assert right == pytest.approx(round(right), abs=1e-3)


def test_passes_laid_end_to_end_are_epochs(digits):
    """Eleven passes of two updates each, measured once, make 22 updates."""
    case = {"batch_size": 528, "learning_rate": 0.6, "epochs": 2, "score_epochs": [2]}
    short = noise.train({**case, "passes": 11}, 5, digits)
    long = noise.train({**case, "epochs": 22, "score_epochs": [22]}, 5, digits)
    # The same number of updates in other orders: about the same loss.
    assert short["training_loss"] == pytest.approx(long["training_loss"], rel=0.1)
    once = noise.train(case, 5, digits)["training_loss"]
    assert once[0] > 1.5 * short["training_loss"][0]


def test_rows_to_a_goal_by_hand():
    """With rate 1 and one weight direction fitted at once, one update is enough."""
    count = 4000  # x'x/n is nearly the identity: rate 1 goes nearly all the way
    assert data_size.samples_to_goal(1.0, count, count, 1, 0) == count
    once = data_size.samples_to_goal(0.1, 100, 100, 1, 0)
    assert data_size.samples_to_goal(0.1, 500, 100, 5, 0) == 5 * once


def test_the_truth_of_rows_is_what_their_labels_follow():
    x, y, best = data_size.rows(20_000, 3)
    truth = data_size.rows_truth(20_000, 3)
    assert best == pytest.approx(truth, abs=0.03)
    assert (y - x @ truth).std() == pytest.approx(data_size.NOISE, rel=0.03)


def test_gap_at_one_training_loss_by_hand():
    level = 0.2
    run = {
        "training_loss": [3 * level, level / 2],
        "held_out_loss": [3 * level + 1, level / 2 + 2],
    }
    # 2 of the 2.5 levels on the way: the gap is 1 + 0.8.
    assert gaps.gap_at_level([run], level) == pytest.approx([1.8])
    never = {**run, "training_loss": [3 * level, 2 * level]}
    assert gaps.gap_at_level([run, never], level) is None


@pytest.mark.parametrize(
    ("measure", "small", "large", "ahead"),
    [
        ("held_out_accuracy", 0.9, 0.8, "small batches are ahead"),
        ("held_out_accuracy", 0.8, 0.9, "large batches are ahead"),
        ("training_loss", 0.8, 0.9, "small batches are ahead"),
        ("training_loss", 0.5, 0.5, "none are ahead"),
    ],
)
def test_the_batches_that_are_told_to_be_ahead(
    monkeypatch, measure, small, large, ahead
):
    ends = {small_or_large.SMALL: small, small_or_large.LARGE: large}
    monkeypatch.setattr(
        small_or_large, "at_best", lambda lab, size, *_: np.array([ends[size]])
    )
    assert small_or_large.who_is_ahead(None, "epochs", measure) == ahead
