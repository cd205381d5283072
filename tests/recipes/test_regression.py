"""The regression recipe: formulas by hand, remedies, fits and exact verdicts."""

from types import SimpleNamespace

import numpy as np
import pytest

from recipes.lab.evidence.judging import judge
from recipes.losses.regression import (
    adaptive,
    capping,
    definitions,
    forests,
    huber,
    location,
    penalties,
    sensitivity,
    slopes,
    weights,
)

ALPHAS = (2.0, 1.5, 1.0, 0.5, 0.0, -2.0, -5.0, -np.inf)


class Lab:
    """What claims that train in no sweep are handed."""

    settings = SimpleNamespace(points=200, outliers=0.1)
    seeds, tuning_seeds = range(5), range(100, 105)

    def table(self, *_):
        """Prints nothing."""


def judged(decide) -> dict:
    """What becomes of a claim."""
    return judge(decide.claim, decide(Lab()))


def test_losses_by_hand():
    found = definitions.huber(np.array([0.0, 0.5, 1.0, 3.0]))
    assert found.tolist() == [0, 0.125, 0.5, 2.5]
    assert definitions.huber(3.0, delta=2.0) == 2 * 3 - 2
    assert definitions.huber_below_zero(0.0) == -0.5
    assert location.pinball(np.array([2.0, -2.0]), 0.75).tolist() == [1.5, 0.5]
    # p = 2 - 2 / 1.0001 at an error of 0.01, and 1 at an error of 1.
    p = 2 - 2 / 1.0001
    assert adaptive.notes_adaptive(0.01) == pytest.approx(0.01**p / p)
    assert adaptive.notes_adaptive(0.01) == pytest.approx(4995.9, abs=0.05)
    assert adaptive.notes_adaptive(1.0) == 1.0
    assert adaptive.notes_adaptive(10.0) == pytest.approx(48.2, abs=0.05)
    at = adaptive.barron(np.array([0.0, 1.0, 10.0, 100.0]), 1.0)
    assert at == pytest.approx([0, 2**0.5 - 1, 101**0.5 - 1, 10001**0.5 - 1])


def test_the_adaptive_loss_is_least_where_its_derivative_vanishes():
    from scipy import optimize

    def slope(x):  # of log L = p log x - log p, with p = 2x²/(x² + c²) for c = 2
        p, change = 2 * x**2 / (x**2 + 4), 16 * x / (x**2 + 4) ** 2
        return change * np.log(x) + p / x - change / p

    root = optimize.brentq(slope, 1, 3)
    assert root == pytest.approx(1.596, abs=5e-4)
    x = np.linspace(1, 3, 200001)
    least = x[adaptive.notes_adaptive(x, 2.0).argmin()]
    assert least == pytest.approx(root, abs=2e-5)


@pytest.mark.parametrize("alpha", ALPHAS)
def test_barron_near_zero_slope_and_neighbors(alpha):
    x, step = np.array([-3.0, -0.4, 0.7, 6.0]), 1e-6
    if np.isfinite(alpha):
        # Its derivative, e (e²/|α − 2| + 1)^(α/2 − 1), and e for α = 2.
        b = abs(alpha - 2) or np.inf
        expected = x * (x**2 / b + 1) ** (alpha / 2 - 1)
        ahead, behind = (adaptive.barron(x + s, alpha) for s in (step, -step))
        assert (ahead - behind) / (2 * step) == pytest.approx(expected, rel=1e-6)
        near = adaptive.barron(x, alpha + 1e-6)
        assert adaptive.barron(x, alpha) == pytest.approx(near, rel=1e-5)
    assert adaptive.barron(1e-3, alpha) == pytest.approx(0.5e-6, rel=1e-4)
    assert adaptive.barron(2.0, alpha, c=2.0) == adaptive.barron(1.0, alpha)


def test_growth_is_the_exponent():
    assert adaptive.growth(np.square, 7.0) == pytest.approx(2)
    assert adaptive.growth(np.abs, 7.0) == pytest.approx(1)


