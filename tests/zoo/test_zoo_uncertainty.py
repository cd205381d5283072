"""Monte-Carlo dropout: only what drops is stochastic, on every backend.

tests/test_other_backends.py runs these tests on the others.
"""

import itertools

import keras
import numpy as np
import pytest
import zoo_cases

import zoo
from zoo.layers import DropConnect


def inputs(*shape):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


def by_all_masks(x, kernel, rate):
    """Mean and deviation of dropout(x) @ kernel over all masks of its features."""
    mean = squares = 0.0
    for mask in itertools.product((0, 1), repeat=x.shape[1]):
        chance = np.prod([rate if kept == 0 else 1 - rate for kept in mask])
        outputs = (x * mask / (1 - rate)) @ kernel
        mean = mean + chance * outputs
        squares = squares + chance * outputs**2
    return mean, np.sqrt(squares - mean**2)


def dropped_inputs(layer=None):
    x = keras.Input((4,))
    dropped = (layer or keras.layers.Dropout(0.3))(x)
    return keras.Model(x, keras.layers.Dense(2, use_bias=False)(dropped))


def test_mean_and_deviation_are_those_of_all_masks():
    model, x = dropped_inputs(), inputs(5, 4)
    mean, deviation = zoo.monte_carlo_predictions(model, x, samples=600, seed=1)
    expected, spread = by_all_masks(x, model.get_weights()[0], 0.3)
    # Five standard errors.
    assert np.abs(mean - expected).max() < 5 * spread.max() / np.sqrt(600)
    np.testing.assert_allclose(deviation, spread, rtol=0.2)


def test_two_passes_by_hand():
    """Both halves of a batch are handled, and the deviation of a, b is |a-b|/sqrt 2."""
    model, x = dropped_inputs(), inputs(5, 4)
    mean, deviation = zoo.monte_carlo_predictions(
        model, x, samples=2, seed=1, batch_size=3
    )
    kernel = model.get_weights()[0]
    outputs = [
        (x * mask / 0.7) @ kernel for mask in itertools.product((0, 1), repeat=4)
    ]
    for row in range(5):
        found = min(
            np.abs((a[row] + b[row]) / 2 - mean[row]).max()
            + np.abs(np.abs(a[row] - b[row]) / np.sqrt(2) - deviation[row]).max()
            for a, b in itertools.product(outputs, repeat=2)
        )
        assert found < 1e-5
    assert mean.shape == (5, 2)


def test_batch_normalization_predicts_and_nothing_moves():
    model = zoo.mlp((4,), 3, units=(8,), dropout=0.5, normalization="batch")
    zoo_cases.fill(model)
    before = [zoo_cases.to_numpy(v).copy() for v in model.variables]
    x = inputs(6, 4)
    whole, _ = zoo.monte_carlo_predictions(model, x, samples=400, seed=3)
    # An example's prediction does not depend on who else is in the batch.
    alone, spread = zoo.monte_carlo_predictions(model, x[:1], samples=400, seed=3)
    assert np.abs(whole[:1] - alone).max() < 6 * spread.max() / np.sqrt(400)
    for old, new in zip(before, model.variables, strict=True):
        np.testing.assert_array_equal(old, zoo_cases.to_numpy(new))
    # Afterwards the model predicts as ever.
    np.testing.assert_array_equal(
        zoo_cases.predict(model, x), zoo_cases.predict(model, x)
    )
    assert "call" not in vars(model.get_layer("hidden_1_dropout"))


def test_the_seed_decides_and_none_goes_on():
    model, x = dropped_inputs(), inputs(5, 4)

    def predict(seed):
        return zoo.monte_carlo_predictions(model, x, samples=3, seed=seed)[0]

    np.testing.assert_array_equal(predict(7), predict(7))
    assert np.abs(predict(7) - predict(8)).max() > 0
    assert np.abs(predict(None) - predict(None)).max() > 0


