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
    stopped = claims["lr-too-small-stagnates"]
    assert "rate 10⁻⁸ in float32: stops far from 0" in stopped["holds"]
    assert "rate 0.001 in float32: stops far from 0" in stopped["fails"]
    large = claims["lr-too-large-diverges"]
    assert "x²" in large["holds"]
    assert large["fails"] == ["a loss of bounded slope, √(1 + x²)"]
    assert large["verdict"] == "supported"  # "can": one condition is enough
    assert large["numbers"]["cycling"] == pytest.approx([24**0.5, 24**0.5], rel=1e-6)
    assert large["numbers"]["edge"] == pytest.approx(
        [0.998**300, 1, 1.002**300], rel=1e-3
    )
    assert claims["lr-fix-divergence"]["holds"][:2] == [
        "bowl, 1.25 times the limit",
        "bowl, 5 times the limit",
    ]
    momentum = claims["lr-fix-momentum"]
    assert "bowl, 1.25 times the limit" in momentum["holds"]
    assert "bowl, 5 times the limit" in momentum["fails"]
    stuck = claims["lr-small-stuck-local"]
    assert "no noise: the larger rate gets out" in stuck["fails"]
    assert "noise, small, as many steps" in stuck["holds"]


def test_bfloat16_stops_where_a_step_is_half_its_spacing():
    """Between 1 and 2 it has steps of 1/128; from 2 its neighbor below is 1.9921875."""
    expected = 2.0
    while True:
        step = 0.002 * expected  # rate times slope, rounded to the nearest neighbor
        moved = round((expected - step) * 128) / 128
        if moved == expected:
            break
        expected = moved
    found = rates.weight_after(60, 1e-3, "bfloat16")
    assert found == pytest.approx(expected, abs=1 / 64)
    assert found == rates.weight_after(120, 1e-3, "bfloat16")


def test_height_left_by_formula():
    left = cures.height_left(keras.optimizers.SGD(0.5))
    expected = (0.5**400 + 0.1 * 0.95**400) / 1.1
    assert left == pytest.approx(expected, rel=1e-3)
    assert cures.height_left(keras.optimizers.SGD(50.0)) == np.inf


def test_nobody_leaves_a_well_without_noise():
    assert wells.share_in_deep(0.1, 200, 5, range(2), 0.0).tolist() == [0, 0]
    assert wells.share_in_deep(0.1, 200, 5, range(2), 0.0, "deep").tolist() == [1, 1]
    assert wells.share_in_deep(0.1, 2000, 20, range(2), 1.0).max() > 0


@pytest.mark.parametrize(("steps", "lifted"), [(10, "neither"), (5000, "the larger")])
def test_the_title_tells_which_rate_leaves_the_well(steps, lifted):
    lab = RecordingLab("gradient_descent", steps=steps)
    wells.draw_walkers(lab)
    figure, _ = lab.figures["wells"]
    title = figure.axes[0].get_title("left")
    assert title == f"The same noise lifts {lifted} rate out of the shallow well"
