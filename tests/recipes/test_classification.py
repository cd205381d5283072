"""The classification recipe: formulas, labels, networks and exact verdicts."""

import keras
import numpy as np
import pytest
from scipy import special

from recipes.lab.data import sets
from recipes.lab.evidence.verdicts import judge
from recipes.losses import _classification_digits as digits
from recipes.losses import _classification_exact as exact
from recipes.losses import _classification_formulas as formulas
from recipes.losses import _classification_hinge as hinge
from recipes.losses import _classification_labels as labels
from recipes.losses import _classification_run as notes_run
from recipes.losses import classification


class Bench:
    """Collects verdicts of functions that need no whole run."""

    def __init__(self, seeds=5):
        self.seeds, self.found = range(seeds), {}

    def verdict(self, claim, holds, *, evidence, note=""):
        kind, conditions = judge(holds)
        self.found[claim] = {"kind": kind, **conditions, **evidence}


def test_formulas_against_scipy():
    rng = np.random.default_rng(0)
    z, y = rng.normal(0, 5, 50), rng.integers(0, 2, 50)
    expected = -(y * special.log_expit(z) + (1 - y) * special.log_expit(-z))
    assert formulas.cross_entropy(y, formulas.sigmoid(z)) == pytest.approx(expected)
    assert formulas.sigmoid_cross_entropy(y, z) == pytest.approx(expected)
    z, y = rng.normal(0, 5, (50, 4)), np.eye(4)[rng.integers(0, 4, 50)]
    expected = -(y * special.log_softmax(z, -1)).sum(-1)
    written = formulas.categorical_cross_entropy(y, formulas.softmax(z))
    assert written == pytest.approx(expected)
    assert formulas.softmax_cross_entropy(y, z) == pytest.approx(expected)


def test_far_logits():
    """Wrong by 1000, the loss is 1000; as written it is infinite or not a number."""
    y, z = np.array([1.0, 0.0]), np.array([-1000.0, 1000.0])
    assert formulas.sigmoid_cross_entropy(y, z).tolist() == [1000, 1000]
    written = formulas.cross_entropy(y, formulas.sigmoid(z))
    assert not np.isfinite(written).any()
    assert formulas.softmax_cross_entropy(y, z) == 2000
    assert np.isnan(formulas.categorical_cross_entropy(y, formulas.softmax(z)))


def test_hinges_by_hand():
    y, score = np.array([1, 1, -1, -1]), np.array([0.3, 2.0, 0.3, -2.0])
    assert formulas.hinge(y, score) == pytest.approx([0.7, 0, 1.3, 0])
    y = np.array([[0.0, 1, 0]])
    assert formulas.categorical_hinge(y, np.array([[0.5, 1.0, -1]])) == 0.5
    assert formulas.categorical_hinge(y, np.array([[-2, 0.5, -3.0]])) == 0.0
    assert formulas.categorical_hinge(y, np.array([[-2, -1.5, -3.0]])) == 0.5


def test_entropy_of_a_rare_class():
    assert formulas.entropy(0.5) == pytest.approx(np.log(2))
    assert formulas.entropy(0.05) == pytest.approx(0.198515, abs=5e-7)


def test_exact_verdicts(monkeypatch):
    monkeypatch.setattr(exact, "COST_CLASSES", (100, 1000))  # no timing in a test
    bench = Bench()
    exact.judge(bench)
    found = bench.found
    assert {claim: each["kind"] for claim, each in found.items()} == {
        "loss-bce": "supported",
        "loss-cce-onehot": "conditional",
        "loss-sigmoid-ce-logits": "conditional",
        "loss-softmax-ce-logits": "conditional",
        "bce-lower-bound-majority": "supported",
    }
    assert found["loss-sigmoid-ce-logits"]["fails_for"] == [
        "as written, logits to ±1000"
    ]
    # 1 - σ(z) is 0 where e^-z is below half the spacing of numbers under 1.
    fails = found["loss-sigmoid-ce-logits"][
        "least_whole_logit_that_is_not_finite_as_written"
    ]
    expected = {
        kind.__name__: int(np.ceil(-np.log(np.finfo(kind).epsneg / 2)))
        for kind in (np.float32, np.float64)
    }
    for kind, z in expected.items():
        assert abs(fails[kind] - z) <= 1
    fails = found["loss-softmax-ce-logits"][
        "least_whole_logit_that_is_not_finite_as_written"
    ]
    assert fails == {
        kind.__name__: int(np.ceil(np.log(np.finfo(kind).max)))
        for kind in (np.float32, np.float64)
    }
    slope = found["loss-sigmoid-ce-logits"]["slope_in_the_logit_at_-5_for_label_1"]
    assert slope == pytest.approx(-0.9933071491, rel=1e-6)
    sparse = found["loss-cce-onehot"]["largest_difference_of_one_hot_to_class_numbers"]
    assert sparse < 1e-6
    clipped = found["loss-bce"]["Keras_at_p_0_for_label_1"]
    assert clipped == pytest.approx(-np.log(1e-7), rel=1e-4)
    learned = found["bce-lower-bound-majority"]
    assert learned["entropy_minus_test_loss_of_logistic_regression"].positive


def test_a_wrong_formula_would_be_seen(monkeypatch):
    wrong = formulas.cross_entropy
    monkeypatch.setattr(formulas, "cross_entropy", lambda y, p: 1.001 * wrong(y, p))
    bench = Bench(seeds=2)
    exact._binary(bench)
    assert bench.found["loss-bce"]["kind"] == "refuted"


