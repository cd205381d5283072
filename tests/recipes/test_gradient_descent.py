"""Gradient descent: the worked exercises, the limits, the cures, the verdicts."""

import keras
import numpy as np
import pytest

from recipes.lab.data import sets
from recipes.optimization import _descent_rescue, _descent_stuck, gradient_descent
from recipes.optimization._descent_network import LARGEST, Learner, losses_of
from recipes.optimization._surfaces import DoubleWell
from tests.recipes.running import run


class Bench:
    """Takes what a part of the recipe says."""

    def table(self, title, columns, rows):
        self.rows = rows


@pytest.fixture(scope="module")
def claims(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs")
    quick = ["--seeds=3", "--epochs=2", "--walkers=20"]
    result = run(out, "gradient_descent", *quick)
    return {entry["id"]: entry for entry in result["claims"]}


@pytest.fixture(scope="module")
def smoke(tmp_path_factory):
    return run(tmp_path_factory.mktemp("smoke"), "gradient_descent", "--smoke")


def test_the_four_claims():
    assert list(gradient_descent.CLAIMS) == [
        "lr-too-small-slow",
        "lr-too-large-diverges",
        "lr-fix-divergence",
        "lr-small-stuck-local",
    ]


def test_worked_exercises():
    bench = Bench()
    found = gradient_descent.exercises(bench)
    one, hundred = found["x²_from_2_rate_0.01_after_1_and_100_steps"]
    assert one == pytest.approx(1.96, rel=1e-6)
    assert hundred == pytest.approx(0.2652391118, rel=1e-5)
    assert found["with_a_plus_sign_after_100_steps"] == pytest.approx(14.4892922365)
    second = found["(x−1)²_from_3_rate_0.2"]
    expected = [3, 2.2, 1.72, 1.432, 1.2592, 1.15552]
    assert second == pytest.approx(expected, rel=1e-6)
    assert found["greatest_difference_from_the_formulas"] < 1e-5
    assert bench.rows[2][1:3] == ["2.2", "1.72"]


@pytest.mark.parametrize("rate", [0.003, 0.2, 0.7, 0.95])
def test_steps_on_the_parabola(rate):
    expected = int(np.ceil(np.log(1e-3) / np.log(abs(1 - 2 * rate))))
    assert gradient_descent.steps_on_parabola(rate) == expected


def test_no_steps_suffice_at_the_limit():
    assert gradient_descent.steps_on_parabola(0.5) == 1
    assert gradient_descent.steps_on_parabola(1.0) is None


def test_exact_conditions(claims):
    small = claims["lr-too-small-slow"]["evidence"]["holds_for"]
    assert "x²: a tenth of the rate takes five times the steps or more" in small
    assert "x² at rate 10⁻⁸ in float32: never moves" in small
    large = claims["lr-too-large-diverges"]["evidence"]
    assert "x²" in large["holds_for"]
    assert "√(1 + x²), slope below 1" in large["fails_for"]
    assert large["distance_on_√(1+x²)_at_rate_10_after_500_and_1000"] == pytest.approx(
        [24**0.5, 24**0.5], rel=1e-6
    )
    assert large["distance_on_x²_after_300_steps_at_0.999_1_1.001"] == pytest.approx(
        [0.998**300, 1, 1.002**300], rel=1e-3
    )
    cures = claims["lr-fix-divergence"]["evidence"]
    assert "bowl at 1.25 times the limit: momentum 0.9" in cures["holds_for"]
    assert "bowl at 5 times the limit: momentum 0.9" in cures["fails_for"]
    assert "bowl at 5 times the limit: a tenth of the rate" in cures["holds_for"]
    stuck = claims["lr-small-stuck-local"]["evidence"]
    assert "no noise: the larger rate gets out" in stuck["fails_for"]
    assert "noise, small, as many steps" in stuck["holds_for"]


def test_height_left_by_formula():
    left = _descent_rescue.height_left(keras.optimizers.SGD(0.5))
    expected = (0.5**400 + 0.1 * 0.95**400) / 1.1
    assert left == pytest.approx(expected, rel=1e-3)
    assert _descent_rescue.height_left(keras.optimizers.SGD(50.0)) == np.inf


@pytest.fixture(scope="module")
def learner():
    return Learner(sets.load("digits"))


def test_training_starts_anew(learner):
    keras.utils.set_random_seed(3)
    one = learner.train(("SGD", 0.1, 2), 3)
    learner.train(("SGD", 10.0, 1), 4)
    keras.utils.set_random_seed(3)
    again = learner.train(("SGD", 0.1, 2), 3)
    assert one == again
    assert one["training_loss"] < 2.3


def test_losses_that_are_not_finite_count_as_the_largest():
    runs = [{"training_loss": value} for value in (0.5, float("nan"), float("inf"))]
    assert losses_of(runs).tolist() == [0.5, LARGEST, LARGEST]


def test_nobody_leaves_a_well_without_noise():
    well = DoubleWell()
    assert _descent_stuck.share_out(well, 0.1, 200, 5, 0, 0.0) == 0
    assert _descent_stuck.share_out(well, 0.1, 2000, 20, 0, 1.0) > 0


def test_smoke_judges_nothing(smoke):
    assert [entry["id"] for entry in smoke["claims"]] == list(gradient_descent.CLAIMS)
    assert {entry["verdict"] for entry in smoke["claims"]} == {"not judged"}
