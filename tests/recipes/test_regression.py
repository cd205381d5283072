"""The regression recipe: formulas by hand, remedies, fits and exact verdicts."""

import numpy as np
import pytest

from recipes.lab.errors import UsageError
from recipes.lab.evidence.verdicts import judge
from recipes.losses import _regression_curve as curve
from recipes.losses import _regression_exact as exact
from recipes.losses import _regression_formulas as formulas
from recipes.losses import _regression_linear as linear
from recipes.losses import _regression_location as location
from recipes.losses import regression

ALPHAS = (2.0, 1.5, 1.0, 0.5, 0.0, -2.0, -5.0, -np.inf)


class Bench:
    """Collects verdicts of functions that need no whole run."""

    def __init__(self, seeds=5):
        self.seeds, self.found = range(seeds), {}

    def verdict(self, claim, holds, *, evidence, note=""):
        kind, conditions = judge(holds)
        self.found[claim] = {"kind": kind, **conditions, **evidence}


def test_losses_by_hand():
    assert formulas.huber(np.array([0.0, 0.5, 1.0, 3.0])).tolist() == [
        0,
        0.125,
        0.5,
        2.5,
    ]
    assert formulas.huber(3.0, delta=2.0) == 2 * 3 - 2
    assert formulas.huber_below_zero(0.0) == -0.5
    assert formulas.pinball(np.array([2.0, -2.0]), 0.75).tolist() == [1.5, 0.5]
    # p = 2 - 2 / 1.0001 at an error of 0.01, and 1 at an error of 1.
    p = 2 - 2 / 1.0001
    assert formulas.notes_adaptive(0.01) == pytest.approx(0.01**p / p)
    assert formulas.notes_adaptive(0.01) == pytest.approx(4995.9, abs=0.05)
    assert formulas.notes_adaptive(1.0) == 1.0
    assert formulas.notes_adaptive(10.0) == pytest.approx(48.2, abs=0.05)
    at = formulas.barron(np.array([0.0, 1.0, 10.0, 100.0]), 1.0)
    assert at == pytest.approx([0, 2**0.5 - 1, 101**0.5 - 1, 10001**0.5 - 1])


def test_the_adaptive_loss_is_least_where_its_derivative_vanishes():
    from scipy import optimize

    def slope(x):  # of log L = p log x - log p, with p = 2x²/(x² + c²) for c = 2
        p, change = 2 * x**2 / (x**2 + 4), 16 * x / (x**2 + 4) ** 2
        return change * np.log(x) + p / x - change / p

    root = optimize.brentq(slope, 1, 3)
    assert root == pytest.approx(1.596, abs=5e-4)
    x = np.linspace(1, 3, 200001)
    least = x[formulas.notes_adaptive(x, 2.0).argmin()]
    assert least == pytest.approx(root, abs=2e-5)


@pytest.mark.parametrize("alpha", ALPHAS)
def test_barron_near_zero_slope_and_neighbors(alpha):
    x = np.array([-3.0, -0.4, 0.7, 6.0])
    step = 1e-6
    if np.isfinite(alpha):
        ahead, behind = (formulas.barron(x + s, alpha) for s in (step, -step))
        expected = (ahead - behind) / (2 * step)
        assert formulas.barron_slope(x, alpha) == pytest.approx(expected, rel=1e-6)
        near = formulas.barron(x, alpha + 1e-6)
        assert formulas.barron(x, alpha) == pytest.approx(near, rel=1e-5)
    assert formulas.barron(1e-3, alpha) == pytest.approx(0.5e-6, rel=1e-4)
    assert formulas.barron(2.0, alpha, c=2.0) == formulas.barron(1.0, alpha)


def test_growth_is_the_exponent():
    assert formulas.growth(formulas.squared, 7.0) == pytest.approx(2)
    assert formulas.growth(formulas.absolute, 7.0) == pytest.approx(1)


