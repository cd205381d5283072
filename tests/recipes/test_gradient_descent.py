"""Gradient descent: the worked exercises, the limits, the cures, the verdicts."""

import keras
import numpy as np
import pytest

from recipes.lab.testing import RecordingLab
from recipes.optimization.gradient_descent import cures, rates, wells
from tests.recipes.running import run


@pytest.fixture(scope="module")
def claims(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs")
    quick = ["--seeds=3", "--epochs=2", "--walkers=20"]
    result = run(out, "gradient_descent", *quick)
    return {entry["id"]: entry for entry in result["claims"]}


def test_worked_exercises():
    lab = RecordingLab()
    found = rates.exercises(lab)
    one, hundred = found["first_after_1_and_100_steps"]
    assert one == pytest.approx(1.96, rel=1e-6)
    assert hundred == pytest.approx(0.2652391118, rel=1e-5)
    assert found["first_with_a_plus_sign_after_100_steps"] == pytest.approx(
        14.4892922365
    )
    second = found["second"]
    expected = [3, 2.2, 1.72, 1.432, 1.2592, 1.15552]
    assert second == pytest.approx(expected, rel=1e-6)
    assert found["greatest_difference_from_the_formulas"] < 1e-5
    _, rows = lab.tables["Two exercises, step by step"]
    assert rows[2][1:3] == ["2.2", "1.72"]


@pytest.mark.parametrize("rate", [0.003, 0.2, 0.7, 0.95])
def test_steps_on_the_parabola(rate):
    expected = int(np.ceil(np.log(1e-3) / np.log(abs(1 - 2 * rate))))
    assert rates.steps_on_parabola(rate) == expected


def test_no_steps_suffice_at_the_limit():
    assert rates.steps_on_parabola(0.5) == 1
    assert rates.steps_on_parabola(1.0) is None


def test_exact_conditions(claims):
    small = claims["lr-too-small-slow"]["holds"]
    assert "x²: a tenth of the rate takes five times the steps or more" in small
    assert "x² at rate 10⁻⁸ in float32: never moves" in small
    large = claims["lr-too-large-diverges"]
    assert "x²" in large["holds"]
    assert "√(1 + x²), slope below 1" in large["fails"]
    assert large["numbers"]["cycling"] == pytest.approx([24**0.5, 24**0.5], rel=1e-6)
    assert large["numbers"]["edge"] == pytest.approx(
        [0.998**300, 1, 1.002**300], rel=1e-3
    )
    cured = claims["lr-fix-divergence"]
    assert "bowl at 1.25 times the limit: momentum 0.9" in cured["holds"]
    assert "bowl at 5 times the limit: momentum 0.9" in cured["fails"]
    assert "bowl at 5 times the limit: a tenth of the rate" in cured["holds"]
    stuck = claims["lr-small-stuck-local"]
    assert "no noise: the larger rate gets out" in stuck["fails"]
    assert "noise, small, as many steps" in stuck["holds"]


def test_height_left_by_formula():
    left = cures.height_left(keras.optimizers.SGD(0.5))
    expected = (0.5**400 + 0.1 * 0.95**400) / 1.1
    assert left == pytest.approx(expected, rel=1e-3)
    assert cures.height_left(keras.optimizers.SGD(50.0)) == np.inf


def test_nobody_leaves_a_well_without_noise():
    well = wells.DoubleWell()
    assert wells.share_that_leaves(well, 0.1, 200, 5, 0, 0.0) == 0
    assert wells.share_that_leaves(well, 0.1, 2000, 20, 0, 1.0) > 0
