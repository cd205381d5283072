"""The pairs recipe: derivatives by hand, what cannot be learned, and a short run."""

import keras
import numpy as np
import pytest

from recipes.losses import _pairs_extremes as extremes
from recipes.losses import _pairs_gradients as exact
from recipes.losses import _pairs_relu as relu
from recipes.losses import _pairs_training as training
from recipes.losses import pairs
from recipes.losses._pairs_results import GOOD, MARGIN, Results, outcomes
from recipes.losses._pairs_training import USUAL, WRONG, Case

ONE = np.array([[1.0]])


def test_derivatives_of_a_positive_by_hand():
    found = exact.sigmoid_pairs()["derivative_in_the_logit"]
    assert found["cross-entropy"] == pytest.approx(
        [-0.9933071491, -0.9999546], rel=1e-6
    )
    squared = found["half the squared error"]
    assert squared == pytest.approx([-0.0066035622, -4.539580773e-5], rel=1e-4)


@pytest.mark.parametrize("pair", ["bce from logits", "mse after sigmoid"])
@pytest.mark.parametrize("z", [-3.0, 0.5, 4.0])
def test_a_derivative_is_the_slope_of_its_loss(pair, z):
    """Finite differences on the formulas, in double precision."""
    formulas = {
        "bce from logits": lambda z: np.log1p(np.exp(-z)),
        "mse after sigmoid": lambda z: (1 / (1 + np.exp(-z)) - 1) ** 2,
    }
    loss, slope = exact.by_logit(pair, np.array([[z]]), ONE)
    formula = formulas[pair]
    assert loss[0] == pytest.approx(formula(z), rel=1e-5)
    numeric = (formula(z + 1e-5) - formula(z - 1e-5)) / 2e-5
    assert slope[0, 0] == pytest.approx(numeric, rel=1e-4)


def test_a_wrong_formula_would_be_seen():
    found = exact.sigmoid_pairs()["largest_distance_from_the_formula"]
    assert max(found.values()) < 1e-6
    z = np.linspace(-15, 15, 121)[:, None]
    slopes = exact.by_logit("mse after sigmoid", z, np.ones_like(z))[1]
    s = exact.sigmoid(z)
    assert np.abs(slopes - (s - 1) * s * (1 - s)).max() > 0.1  # of half the square


def test_softmax_by_hand():
    found = exact.softmax_pairs()
    assert found["largest_distance_from_p_minus_y"] < 1e-5
    assert 0.9 < found["largest_entry"] <= 1 + 1e-6
    assert found["largest_norm"] <= 2**0.5 + 1e-6
    e = 1 / (1 + np.exp(10.0))  # the right class's probability
    sent = found["two_classes_wrong_by_logit_10"]
    assert sent["cross-entropy"] == pytest.approx(1 - e, rel=1e-6)
    assert sent["squared error"] == pytest.approx(2 * e * (1 - e) ** 2, rel=1e-3)


def test_relu_leaves_the_loss_without_value_and_gradient():
    found = extremes.relu_with_cross_entropy()
    assert found["formula"] == ["nan", "inf"]
    edge = np.float32(1) - np.float32(1 - 1e-7)  # what clipping leaves of 1 - p
    assert found["keras_loss"] == pytest.approx([-np.log(edge), -np.log(1e-7)], 1e-5)
    assert not found["keras_derivative"].any()
    assert found["keras_derivative_at_p_of_one_half"] == pytest.approx(-2, rel=1e-5)


def test_only_logits_survive_a_thousand():
    for found in extremes.extreme_logits().values():
        assert found["logits"]["loss"] == pytest.approx(found["true_loss"])
        assert found["logits"]["derivative"] == pytest.approx([1, 1])
        assert not np.isfinite(found["spelled out"]["loss"]).any()
        assert np.isfinite(found["clipped"]["loss"]).all()
        assert max(found["clipped"]["loss"]) < 17
        assert not found["clipped"]["derivative"].any()


def test_a_sigmoid_right_before_the_loss_is_seen_on_tensorflow_only():
    expected = 1000 if keras.backend.backend() == "tensorflow" else -np.log(1e-7)
    assert extremes.right_before_the_loss() == pytest.approx(expected, rel=1e-5)


