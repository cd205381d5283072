"""The deep-learning recipe: features, descents and influences, found another way."""

import keras
import numpy as np
import pytest

import zoo
from recipes.lab import UsageError
from recipes.lab.data import sets
from recipes.lab.testing import RecordingLab
from recipes.practice.deep_learning import (
    Settings,
    bigger,
    capacity,
    categories,
    features,
    influence,
    own_penalty,
)
from recipes.practice.deep_learning._networks import RATES, at_best


@pytest.fixture(scope="module")
def digits():
    return sets.load("digits")


@pytest.mark.parametrize("setting", [{"seeds": 0}, {"rows": 701}, {"epochs": 1001}])
def test_settings_out_of_range(setting):
    with pytest.raises(UsageError, match=f"--{next(iter(setting))} must be"):
        Settings(**setting)


def test_rates_are_chosen_on_other_seeds():
    lab = RecordingLab("deep_learning", seeds=2)
    case = {"units": [8], "rows": 100, "epochs": 1}
    runs = at_best(lab, capacity.train, {"one": case}, lambda run: run["held"], "here")
    (_, tried, tuning), (_, chosen, seeds) = lab.sweeps
    assert [given["learning_rate"] for given in tried.values()] == list(RATES)
    assert not set(tuning) & set(seeds)
    assert len(runs["one"]) == len(lab.seeds)
    assert chosen["one"]["learning_rate"] in RATES


# Features ------------------------------------------------------------------------


def ramp(angle: float) -> np.ndarray:
    """An image that gets brighter in one direction."""
    down, across = np.mgrid[:8, :8]
    return (np.cos(angle) * across + np.sin(angle) * down)[None, ..., None]


def test_a_ramp_has_one_direction():
    """Eight directions of 45 degrees: a ramp at 90 degrees falls into the third."""
    found = features.oriented_gradients(ramp(np.pi / 2)).reshape(9, 8)
    assert found[:, 2] == pytest.approx(np.full(9, 1 / 3))  # nine cells, length 1
    assert found.sum() == pytest.approx(3)
    between = features.oriented_gradients(ramp(np.pi / 8)).reshape(9, 8)
    assert between[:, 0] == pytest.approx(between[:, 1])
    assert between[:, 2:] == pytest.approx(np.zeros((9, 6)))


def test_gradients_do_not_see_light(digits):
    x = digits.x_test[:5]
    found = features.oriented_gradients(x)
    assert found.shape == (5, 72)
    assert np.linalg.norm(found, axis=1) == pytest.approx(np.ones(5))
    darker = features.oriented_gradients(0.5 * x + 0.2)
    assert darker == pytest.approx(found, abs=1e-6)
    # An image turned by half a turn: cells in reverse, directions turned by four.
    turned = features.oriented_gradients(x[:, ::-1, ::-1]).reshape(5, 9, 8)
    expected = np.roll(found.reshape(5, 9, 8)[:, ::-1], 4, axis=2)
    assert turned == pytest.approx(expected, abs=1e-6)


def test_the_penalty_is_chosen_by_validation():
    rng = np.random.default_rng(0)
    parts = ("training", "validation", "test")
    rows = {name: rng.normal(size=(60, 2)) for name in parts}
    labels = {name: (x[:, 0] > 0).astype(int) for name, x in rows.items()}
    assert features.linear(rows, labels) > 0.9
    wrong = {**labels, "validation": 1 - labels["validation"]}
    # Where validation lies, the strength that fits least is taken; it still runs.
    assert 0 <= features.linear(rows, wrong) <= 1


# Descent -------------------------------------------------------------------------


def test_descent_by_the_loop():
    (x, y), _, truth = own_penalty.problem(3, 0)
    assert np.linalg.norm(truth) == pytest.approx(1)
    assert (truth != 0).sum() == 3
    rate = len(x) / np.linalg.eigvalsh(x.T @ x).max()
    w, path = np.zeros(x.shape[1]), {}
    for step in range(1, 101):
        w = w - rate * x.T @ (x @ w - y) / len(x)
        path[step] = w
    found = own_penalty.descend(x, y)
    for step, weights in zip(own_penalty.STEPS, found, strict=True):
        if step in path:
            assert weights == pytest.approx(path[step], abs=1e-9)


