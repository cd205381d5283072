import math

import keras
import numpy as np
import pytest
import zoo_cases
from scipy import integrate

from zoo import losses

LOGITS = np.array([-30.0, -3.0, -0.2, 0.0, 0.7, 5.0, 40.0], "float32")


def sigmoid(x):
    return 1 / (1 + np.exp(-np.asarray(x, "float64")))


def number(tensor):
    return float(zoo_cases.to_numpy(tensor))


def test_generator_losses_equal_their_definitions():
    inside = LOGITS[1:-1]
    share = sigmoid(inside)
    minimax = number(losses.minimax_generator_loss(inside))
    strong = number(losses.non_saturating_generator_loss(inside))
    assert minimax == pytest.approx(np.log(1 - share).mean(), rel=1e-5)
    assert strong == pytest.approx(-np.log(share).mean(), rel=1e-5)


def test_logit_derivatives_of_the_generator_losses():
    n = len(LOGITS)
    minimax = zoo_cases.gradient(losses.minimax_generator_loss, LOGITS)
    strong = zoo_cases.gradient(losses.non_saturating_generator_loss, LOGITS)
    np.testing.assert_allclose(minimax, -sigmoid(LOGITS) / n, rtol=1e-5)
    np.testing.assert_allclose(strong, -sigmoid(-LOGITS) / n, rtol=1e-5)


def test_the_losses_gradients_where_the_discriminator_is_sure():
    logit = np.array([math.log(1e-4 / (1 - 1e-4))], "float32")
    minimax = zoo_cases.gradient(losses.minimax_generator_loss, logit)[0]
    strong = zoo_cases.gradient(losses.non_saturating_generator_loss, logit)[0]
    assert -minimax == pytest.approx(1e-4, rel=1e-4)
    assert strong / minimax == pytest.approx(9999, rel=1e-4)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.4])
def test_discriminator_loss_is_the_cross_entropy(smoothing):
    real, fake = LOGITS[1:-1], LOGITS[1:-1][::-1] * 0.5
    p, q = sigmoid(real), sigmoid(fake)
    expected = -((1 - smoothing) * np.log(p) + smoothing * np.log(1 - p)).mean()
    expected -= np.log(1 - q).mean()
    got = number(losses.discriminator_loss(real, fake.copy(), smoothing))
    assert got == pytest.approx(expected, rel=1e-5)


def test_losses_stay_finite_for_huge_logits():
    huge = np.array([-1e4, 1e4], "float32")
    for loss in (losses.minimax_generator_loss, losses.non_saturating_generator_loss):
        assert abs(number(loss(huge))) == pytest.approx(5e3)
        assert np.isfinite(zoo_cases.gradient(loss, huge)).all()


def test_the_value_at_the_optimum_is_log_4():
    zeros = np.zeros(5, "float32")
    assert number(losses.discriminator_loss(zeros, zeros)) == pytest.approx(
        math.log(4), rel=1e-6
    )


def test_the_pinball_loss_is_smallest_at_the_quantile():
    sample = np.random.default_rng(0).exponential(size=(1001, 1)).astype("float32")
    grid = np.linspace(0, 5, 501, dtype="float32")
    for share in (0.1, 0.5, 0.9):
        tiled = np.broadcast_to(grid, (1001, 501))
        targets = np.broadcast_to(sample, (1001, 501))
        each = losses.quantile_loss(targets[..., None], tiled[..., None], share)
        best = grid[zoo_cases.to_numpy(each).mean(0).argmin()]
        assert best == pytest.approx(np.quantile(sample, share), abs=0.02)


def test_the_median_loss_is_half_the_absolute_error():
    y, p = np.array([[1.0, 5.0]], "float32"), np.array([[2.0, 1.0]], "float32")
    assert zoo_cases.to_numpy(losses.quantile_loss(y, p, 0.5)) == pytest.approx(1.25)
    assert number(losses.Quantile(0.5)(y, p)) == pytest.approx(1.25)


BARRON = {
    2.0: lambda z: z / 2,
    1.0: lambda z: np.sqrt(z + 1) - 1,
    0.0: lambda z: np.log(z / 2 + 1),
    -2.0: lambda z: 2 * z / (z + 4),
    -math.inf: lambda z: 1 - np.exp(-z / 2),
}


@pytest.mark.parametrize("alpha", BARRON)
@pytest.mark.parametrize("scale", [0.5, 1.0, 3.0])
def test_special_cases_of_barron(alpha, scale):
    error = np.array([-50.0, -1.0, -1e-3, 0.0, 0.1, 2.0, 1e3], "float32")
    expected = BARRON[alpha]((error.astype("float64") / scale) ** 2)
    got = zoo_cases.to_numpy(losses.barron(error, alpha, scale))
    np.testing.assert_allclose(got, expected, rtol=2e-5, atol=1e-12)