def test_three_labels_are_drawn_by_their_chances():
    x, y, new_x, new_y = labels.draw(0)
    assert x.shape == new_x.shape == (600, 10)
    assert y.shape == new_y.shape == (600, 3)
    assert set(np.unique(y)) == {0.0, 1.0}
    both = np.r_[y, new_y].mean(0)
    assert both[2] < 0.35  # the rare one
    assert both[:2] == pytest.approx([0.5, 0.5], abs=0.06)


def test_multiclass_hinge_of_keras():
    found = hinge.multiclass_values()
    assert found["wrong 0.5, Keras"] == pytest.approx(1 + 0.5 - 1)
    assert found["wrong 0.5, formula"] == pytest.approx(1 + 0.5 - 1)
    assert found["wrong -2, Keras"] == pytest.approx(1 + 0 - 0.5)
    assert found["wrong -2, formula"] == 0  # 1 - 2 - 0.5 is below 0
    assert hinge.formula_agrees()


@pytest.fixture(scope="module")
def networks():
    learners = [digits.NOISE["cross-entropy"], digits.NOISE["absolute error"]]
    return digits.Digits(sets.load("digits"), learners, samples=300)


def test_digits_are_split_without_loss(networks):
    assert networks.x.shape == (300, 64)
    assert networks.test[0].shape == (1497, 64)
    assert len(networks.labels) + len(networks.test[1]) == 1797


def test_training_depends_on_its_seed_alone(networks):
    plain, absolute = networks.restarts
    found = []
    for before in (False, True):
        if before:
            networks.train(absolute, 3, epochs=1)
            networks.train(plain, 4, epochs=1)
        keras.utils.set_random_seed(0)
        found.append(networks.train(plain, 0, epochs=2))
    assert found[0] == found[1]
    assert found[0][-1] > 0.5
    assert len(networks.train(plain, 0, epochs=5, goal=0.2)) < 5


def test_wrong_labels_are_wrong_and_as_many_as_asked(networks):
    noisy = networks.noisy_labels(0.2, seed=0)
    assert (noisy != networks.labels).sum() == 60
    assert noisy.min() >= 0
    assert noisy.max() <= 9
    assert (noisy == networks.noisy_labels(0.2, seed=0)).all()
    assert (noisy != networks.noisy_labels(0.2, seed=1)).any()
    assert (networks.noisy_labels(0.0, seed=0) == networks.labels).all()


def test_share_of_wrong_labels_that_is_learned(networks):
    plain = next(iter(networks.restarts))
    guesses = networks.restarts[plain].model.predict_on_batch(networks.x).argmax(-1)
    assert networks.share_learned(plain, networks.labels) == 0.0
    wrong = guesses != networks.labels
    assert wrong.any()
    assert networks.share_learned(plain, guesses) == 1.0
    never = np.where(wrong, guesses, (networks.labels + 1) % 10)
    expected = wrong.mean()  # the others are never what the network says
    assert networks.share_learned(plain, never) == pytest.approx(expected)


def test_crossing_by_hand():
    assert digits.crossing([0.5, 0.7, 0.95], 0.9) == pytest.approx(2.8)
    assert digits.crossing([0.9], 0.9) == 1.0
    assert digits.crossing([0.5, 0.7], 0.9) is None


def test_the_notes_run_is_set_up_as_printed():
    parts = notes_run.samples()
    assert {name: len(y) for name, (_, y) in parts.items()} == {
        "train": 640, "validate": 160, "test": 200}  # fmt: skip
    y = np.concatenate([parts["train"][1], parts["validate"][1]])
    assert y.mean() == pytest.approx(0.49125)
    assert parts["test"][1].mean() == pytest.approx(0.535)
    network = notes_run.network()
    shapes = [layer.count_params() for layer in network.layers]
    assert shapes == [21 * 32, 33 * 16, 17]
    assert network.count_params() == 1217
    counts = np.array(list(notes_run.PRINTED["val_accuracy"].values())) * 160
    assert np.round(counts).tolist() == [112, 125, 130, 131, 134, 134]


def test_printed_numbers_are_compared_with_the_widened_range():
    def history(shift):
        return {
            metric: [values.get(epoch, 0.5) + shift for epoch in range(1, 7)]
            for metric, values in notes_run.PRINTED.items()
        }

    compared, rows = notes_run.compare([history(s) for s in (0.01, 0.03)])
    assert len(compared) == len(rows) == 12
    assert all(row["inside"] for row in compared.values())  # 3 sd are 0.042
    compared, _ = notes_run.compare([history(s) for s in (0.05, 0.06)])
    assert not any(row["inside"] for row in compared.values())
    short = [{k: v[:1] for k, v in history(0).items()} for _ in range(2)]
    assert len(notes_run.compare(short)[0]) == 4


def test_smoke_run_states_every_claim_and_judges_none(recipes_run):
    result = recipes_run("classification", "--smoke")
    assert [claim["id"] for claim in result["claims"]] == list(classification.CLAIMS)
    assert len(result["claims"]) == 11
    assert {claim["verdict"] for claim in result["claims"]} == {"not judged"}
    assert "--noise" in recipes_run("classification", "--noise", "1.5", code=2)


def test_the_chapter_is_shared_out_between_two_recipes():
    from recipes.losses import regression

    claims = [*regression.CLAIMS, *classification.CLAIMS]
    assert len(claims) == len(set(claims)) == 24
