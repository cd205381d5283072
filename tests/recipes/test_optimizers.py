"""The optimizers recipe: its rules, its network, and its exact verdicts."""

import os

import numpy as np
import pytest

from recipes.optimization import _optimizer_rates, _rules, optimizers
from recipes.optimization import _optimizer_updates as updates
from recipes.optimization._optimizer_network import Contestant, initial_weights


class Bench:
    """Collects verdicts where a whole run would be too long."""

    def __init__(self):
        self.found = {}

    def verdict(self, claim, holds, *, evidence, note=""):
        from recipes.lab.evidence.verdicts import judge

        self.found[claim] = judge(holds)[0], evidence


def test_two_steps_of_every_rule_by_hand():
    """Gradients 2 then 1, rate 0.1, epsilon negligible."""
    steps = {name: rule(0.1) for name, rule in _rules.RULES.items()}
    first = {name: step(2.0) for name, step in steps.items()}
    second = {name: step(1.0) for name, step in steps.items()}
    assert first["SGD"] == pytest.approx(-0.2)
    assert second["SGD"] == pytest.approx(-0.1)
    assert second["momentum"] == pytest.approx(-0.9 * 0.2 - 0.1)
    assert first["AdaGrad"] == pytest.approx(-0.1)
    assert second["AdaGrad"] == pytest.approx(-0.1 / 5**0.5)
    assert first["RMSprop"] == pytest.approx(-0.1 * 2 / 0.4**0.5)
    assert second["RMSprop"] == pytest.approx(-0.1 / 0.46**0.5)
    assert first["Adam"] == pytest.approx(-0.1)
    m, v = (0.9 * 0.2 + 0.1) / 0.19, (0.999 * 0.004 + 0.001) / (1 - 0.999**2)
    assert second["Adam"] == pytest.approx(-0.1 * m / v**0.5)


def test_adadelta_by_hand():
    step = _rules.adadelta(rho=0.5, epsilon=1.0)
    assert step(2.0) == pytest.approx(-2 * (1 / 3) ** 0.5)
    changes = 0.5 * 4 / 3
    expected = -(((changes + 1) / (0.5 * 2 + 0.5 * 1 + 1)) ** 0.5)
    assert step(1.0) == pytest.approx(expected)


def test_exact_claims():
    bench = Bench()
    updates.judge_updates(bench)
    kinds = {claim: kind for claim, (kind, _) in bench.found.items()}
    assert kinds == {
        "opt-sgd-update": "supported",
        "opt-momentum-update": "supported",
        "opt-adagrad-update": "conditional",
        "opt-adadelta-update": "conditional",
        "opt-rmsprop-update": "supported",
        "opt-adam-update": "conditional",
        "opt-adam-bias-correction": "supported",
        "opt-adagrad-decay": "supported",
        "opt-adam-memory": "supported",
        "opt-weight-decay": "supported",
        "opt-batch-gd-convex-guarantee": "conditional",
    }
    first = bench.found["opt-adam-bias-correction"][1]["first_step_in_rates"]
    assert first["uncorrected"] == pytest.approx(0.1 / 0.001**0.5, rel=1e-5)
    ends = bench.found["opt-batch-gd-convex-guarantee"][1]["distance_after_20_steps"]
    assert list(ends.values()) == pytest.approx([2 * 0.8**20, 2 * 1.2**20])


def test_a_wrong_formula_would_be_seen():
    """The comparison can fail: epsilon outside the root, or another rho."""
    import keras

    gradients = np.random.default_rng(0).normal(size=(20, 5))
    optimizer = keras.optimizers.RMSprop(0.1, rho=0.99)
    assert updates.difference(optimizer, _rules.rmsprop(0.1), gradients) > 0.1
    optimizer = keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True)
    assert updates.difference(optimizer, _rules.momentum(0.1), gradients) > 0.01


@pytest.fixture(scope="module")
def contestant():
    from keras.optimizers import Adam

    from recipes.lab.data import sets

    return Contestant(sets.load("digits"), Adam(0.003))


def test_a_contestant_starts_anew_every_time(contestant):
    one = contestant.train(3, 2)
    contestant.train(4, 1, rate=0.1)
    again = contestant.train(3, 2, rate=0.003)
    assert one["history"] == again["history"]
    assert one["test_accuracy"] > 0.8


def test_initial_weights_are_those_of_the_notes(contestant):
    drawn = initial_weights(contestant.model, 0, notes=True)
    assert [w.shape for w in drawn] == [
        (64, 128), (128,), (128, 64), (64,), (64, 10), (10,)]  # fmt: skip
    for kernel, bias in zip(drawn[::2], drawn[1::2], strict=True):
        limit = kernel.shape[0] ** -0.5
        assert 0.9 * limit < np.abs(kernel).max() <= limit
        assert 0.5 * limit < np.abs(bias).max() <= limit
    glorot = initial_weights(contestant.model, 0, notes=False)
    assert np.abs(glorot[0]).max() <= (6 / 192) ** 0.5
    assert not glorot[1].any()


def test_good_decades_counts_by_hand():
    row = {
        1e-3: np.array([9.0, 1.0]),
        1e-2: np.array([1.0, 1.9]),
        1e-1: np.array([2.0, 5]),
    }
    assert _optimizer_rates.good_decades(row) == [2.0, 2.0]


def test_smoke_run_states_every_claim_and_judges_none(recipes_run):
    result = recipes_run("optimizers", "--smoke")
    assert [claim["id"] for claim in result["claims"]] == list(optimizers.CLAIMS)
    assert len(result["claims"]) == 23
    assert {claim["verdict"] for claim in result["claims"]} == {"not judged"}


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("TFDS_DATA_DIR"), reason="TFDS_DATA_DIR not set")
@pytest.mark.parametrize("name", optimizers.NOTES)
def test_the_notes_mnist_losses_within_three_standard_deviations(name):
    from recipes.lab.data import sets

    mnist = sets.load("mnist")
    contestant = Contestant(mnist, optimizers.notes_optimizers()[name])
    assert contestant.model.count_params() == 785 * 128 + 129 * 64 + 65 * 10
    losses = np.array([contestant.train(s, 5)["history"]["loss"] for s in range(5)])
    z = (np.array(optimizers.NOTES[name]) - losses.mean(0)) / losses.std(0, ddof=1)
    assert np.abs(z).max() <= 3.0