def test_minimizers_are_mean_median_and_quantile():
    y = np.random.default_rng(0).normal(5, 2, 101)

    def best(loss):
        return formulas.minimizer(loss, y, -10, 20)

    assert best(formulas.squared) == pytest.approx(y.mean(), abs=1e-6)
    assert best(formulas.absolute) == pytest.approx(np.median(y), abs=1e-6)
    ninth = location.LOSSES["quantile 0.9"]
    assert best(ninth) == pytest.approx(np.sort(y)[90], abs=1e-6)


def test_the_deeper_of_two_valleys_is_found():
    y = np.r_[np.full(3, 1.0), np.full(5, 9.0)]
    barron = location.LOSSES["Barron, α = -2"]
    assert formulas.minimizer(barron, y, 0, 10) == pytest.approx(9, abs=0.05)


def test_descent_on_one_target_by_hand():
    path = location.descend(np.sign, 1.03, np.full(100, 0.1))
    assert path[[0, 1, 10, 11]] == pytest.approx([1.03, 0.93, 0.03, -0.07])
    assert path[-2:] == pytest.approx([-0.07, 0.03])
    left = location.share_left(np.zeros(1), np.full(100, 0.1))
    assert left["absolute"] == pytest.approx(0.07 / 1.03)
    assert left["squared"] == pytest.approx(0.8**91)
    path = location.descend(lambda w: 2 * w, 1.03, np.full(100, 0.1))
    assert path[-1] == pytest.approx(1.03 * 0.8**100)


def test_remedies_by_hand():
    y = np.arange(1.0, 102.0)  # percentiles 0, 1, 2, ... are 1, 2, 3, ...
    assert linear.percentile_cap(y)[[0, 1, 99, 100]].tolist() == [2, 2, 100, 100]
    assert linear.fences(y) == (26 - 75, 76 + 75)
    y[-1] = 1000.0
    assert linear.outside(y).nonzero()[0].tolist() == [100]
    assert linear.iqr_cap(y)[-1] == 151
    most = y.mean() + 3 * y.std()
    assert linear.z_score_cap(y)[-1] == pytest.approx(most)
    assert linear.z_score_cap(y)[:-1].tolist() == y[:-1].tolist()


def test_many_outliers_hide_from_the_standard_deviation():
    y = np.r_[np.zeros(80), np.full(20, 20.0)]  # a z-score of 2 by hand
    assert linear.z_score_cap(y).tolist() == y.tolist()


def test_planes_are_spoiled_as_said():
    data = linear.planes(3, share=0.05, shift=20.0)
    assert data["off"].sum() == 25
    assert data["y"] - data["clean"] == pytest.approx(20.0 * data["off"])
    assert data["x"].shape == (500, 11)
    # Least squares of 500 clean rows: noise 0.1, 11 coefficients.
    expected = 0.1 * (11 / 500) ** 0.5
    assert linear.distance(data, data["clean"]) == pytest.approx(expected, rel=0.5)
    weights = np.where(data["off"], 1e-9, 1.0)
    assert linear.distance(data, data["y"], weights) < 2 * expected


def test_a_weight_of_two_is_a_row_twice():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(20, 3)), rng.normal(size=20)
    weights = np.r_[np.full(5, 2.0), np.ones(15)]
    twice = linear.solve(np.r_[x, x[:5]], np.r_[y, y[:5]])
    assert linear.solve(x, y, weights) == pytest.approx(twice)


def test_undone_says_which_half():
    clean, spoiled = np.full(5, 1.0), np.full(5, 3.0)
    assert linear.undone(clean, spoiled, clean) == (True, 1.0)
    assert linear.undone(clean, spoiled, spoiled) == (False, 0.0)
    noisy = 2 + np.array([-0.2, 0.2, -0.1, 0.1, 0.0])
    assert linear.undone(clean, spoiled, noisy)[0] is None


def test_a_sample_of_the_curve():
    sample = curve.draw(200, 0.1, seed=0)
    gap = sample.y - sample.clean
    assert sample.off.sum() == 20
    assert (gap[~sample.off] == 0).all()
    assert ((gap[sample.off] >= 6) & (gap[sample.off] <= 10)).all()
    assert np.std(sample.clean - curve.truth(sample.x)) == pytest.approx(0.2, rel=0.2)
    assert curve.measured(curve.truth(curve.GRID) + 2)["distance"] == pytest.approx(2)