def test_constants_are_mean_median_and_quantile():
    rng = np.random.default_rng(0)
    y = rng.normal(5, 1, 100)
    y[95:] += 95  # the notes' sample
    fitted = {
        name: sensitivity.fit_constants([0], loss)["spoiled"][0]
        for name, loss in sensitivity.CONSTANTS.items()
    }
    assert fitted["squared"] == pytest.approx(y.mean(), abs=1e-5)
    low, high = np.sort(y)[[49, 50]]  # every constant between them is a median
    assert low - 1e-5 <= fitted["absolute"] <= high + 1e-5
    low, high = np.sort(y)[[89, 90]]
    assert low - 1e-5 <= fitted["quantile 0.9"] <= high + 1e-5


def test_the_deeper_of_two_valleys_is_found():
    """Barron's loss at -2 has a valley at the 95 near 5, and one at the 5 near 100."""
    loss = sensitivity.CONSTANTS["Barron, α = -2"]
    found = sensitivity.fit_constants([0], loss)["spoiled"]
    assert found == pytest.approx([5], abs=1)
    # Among constants from 0 on the shifted loss has the second valley alone, at 5.
    found = sensitivity.fit_constants([0], lambda e: loss(e - 95))["spoiled"]
    assert found == pytest.approx([5], abs=1)


def test_descent_on_one_target_by_hand():
    path = slopes.descend(np.sign, 1.03, np.full(100, 0.1))
    assert path[[0, 1, 10, 11]] == pytest.approx([1.03, 0.93, 0.03, -0.07])
    assert path[-2:] == pytest.approx([-0.07, 0.03])
    left = slopes.share_left(np.zeros(1), np.full(100, 0.1))
    assert left["absolute"] == pytest.approx(0.07 / 1.03)
    assert left["squared"] == pytest.approx(0.8**91)
    path = slopes.descend(lambda w: 2 * w, 1.03, np.full(100, 0.1))
    assert path[-1] == pytest.approx(1.03 * 0.8**100)


def test_caps_and_fences_by_hand():
    y = np.arange(1.0, 102.0)  # percentiles 0, 1, 2, ... are 1, 2, 3, ...
    assert capping.cap(y, 1, 99)[[0, 1, 99, 100]].tolist() == [2, 2, 100, 100]
    assert capping.fences(y) == (26 - 75, 76 + 75)
    y[-1] = 1000.0
    assert capping.outside(y).nonzero()[0].tolist() == [100]
    assert capping.beyond_z_scores(y).nonzero()[0].tolist() == [100]


@pytest.mark.parametrize(("count", "found"), [(9, True), (10, False), (11, False)])
def test_more_than_one_outlier_in_ten_hides_from_z_scores(count, found):
    """A share s of equal outliers has a z-score of √((1 − s)/s): 3 for one in ten."""
    y = np.r_[np.zeros(100 - count), np.full(count, 1e6)]
    score = (y[-1] - y.mean()) / y.std()
    assert score == pytest.approx(((100 - count) / count) ** 0.5)
    # A hair above 3, so that rounding does not decide the case of ten.
    assert capping.beyond_z_scores(y, most=3 + 1e-9)[-1] == found


def test_huber_by_weights_is_the_least_huber_loss():
    from scipy import optimize

    data = huber.planes(0, 0.2, 20.0)
    x, y = data["x"], data["y"]

    def loss(w, delta):
        e = np.abs(y - x @ w)
        return np.where(e <= delta, e**2 / 2, delta * (e - delta / 2)).sum()

    for delta in (0.1, 1.0):
        found = huber.fit_huber(x, y, delta)
        start = np.zeros(11)
        best = optimize.minimize(loss, start, (delta,), method="BFGS", tol=1e-9)
        assert found == pytest.approx(best.x, abs=1e-3)
    # Errors that are all within δ: least squares.
    assert huber.fit_huber(x, y, 1e3) == pytest.approx(huber.solve(x, y))


def test_huber_settles_and_the_absolute_error_does_not():
    # The last stretch of Huber's path: within δ it shrinks by a tenth a step.
    path = [1.03, 0.93]
    while len(path) < 101:
        path.append(path[-1] * 0.9)
    left = huber.way_left(huber.SLOPES["Huber, δ = 1"])
    assert left == pytest.approx(max(path[-10:]) / 1.03)
    assert huber.way_left(huber.SLOPES["absolute"]) == pytest.approx(0.07 / 1.03)


