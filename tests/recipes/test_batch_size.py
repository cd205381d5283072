"""The batch_size recipe: noise, counts and memory by formula, and the verdicts."""

import keras
import numpy as np
import pytest

from recipes.lab.data import sets
from recipes.optimization import (
    _batch_compared,
    _batch_digits,
    _batch_linear,
    _batch_memory,
    _batch_noise,
    _batch_normalization,
    _batch_runs,
    _batch_updates,
    _batch_wells,
    batch_size,
)
from tests.recipes.running import run


@pytest.fixture(scope="module")
def digits():
    return _batch_digits.Digits(sets.load("digits"))


@pytest.fixture(scope="module")
def smoke(tmp_path_factory):
    return run(tmp_path_factory.mktemp("smoke"), "batch_size", "--smoke")


def test_smoke_states_every_claim_and_judges_none(smoke):
    assert [entry["id"] for entry in smoke["claims"]] == list(batch_size.CLAIMS)
    assert len(smoke["claims"]) == 14
    assert {entry["verdict"] for entry in smoke["claims"]} == {"not judged"}


def test_exact_conditions(smoke):
    """Smoke runs judge nothing, yet keep which conditions held."""
    evidence = {entry["id"]: entry["evidence"] for entry in smoke["claims"]}
    assert "fails_for" not in evidence["gd-updates-per-epoch"]
    assert evidence["gd-updates-per-epoch"]["updates"]["60000/64"] == 938
    assert "fails_for" not in evidence["gd-fullbatch-shuffle-irrelevant"]
    assert "noise falls as 1/B, to 0 with all" in evidence["gd-variants"]["holds_for"]
    broken = evidence["batch-small-breaks-bn"]["holds_for"]
    assert "batches of 2: every output ±1, but for epsilon" in broken
    assert "batches of 1: every output 0" in broken
    assert "the mean of a batch is off by 1/√B" in broken


def test_updates_are_not_a_multiple_of_66(recipes_run):
    assert "multiple of 66" in recipes_run("batch_size", "--updates", "100", code=2)


def test_gradients_of_samples_are_those_of_keras():
    """Keras's gradient of the mean loss is the mean of our gradients."""
    from recipes.lab.training.gradients import gradients

    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(12, 5)), rng.integers(10, size=12)
    kernels = _batch_noise.initial_weights((5, 64, 10), 3)

    def loss(weights):
        logits = keras.ops.relu(keras.ops.matmul(x, weights[0])) @ weights[1]
        return keras.ops.mean(
            keras.ops.sparse_categorical_crossentropy(y, logits, from_logits=True)
        )

    expected = np.concatenate([g.ravel() for g in gradients(loss, kernels)])
    ours = _batch_noise.each_gradient(x, y, 3)
    assert ours.shape == (12, 5 * 64 + 64 * 10)
    assert ours.mean(0) == pytest.approx(expected, abs=1e-10)


def test_variance_of_batches_by_hand():
    """Of 1, 2, 3 two are drawn: means 1.5, 2, 2.5, of variance 1/6."""
    gradients = np.array([[1.0], [2.0], [3.0]])
    assert _batch_noise.by_formula(gradients, 2) == pytest.approx(1 / 6)
    assert _batch_noise.by_formula(gradients, 3) == pytest.approx(0)
    assert _batch_noise.variance(gradients, 2, 0) == pytest.approx(1 / 6, rel=0.15)


def test_updates_of_an_epoch():
    assert _batch_updates.updates_of(100, 33) == 4


def test_order_matters_to_small_batches_only(digits):
    assert _batch_updates.gradient_change(digits, 0) < 1e-13
    assert _batch_updates.weight_change(digits, _batch_digits.TRAINED, 0) < 1e-4
    assert _batch_updates.weight_change(digits, 32, 0) > 1e-3


