"""Cross-validation: every sample is held out once, and no fold knows another."""

from collections import Counter

import keras
import numpy as np
import pytest

from recipes.lab import LabError, Study, cross_validate, fit, reseed
from zoo import mlp

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4)).astype("float32")
Y = np.repeat([0, 1, 2], [30, 18, 12]).astype("int32")
X[:, 0] += Y
LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
NETWORK = {"num_classes": 3, "units": [5]}
BUDGET = {"epochs": 3, "batch_size": 16, "learning_rate": 0.05, "network": NETWORK}


@pytest.fixture(scope="module")
def study():
    return Study(mlp, LOSS, "adam", metrics=["accuracy"])


def compiled(dropout=0.0):
    reseed(7)
    model = mlp((4,), 3, units=(5,), dropout=dropout)
    model.compile(keras.optimizers.Adam(0.05), LOSS, metrics=["accuracy"])
    return model


def test_every_sample_is_held_out_once_and_classes_keep_their_shares(study):
    found = cross_validate(study, X, Y, folds=6, **BUDGET)
    folds = np.array(found["folds"])
    for fold in range(6):
        assert Counter(Y[folds == fold].tolist()) == {0: 5, 1: 3, 2: 2}
    assert len(found["scores"]["loss"]) == len(found["scores"]["accuracy"]) == 6
    assert np.shape(found["predictions"]) == (60, 3)


def test_scores_are_those_of_the_predictions(study):
    found = cross_validate(study, X, Y, **BUDGET)
    right = np.argmax(found["predictions"], 1) == Y
    folds = np.array(found["folds"])
    shares = [right[folds == fold].mean() for fold in range(5)]
    assert found["scores"]["accuracy"] == pytest.approx(shares)


def test_a_fold_is_the_training_that_a_study_would_do(study):
    found = cross_validate(study, X, Y, seed=3, **BUDGET)
    out = np.array(found["folds"]) == 4
    run = study.train((X[~out], Y[~out]), 3, held_out=(X[out], Y[out]), **BUDGET)
    assert found["scores"]["loss"][4] == pytest.approx(run["held_out_loss"], rel=1e-5)


def test_a_compiled_model_is_left_as_it_was():
    model = compiled(dropout=0.3)
    fit(model, X, Y, epochs=1, seed=9)
    before = [np.array(v) for v in (*model.variables, *model.optimizer.variables)]
    cross_validate(model, X, Y, folds=3, epochs=2)
    after = [np.array(v) for v in (*model.variables, *model.optimizer.variables)]
    for one, two in zip(before, after, strict=True):
        np.testing.assert_array_equal(one, two)


def test_what_a_model_learned_before_does_not_matter():
    used = compiled()
    fit(used, X, Y, epochs=2, seed=9)
    one, two = (
        cross_validate(model, X, Y, folds=3, epochs=2) for model in (used, compiled())
    )
    np.testing.assert_allclose(one["predictions"], two["predictions"], atol=1e-5)


def test_a_model_and_a_study_agree(study):
    settings = {"folds": 3, "epochs": 3, "batch_size": 16, "seed": 1}
    model = cross_validate(compiled(), X, Y, **settings)
    other = cross_validate(study, X, Y, learning_rate=0.05, network=NETWORK, **settings)
    assert model["folds"] == other["folds"]
    assert model["scores"]["loss"] == pytest.approx(other["scores"]["loss"], rel=1e-4)


def test_folds_start_alike_whatever_was_trained_before():
    starts = []

    class Start(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            starts.append(np.array(self.model.get_weights()[0]))

    cross_validate(compiled(), X, Y, folds=3, epochs=2, callbacks=[Start()])
    assert len(starts) == 3
    np.testing.assert_array_equal(starts[0], starts[1])
    np.testing.assert_array_equal(starts[0], starts[2])


def test_leave_one_out_and_targets_that_are_numbers():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    x, y = X[:6], X[:6, :1]
    found = cross_validate(model, x, y, folds=6, epochs=2)
    assert sorted(found["folds"]) == list(range(6))
    errors = (np.array(found["predictions"]) - y)[:, 0] ** 2
    losses = np.array(found["scores"]["loss"])[found["folds"]]
    assert losses == pytest.approx(errors, rel=1e-4)


def test_one_hot_rows_are_classes_and_weights_go_with_their_samples():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    model.compile("sgd", keras.losses.CategoricalCrossentropy(from_logits=True))
    rows = np.eye(3, dtype="float32")[Y]
    found = cross_validate(model, X, rows, folds=2, epochs=2)
    assert Counter(np.array(found["folds"])[Y == 2]) == {0: 6, 1: 6}
    settings = {"folds": 2, "epochs": 3, "stratified": False}
    settings["sample_weight"] = np.where(Y == 2, 0.0, 1.0)
    changed = np.where(Y[:, None] == 2, [1.0, 0.0, 0.0], rows).astype("float32")
    one, two = (cross_validate(model, X, y, **settings) for y in (rows, changed))
    np.testing.assert_allclose(one["predictions"], two["predictions"], atol=1e-6)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"folds": 1}, "whole number from 2, not 1"),
        ({"folds": 2.5}, "whole number from 2, not 2.5"),
        ({"folds": 61}, "60 samples can't make 61 folds"),
        ({"folds": 13}, "class 2 has 12 members, fewer than the 13 folds"),
        ({"seed": -1}, "seed must be a whole number from 0"),
        ({"y": Y[:50]}, "every array needs as many samples: x has 60, y has 50"),
        ({"y": X, "stratified": True}, "needs classes as targets"),
        ({"model": 3}, "takes a Study or a compiled, built"),
        ({"measure": len}, "leave measure out"),
        ({"x": X.tolist()}, "x is a list of lists; give an array"),
        ({"y": Y.tolist()}, "y is a list of numbers"),
        ({"x": (part for part in [X])}, "takes arrays; x is a generator"),
    ],
)
def test_what_can_not_be_is_said_in_one_sentence(study, changed, message):
    settings = {"model": study, "x": X, "y": Y, **BUDGET, **changed}
    model, x, y = (settings.pop(name) for name in ("model", "x", "y"))
    with pytest.raises(LabError, match=message):
        cross_validate(model, x, y, **settings)
