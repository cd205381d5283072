"""The bias_variance recipe: parts by hand, known limits, and words that sort."""

import numpy as np
import pytest

from recipes.generalization.bias_variance import (
    Settings,
    balance,
    complexity,
    curves,
    definitions,
    parts,
)
from recipes.lab import UsageError
from recipes.lab.data import sets
from recipes.lab.evidence.judging import judge
from recipes.lab.testing import RecordingLab, judged
from tests.recipes.running import run


@pytest.fixture(scope="module")
def lab():
    return RecordingLab("bias_variance", seeds=4, sets=20)


def test_what_falls_along_a_sweep_by_hand():
    parts = {"bias²": np.array([[3.0, 1.0, 2.0]]), "variance": np.array([[1, 3, 2]])}
    assert balance.falling(parts) == ["bias²"]
    assert balance.falling(parts, 1) == ["variance"]


def test_curves_have_mean_0_and_variance_1():
    x = np.linspace(-1, 1, 100_001)
    for name, shape in curves.CURVES.items():
        assert shape(x).mean() == pytest.approx(0, abs=1e-4), name
        assert shape(x).var() == pytest.approx(1, abs=1e-3), name


def test_the_lines_share_of_each_curve_by_hand():
    """R² of a line: 3 (∫ x f)² / 2 … 0 for an even curve, 6/π² for the sine."""
    x = np.linspace(-1, 1, 100_001)
    share = {n: 3 * (x * f(x)).mean() ** 2 for n, f in curves.CURVES.items()}
    assert share["parabola"] == pytest.approx(0, abs=1e-6)
    assert share["sine"] == pytest.approx(6 / np.pi**2, abs=1e-3)
    assert share["exponential"] == pytest.approx(0.80, abs=0.01)


def test_a_fit_is_that_of_numpy():
    x, y = curves.curve("sine", seed=3)
    at = np.linspace(-1, 1, 7)
    for degree in (1, 4):
        expected = np.polyval(np.polyfit(x, y, degree), at)
        assert curves.polynomial(degree)(x, y, at) == pytest.approx(expected)
    assert curves.spline(x, y, x) == pytest.approx(y)
    assert curves.nearest(x, y, x) == pytest.approx(y)


def test_parts_of_a_mean_by_hand():
    """Degree 0 predicts the mean of 30 rows: variance s²/30, bias² of the sine."""
    found = parts.computed(0)
    assert found["variance"] == pytest.approx(parts.NOISE**2 / 30)
    truth = np.sqrt(2) * np.sin(np.pi * parts.AT)
    assert found["bias²"] == pytest.approx((truth**2).mean())


def test_the_sum_is_the_error_and_another_sum_would_be_seen(lab):
    finding = parts.error_is_a_sum(lab)
    assert finding.conditions == dict.fromkeys(finding.conditions, True)
    for seen in parts.sums(lab).values():
        without_noise = seen["sum"] - parts.NOISE**2
        off = abs(seen["measured"] - without_noise)
        assert off > parts.ERRORS * seen["standard error"]


def test_words_by_hand():
    assert definitions.word_for(0.0, 0.35) == "overfits"
    assert definitions.word_for(0.4, 0.45) == "underfits"
    assert definitions.word_for(0.2, 0.25) == "neither"


def test_one_neighbor_knows_its_own_rows_and_a_fifth_is_wrong(lab):
    found = definitions.errors(lab)
    assert (found["training"][:, 0] == 0).all()
    # A wrong neighbor or a wrong label, and not both: 2 · 0.2 · 0.8 at least.
    assert found["new"][:, 0].mean() == pytest.approx(0.33, abs=0.04)
    points, labels = definitions.labeled(0, 20_000)
    above = points[:, 1] > np.sin(np.pi * points[:, 0]) / 2
    assert (labels != above).mean() == pytest.approx(0.2, abs=0.01)


def test_polynomials_trade_by_known_amounts():
    """At the rows, variance is s² times coefficients over rows."""
    found = balance.of_polynomials()
    expected = 0.09 * (np.array(balance.DEGREES) + 1) / 30
    assert found["variance"] == pytest.approx(expected)
    assert (np.diff(found["bias²"]) < 1e-12).all()


def test_more_trees_and_more_rows_lower_the_variance_alone(lab):
    trees = balance.of_trees(lab)
    bias, variance = (trees[name][:, -1].mean() for name in ("bias²", "variance"))
    for way in ("more rows", "mean of many"):
        assert trees[way][1] < 0.75 * variance
        assert trees[way][0] < bias + 0.2 * variance


@pytest.mark.parametrize("width", [20, 300])
def test_random_features_are_the_least_squares_of_least_norm(width):
    x, y = complexity.rows(1, 60)
    own, new = complexity.fit(x, y, width, 2, x[:5])
    rng = np.random.default_rng(2)
    weights = rng.normal(0, x.shape[1] ** -0.5, (x.shape[1], width))
    seen = np.maximum(x @ weights + rng.normal(0, 0.5, width), 0)
    assert own == pytest.approx(seen @ np.linalg.pinv(seen) @ y, abs=1e-8)
    assert new == pytest.approx(own[:5], abs=1e-8)
    assert (np.abs(own - y).max() < 1e-8) == (width > 60)


def test_past_interpolation_the_gap_falls(lab):
    found = complexity.features(lab)
    middle = {w: np.median(complexity.gap(found, w)) for w in complexity.WIDTHS}
    assert max(middle, key=lambda width: middle[width]) == complexity.FULL
    assert middle[complexity.WIDE] < 2


def test_a_fifth_of_the_labels_is_wrong_and_a_training_is_its_seed_alone():
    digits = sets.load("digits")
    (x, y), (_, new) = complexity.some_wrong(digits, 500, 3)
    assert len(x) == len(y) == 500
    assert (y != digits.y_train[:500]).mean() == pytest.approx(0.2, abs=0.06)
    assert (new != digits.y_test).mean() == pytest.approx(0.2, abs=0.06)
    case = {"units": 8, "learning_rate": 1e-2, "epochs": 2, "samples": 200}
    one = complexity.train(case, 1, digits)
    assert complexity.train(case, 1, digits) == one
    assert 0 <= one["training"] <= one["new"] <= 1


def test_verdicts_that_need_no_training():
    ten = RecordingLab("bias_variance", sets=50)
    for function, verdict in (
        (curves.line_misses, "supported"),
        (curves.wiggle_follows_the_noise, "supported"),
        (parts.error_is_a_sum, "supported"),
        (definitions.words_sort_a_sweep, "supported"),
    ):
        assert judged(function, ten)["verdict"] == verdict


def test_a_straight_curve_would_not_be_missed(lab, monkeypatch):
    for name in curves.CURVES:
        monkeypatch.setitem(curves.CURVES, name, lambda x: 2 * x)
    fresh = RecordingLab("bias_variance", seeds=10)
    found = judge(curves.line_misses.claim, curves.line_misses(fresh))
    assert found["verdict"] == "refuted"


def test_smoke_draws_every_figure(tmp_path):
    result = run(tmp_path, "bias_variance", "--smoke")
    assert len(result["claims"]) == 6
    drawn = {figure["name"] for figure in result["figures"]}
    assert drawn == {"fits", "parts", "sweep", "balance", "complexity"}


def test_settings_out_of_range():
    for wrong in ({"sets": 1}, {"epochs": 1001}, {"samples": 49}):
        with pytest.raises(UsageError, match="must be"):
            Settings(**wrong)
