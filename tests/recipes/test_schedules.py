"""The schedules recipe: curves against closed forms, the bowl, the trainings."""

from typing import Any

import keras
import numpy as np
import pytest

import zoo
from recipes.lab.data import sets
from recipes.lab.evidence.judging import judge
from recipes.optimization.schedules import (
    Settings,
    cycles,
    first_rates,
    gains,
    overfitting,
    plateau,
    settling,
    steps,
    waves,
)
from tests.recipes.running import run

EXACT = {
    "sched-step": (steps.falls_in_steps, "supported"),
    "sched-exponential": (steps.falls_exponentially, "conditional"),
    "sched-plateau": (plateau.waits_for_the_loss, "supported"),
    "sched-cyclical": (cycles.goes_up_and_down, "supported"),
    "sched-cyclical-code-momentum": (cycles.call_changes_more, "supported"),
    "sched-cosine": (waves.falls_as_a_cosine, "supported"),
    "sched-epoch-ratio": (waves.falls_by_the_ratio, "supported"),
}


@pytest.fixture(scope="module")
def exact():
    """What the claims about curves find; they need no lab."""
    return {
        claim: judge(function.claim, function(None))
        for claim, (function, _) in EXACT.items()
    }


def test_exact_verdicts(exact):
    found = {claim: judged["verdict"] for claim, judged in exact.items()}
    assert found == {claim: verdict for claim, (_, verdict) in EXACT.items()}


def test_the_numbers_of_the_notes():
    rates = steps.step_decay([0, 9, 10, 20, 30])
    assert rates == pytest.approx([0.1, 0.1, 0.01, 0.001, 0.0001])
    cycle = cycles.triangular([0, 1000, 2000, 3000, 4000, 5000])
    assert cycle == pytest.approx([1e-5, 0.005005, 0.01, 0.005005, 1e-5, 0.005005])
    shares = waves.cosine([0, 10, 25, 40, 50, 100], 50)
    fifth = (1 + 5**0.5) / 4  # cos(π/5)
    assert shares == pytest.approx(
        [1, (1 + fifth) / 2, 0.5, (1 - fifth) / 2, 0, 1], abs=1e-12
    )


def test_the_plateau_by_hand(exact):
    """Best at epoch 3, so epochs 4 to 8 are five without a new best."""
    numbers = exact["sched-plateau"]["numbers"]
    lowered = numbers["lowered_at_the_end_of_epochs"]
    assert lowered["stalls after epoch 3"] == [8, 13, 18]
    assert numbers["late"] == [9, 15]
    assert lowered["falls by 0.01 an epoch"] == []
    assert lowered["falls by 0.00001 an epoch"]
    assert numbers["lowered_with_min_delta_0"] == []


def test_exponential_by_update_is_another_rate(exact):
    after = exact["sched-exponential"]["numbers"]["by_update"]
    assert after == pytest.approx(0.1 * 0.9**32, rel=1e-5)


def test_the_widest_gap_of_the_two_readings(exact):
    """Where ½(1 + cos πr) − 1 + r is stationary: sin πr = 2/π."""
    ratio = np.arcsin(2 / np.pi) / np.pi
    expected = (1 + np.cos(np.pi * ratio)) / 2 - (1 - ratio)
    widest = exact["sched-epoch-ratio"]["numbers"]["widest"]
    assert widest == pytest.approx(expected, abs=1e-5)


def test_the_cycle_in_keras_is_the_formula():
    schedule = zoo.CyclicalRate(0.0, 1.0, 4)
    rates = waves.rates_in_keras(schedule, range(9))
    assert rates == pytest.approx([0, 0.25, 0.5, 0.75, 1, 0.75, 0.5, 0.25, 0])
    assert rates == pytest.approx(cycles.triangular(np.arange(9), 0.0, 1.0, 4))


def test_rates_in_training_are_those_of_the_callback():
    callback = keras.callbacks.LearningRateScheduler(lambda epoch: 1 / (1 + epoch))
    assert steps.rates_in_training(3, callback) == pytest.approx([1, 1 / 2, 1 / 3])


def test_a_wrong_curve_would_be_seen():
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.1)
    expected = steps.step_decay(np.arange(30))
    seen = steps.rates_in_keras(schedule, range(30))
    assert steps.difference(seen, expected, 0.1) > 0.1


@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_the_bowl_ends_at_its_floor(rate):
    ends = settling.squares(np.full(2000, rate))[-1]
    assert ends == pytest.approx(rate / (2 - rate))


def test_order_does_not_matter_without_noise():
    rates = np.linspace(0.3, 0.0, 50)
    falling = settling.squares(rates, 0.0)
    rising = settling.squares(rates[::-1], 0.0)
    assert falling[-1] == pytest.approx(rising[-1], rel=1e-12)
    noisy = settling.squares(rates)[-1], settling.squares(rates[::-1])[-1]
    assert noisy[0] < 0.5 * noisy[1]


def test_simulation_agrees_with_the_recursion():
    rates = np.full(200, 0.2)
    seen = np.mean([settling.simulate(rates, seed) for seed in range(8)])
    assert seen == pytest.approx(settling.squares(rates)[-1], rel=0.1)


