"""A restarted model trains as a new one does."""

import keras
import numpy as np

from recipes.lab import fit
from recipes.lab.training.restart import Restart
from recipes.lab.training.seeding import reseed

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 4)).astype("float32")
Y = (X.sum(1, keepdims=True) > 0).astype("float32")


def new():
    model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.05), "mse")
    return model


def test_a_restart_equals_a_new_model():
    used = new()
    restart = Restart(used)
    start = used.get_weights()
    fit(used, X, Y, epochs=3, seed=1)
    used.optimizer.learning_rate = 1.0
    restart(start)
    fresh = new()
    fresh.set_weights(start)
    for model in (used, fresh):
        fit(model, X, Y, epochs=2, seed=2)
    for one, two in zip(used.get_weights(), fresh.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_new_weights_follow_keras_random_state():
    model = new()
    restart = Restart(model)
    drawn = []
    for seed in (1, 2, 1):
        keras.utils.set_random_seed(seed)
        restart()
        drawn.append(model.get_weights()[0])
    np.testing.assert_array_equal(drawn[0], drawn[2])
    assert np.abs(drawn[0] - drawn[1]).max() > 0.01


def test_new_weights_do_not_depend_on_what_was_drawn_before():
    restart, drawn = Restart(new()), []
    for others in (0, 2):
        reseed(5)
        for _ in range(others):
            new()  # as a member of a sweep does that is the first to need a model
        restart()
        drawn.append(restart.model.get_weights()[0])
    np.testing.assert_array_equal(*drawn)


def test_dropout_starts_anew_whatever_was_trained_before():
    model = keras.Sequential(
        [keras.layers.Input((4,)), keras.layers.Dropout(0.5), keras.layers.Dense(1)]
    )
    model.compile("sgd", "mse")
    restart, trained = Restart(model), []
    for seed, epochs in ((1, 1), (1, 3), (1, 1), (2, 1)):
        reseed(seed)
        restart([np.ones((4, 1)), np.zeros(1)])
        fit(model, X, Y, epochs=epochs)
        trained.append(model.get_weights()[0])
    np.testing.assert_array_equal(trained[0], trained[2])
    assert np.abs(trained[0] - trained[3]).max() > 1e-4