def test_a_penalty_as_its_closed_form():
    data = penalties.planes(1, 0.05, 20.0, rows=40, both_sides=True)
    x, y = data["x"][:, 1:], data["y"]
    centered = x - x.mean(0)
    gram = centered.T @ centered + 10.0 * np.eye(10)
    w = np.linalg.solve(gram, centered.T @ (y - y.mean()))
    coefficients = np.r_[y.mean() - x.mean(0) @ w, w]
    found = penalties.fitted(data, penalties.Ridge(alpha=10.0))
    assert found == pytest.approx(penalties.off_by(data, coefficients))


def test_outliers_on_both_sides_are_as_far_and_go_both_ways():
    data = penalties.planes(1, 0.2, 20.0, rows=50, both_sides=True)
    gap = (data["y"] - data["clean"])[data["off"]]
    assert len(gap) == 10
    assert set(gap.round(6)) == {-20.0, 20.0}
    assert (data["y"] == data["clean"])[~data["off"]].all()


def test_a_free_weight_is_one_that_no_answer_shows():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(6, 3))
    assert location.free_weights(x) == 0
    twin = np.column_stack([x, x[:, 0] + x[:, 1]])
    assert location.free_weights(twin) == 1
    assert twin @ [1, 1, 0, -1] == pytest.approx(np.zeros(6))
    assert location.free_weights(x[:1]) == 2


def test_corners_by_hand():
    from fractions import Fraction

    assert slopes.corner(abs, Fraction(0)) == [2, 2, 2]
    assert slopes.corner(slopes.squared, Fraction(3)) == [2 * h for h in slopes.STEPS]
    assert slopes.corner(slopes.huber, Fraction(1)) == [h / 2 for h in slopes.STEPS]

    def hinge(z):
        return max(Fraction(0), 1 - z)

    assert not slopes.smooth(hinge, Fraction(1))
    assert slopes.smooth(hinge, Fraction(2))


def test_planes_are_spoiled_as_said():
    data = weights.planes(3, share=0.05, shift=20.0)
    assert data["off"].sum() == 25
    assert data["y"] - data["clean"] == pytest.approx(20.0 * data["off"])
    assert data["x"].shape == (500, 11)
    # Least squares of 500 clean rows: noise 0.1, 11 coefficients.
    expected = 0.1 * (11 / 500) ** 0.5
    assert weights.distance(data, data["clean"]) == pytest.approx(expected, rel=0.5)
    next_to_none = np.where(data["off"], 1e-9, 1.0)
    assert weights.distance(data, data["y"], next_to_none) < 2 * expected


def test_a_weight_of_two_is_a_row_twice():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(20, 3)), rng.normal(size=20)
    twos = np.r_[np.full(5, 2.0), np.ones(15)]
    twice = weights.solve(np.r_[x, x[:5]], np.r_[y, y[:5]])
    assert weights.solve(x, y, twos) == pytest.approx(twice)


def test_half_is_undone_or_not():
    noise = np.array([-0.2, 0.2, -0.1, 0.1, 0.0])
    clean, spoiled = np.full(5, 1.0), np.full(5, 3.0)
    three = clean, spoiled + noise, clean + noise / 10
    assert weights.undoes_half(*three).holds is True
    assert weights.share_undone(clean, spoiled, clean) == 1.0
    assert weights.undoes_half(clean, spoiled, spoiled + noise).holds is False
    assert weights.share_undone(clean, spoiled, spoiled) == 0.0
    assert weights.undoes_half(clean, spoiled, 2 + noise).holds is None


def test_points_of_the_curve():
    sample = forests.draw_points(200, 0.1, seed=0)
    gap = sample.y - sample.clean
    assert sample.off.sum() == 20
    assert (gap[~sample.off] == 0).all()
    assert ((gap[sample.off] >= 6) & (gap[sample.off] <= 10)).all()
    curve = np.sin(1.5 * sample.x) + 0.3 * sample.x
    assert np.std(sample.clean - curve) == pytest.approx(0.2, rel=0.2)
    true = np.sin(1.5 * forests.GRID) + 0.3 * forests.GRID
    assert forests.measure(true + 2)["distance"] == pytest.approx(2)