@pytest.fixture(scope="module")
def networks():
    from recipes.lab.data import sets

    return training.Networks(sets.load("digits"))


def test_starts_are_wrong_as_they_say(networks):
    one = networks._restart(Case("mse sigmoid", WRONG, "SGD"), 2).model
    one.set_weights(training.draw_weights(one, WRONG, 0))
    sure = keras.ops.convert_to_numpy(one(networks.data.x_test))
    assert (sure < 0.01).all()  # all even
    ten = networks._restart(Case("mse softmax", WRONG, "SGD"), 10).model
    ten.set_weights(training.draw_weights(ten, WRONG, 0))
    assert (keras.ops.convert_to_numpy(ten(networks.data.x_test))[:, 0] > 0.99).all()
    ten.set_weights(training.draw_weights(ten, USUAL, 0))
    assert (keras.ops.convert_to_numpy(ten(networks.data.x_test)) < 0.9).all()


def test_the_loss_of_a_network_cannot_see_its_logits(networks):
    """Far out the gradient is 0 where the loss sees probabilities only."""
    from recipes.lab import fit

    model = networks._restart(Case("bce sigmoid", USUAL, "SGD"), 2).model
    weights = training.draw_weights(model, "surer and wrong", 0)
    model.set_weights(weights)
    x = networks.data.x_train[:64]
    fit(model, x, np.ones((64, 1)), batch_size=64, epochs=1)
    for before, after in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(before.astype("float32"), after)


def test_twins_of_one_seed_start_and_end_alike(networks):
    case = Case("bce logits", USUAL, "SGD")
    first = networks.train(case, 3, 1.0, 1)
    networks.train(case, 4, 0.1, 1)
    assert networks.train(case, 3, 1.0, 1) == first
    shapes = [w.shape for w in training.draw_weights(networks._made[
        "bce logits", "SGD"].model, USUAL, 3)]  # fmt: skip
    assert shapes == [(64, 64), (64,), (64, 1), (1,)]


def test_results_by_hand():
    better, worse = (Case(p, USUAL, "SGD") for p in ("bce logits", "mse sigmoid"))
    runs = {
        better: [{"balanced_accuracy": v} for v in (0.95, 0.96, 0.97)],
        worse: [{"balanced_accuracy": v} for v in (0.75, 0.76, 0.77)],
    }
    results = Results(runs)
    name = f"{USUAL}, SGD"
    assert results.learned("bce logits")[name].mean == pytest.approx(0.96 - GOOD)
    found = results.behind("mse sigmoid", "bce logits", [USUAL], ["SGD"])
    assert found[name].mean == pytest.approx(0.2 - MARGIN)
    assert outcomes(found) == {f"training, {name}": True}
    back = results.behind("bce logits", "mse sigmoid", [USUAL], ["SGD"])
    assert outcomes(back) == {f"training, {name}": False}
    assert "0.960 against 0.760" in results.against("mse sigmoid", "bce logits", found)


def test_the_least_error_of_an_output_without_negatives():
    """Half of a symmetric target lies below 0, and with it half of its variance."""
    x, y = relu.draw(0, 200_000, relu.SIGNED)
    assert y.var() == pytest.approx(1.01, rel=0.02)
    run = {"ceiling": float(1 - (np.minimum(y, 0) ** 2).mean() / y.var())}
    assert relu._ceiling("relu output", [run]) == pytest.approx(0.5, abs=0.01)
    assert relu._ceiling("linear output", [run]) == 1
    assert (relu.draw(0, 1000, relu.POSITIVE)[1] >= 0).all()
    np.testing.assert_array_equal(x[:5], relu.draw(0, 200_000, relu.POSITIVE)[0][:5])


def test_smoke_run_states_every_claim_and_judges_none(recipes_run):
    result = recipes_run("pairs", "--smoke")
    assert [claim["id"] for claim in result["claims"]] == list(pairs.CLAIMS)
    assert len(result["claims"]) == 7
    assert {claim["verdict"] for claim in result["claims"]} == {"not judged"}
    assert len(result["figures"]) == 2
