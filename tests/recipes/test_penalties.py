"""The penalties recipe: minima, formulas and steps found another way."""

import types

import keras
import numpy as np
import pytest
from sklearn.linear_model import Lasso, Ridge, RidgeCV
from sklearn.model_selection import KFold

from recipes.generalization.penalties import (
    balance,
    decay,
    gap,
    powers,
    small_weights,
    sparsity,
    spreading,
)
from recipes.lab.data import sets
from recipes.lab.testing import RecordingLab, judged


@pytest.fixture(scope="module")
def digits():
    return sets.load("digits")


@pytest.mark.parametrize(
    ("flag", "message"),
    [("--samples=49", "50 to 600"), ("--epochs=1001", "1 to 1000"),
     ("--steps=100", "200 to 100000"), ("--seeds=101", "1 to 100")],
)  # fmt: skip
def test_settings_out_of_range(recipes_run, flag, message):
    assert message in recipes_run("penalties", flag, code=2)


def test_ridge_is_that_of_scikit_learn():
    given = sparsity.problem(0, 40, correlation=0.5)
    expected = Ridge(3.0, fit_intercept=False).fit(given.x, given.y).coef_
    assert balance.ridge(given.x, given.y, 3.0) == pytest.approx(expected)


def test_the_strength_is_that_of_scikit_learn_s_folds():
    given = balance.problem(1, 30, noise=balance.NOISE)
    model = RidgeCV(
        balance.STRENGTHS,
        fit_intercept=False,
        cv=KFold(5),
        scoring="neg_mean_squared_error",
    ).fit(given.x, given.y)
    weights, strength = balance.ridge_by_folds(given.x, given.y)
    assert strength == model.alpha_
    assert weights == pytest.approx(model.coef_)


def test_proximal_steps_end_at_the_minimum_of_scikit_learn():
    given = sparsity.problem(1, 100)
    model = Lasso(0.2, fit_intercept=False, tol=1e-10).fit(given.x, given.y)
    ours = sparsity.keep_fitting(given, 0.2)
    assert ours == pytest.approx(model.coef_, abs=1e-6)
    assert ((ours == 0) == (model.coef_ == 0)).all()


def test_the_constraint_by_hand_and_saved():
    constraint = sparsity.SoftThreshold(0.5)
    weights = keras.ops.convert_to_tensor([2.0, 0.25, -0.5, -2.0])
    stepped = keras.ops.convert_to_numpy(constraint(weights))
    assert stepped.tolist() == [1.5, 0.0, 0.0, -1.5]
    config = keras.saving.serialize_keras_object(constraint)
    assert keras.saving.deserialize_keras_object(config).by == 0.5


def test_training_with_the_constraint_ends_at_the_minimum(digits):
    """Keras's steps and the minimum of scikit-learn, on the same rows."""
    case = {"way": "proximal", "optimizer": "sgd", "steps": 3000}
    found = np.array(sparsity.train(case, 0, digits)["weights"])
    given = sparsity.problem(0, 100)
    expected = Lasso(0.2, fit_intercept=False).fit(given.x, given.y).coef_
    assert found == pytest.approx(expected, abs=1e-3)
    assert ((found == 0) == (expected == 0)).all()


def test_what_is_selected_by_hand():
    """Of four features two are useful: one draw keeps them, one does not."""
    found = {
        ("here", "truth"): np.array([[1.0, 2.0, 0.0, 0.0]] * 3),
        ("here", "rule"): np.array([[1, 1, 0, 0], [1, 1, 0, 1], [0, 1, 0, 0]]),
    }
    assert sparsity.both(found, "here", "rule").tolist() == [1.0, 0.5, 0.0]


def test_evenness_by_hand():
    assert spreading.evenness([1.0, -1.0, 0.0, 0.0]) == 0.5
    assert spreading.evenness([3.0, 3.0, 3.0]) == pytest.approx(1.0)
    # (3 + 1)² / (2 · (9 + 1))
    assert spreading.evenness([3.0, 1.0]) == pytest.approx(16 / 20)