def test_softmax_is_averaged_not_logits():
    model = zoo.mlp((4,), 3, units=(8,), dropout=0.5)
    mean, _ = zoo.monte_carlo_predictions(
        model, inputs(6, 4), samples=5, seed=0, activation="softmax"
    )
    np.testing.assert_allclose(mean.sum(1), 1, atol=1e-6)


def recurrent():
    x = keras.Input((6, 2))
    lstm = keras.layers.LSTM(4, dropout=0.3, recurrent_dropout=0.2)
    return keras.Model(x, keras.layers.Bidirectional(lstm)(x))


def images():
    x = keras.Input((4, 4, 3))
    dropped = keras.layers.SpatialDropout2D(0.5)(x)
    return keras.Model(x, keras.layers.GlobalMaxPooling2D()(dropped))


def attention():
    x = keras.Input((6, 2))
    return keras.Model(x, keras.layers.MultiHeadAttention(2, 4, dropout=0.5)(x, x))


def nested():
    x = keras.Input((4,))
    return keras.Model(x, keras.Sequential([zoo.mlp((4,), 2, dropout=0.4)])(x))


BUILD = {
    "recurrent": recurrent,
    "images": images,
    "attention": attention,
    "nested": nested,
    "dropconnect": lambda: zoo.mlp((4,), 2, dropconnect=0.4),
    "gaussian": lambda: dropped_inputs(keras.layers.GaussianDropout(0.3)),
    "alpha": lambda: dropped_inputs(keras.layers.AlphaDropout(0.3)),
    "layer": lambda: keras.Sequential([keras.Input((4,)), DropConnect(3, rate=0.5)]),
}


@pytest.mark.parametrize("name", BUILD)
def test_everything_that_drops(name):
    model = BUILD[name]()
    x = inputs(3, *model.input_shape[1:])
    first = zoo.monte_carlo_predictions(model, x, samples=4, seed=0)
    again = zoo.monte_carlo_predictions(model, x, samples=4, seed=0)
    assert first[1].max() > 0
    np.testing.assert_array_equal(first[0], again[0])


def test_several_inputs():
    left, right = keras.Input((2,), name="a"), keras.Input((2,), name="b")
    dropped = keras.layers.Dropout(0.5)(left + right)
    model = keras.Model({"a": left, "b": right}, dropped)
    x = {"a": inputs(5, 2), "b": inputs(5, 2)}
    mean, _ = zoo.monte_carlo_predictions(model, x, samples=3, seed=0, batch_size=2)
    assert mean.shape == (5, 2)


def two_outputs():
    x = keras.Input((4,))
    return keras.Model(x, [keras.layers.Dropout(0.5)(x), x])


@pytest.mark.parametrize(
    ("model", "settings", "message"),
    [
        (lambda: zoo.mlp((4,), 2), {}, "model must be a model with dropout; nothing"),
        (lambda: zoo.mlp((4,), 2, dropout=0.0), {}, "nothing in it drops"),
        (lambda: "model", {}, "model must be a built keras.Model"),
        (two_outputs, {}, "model must be a model with one output"),
        (dropped_inputs, {"samples": 1}, "samples must be an integer of at least 2"),
        (dropped_inputs, {"batch_size": 0}, "batch_size must be"),
        (dropped_inputs, {"seed": -1}, "seed must be"),
        (dropped_inputs, {"activation": "relu"}, "activation must be one of"),
        (dropped_inputs, {"x": [1.0]}, "x must be an array"),
        (dropped_inputs, {"x": np.ones((0, 4))}, "x must hold at least one"),
    ],
)
def test_refusals(model, settings, message):
    settings = dict(settings)
    x = settings.pop("x", inputs(3, 4))
    with pytest.raises(ValueError, match=message):
        zoo.monte_carlo_predictions(model(), x, **settings)


def test_an_error_leaves_the_layers_as_they_were():
    model = dropped_inputs()
    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever Keras says of the shape
        zoo.monte_carlo_predictions(model, inputs(3, 5), samples=2, seed=0)
    x = inputs(3, 4)
    np.testing.assert_array_equal(
        zoo_cases.predict(model, x), zoo_cases.predict(model, x)
    )