@pytest.mark.parametrize("size", [1, 4])
def test_the_linear_model_ends_at_its_floor(size):
    rates = np.full(2000, 0.05)
    late = _batch_linear.simulate(rates, size, 0)[1000:].mean()
    assert late == pytest.approx(_batch_linear.floor(0.05, size), rel=0.1)


def test_limits_of_the_linear_model():
    assert _batch_linear.limit(1) == pytest.approx(2 / 12)
    assert _batch_linear.limit(np.inf) == 2
    for size in (1, 32):
        limit = _batch_linear.limit(size)
        assert np.isfinite(_batch_linear.floor(0.99 * limit, size))
        assert _batch_linear.floor(1.01 * limit, size) == np.inf
    assert _batch_linear.fewest_updates(np.inf) == 1  # rate 1 takes all the way


def test_a_full_batch_stays_in_its_well():
    assert _batch_wells.stay(_batch_wells.SAMPLES, 300, 0) == 1
    assert _batch_wells.stay(1, 2000, 0) < 1


def test_memory_of_a_step():
    small, large = _batch_memory.step_peak(16), _batch_memory.step_peak(528)
    assert small < large
    activations = 4 * (784 + 128 + 64 + 10)
    assert _batch_memory.activation_bytes(1) == activations
    assert (large - small) / 512 >= activations
    assert small > 4 * 109_184  # the gradients of the kernels alone


def test_normalized_pairs_are_plus_and_minus_one():
    x = np.array([[0.0, 5.0], [2.0, 4.0]], "float32")
    seen = _batch_normalization.outputs(x, 1e-10)
    assert seen == pytest.approx(np.array([[-1, 1], [1, -1]]), abs=1e-4)
    small = np.array([[0.0], [0.02]], "float32")  # d = 0.01
    expected = 0.01 / np.sqrt(0.01**2 + 1e-3)
    assert np.abs(_batch_normalization.outputs(small, 1e-3)) == pytest.approx(
        expected, rel=1e-3
    )


def test_points_hold_both_ends():
    points = _batch_runs.points(528, 12, 264)
    assert {1, 12, 132} <= set(points)
    assert points[-1] == 132
    assert _batch_runs.points(16, 12, 264)[-1] == 12
    assert 4 in _batch_runs.points(16, 12, 264)


def test_training_starts_anew(digits):
    case = (32, 0.2, (1, 2))
    keras.utils.set_random_seed(5)
    one = digits.train(case, 5)
    digits.train((32, 100.0, (1,)), 6)
    keras.utils.set_random_seed(5)
    assert digits.train(case, 5) == one
    assert len(one["accuracy"]) == 2
    model = digits.restart.model
    expected = model.evaluate(*digits.training, verbose=0)
    assert one["training_loss"][-1] == pytest.approx(expected, rel=1e-4)


def runs_of(curves):
    """Sweep results whose losses are given for every size; rates all alike."""
    results = {
        (size, rate): [curve] for size, curve in curves.items()
        for rate in _batch_runs.RATES
    }  # fmt: skip
    return _batch_runs.Runs(results, dict.fromkeys(curves, (1, 2)), 2, 66)


def test_gap_at_one_training_loss_by_hand():
    level = _batch_runs.LEVEL
    curve = {
        "training_loss": [3 * level, level / 2],
        "held_out_loss": [3 * level + 1, level / 2 + 2],
        "accuracy": [0.1, 0.2],
    }
    runs = runs_of({32: curve})
    # 2 of the 2.5 levels on the way: the gap is 1 + 0.8.
    assert runs.gap_at_level(32) == pytest.approx([1.8])
    assert runs.at(32, 2, "accuracy", 0.2) == pytest.approx([0.2])
    assert runs.gap(32, "epochs") == pytest.approx([2.0])
    never = {**curve, "training_loss": [3 * level, 2 * level]}
    assert runs_of({32: never}).gap_at_level(32) is None
    told = _batch_compared.told_at_level(None, 528, 32)
    assert "Not every training" in told
