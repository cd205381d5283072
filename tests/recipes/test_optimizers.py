"""The optimizers recipe: its rules, its network, and its exact verdicts."""

import os

import numpy as np
import pytest

from recipes.lab import catalog
from recipes.lab.testing import RecordingLab, judged
from recipes.optimization.optimizers import (
    learning_rates,
    notes_table,
    small_problems,
    update_rules,
    what_is_kept,
)

RULES = small_problems.RULES


def test_two_steps_of_every_rule_by_hand():
    """Gradients 2 then 1, rate 0.1, epsilon negligible."""
    steps = {name: rule(0.1) for name, rule in RULES.items()}
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
    step = update_rules.adadelta(rho=0.5, epsilon=1.0)
    assert step(2.0) == pytest.approx(-2 * (1 / 3) ** 0.5)
    changes = 0.5 * 4 / 3
    expected = -(((changes + 1) / (0.5 * 2 + 0.5 * 1 + 1)) ** 0.5)
    assert step(1.0) == pytest.approx(expected)


def test_exact_claims():
    lab, found = RecordingLab("optimizers"), {}
    recipe = catalog.find("optimizers")
    for lesson in (update_rules, what_is_kept):
        name = lesson.__name__.rpartition(".")[2]
        for id, function in recipe.only(name).lessons[0].functions.items():
            found[id] = judged(getattr(lesson, function), lab)
    assert {id: one["verdict"] for id, one in found.items()} == {
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
    first = found["opt-adam-bias-correction"]["numbers"]["first"]
    assert first["uncorrected"] == pytest.approx(0.1 / 0.001**0.5, rel=1e-5)
    ends = found["opt-batch-gd-convex-guarantee"]["numbers"]["ends"]
    assert list(ends.values()) == pytest.approx([2 * 0.8**20, 2 * 1.2**20])


def test_a_wrong_formula_would_be_seen():
    """The comparison can fail: epsilon outside the root, or another rho."""
    import keras

    gradients = np.random.default_rng(0).normal(size=(20, 5))
    optimizer = keras.optimizers.RMSprop(0.1, rho=0.99)
    assert (
        update_rules.difference(optimizer, update_rules.rmsprop(0.1), gradients) > 0.1
    )
    optimizer = keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True)
    assert (
        update_rules.difference(optimizer, update_rules.momentum(0.1), gradients) > 0.01
    )


@pytest.fixture(scope="module")
def digits():
    return RecordingLab("optimizers").data("digits")


def test_a_training_starts_anew_every_time(digits):
    case = {"optimizer": learning_rates.OPTIMIZERS["Adam"], "epochs": 2}
    one = notes_table.train(case, 3, digits)
    notes_table.train({**case, "learning_rate": 0.1, "epochs": 1}, 4, digits)
    again = notes_table.train(case, 3, digits)
    assert one["history"] == again["history"]
    assert one["test_accuracy"] > 0.8
    faster = notes_table.train({**case, "learning_rate": 0.003}, 3, digits)
    assert faster["history"] != one["history"]
    stopped = notes_table.train({**case, "epochs": 9, "goal": 0.5}, 3, digits)
    losses = stopped["history"]["loss"]
    assert losses[-1] <= 0.5 < min(losses[:-1])


def test_good_decades_counts_by_hand():
    row = {
        1e-3: np.array([9.0, 1.0]),
        1e-2: np.array([1.0, 1.9]),
        1e-1: np.array([2.0, 5]),
    }
    assert learning_rates.good_decades(row) == [2.0, 2.0]


def test_the_race_gives_every_optimizer_its_best_rate():
    """One step down x²/2 from 1: a rate of 1 is best, the grid's nearest is 1.0."""

    def problem(rule, seed):
        return np.abs(1 + rule(np.ones((16, 1))))[:, 0]

    found = small_problems.race(("SGD",), problem, [0, 1])
    nearest = np.abs(1 - small_problems.RATES).min()
    assert found["SGD"] == pytest.approx([nearest, nearest])


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("TFDS_DATA_DIR"), reason="TFDS_DATA_DIR not set")
@pytest.mark.parametrize("name", notes_table.PRINTED)
def test_the_notes_mnist_losses_within_three_standard_deviations(name):
    mnist = RecordingLab().data("mnist")
    case = {"optimizer": learning_rates.OPTIMIZERS[name], "epochs": 5}
    runs = [notes_table.train(case, seed, mnist) for seed in range(5)]
    losses = np.array([run["history"]["loss"] for run in runs])
    z = (np.array(notes_table.PRINTED[name]) - losses.mean(0)) / losses.std(0, ddof=1)
    assert np.abs(z).max() <= 3.0