def test_fewest_steps_are_the_fewest():
    few = gains.fewest_steps(True)
    rates = np.geomspace(1e-3, 1.0, 200)

    def least(count):
        shares = gains.cosine(np.arange(count), count)
        return gains.squares(shares[:, None] * rates)[-1].min()

    assert least(few) <= gains.GOAL < least(few - 1)
    held = gains.fewest_steps(False)
    # No held rate of floor 0.01 or less gets there sooner than the best one.
    ends = gains.squares(np.tile(rates, (held, 1)))
    assert ends[held].min() <= gains.GOAL < ends[held - 1].min()


def test_held_out_loss_at_a_training_loss_by_hand():
    runs = [{"history": {"training_loss": [2.0, 1.0], "held_out_loss": [4.0, 3.0]}}]
    assert overfitting.held_out_at(runs, [1.25]) == pytest.approx([3.25])
    assert overfitting.held_out_at(runs, [2.5]) is None
    assert overfitting.held_out_at(runs, [0.5]) is None


class Sweeps:
    """A lab that trains nothing: losses are least where the rate is 0.1."""

    settings, seeds = Settings(seeds=1, epochs=4), range(1)
    like_digits = "digits"

    def __init__(self):
        self.cases: dict[str, dict] = {}
        self.train: Any = None

    tuning_seeds = range(10_000, 10_001)

    def sweep(self, train, cases, *, data, title, seeds=None):
        self.train = train
        self.cases |= cases
        return {
            name: [{"training_loss": 1 + abs(np.log10(case["rate"] / 0.1))}]
            for name, case in cases.items()
        }


def test_rates_are_those_around_the_best():
    lab = Sweeps()
    assert sorted(first_rates.first_rates(lab)["SGD"]) == [0.032, 0.1, 0.32, 1, 3.2]
    assert first_rates.best_rate(lab, "SGD") == 0.1
    first_rates.at_best(lab, "SGD, cosine", 10.0)
    case = lab.cases["SGD, cosine, 1"]
    assert (case["rate"], case["schedule"], case["optimizer"]) == (1.0, "cosine", "SGD")


def test_a_cycle_and_its_rivals_have_one_mean_rate():
    plans = cycles.plans()
    means = [rates.mean() for rates in plans.values()]
    assert means[:3] == pytest.approx([means[0]] * 3)
    assert max(plans["cycle"]) == pytest.approx(cycles.HIGH)
    # Without a kick nobody leaves the bottom of a well: the constants are right.
    shallow, top = np.sort(np.roots([1, 0, -1, 0.1]).real)[[2, 1]]
    assert pytest.approx(shallow, abs=1e-4) == cycles.SHALLOW
    assert pytest.approx(top, abs=1e-4) == cycles.TOP


def test_the_cycle_of_a_momentum_by_hand():
    """Two updates at about 1e-5: v = 1, then 0.9 + x."""
    path = cycles.printed_call(2, True)
    first = 1 - 1e-5
    second = first - (1e-5 + 9.99e-3 / 2000) * ((0.9 - 0.1 / 2000) * 1 + first)
    assert path == pytest.approx([1, first, second], rel=1e-12)


def test_a_training_follows_its_schedule_and_depends_on_its_seed_alone():
    lab, digits = Sweeps(), sets.load("digits")
    overfitting.from_best_rate(lab)
    case = lab.cases["cosine"]
    one = lab.train(case, 1, digits)
    lost = lab.train({**case, "rate": 1e6}, 2, digits)
    assert lab.train(case, 1, digits) == one
    history = one["history"]
    expected = case["rate"] * gains.cosine(np.arange(4), 4)
    assert history["learning_rate"] == pytest.approx(expected, rel=1e-5)
    assert history["training_loss"][-1] == one["training_loss"]
    assert history["held_out_accuracy"][-1] == pytest.approx(one["accuracy"])
    assert 2 < lost["training_loss"] <= 10  # no better than a guess, and a number


def test_accuracy_is_that_by_the_true_labels():
    lab, digits = Sweeps(), sets.load("digits")
    overfitting.with_wrong_labels(lab)
    case = lab.cases["constant"]
    assert case["wrong"]
    found = lab.train(case, 1, digits)
    # A fifth of the held-out labels is wrong: who is right is wrong by them.
    by_labels = found["history"]["held_out_accuracy"][-1]
    assert by_labels == pytest.approx(0.8 * found["accuracy"], abs=0.06)


def test_smoke_draws_every_figure(tmp_path):
    result = run(tmp_path, "schedules", "--smoke")
    assert len(result["claims"]) == 17
    drawn = {figure["name"] for figure in result["figures"]}
    assert drawn == {"steps", "waves", "cycles", "plateau", "settling", "gains",
                     "overfitting", "rates"}  # fmt: skip


@pytest.mark.parametrize("flag", ["--epochs=3", "--epochs=1001", "--rates=26"])
def test_settings_out_of_range(recipes_run, flag):
    assert "must be" in recipes_run("schedules", flag, code=2)