def test_a_network_starts_from_its_seed_whatever_ran_before():
    import keras

    networks = curve.Networks(40, 0.1, passes=3)
    found = []
    for before in ((), (("squared", "as is"), ("absolute", "clean"))):
        for case in before:
            networks.train(case, 5)
        keras.utils.set_random_seed(1)
        found.append(networks.train(("squared", "weighted"), 1)["curve"])
    assert found[0] == found[1]
    keras.utils.set_random_seed(2)
    assert networks.train(("squared", "weighted"), 2)["curve"] != found[0]


def test_exact_verdicts():
    bench = Bench()
    exact.judge(bench)
    constants = location.fitted(bench.seeds)
    location.judge_quantile(bench, constants)
    location.judge_solutions(bench)
    location.judge_descent(bench)
    kinds = {claim: found["kind"] for claim, found in bench.found.items()}
    assert kinds == {
        "loss-mse": "conditional",
        "loss-mae": "conditional",
        "loss-huber": "conditional",
        "loss-error-vs-loss": "supported",
        "loss-adaptive": "refuted",
        "loss-adaptive-barron": "conditional",
        "loss-quantile": "conditional",
        "l1-loss-many-solutions": "conditional",
        "mae-convergence-issue": "conditional",
    }
    ratios = bench.found["loss-mse"]["half_sum_over_Keras_loss_by_samples"]
    assert ratios == pytest.approx({1: 0.5, 2: 1, 3: 1.5, 100: 50}, rel=1e-5)
    slopes = bench.found["loss-mse"][
        "slope_of_the_half_sum_over_Keras_slope_by_samples"
    ]
    assert slopes == pytest.approx(ratios, rel=1e-4)
    assert bench.found["loss-huber"]["holds_for"] == ["quadratic where |e| ≤ δ"]
    robust = bench.found["loss-adaptive-barron"]["holds_for"]
    assert robust == ["α = 1", "α = 0", "α = -2", "α = -inf"]
    # 95 at 5 and 5 at 100: the mean is 5 % of 95 off, the quantile 0.99 among the 5.
    means = np.mean(constants["squared"]["spoiled"])
    assert means == pytest.approx(9.75, abs=0.3)
    assert np.mean(constants["quantile 0.99"]["spoiled"]) == pytest.approx(100, abs=3)


def test_a_wrong_formula_would_be_seen(monkeypatch):
    monkeypatch.setattr(formulas, "huber", lambda e, delta=1.0: 0.5 * np.square(e))
    monkeypatch.setattr(formulas, "squared", np.abs)
    bench = Bench()
    exact.judge(bench)
    assert bench.found["loss-huber"]["kind"] == "refuted"
    assert "1/N Σ(y − ŷ)²" in bench.found["loss-mse"]["fails_for"]


def test_wrong_inputs_pull_every_line():
    errors = linear.lines(0)
    # 5 rows at 20 carry 5 · 400 of the sum of squares, 95 rows near 0 carry 95.
    assert errors["squared"] == pytest.approx(2 * 2000 / 2095, rel=0.15)
    assert all(error > 1.5 for error in errors.values())


@pytest.mark.parametrize(("points", "share"), [(200, 0.0), (200, 0.7), (4, 0.1)])
def test_settings_without_outliers_are_refused(points, share):
    with pytest.raises(UsageError, match="--outliers"):
        curve.check(points, share)


def test_smoke_run_states_every_claim_and_judges_none(recipes_run):
    result = recipes_run("regression", "--smoke")
    assert [claim["id"] for claim in result["claims"]] == list(regression.CLAIMS)
    assert len(result["claims"]) == 13
    assert {claim["verdict"] for claim in result["claims"]} == {"not judged"}
    assert "--outliers" in recipes_run("regression", "--outliers", "0.9", code=2)
