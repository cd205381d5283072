"""The schedules recipe: curves against closed forms, the bowl, the verdicts."""

import keras
import numpy as np
import pytest

from recipes.lab.data import sets
from recipes.optimization import _schedules_bowl as bowl
from recipes.optimization import _schedules_curves as curves
from recipes.optimization import _schedules_formulas as formulas
from recipes.optimization import _schedules_network as network
from recipes.optimization import _schedules_overfitting, _schedules_rates, schedules
from recipes.optimization._schedules_keras import in_training, of_keras
from tests.recipes.running import run


class Bench:
    """Collects verdicts where a whole run would be too long."""

    def __init__(self):
        self.found = {}

    def verdict(self, claim, holds, *, evidence, note=""):
        from recipes.lab.evidence.verdicts import judge

        self.found[claim] = judge(holds)[0], evidence


@pytest.fixture(scope="module")
def exact():
    bench = Bench()
    for judge in (
        curves.judge_step,
        curves.judge_exponential,
        curves.judge_plateau,
        curves.judge_cyclical,
        curves.judge_cosine,
        curves.judge_ratio,
    ):
        judge(bench)
    return bench.found


def test_exact_verdicts(exact):
    assert {claim: kind for claim, (kind, _) in exact.items()} == {
        "sched-step": "supported",
        "sched-exponential": "conditional",
        "sched-plateau": "conditional",
        "sched-cyclical": "supported",
        "sched-cosine": "conditional",
        "sched-epoch-ratio": "supported",
    }


def test_the_numbers_of_the_notes():
    steps = formulas.step_decay([0, 9, 10, 20, 30])
    assert steps == pytest.approx([0.1, 0.1, 0.01, 0.001, 0.0001])
    cycle = formulas.triangular([0, 1000, 2000, 3000, 4000, 5000])
    assert cycle == pytest.approx([1e-5, 0.005005, 0.01, 0.005005, 1e-5, 0.005005])
    shares = formulas.cosine([0, 10, 25, 40, 50, 100], 50)
    fifth = (1 + 5**0.5) / 4  # cos(π/5)
    assert shares == pytest.approx(
        [1, (1 + fifth) / 2, 0.5, (1 - fifth) / 2, 0, 1], abs=1e-12
    )


def test_the_plateau_by_hand(exact):
    """Best at epoch 3, so epochs 4 to 8 are five without a new best."""
    evidence = exact["sched-plateau"][1]
    lowered = evidence["lowered_at_the_end_of_epochs"]
    assert lowered["stalls after epoch 3"] == [8, 13, 18]
    assert evidence["by_the_rule_that_waits_for_more_than_5"] == [9, 15]
    assert lowered["falls by 0.01 an epoch"] == []
    assert lowered["falls by 0.00001 an epoch"]
    assert evidence["lowered_with_min_delta_0"] == []


def test_exponential_by_update_is_another_rate(exact):
    evidence = exact["sched-exponential"][1]
    after = evidence["rate_after_one_epoch_lowered_each_update"]
    assert after == pytest.approx(0.1 * 0.9**32, rel=1e-5)


def test_the_widest_gap_of_the_two_readings(exact):
    """Where ½(1 + cos πr) − 1 + r is stationary: sin πr = 2/π."""
    ratio = np.arcsin(2 / np.pi) / np.pi
    expected = (1 + np.cos(np.pi * ratio)) / 2 - (1 - ratio)
    assert exact["sched-epoch-ratio"][1]["widest_gap"] == pytest.approx(
        expected, abs=1e-5
    )


def test_the_cycle_is_a_schedule_that_can_be_saved():
    schedule = formulas.Triangular(0.0, 1.0, 4)
    optimizer = keras.optimizers.SGD(schedule)
    again = keras.optimizers.SGD.from_config(optimizer.get_config())
    config = again.get_config()["learning_rate"]["config"]
    assert config == {"low": 0.0, "high": 1.0, "half": 4}
    rates = of_keras(schedule, range(9))
    assert rates == pytest.approx([0, 0.25, 0.5, 0.75, 1, 0.75, 0.5, 0.25, 0])


def test_in_training_sees_the_callback():
    callback = keras.callbacks.LearningRateScheduler(lambda epoch: 1 / (1 + epoch))
    assert in_training(3, callback) == pytest.approx([1, 1 / 2, 1 / 3])


def test_a_wrong_curve_would_be_seen():
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.1)
    expected = formulas.step_decay(np.arange(30))
    assert curves.apart(of_keras(schedule, range(30)), expected, 0.1) > 0.1


@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_the_bowl_ends_at_its_floor(rate):
    ends = bowl.squares(np.full(2000, rate))[-1]
    assert ends == pytest.approx(rate / (2 - rate))