def test_descent_ends_at_the_least_weights_that_fit():
    (x, y), _, _ = own_penalty.problem(60, 1)
    end = own_penalty.descend(x, y)[-1]
    assert end == pytest.approx(np.linalg.pinv(x) @ y, abs=1e-2)


def test_only_the_lasso_makes_zeros():
    found = own_penalty.compare(3, 0)
    assert found["lasso, zeros"] > 0.3
    assert found["ridge, zeros"] == 0
    assert found["descent, zeros"] == 0


# Categories ----------------------------------------------------------------------


def test_encodings():
    level = np.array([0, 1, 2, 0])
    one = categories.encode(level, 3, "one neuron")
    assert one.ravel() == pytest.approx(np.sqrt(1.5) * np.array([-1, 0, 1, -1]))
    each = categories.encode(level, 3, "one neuron a level")
    assert each.tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]]


@pytest.mark.parametrize("ordered", [True, False])
def test_effects_of_levels(ordered):
    case = {"levels": 20, "ordered": ordered}
    level, x, y = categories.rows(case, 5, 4000, 0)
    inputs = np.concatenate([np.eye(20)[level], x], 1)
    fit, left, _, _ = np.linalg.lstsq(inputs, y, rcond=None)
    # What a linear model on one-hot levels leaves is the noise: 0.3².
    assert left[0] / len(y) == pytest.approx(0.09, rel=0.1)
    effects = fit[:20]
    assert effects.std() == pytest.approx(1, abs=0.05)
    assert np.corrcoef(effects, np.arange(20))[0, 1] > (0.9 if ordered else -1)
    again = categories.rows(case, 5, 50, 1)
    assert (again[0] != level[:50]).any()


# Size ----------------------------------------------------------------------------


def test_parameters_of_the_last_two_networks():
    wide, deep = (
        zoo.mlp((8, 8, 1), 10, units=capacity.NETWORKS[name]).count_params()
        for name in ("128", "68-68")
    )
    assert (wide, deep) == (9610, 9802)


def test_random_labels_are_held_by_heart(digits):
    case = {"rows": 100, "epochs": 60, "learning_rate": 0.01}
    wide, narrow = (
        capacity.train({**case, "units": units}, 0, digits)["held"]
        for units in ([128], [2])
    )
    assert wide > 0.95 > 0.6 > narrow


def test_wrong_labels_are_in_the_training_alone(digits):
    case = {"units": 256, "wrong": 0.5, "rows": 100, "epochs": 60,
            "learning_rate": 0.01}  # fmt: skip
    found = bigger.train(case, 0, digits)
    assert found["training"] > 0.95
    # Half of the labels of validation are wrong, too: it can't be far above a half.
    assert found["validation"] < 0.65


# Influence -----------------------------------------------------------------------


def test_influence_by_hand():
    """An input of variance v changes a sum by w√(2v) where it is shuffled."""
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(50_000, 2)) * [1, 10]
    kernel = np.array([[3.0, -1.0], [0.5, 0.2]])
    found = influence.influences(kernel, inputs, rng)
    expected = np.sqrt(2) * np.array([[3, 1], [5, 2]])
    assert found == pytest.approx(expected, rel=0.03)
    # For both units the smaller weight has the larger influence.
    assert influence.order_kept(np.abs(kernel), found) == pytest.approx(-1)


def test_inputs_without_influence_are_left_out():
    kernel = np.array([[5.0], [1.0], [2.0]])
    assert influence.order_kept(kernel, np.array([[0.0], [1.0], [2.0]])) == (
        pytest.approx(1)
    )


def test_an_input_in_another_unit():
    assert influence.same_neuron()


def test_influence_of_hidden_units_is_read_behind_their_activation(digits):
    case = {"standardized": True, "rows": 100, "epochs": 2}
    found = influence.train(case, 0, digits)
    assert found["sizes"] > 0.95  # variance 1 for every pixel that varies
    assert abs(found["numbers"]) < 0.5
    model = zoo.mlp((4,), 2, units=(3,))
    below = keras.Model(model.input, zoo.endpoints(model)["hidden_1"])
    assert np.asarray(below(-np.ones((2, 4)))).min() >= 0
