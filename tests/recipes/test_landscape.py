"""Landscapes: saddles by hand, an autoencoder's flat points, the verdicts."""

from math import comb

import numpy as np
import pytest

from recipes.lab import catalog
from recipes.optimization.landscape import dimension, race, saddles, wells
from tests.recipes.running import run

VERDICTS = {
    "saddle-definition": "supported",
    "saddle-exact-start": "supported",
    "saddle-escape": "conditional",
    "saddle-high-dimension": "supported",
    "local-minimum-escape": "conditional",
    "opt-adaptive-escapes-minima": "conditional",
    "gd-oscillation": "supported",
}


@pytest.fixture(scope="module")
def claims(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs")
    quick = ["--seeds=5", "--walkers=60", "--matrices=5000"]
    result = run(out, "landscape", *quick)
    return {entry["id"]: entry for entry in result["claims"]}


def test_the_chapter_is_whole():
    assert list(catalog.find("landscape").claims) == list(VERDICTS)


@pytest.mark.parametrize(("claim", "verdict"), VERDICTS.items())
def test_verdicts(claims, claim, verdict):
    assert claims[claim]["verdict"] == verdict


def test_conditions(claims):
    kinds = claims["saddle-definition"]["numbers"]["directions_of_360"]
    monkey = kinds["x³ − 3xy², the monkey saddle"]
    assert monkey["minimum"] == monkey["maximum"] == 0
    escapes = claims["opt-adaptive-escapes-minima"]["holds"]
    assert escapes == ["Adam, steps as long as SGD's"]
    assert claims["saddle-exact-start"]["holds"] == [
        "exactly at the saddle",
        "exactly on its ridge",
    ]
    assert claims["local-minimum-escape"]["holds"] == [
        "rate 0.1, noise",
        "momentum 0.9, velocity form, noise",
    ]


def test_evidence(claims):
    escape = claims["saddle-escape"]["numbers"]
    steps, in_keras = escape["steps"], escape["steps_in_keras"]
    assert (steps["SGD"], steps["momentum"], steps["RMSprop"]) == (1461, 228, 75)
    assert steps["Adam"] == 76
    assert all(abs(in_keras[name] - steps[name]) <= 1 for name in in_keras)
    oscillation = claims["gd-oscillation"]["numbers"]
    assert oscillation["crossed"] == [0, 0, 0, 20, 20, 20, 20, 20]
    assert oscillation["distance_after_20_steps_from_1"] == pytest.approx(
        [0.9**20, 0.5**20, 0, 0, 0.5**20, 0.9**20, 1, 1.1**20], rel=1e-4, abs=1e-9
    )
    few = claims["saddle-high-dimension"]["numbers"]
    counts = few["flat_points_of_an_autoencoder_by_inputs"]
    for inputs, count in counts.items():
        n = int(inputs)
        assert count == sum(comb(n, k) for k in range(n // 2 + 1))
    assert set(few["minima_among_them"].values()) == {1}


def test_sgd_leaves_the_ridge_by_the_linear_rate():
    # Close to the ridge y grows by 1.01 a step: from 1e-6 to 1e-3 takes 694.2.
    path = race.descend(race.RULES["SGD"](0.01), race.saddle_slope, (1.0, 1e-6), 800)
    assert (path[:, 1] < 1e-3).sum() == int(np.ceil(np.log(1e3) / np.log(1.01)))


@pytest.mark.parametrize(
    ("size", "share"),
    [(1, 0.5), (2, (2 - 2**0.5) / 4), (3, 1 / 4 - 2**0.5 / (2 * np.pi))],
)
def test_shares_of_positive_matrices(size, share):
    count = 40_000
    found = dimension.share_of_minima(size, count, 7)
    assert abs(found - share) < 4 * (share * (1 - share) / count) ** 0.5


def test_autoencoder_hessian_by_differences():
    rng = np.random.default_rng(0)
    variances = np.array([1.0, 2.0, 4.0])
    decoder, encoder = rng.normal(size=(3, 2)), rng.normal(size=(2, 3))

    def loss(weights):
        product = weights[:6].reshape(3, 2) @ weights[6:].reshape(2, 3)
        return ((np.eye(3) - product) ** 2 * variances).sum() / 2

    at, step = np.concatenate([decoder.ravel(), encoder.ravel()]), 1e-4
    moves = step * np.eye(12)
    expected = [
        [
            loss(at + a + b) - loss(at + a - b) - loss(at - a + b) + loss(at - a - b)
            for a in moves
        ]
        for b in moves
    ]
    found = dimension.hessian(decoder, encoder, variances)
    assert found == pytest.approx(np.array(expected) / (4 * step**2), abs=1e-4)


def test_flat_points_are_flat_and_one_is_best():
    variances = np.array([1.0, 2.0, 3.0, 4.0])
    points = dimension.flat_points(variances, 2)
    assert len(points) == 1 + 4 + 6
    best = [loss for loss, down in points if down == 0]
    assert best == [(1 + 2) / 2] == [min(loss for loss, _ in points)]
    nothing = next(down for loss, down in points if loss == 5.0)
    assert nothing == 2 * 4  # each of two units, toward each of four axes


def test_directions_and_curvatures():
    bowl = saddles.directions(lambda x, y: x**2 + 3 * y**2)
    assert bowl == {"minimum": 360, "maximum": 0, "neither": 0}
    found = saddles.hessian(lambda x, y: x**2 + 3 * x * y - y**2)
    assert found == pytest.approx(np.array([[2, 3], [3, -2]]), abs=1e-6)


def test_a_turned_saddle_is_the_same_saddle():
    slope, turn = saddles.turned(0.4)
    point = np.array([0.3, -0.6])
    assert slope(turn @ point) == pytest.approx(turn @ saddles.saddle_slope(point))
    assert turn @ turn.T == pytest.approx(np.eye(2))


def test_a_rate_beyond_the_limit_of_the_deep_well_only():
    # Between the limits the shallow minimum holds a point and the deep one does not.
    well = wells.DoubleWell()
    deep, _, shallow = well.stations
    assert 2 / well.curvature(deep) < 1.0 < 2 / well.curvature(shallow)
    ends = {}
    for name, start in (("deep", deep + 1e-3), ("shallow", shallow + 1e-3)):
        x = start
        for _ in range(200):
            x = x - 1.0 * well.slope(x)
        ends[name] = abs(x - (deep if name == "deep" else shallow))
    assert ends["shallow"] < 1e-6 < 0.1 < ends["deep"]


def test_walkers_differ_by_seed():
    one, two = wells.ends(wells.WAYS, 0.9, 3, 1.0, (0, 1))["rate 0.1"]
    assert (one != two).all()


def test_steps_of_adam_are_as_long_as_those_of_sgd():
    """Under noise alone, once its means have forgotten their start."""
    noise = np.random.default_rng(0).normal(size=(4000, 50))
    lengths = {}
    for name in ("SGD", "RMSprop", "Adam, steps as long as SGD's"):
        rule = wells.ADAPTIVE[name]()
        taken = np.array([rule(kick) for kick in noise])[2000:]
        lengths[name] = float((taken**2).mean() ** 0.5)
    assert lengths["SGD"] == pytest.approx(wells.MIDDLE, rel=0.02)
    assert lengths["Adam, steps as long as SGD's"] == pytest.approx(
        lengths["SGD"], rel=0.05
    )
    assert lengths["RMSprop"] == pytest.approx(lengths["SGD"], rel=0.2)


def test_around_a_flat_point():
    assert saddles.around(lambda x, y: x**2 + y**2) == (True, False)
    assert saddles.around(lambda x, y: -(x**2) - y**2) == (False, True)
    assert saddles.around(lambda x, y: x**3) == (True, True)


def test_a_smoke_run_draws_every_figure(tmp_path):
    result = run(tmp_path, "landscape", "--smoke")
    drawn = {figure["name"] for figure in result["figures"]}
    assert drawn == {"saddle", "dimension", "wells", "oscillation"}


@pytest.mark.parametrize(
    "flag", ["--inputs=3", "--inputs=9", "--walkers=100001", "--matrices=200001"]
)
def test_settings_out_of_range(recipes_run, flag):
    assert "must be" in recipes_run("landscape", flag, code=2)