def test_a_network_starts_from_its_seed_whatever_ran_before():
    class Kept(Lab):
        settings = SimpleNamespace(points=40, outliers=0.1, passes=3)

        def sweep(self, train, cases, **_):
            self.train, self.cases = train, cases
            return {}

    lab = Kept()
    sensitivity.networks(lab)
    found = []
    for before in ((), ("squared error", "absolute error")):
        for name in before:
            lab.train(lab.cases[name], 5, None)
        found.append(lab.train(lab.cases["squared, weighted"], 1, None)["curve"])
    assert found[0] == found[1]
    assert lab.train(lab.cases["squared, weighted"], 2, None)["curve"] != found[0]


VERDICTS = {
    definitions.squared_error: "supported",
    definitions.half_the_sum: "refuted",
    definitions.absolute_error: "supported",
    definitions.half_the_signed_sum: "refuted",
    definitions.huber_loss: "supported",
    definitions.huber_as_printed: "refuted",
    definitions.error_or_loss: "supported",
    adaptive.as_printed: "refuted",
    adaptive.by_barron: "supported",
    location.bears_what_lies_beyond: "conditional",
    location.several_medians: "supported",
    location.one_mean: "conditional",
    slopes.has_a_corner: "supported",
    slopes.has_no_corner: "supported",
    slopes.converges_poorly: "supported",
    huber.best_of_both: "supported",
    capping.capped: "conditional",
    capping.detected: "conditional",
}


@pytest.mark.parametrize(("decide", "verdict"), VERDICTS.items())
def test_exact_verdicts(decide, verdict):
    assert judged(decide)["verdict"] == verdict


def test_conditions_and_numbers():
    numbers = judged(definitions.half_the_sum)["numbers"]
    ratios = numbers["half_sum_over_the_mean_by_samples"]
    assert ratios == pytest.approx({1: 0.5, 2: 1, 3: 1.5, 100: 50}, rel=1e-5)
    slope = numbers["slope_of_the_half_sum_over_that_of_the_mean_by_samples"]
    assert slope == pytest.approx(ratios, rel=1e-4)
    robust = judged(adaptive.by_barron)["holds"]
    assert robust == ["α = 1", "α = 0", "α = -2", "α = -inf"]
    assert judged(location.bears_what_lies_beyond)["fails"] == ["quantile 0.99"]
    assert judged(capping.detected)["fails"] == ["z-scores beyond 3, 20.0% off"]
    # 95 at 5 and 5 at 100: the mean is 5 % of 95 off, the quantile 0.99 among the 5.
    fitted = sensitivity.constants(Lab())
    assert np.mean(fitted["squared"]) == pytest.approx(9.75, abs=0.3)
    assert np.mean(fitted["quantile 0.99"]) == pytest.approx(100, abs=3)


def test_a_wrong_formula_would_be_seen(monkeypatch):
    monkeypatch.setattr(definitions, "huber", lambda e, delta=1.0: 0.5 * np.square(e))
    monkeypatch.setattr(definitions, "squared", np.abs)
    assert judged(definitions.huber_loss)["fails"] == ["its values"]
    assert judged(definitions.squared_error)["verdict"] == "refuted"


def test_wrong_inputs_pull_every_line():
    errors = sensitivity.fit_lines(0)
    # 5 rows at 20 carry 5 · 400 of the sum of squares, 95 rows near 0 carry 95.
    assert errors["squared"] == pytest.approx(2 * 2000 / 2095, rel=0.15)
    assert all(error > 1.5 for error in errors.values())


@pytest.mark.parametrize(
    "flags",
    [
        ("--outliers=0.7",),
        ("--outliers=0.9",),
        ("--points=4", "--outliers=0.1"),
        ("--passes=1001",),
        ("--trees=1001",),
    ],
)
def test_settings_out_of_range(recipes_run, flags):
    assert "must be" in recipes_run("regression", *flags, code=2)