@pytest.mark.parametrize("alpha", BARRON)
@pytest.mark.parametrize("offset", [-1e-3, -1e-5, -1e-7, 1e-7, 1e-5, 1e-3])
def test_barron_is_continuous_at_its_special_cases(alpha, offset):
    error = np.array([-20.0, -1.0, 1e-3, 5.0], "float32")
    near = -1e9 if alpha == -math.inf else alpha + offset
    got = zoo_cases.to_numpy(losses.barron(error, near))
    limit = zoo_cases.to_numpy(losses.barron(error, alpha))
    np.testing.assert_allclose(got, limit, rtol=1e-4 + 7 * abs(offset))


@pytest.mark.parametrize("alpha", [2.0, 1.999999, 1.0, 1e-8, 0.0, -1.0, -math.inf])
def test_barrons_slope_is_finite_and_its_integral_is_the_loss(alpha):
    def slope(x):
        array = np.array([x], "float32")
        return float(
            zoo_cases.gradient(lambda e: keras.ops.sum(losses.barron(e, alpha)), array)[
                0
            ]
        )

    assert slope(0.0) == 0.0
    assert math.isfinite(slope(1e6))
    points = np.linspace(0, 3, 41)
    area = integrate.simpson([slope(x) for x in points], x=points)
    assert area == pytest.approx(number(losses.barron(3.0, alpha)), rel=1e-3)


def test_smaller_alpha_ignores_outliers_more():
    alphas = [2.0, 1.0, 0.0, -2.0, -math.inf]
    far = [number(losses.barron(10.0, alpha)) for alpha in alphas]
    assert far == sorted(far, reverse=True)


@pytest.mark.parametrize("power", [0.5, 1.0, 1.5, 2.0])
def test_lp_penalty_and_its_gradient(power):
    weights = np.array([-2.0, 0.0, 0.5], "float32")
    penalty = losses.Lp(0.3, power)
    expected = 0.3 * (np.abs(weights) ** power).sum()
    assert number(penalty(weights)) == pytest.approx(expected, rel=1e-3)
    slope = zoo_cases.gradient(penalty, weights)
    size = np.where(weights == 0, 1.0, np.abs(weights))
    by_hand = 0.3 * power * np.sign(weights) * size ** (power - 1)
    np.testing.assert_allclose(slope, by_hand, rtol=1e-5)


def test_lp_at_1_and_2_is_keras_l1_and_l2():
    weights = np.random.default_rng(0).standard_normal((4, 3)).astype("float32")
    for power, kind in ((1.0, keras.regularizers.L1), (2.0, keras.regularizers.L2)):
        ours, theirs = losses.Lp(0.01, power)(weights), kind(0.01)(weights)
        assert number(ours) == pytest.approx(number(theirs), rel=1e-5)


@pytest.mark.parametrize(
    "thing",
    [losses.Quantile(0.3), losses.Barron(-math.inf, 2.0), losses.Barron(0.5)],
    ids=lambda thing: thing.name,
)
def test_losses_train_and_survive_saving(thing, tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(optimizer="sgd", loss=thing)
    x = np.random.default_rng(0).standard_normal((8, 2)).astype("float32")
    y = x.sum(1)
    first = model.train_on_batch(x, y)
    assert model.train_on_batch(x, y) < first
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert loaded.loss.get_config() == thing.get_config()
    again = loaded.test_on_batch(x, y)
    assert again == pytest.approx(model.test_on_batch(x, y))


def test_targets_that_would_only_broadcast_are_refused():
    wide, narrow = np.zeros((4, 3), "float32"), np.zeros((4, 1), "float32")
    for loss in (losses.Quantile(), losses.Barron()):
        with pytest.raises(ValueError, match=r"y_true must have the shape of y_pred"):
            loss(wide, narrow)
        assert number(loss(narrow[:, 0], narrow)) == 0.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: losses.Quantile(0.0), r"quantile must be .* \(0, 1\); got 0.0"),
        (lambda: losses.Quantile(1), "quantile must be .*; got 1"),
        (lambda: losses.quantile_loss([[1.0]], [[1.0]], True), "quantile .* got True"),
        (lambda: losses.barron(1.0, math.inf), "alpha must be .*; got inf"),
        (lambda: losses.barron(1.0, math.nan), "alpha must be .*; got nan"),
        (lambda: losses.Barron(scale=0.0), r"scale must be .* \(0, inf\); got 0.0"),
        (lambda: losses.Lp(-0.1), "strength must be .*; got -0.1"),
        (lambda: losses.Lp(0.1, 0), "power must be .*; got 0"),
        (
            lambda: losses.discriminator_loss([0.0], [0.0], 0.5),
            r"smoothing must be .* \[0, 0.5\); got 0.5",
        ),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
