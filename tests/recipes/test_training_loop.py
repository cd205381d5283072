"""The training loop recipe: gradients by finite differences, and loops that differ."""

import importlib.util
import types

import numpy as np
import pytest

from recipes.lab import catalog, stats
from recipes.lab.testing import RecordingLab, judged
from recipes.practice.training_loop import four_ways, reports, steps

LAB = RecordingLab("training_loop", steps=6)
Network = steps.Network


@pytest.fixture(scope="module")
def data():
    """Images of 2 x 3 pixels of four classes, enough for two and a half batches."""
    rng = np.random.default_rng(0)
    return types.SimpleNamespace(
        x_train=rng.random((160, 2, 3, 1)).astype("float32"),
        y_train=rng.integers(0, 4, 160).astype("int32"),
        num_classes=4,
    )


def test_the_recipe_is_whole():
    assert set(catalog.find("training_loop").claims) == {
        "loop-four-ways",
        "loop-steps-in-order",
        "loop-zero-gradients",
        "loop-epoch-loss",
    }


def test_gradients_are_those_of_finite_differences(data):
    network = Network(four_ways.start(data))
    ((x, y),) = four_ways.batches(data, 1)
    network.forward(x, y)
    network.backward()
    rng = np.random.default_rng(1)
    for number, weight in enumerate(network.weights):
        place = tuple(rng.integers(size) for size in weight.shape)
        kept, sides = weight[place], []
        for change in (1e-6, -1e-6):
            weight[place] = kept + change
            sides.append(network.forward(x, y))
        weight[place] = kept
        slope = (sides[0] - sides[1]) / 2e-6
        assert network.grads[number][place] == pytest.approx(slope, abs=1e-8)


def test_gradients_add_up_until_they_are_zeroed(data):
    network = Network(four_ways.start(data))
    ((x, y),) = four_ways.batches(data, 1)
    network.forward(x, y)
    network.backward()
    once = [slope.copy() for slope in network.grads]
    network.backward()
    for twice, slope in zip(network.grads, once, strict=True):
        np.testing.assert_allclose(twice, 2 * slope)
    network.zero_grad()
    assert not any(slope.any() for slope in network.grads)


def test_the_loss_of_equal_logits_is_that_of_guessing(data):
    weights = [0 * weight for weight in four_ways.start(data)]
    ((x, y),) = four_ways.batches(data, 1)
    assert Network(weights).forward(x, y) == pytest.approx(np.log(4))


def test_batches_repeat_and_are_whole(data):
    found = four_ways.batches(data, 3)
    assert [len(y) for _, y in found] == [64, 64, 64]
    np.testing.assert_array_equal(found[0][0], found[2][0])
    np.testing.assert_array_equal(found[1][0], data.x_train[64:128].reshape(64, 6))


@pytest.mark.parametrize("way", four_ways.WAYS)
def test_every_way_ends_where_numpy_ends(way, data):
    module, loop = four_ways.WAYS[way]
    pytest.importorskip(module)
    weights = four_ways.start(data)
    found = loop(weights, four_ways.batches(data, 5))
    hand = four_ways.descend(data, 5)
    for one, other in zip(found, hand, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    again = four_ways.start(data)  # a loop does not change what it was given
    for one, other in zip(weights, again, strict=True):
        np.testing.assert_array_equal(one, other)


def test_equal_ways_are_supported_and_an_absent_one_is_not_judged(monkeypatch):
    assert judged(four_ways.same_weights, LAB)["verdict"] in (
        "supported",
        "inconclusive",  # where an extra is not installed
    )
    find = importlib.util.find_spec

    def without_pytorch(name):
        return None if name == "torch" else find(name)

    monkeypatch.setattr(importlib.util, "find_spec", without_pytorch)
    found = judged(four_ways.same_weights, RecordingLab("training_loop", steps=6))
    assert "PyTorch (not judged: it is not installed)" in found["undecided"]
    assert not found["fails"]
    assert "PyTorch" in found["note"]
    found = judged(steps.zero_first, RecordingLab("training_loop", steps=6))
    assert "not judged: it is not installed" in found["undecided"]


def test_a_loop_with_another_rate_is_seen(monkeypatch):
    def wrong(weights, data):
        return four_ways.with_tensorflow([1.01 * weight for weight in weights], data)

    ways = {"another start": ("tensorflow", wrong)}
    monkeypatch.setattr(four_ways, "WAYS", ways)
    found = judged(four_ways.same_weights, RecordingLab("training_loop", steps=4))
    assert found["verdict"] == "refuted"


def test_orders_by_hand(data):
    beginning = [weight.astype(float) for weight in four_ways.start(data)]
    for name in (
        "the update before the backward pass",
        "zeroed between backward pass and update",
    ):
        weights, _ = steps.in_order(steps.ORDERS[name], data, 4)
        for one, other in zip(weights, beginning, strict=True):
            np.testing.assert_array_equal(one, other)
    same = [
        steps.in_order(steps.ORDERS[name], data, 4)[0]
        for name in ("the notes' order", "zeroed at the end")
    ]
    for one, other in zip(*same, strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(ValueError, match="needs a forward pass"):
        steps.in_order(("backward", "forward", "update"), data, 1)


def test_never_zeroed_is_momentum_without_friction(data):
    never, _ = steps.in_order(steps.ORDERS["never zeroed"], data, 5)
    assert four_ways.apart(steps.by_heavy_momentum(data, 5), never) < 1e-12
    assert four_ways.apart(four_ways.descend(data, 5), never) > 0.01


def test_small_batches_add_up_to_a_large_one(data):
    assert steps.summed_small_batches(data) < 1e-12
    assert steps.summed_small_batches(data, parts=8) < 1e-12


def test_means_of_batches_by_hand(data):
    """Batches of 64, 64 and 32: the means weigh the last one 1/3 and 1/5."""
    found = reports.epoch(data, 160)
    network, losses = Network(four_ways.start(data)), []
    x = data.x_train.reshape(160, 6)
    for rows in np.split(np.arange(160), [64, 128]):
        network.zero_grad()
        losses.append(network.forward(x[rows], data.y_train[rows]))
        network.backward()
        network.update()
    one, two, three = losses
    assert found["mean of batches"] == pytest.approx((one + two + three) / 3)
    assert found["mean of samples"] == pytest.approx((2 * one + 2 * two + three) / 5)
    assert reports.reported_by_keras(data, 160) == pytest.approx(
        found["mean of samples"], rel=1e-5
    )


def test_verdicts_of_the_other_lessons():
    found = judged(steps.order_matters, RecordingLab("training_loop"))
    assert found["verdict"] == "supported"
    found = judged(reports.is_mean_of_batches, LAB)
    assert found["fails"] == ["the mean over the samples: the last one half as large"]
    assert found["verdict"] == "refuted"
    assert found["numbers"]["gap_with_equal_batches"] < stats.EXACT


@pytest.mark.parametrize("flag", ["--steps=3", "--steps=1001"])
def test_settings_out_of_range(recipes_run, flag):
    assert "must be" in recipes_run("training_loop", flag, code=2)
