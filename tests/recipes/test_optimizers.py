"""The optimizers recipe: its rules, its network, and its exact verdicts."""

import os

import numpy as np
import pytest

from recipes.lab import catalog
from recipes.lab.testing import RecordingLab, judged
from recipes.optimization.optimizers import (
    at_best,
    memory,
    notes_table,
    rare_words,
    small_problems,
    step_sizes,
    update_rules,
    what_is_kept,
)


def test_two_steps_of_every_rule_by_hand():
    """Gradients 2 then 1, rate 0.1, epsilon negligible."""
    steps = {name: rule(0.1) for name, rule in step_sizes.RULES.items()}
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
    for lesson in (update_rules, step_sizes, memory, what_is_kept):
        name = lesson.__name__.rpartition(".")[2]
        for id, function in recipe.only(name).lessons[0].functions.items():
            found[id] = judged(getattr(lesson, function), lab)
    assert {id: one["verdict"] for id, one in found.items()} == {
        "opt-sgd-update": "supported",
        "opt-momentum-update": "supported",
        "opt-adagrad-update": "supported",
        "opt-adadelta-update": "supported",
        "opt-rmsprop-update": "supported",
        "opt-adam-update": "supported",
        "opt-adam-bias-correction": "supported",
        "opt-adagrad-decay": "supported",
        "opt-rate-does-not-vanish": "supported",
        "opt-adaptive-speeds-up-far": "refuted",
        "opt-adaptive-slows-down": "supported",
        "opt-rmsprop-accumulator": "conditional",
        "opt-adadelta-robust": "conditional",
        "opt-adam-suboptimal": "supported",
        "opt-adam-memory": "supported",
        "opt-weight-decay": "supported",
        "opt-batch-gd-convex-guarantee": "conditional",
    }
    first = found["opt-adam-bias-correction"]["numbers"]["first"]
    assert first["uncorrected"] == pytest.approx(0.1 / 0.001**0.5, rel=1e-5)
    lengths = found["opt-rate-does-not-vanish"]["numbers"]["lengths"]
    assert lengths["AdaGrad"][-1] == pytest.approx(0.01 / 4690**0.5)
    assert lengths["RMSprop"][-1] == pytest.approx(0.01)
    # From 0: a root of 1e-7 over one of 0.05 and 1e-7.
    assert lengths["Adadelta"][0] == pytest.approx((1e-7 / (0.05 + 1e-7)) ** 0.5)
    far = found["opt-adaptive-speeds-up-far"]
    assert found["opt-adaptive-slows-down"]["holds"] == ["AdaGrad", "Adam"]
    assert far["numbers"]["first"]["SGD"] == [1.0, 0.01]
    starts = found["opt-rmsprop-accumulator"]["numbers"]
    assert starts["steps"]["ρ = 0.9, the first step"] == pytest.approx(
        [0.1**-0.5, 1, (0.9 * 100 + 0.1) ** -0.5], rel=1e-5
    )
    assert starts["in_keras"] == pytest.approx(0.1**-0.5, rel=1e-5)
    wrong = found["opt-adam-suboptimal"]
    assert wrong["fails"] == ["Adam's defaults, one slope in 101"]
    assert wrong["numbers"]["in_keras"]["Adam"] == 1
    ends = found["opt-batch-gd-convex-guarantee"]["numbers"]["ends"]
    assert list(ends.values()) == pytest.approx([2 * 0.8**20, 2 * 1.2**20])


def test_adam_ends_at_the_worst_point():
    """The paper's problem written out: β₁ = 0, β₂ = 0.1, slopes 3, -1, -1."""
    x = v = 0.0
    for time in range(1, 3001):
        slope = 3.0 if time % 3 == 1 else -1.0
        v = 0.1 * v + 0.9 * slope**2
        step = slope / (v / (1 - 0.1**time)) ** 0.5
        x = min(1.0, max(-1.0, x - step / time**0.5))
    case = next(iter(memory.CASES))
    path = memory.walk(case, memory.adam(1.0, 0.0, 0.1), 3000)
    assert path[-1] == pytest.approx(x, abs=1e-4)
    assert path[2000:].mean() > 0.99


@pytest.mark.parametrize("amsgrad", [False, True])
def test_adam_of_the_lesson_is_that_of_keras(amsgrad):
    case = list(memory.CASES)[2]
    *_, beta_1, beta_2 = memory.CASES[case]
    ours = memory.walk(case, memory.adam(1.0, beta_1, beta_2, amsgrad=amsgrad), 60)
    assert memory.walk_in_keras(case, 60, amsgrad) == pytest.approx(ours, abs=1e-3)


def test_words_come_as_often_as_they_should():
    """A rule that never moves leaves every weight at a distance of 1."""
    still = rare_words.bag_of_words(lambda gradient: 0 * gradient, 0, 0.1)
    assert still[0] == pytest.approx([rare_words.OFTEN.sum(), 1.0])
    assert rare_words.OFTEN[rare_words.RARE].max() < 0.02


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
    case = {"optimizer": at_best.OPTIMIZERS["Adam"], "epochs": 2}
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


def test_what_other_images_cannot_tell_has_no_figure():
    """The printed losses are MNIST's: on digits there is nothing of theirs to see."""
    lab = RecordingLab("optimizers", smoke=True)
    assert notes_table.table_is_genuine(lab).figures == ()
    assert notes_table.ranking(lab).figures == (notes_table.draw_table,)


def test_deviations_of_the_printed_losses_by_hand():
    printed = np.array(notes_table.PRINTED["Adam"])
    curve = np.array([printed + 0.1, printed + 0.3])  # mean + 0.2, deviation 0.1√2
    found = notes_table.deviations("Adam", curve)
    assert found == pytest.approx([-(2**0.5)] * 5)


def test_the_race_gives_every_optimizer_its_best_rate():
    """One step down x²/2 from 1: a rate of 1 is best, the grid's nearest is 1.0."""

    def problem(rule, seed):
        change = rule(np.ones((1, 1)))
        return np.abs(1 + change)[:, 0]

    found = small_problems.race(RecordingLab(seeds=2), ("SGD",), problem)
    assert found["SGD"] == pytest.approx([0.0, 0.0])


def test_a_race_is_judged_on_other_seeds_than_its_rate():
    asked = []

    def problem(rule, seed):
        asked.append(seed)
        return np.abs(rule(np.ones((1, 1))))[:, 0]

    lab = RecordingLab(seeds=4)
    small_problems.race(lab, ("SGD",), problem)
    assert asked == [*lab.tuning_seeds[:3], *lab.seeds]


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("TFDS_DATA_DIR"), reason="TFDS_DATA_DIR not set")
@pytest.mark.parametrize("name", notes_table.PRINTED)
def test_the_notes_mnist_losses_within_three_standard_deviations(name):
    mnist = RecordingLab().data("mnist")
    case = {"optimizer": at_best.OPTIMIZERS[name], "epochs": 5}
    runs = [notes_table.train(case, seed, mnist) for seed in range(5)]
    losses = np.array([run["history"]["loss"] for run in runs])
    z = (np.array(notes_table.PRINTED[name]) - losses.mean(0)) / losses.std(0, ddof=1)
    assert np.abs(z).max() <= 3.0