@pytest.mark.parametrize("power", powers.POWERS)
@pytest.mark.parametrize("value", [-2.0, -0.4, 0.0, 0.6, 0.94, 0.95, 3.0])
def test_a_single_penalized_weight_is_the_best_of_a_grid(power, value):
    grid = np.linspace(-4, 4, 800_001)
    cost = (grid - value) ** 2 / 2 + 0.5 * np.abs(grid) ** power
    best = float(powers.pulled(value, 0.5, power))
    mine = (best - value) ** 2 / 2 + 0.5 * abs(best) ** power
    assert mine <= cost.min() + 1e-9
    assert best == pytest.approx(grid[cost.argmin()], abs=2e-5)


def test_bridge_of_power_1_is_the_lasso_and_of_power_2_ridge():
    given = sparsity.problem(2, 60)
    lasso = Lasso(5 / 60, fit_intercept=False, tol=1e-10).fit(given.x, given.y)
    found = powers.bridge(given.x, given.y, 5.0, 1.0)
    assert found == pytest.approx(lasso.coef_, abs=1e-5)
    # Half of the squares: strength 5 beside them is 10 beside the squares.
    ridge = balance.ridge(given.x, given.y, 10.0)
    assert powers.bridge(given.x, given.y, 5.0, 2.0) == pytest.approx(ridge, abs=1e-5)


def test_bias_and_variance_are_those_of_many_draws():
    given = balance.problem(3, 30, noise=balance.NOISE)
    rng = np.random.default_rng(0)
    mean = given.x @ given.truth
    noise = rng.normal(0, balance.NOISE, (4000, 30))
    fits = np.array([balance.ridge(given.x, mean + each, 5.0) for each in noise])
    bias, variance = balance.bias_and_variance(given, 5.0)
    assert given.excess(fits.mean(0)) == pytest.approx(bias, rel=0.1)
    spread = np.mean([given.excess(given.truth + w - fits.mean(0)) for w in fits])
    assert spread == pytest.approx(variance, rel=0.1)


def test_a_penalty_and_decay_by_their_formulas():
    """SGD ends where the slopes cancel; decoupled Adam as written out in NumPy."""
    ends = decay.end_of("SGD", "penalty", 3000)
    steep = decay.STEEPNESS[0]
    assert ends[0] == pytest.approx(steep / (steep + 2 * decay.STRENGTH), abs=1e-4)
    w = m = v = 0.0
    rate, strength = 0.01, 2 * decay.STRENGTH
    for step in range(1, 201):
        gradient = 1.0 * (w - 1)
        w -= rate * strength * w
        m, v = 0.9 * m + 0.1 * gradient, 0.999 * v + 0.001 * gradient**2
        size = np.sqrt(v / (1 - 0.999**step)) + 1e-7
        w -= rate * m / (1 - 0.9**step) / size
    assert decay.end_of("Adam", "decay", 200)[1] == pytest.approx(w, abs=1e-4)


def test_a_smaller_network_of_the_same_function():
    rng = np.random.default_rng(0)
    shapes = ((5, 7), (7,), (7, 3), (3,))
    weights = [rng.normal(size=shape) for shape in shapes]
    weights[0] *= 10

    def outputs(first, bias, second, last):
        return np.maximum(x @ first + bias, 0) @ second + last

    x = rng.normal(size=(20, 5))
    smaller = small_weights.balanced(weights)
    assert outputs(*smaller) == pytest.approx(outputs(*weights))
    assert small_weights.norm(smaller) < small_weights.norm(weights)
    for factor in (0.9, 1.1):  # any other factor of a unit makes it larger
        other = [w.copy() for w in smaller]
        other[0][:, 0] *= factor
        other[2][0] /= factor
        assert small_weights.norm(other) > small_weights.norm(smaller)


