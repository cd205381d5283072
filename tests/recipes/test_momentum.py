"""Momentum: both forms in exact numbers, averages, limits, noise, the verdicts."""

import keras
import numpy as np
import pytest
from scipy.linalg import solve_discrete_lyapunov

from recipes.lab import catalog
from recipes.lab.testing import RecordingLab, judged
from recipes.optimization.landscape.race import (
    first_step,
    keras_path,
    saddle_height,
    saddle_slope,
)
from recipes.optimization.landscape.wells import DoubleWell, roll, sgd
from recipes.optimization.momentum import (
    averages,
    hills,
    limits,
    noise,
    ravine,
    two_forms,
)
from tests.recipes.running import run

VERDICTS = {
    "ewma-definition": "supported",
    "ewma-bias-correction": "supported",
    "momentum-two-forms": "conditional",
    "momentum-accelerates": "conditional",
    "momentum-damps-oscillation": "conditional",
    "momentum-noise": "conditional",
    "momentum-larger-lr-stable": "supported",
    "momentum-overshoot": "supported",
    "momentum-escapes-local-minima": "supported",
    "momentum-saddle": "supported",
    "adam-contains-momentum": "supported",
}


@pytest.fixture(scope="module")
def claims(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs")
    result = run(out, "momentum", "--seeds=2", "--starts=81")
    return {entry["id"]: entry for entry in result["claims"]}


@pytest.fixture(scope="module")
def smoke(tmp_path_factory):
    return run(tmp_path_factory.mktemp("smoke"), "momentum", "--smoke")


def test_the_chapter_is_whole():
    assert set(catalog.find("momentum").claims) == set(VERDICTS)


@pytest.mark.parametrize(("claim", "verdict"), VERDICTS.items())
def test_verdicts(claims, claim, verdict):
    assert claims[claim]["verdict"] == verdict


def test_conditions(claims):
    def outcome(claim, word):
        return claims[claim][word]

    assert outcome("momentum-two-forms", "holds") == [
        "rate/(1 − β)",
        "form with Δθ, the same rate",
    ]
    assert outcome("momentum-accelerates", "fails") == ["(1 − β) form, same rate"]
    assert outcome("momentum-damps-oscillation", "holds") == ["rate 1.9, (1 − β) form"]
    assert outcome("momentum-noise", "holds") == ["direction, (1 − β) form"]
    assert outcome("momentum-larger-lr-stable", "fails") == ["Nesterov form"]
    assert outcome("momentum-saddle", "fails") == [
        "(1 − β) form at the same rate, in half"
    ]


def test_evidence(claims):
    steps = claims["momentum-accelerates"]["numbers"]["steps"]
    assert steps["plain"] == 6905 == int(np.ceil(np.log(1e-3) / np.log(0.999)))
    assert steps["velocity form"] == steps["(1 − β) form, rate/(1 − β)"] == 629
    assert steps["(1 − β) form"] == 6851
    stable = claims["momentum-larger-lr-stable"]["numbers"]
    assert list(stable["limits"].values()) == (
        pytest.approx([2, 3.8, 38, 3.8 / 2.8], rel=1e-6)
    )
    noisy = claims["momentum-noise"]["numbers"]
    assert list(noisy["directions"].values()) == (pytest.approx([1 / 19, 1 / 0.19]))
    assert noisy["greatest_relative_difference"] < 0.1
    lowest = claims["momentum-overshoot"]["numbers"]["lowest"]
    assert lowest == pytest.approx([0, -0.0005, -0.604, -0.957], abs=5e-4)
    saddle = claims["momentum-saddle"]["numbers"]["steps"]
    assert saddle["velocity form"] == 228
    assert saddle["plain"] == 1461
    adam = claims["adam-contains-momentum"]["numbers"]
    after = adam["moves"]
    assert after["RMSprop"] == 0
    # Ten ones, then a zero: v is 0.1 (9 + 0.9 + ... ), and steps add up by 0.9.
    assert after["SGD with momentum"] == pytest.approx(
        0.01 * sum(0.9**k for k in range(1, 11)), rel=1e-5
    )


def test_the_way_across_a_ravine_by_hand():
    """Plain descent at rate 1.9 travels 1.9 (1 + 0.9 + ...) = 19, at 1.5 it is 3."""
    assert limits.swings(1.9, 0.9)["plain"][1] == pytest.approx(19 * (1 - 0.9**100))
    assert limits.swings(1.5, 0.9)["plain"] == [100, pytest.approx(3)]
    assert limits.swings(0.1, 0.9)["plain"] == [0, pytest.approx(1 - 0.9**100)]


def test_averages_by_hand():
    found = averages.average([2.0, 4.0], 0.5)
    assert found.tolist() == [1.0, 2.5]
    corrected = averages.average([2.0, 4.0], 0.5, corrected=True)
    assert corrected == pytest.approx([2.0, 10 / 3])
    assert averages.weights(0.9, 7).sum() == pytest.approx(1 - 0.9**7)


@pytest.mark.parametrize("form", ["plain", "velocity", "averaged"])
def test_every_path_is_a_power_of_its_matrix(form):
    walk = getattr(limits, form)
    extra = () if form == "plain" else (0.8,)
    path = walk(lambda x: x, 1.0, np.full(7, 0.3), *extra)
    state = np.array([1.0, 0.0])
    for point in path[1:]:
        state = limits.step_matrix(form, 0.3, 0.8) @ state
        assert point == pytest.approx(state[0])


def test_nesterov_is_that_of_keras():
    optimizer = keras.optimizers.SGD(0.3, momentum=0.8, nesterov=True)
    path = keras_path(optimizer, lambda x: x, 1.0, 7)
    state = np.array([1.0, 0.0])
    for point in path[1:]:
        state = limits.step_matrix("Nesterov", 0.3, 0.8) @ state
        assert point == pytest.approx(state[0], abs=1e-6)


def test_the_forms_on_any_slope():
    rng = np.random.default_rng(0)
    gradients = iter(np.tile(rng.normal(size=50), 3))
    rates = rng.uniform(0.1, 1, 50)

    def slope(_):
        return next(gradients)

    one = two_forms.velocity(slope, 2.0, np.full(50, 0.3), 0.7)
    two = two_forms.averaged(slope, 2.0, np.full(50, 1.0), 0.7)
    assert two == pytest.approx(one, abs=1e-12)
    three = two_forms.heavy_ball(slope, 2.0, np.full(50, 0.3), 0.7)
    assert three == pytest.approx(one, abs=1e-12)
    with pytest.raises(ValueError, match="form must be"):
        limits.step_matrix("other", 0.1, 0.9)
    assert len(limits.plain(lambda x: x, 1.0, rates)) == 51


@pytest.mark.parametrize("beta", [0.3, 0.9])
@pytest.mark.parametrize("form", limits.FORMS)
def test_limits_by_bisection(form, beta):
    found = limits.find_largest_stable_rate(form, beta)
    assert found == pytest.approx(limits.largest_stable_rates(beta)[form], rel=1e-6)


def test_noise_floor_solves_the_stationary_equation():
    # (θ, v) ← A (θ, v) + b noise has the covariance C = A C Aᵀ + b bᵀ.
    for rate, beta in ((0.1, 0.9), (1.5, 0.0), (0.7, 0.5)):
        a = limits.step_matrix("velocity", rate, beta)
        covariance = solve_discrete_lyapunov(a, np.full((2, 2), rate**2))
        assert noise.weight_variance(rate, beta) == pytest.approx(covariance[0, 0])


def test_arrival_waits_until_it_stays():
    assert limits.steps_to_stay([3, 0.5, 2, 0.5, 0.1], 1) == 3
    assert limits.steps_to_stay([0.5, 0.1], 1) == 0
    assert limits.steps_to_stay([3, 0.5, 2], 1) is None
    assert limits.steps_to_stay([3, np.nan, np.nan], 1) is None


def test_first_step_and_crossings():
    assert first_step([False, True, False]) == 1
    assert first_step([False, False]) is None
    assert limits.crossings(np.array([1, -1, -0.5, 2.0])) == 2


def test_slopes_are_derivatives():
    well, x = DoubleWell(0.2), np.array([-1.3, 0.4, 2.0])
    rise = (well.height(x + 1e-6) - well.height(x - 1e-6)) / 2e-6
    assert well.slope(x) == pytest.approx(rise, abs=1e-6)
    rise = (well.slope(x + 1e-6) - well.slope(x - 1e-6)) / 2e-6
    assert well.curvature(x) == pytest.approx(rise, abs=1e-6)
    deep, top, shallow = well.stations
    assert well.slope(np.array(well.stations)) == pytest.approx([0, 0, 0], abs=1e-12)
    assert well.height(deep) < well.height(shallow) < well.height(top)
    y = 0.7
    rise = [
        (saddle_height(1 + 1e-6, y) - saddle_height(1 - 1e-6, y)) / 2e-6,
        (saddle_height(1, y + 1e-6) - saddle_height(1, y - 1e-6)) / 2e-6,
    ]
    assert saddle_slope(np.array([1, y])) == pytest.approx(rise, abs=1e-6)


def test_rolling_points_fall_into_their_own_well():
    well = DoubleWell()
    ends = roll(sgd(0.1), well.slope, [-0.5, 1.5], 500)
    assert ends == pytest.approx([well.stations[0], well.stations[2]])
    noisy = [roll(sgd(0.1), well.slope, [1.5], 20, 1.0, seed=s)[0] for s in (1, 1, 2)]
    assert noisy[0] == noisy[1] != noisy[2]


def test_without_momentum_no_start_changes_wells():
    starts = np.linspace(-2, 2, 30)
    deep = hills.ends_deep(DoubleWell(), starts, [0.0], scaled=False)
    assert deep[0].tolist() == (starts < DoubleWell().stations[1]).tolist()


def test_a_rate_cut_inside_keras(claims):
    numbers = claims["momentum-two-forms"]["numbers"]
    assert max(numbers["distances_in_keras"].values()) < 1e-5


def test_smoke_judges_nothing(smoke):
    assert [entry["id"] for entry in smoke["claims"]] == list(
        catalog.find("momentum").claims
    )
    assert {entry["verdict"] for entry in smoke["claims"]} == {"not judged"}


def test_a_path_that_never_arrives_is_not_faster():
    assert ravine.faster(100, 200) is True
    assert ravine.faster(100, np.inf) is True
    assert ravine.faster(np.inf, 100) is False
    assert ravine.faster(np.inf, np.inf) is None


def test_a_short_walk_in_keras_refutes_no_limit(tmp_path):
    """At β = 0.99 it shows no limit in 200 steps: undecided, not refuted."""
    result = run(tmp_path, "momentum/limits", "--beta=0.99")
    (found,) = [c for c in result["claims"] if c["id"] == "momentum-larger-lr-stable"]
    assert found["fails"] == ["Nesterov form"]
    assert found["undecided"] == ["velocity form", "averaged form"]


@pytest.mark.parametrize("condition", [2, 6])
def test_both_forms_arrive_on_a_round_ravine(condition):
    for form in (ravine.plain, ravine.velocity):
        assert np.isfinite(ravine.fewest_steps(form, 0.9, condition)[0])


@pytest.mark.parametrize(
    ("condition", "seen"),
    [(100, "only the velocity form is faster"), (2, "neither form is faster")],
)
def test_what_is_told_of_a_ravine_is_what_was_found(tmp_path, condition, seen):
    result = run(tmp_path, "momentum/ravine", f"--condition={condition}")
    (claim,) = [c for c in result["claims"] if c["id"] == "momentum-accelerates"]
    assert claim["note"].startswith(f"At one rate {seen} than plain descent.")
    assert ("velocity form, same rate" in claim["holds"]) == (condition == 100)


@pytest.mark.parametrize(
    "flag", ["--beta=1.0", "--beta=1.5", "--condition=1", "--condition=1001"]
)
def test_settings_out_of_range(recipes_run, flag):
    assert "must be" in recipes_run("momentum", flag, code=2)


@pytest.mark.parametrize("beta", [0.1, 0.9])
def test_what_is_told_to_be_smooth_holds(beta):
    found = judged(limits.smooths_across, RecordingLab("momentum", beta=beta))
    told = "; ".join(found["holds"]) or "none"
    assert found["note"].startswith(f"Smooth are: {told}. That means")
    assert "so often: plain: 0, velocity form:" in found["note"]