def test_order_does_not_matter_without_noise():
    rates = np.linspace(0.3, 0.0, 50)
    falling, rising = bowl.squares(rates, 0.0), bowl.squares(rates[::-1], 0.0)
    assert falling[-1] == pytest.approx(rising[-1], rel=1e-12)
    assert bowl.squares(rates)[-1] < 0.5 * bowl.squares(rates[::-1])[-1]


def test_simulation_agrees_with_the_recursion():
    rates = np.full(200, 0.2)
    seen = np.mean([bowl.simulate(rates, seed) for seed in range(8)])
    assert seen == pytest.approx(bowl.squares(rates)[-1], rel=0.1)


def test_fewest_steps_are_the_fewest():
    few = bowl.fewest_steps(True)
    rates = np.geomspace(1e-3, 1.0, 200)

    def least(steps):
        shares = formulas.cosine(np.arange(steps), steps)
        return bowl.squares(shares[:, None] * rates)[-1].min()

    assert least(few) <= bowl.GOAL < least(few - 1)
    held = bowl.fewest_steps(False)
    # No held rate of floor 0.01 or less gets there sooner than the best one.
    ends = bowl.squares(np.tile(rates, (held, 1)))
    assert ends[held].min() <= bowl.GOAL < ends[held - 1].min()


@pytest.fixture(scope="module")
def learner():
    return network.Learner(sets.load("digits"))


def test_training_starts_anew_and_follows_its_schedule(learner):
    plan = network.Plan(0.2, "cosine", 4, watch=True)
    keras.utils.set_random_seed(1)
    one = learner.train(plan, 1)
    learner.train(network.Plan(100.0, "constant", 4), 2)
    keras.utils.set_random_seed(1)
    assert learner.train(plan, 1) == one
    rates = one["history"]["learning_rate"]
    assert rates == pytest.approx(0.2 * formulas.cosine(np.arange(4), 4), rel=1e-5)
    assert one["training_loss"] == one["history"]["training_loss"][-1]
    assert one["accuracy"] > 0.5


def test_watch_measures_what_keras_measures(learner):
    learner.train(network.Plan(0.2, "constant", 1), 0)
    model = learner.restarts["SGD"].model
    held_out = slice(network.TRAINED, None)
    expected = model.evaluate(learner.x[held_out], learner.y[held_out], verbose=0)
    seen = network.Watch(learner.x, learner.y, learner.y).measure(model)
    assert seen["held_out_loss"] == pytest.approx(expected, rel=1e-4)


def test_a_network_of_nan_is_worth_a_guess(learner):
    model = learner.restarts["SGD"].model
    model.set_weights([np.full(w.shape, np.nan) for w in model.get_weights()])
    seen = network.Watch(learner.x, learner.y, learner.y).measure(model)
    assert seen == {"training_loss": 10.0, "held_out_loss": 10.0, "accuracy": 0.1}


def test_flipped_labels_are_other_labels_for_each_seed():
    labels = np.tile(np.arange(10), 1000).astype("int32")
    first, second = network.flip(labels, 10, 0), network.flip(labels, 10, 1)
    assert (first != labels).mean() == pytest.approx(network.WRONG, abs=0.02)
    assert (first != second).any()
    assert set(first) == set(range(10))


def test_held_out_loss_at_a_training_loss_by_hand():
    runs = [{"history": {"training_loss": [2.0, 1.0], "held_out_loss": [4.0, 3.0]}}]
    found = _schedules_overfitting.held_out_at(runs, [1.25])
    assert found == pytest.approx([3.25])
    assert _schedules_overfitting.held_out_at(runs, [2.5]) is None
    assert _schedules_overfitting.held_out_at(runs, [0.5]) is None


def test_rates_find_the_best_and_its_neighbors():
    losses = {0.01: np.array([3.0]), 0.1: np.array([1.0]), 1.0: np.array([2.0])}
    rates = _schedules_rates.Rates({"SGD": losses}, {})
    assert rates.best("SGD") == 0.1
    assert rates.near("SGD", 1) == 1.0
    assert rates.near("SGD", 2) is None
    assert rates.near("SGD", -2) is None


def test_smoke_states_every_claim_and_judges_none(tmp_path):
    result = run(tmp_path, "schedules", "--smoke")
    assert [entry["id"] for entry in result["claims"]] == list(schedules.CLAIMS)
    assert len(result["claims"]) == 13
    assert {entry["verdict"] for entry in result["claims"]} == {"not judged"}


def test_too_few_epochs_are_refused(recipes_run):
    assert "at least 4" in recipes_run("schedules", "--epochs", "3", code=2)