def test_early_stopping_by_hand():
    """The least loss is in epoch 3; two epochs without a lower one end in epoch 5."""
    losses = [3.0, 2.0, 1.0, 1.5, 1.0, 0.5]
    assert gap.epochs_run(losses, 2) == 5
    assert gap.epochs_run(losses, 3) == 6
    assert gap.epochs_run([3.0, 2.0, 1.0], 1) == 3
    callback = keras.callbacks.EarlyStopping("loss", patience=2)
    callback.set_model(types.SimpleNamespace(stop_training=False))
    callback.on_train_begin()
    for epoch, loss in enumerate(losses):
        callback.on_epoch_end(epoch, {"loss": loss})
        if callback.model.stop_training:
            break
    assert epoch + 1 == 5


def test_regularizers_lengthen_or_shorten_by_the_epochs_they_take(monkeypatch):
    """Without any the least loss is in epoch 20 of 60; early stopping ends in 30."""
    seeds = np.arange(10) % 3

    def losses(best):
        return [abs(epoch - best) + 1.0 for epoch in range(1, 61)]

    bests = {gap.NONE: 20, "L2": 40, "L1": 20, "dropout 0.5": 10}
    runs = {
        name: [{"losses": losses(best + int(s))} for s in seeds]
        for name, best in bests.items()
    }
    monkeypatch.setattr(gap, "best_strength", lambda *_: 0.01)
    monkeypatch.setattr(RecordingLab, "sweep", lambda self, train, cases, title: runs)
    longer = judged(gap.training_gets_longer, RecordingLab("penalties"))
    shorter = judged(gap.training_gets_shorter, RecordingLab("penalties"))
    assert longer["holds"] == ["L2: a tenth more epochs"]
    assert shorter["holds"] == [
        f"{name}: a tenth fewer epochs" for name in ("dropout 0.5", gap.STOPPING)
    ]
    assert shorter["numbers"]["ended"] == pytest.approx(30 + seeds.mean())
    assert shorter["numbers"]["whole"] == 60
    assert longer["verdict"] == shorter["verdict"] == "supported"


@pytest.mark.parametrize("power", [1.0, 2.0])
def test_the_strength_that_is_a_weight_is_keras_s_regularizer(power, digits):
    """A step of the handed strength is that of `kernel_regularizer`."""
    case = {"units": 8, "strength": 0.01, "power": power, "dropout": 0.0, "epochs": 1,
            "samples": 50, "wrong": 0.0}  # fmt: skip
    plain = gap.train({**case, "strength": 0.0}, 0, digits)
    penalized = gap.train(case, 0, digits)
    assert penalized["norm"] < plain["norm"]
    kind = {1.0: keras.regularizers.L1, 2.0: keras.regularizers.L2}[power]
    keras_s = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(3, kernel_regularizer=kind(0.01))]
    )
    layer = small_weights.network.start(
        (np.ones((2, 4), "float32"), np.zeros(2, "int32")), 0,
        network={"units": 3, "classes": 2, "power": power},
    ).layers[2]  # fmt: skip
    layer.strength.assign(0.01)
    keras_s.layers[0].kernel.assign(layer.kernel)
    layer(keras.ops.ones((2, 4)), training=True)
    ours, theirs = (float(sum(each.losses)) for each in (layer, keras_s.layers[0]))
    assert ours == pytest.approx(theirs, rel=1e-5)


def test_rows_do_not_overlap_and_their_test_is_right(digits):
    case = {"samples": 100, "wrong": 0.5}
    rows = decay.rows_of(case, 0, digits)
    x = np.concatenate([digits.x_train, digits.x_test]).reshape(1797, -1)
    y = np.concatenate([digits.y_train, digits.y_test])
    labels: dict[bytes, set] = {}
    for image, label in zip(x, y, strict=True):
        labels.setdefault(image.tobytes(), set()).add(int(label))

    def share_right(part):
        images, given = rows[part]
        known = [labels[image.reshape(-1).tobytes()] for image in images]
        return np.mean([int(g) in k for g, k in zip(given, known, strict=True)])

    assert share_right("test") == 1
    assert 0.4 < share_right("validation") < 0.6
    assert sum(len(part[0]) for part in rows.values()) == 1797
