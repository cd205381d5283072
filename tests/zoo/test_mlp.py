import keras
import numpy as np
import pytest
import zoo_cases

import zoo
from zoo import _blocks


def test_parameters_of_the_notes_networks():
    assert zoo.mlp_mnist().count_params() == (784 * 128 + 128) + (128 * 64 + 64) + (
        64 * 10 + 10
    )
    assert zoo.mlp_mnist_shallow().count_params() == (784 * 128 + 128) + (128 * 10 + 10)
    assert zoo.mlp_regression().count_params() == (10 * 10 + 10) + (10 + 1)
    assert zoo.mlp_binary().count_params() == (20 * 32 + 32) + (32 * 16 + 16) + 17


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"units": ()}, 6 * 3 + 3),
        ({"units": (4,), "use_bias": False}, 6 * 4 + 4 * 3),
        ({"units": (4,), "activation": "maxout"}, (6 * 8 + 8) + (4 * 3 + 3)),
        ({"units": (4,), "activation": "prelu"}, (6 * 4 + 4) + 4 + (4 * 3 + 3)),
        ({"units": (4,), "normalization": "batch"}, (6 * 4 + 4) + 4 * 4 + 15),
        ({"units": (4,), "normalization": "layer"}, (6 * 4 + 4) + 2 * 4 + 15),
        ({"units": (6, 6), "residual": True}, 2 * (6 * 6 + 6) + (6 * 3 + 3)),
        ({"units": (4,), "dropconnect": 0.5, "dropout": 0.5}, (6 * 4 + 4) + 15),
    ],
)
def test_parameters_of_the_options(settings, expected):
    assert zoo.mlp((6,), 3, **settings).count_params() == expected


def test_equals_a_forward_pass_by_hand():
    model = zoo.mlp((2, 3), 2, units=(4,), activation="tanh")
    zoo_cases.fill(model)
    x = zoo_cases.inputs(model)
    w1, b1, w2, b2 = (zoo_cases.to_numpy(v) for v in model.weights)
    expected = np.tanh(x.reshape(-1, 6) @ w1 + b1) @ w2 + b2
    np.testing.assert_allclose(zoo_cases.predict(model, x), expected, rtol=1e-5)


def test_residual_adds_the_input_where_widths_agree():
    model = zoo.mlp((3,), 2, units=(4, 4), activation="tanh", residual=True)
    zoo_cases.fill(model)
    x = zoo_cases.inputs(model)
    w1, b1, w2, b2, w3, b3 = (zoo_cases.to_numpy(v) for v in model.weights)
    first = np.tanh(x @ w1 + b1)
    expected = (first + np.tanh(first @ w2 + b2)) @ w3 + b3
    np.testing.assert_allclose(
        zoo_cases.predict(model, x), expected, rtol=1e-4, atol=1e-6
    )


def test_deep_residual_network_keeps_the_gradient_that_the_plain_one_loses():
    x = zoo_cases.inputs(zoo.mlp((16,), 2))
    ratios = {}
    for residual in (False, True):
        keras.utils.set_random_seed(3)
        settings = {"units": (16,) * 40, "activation": "sigmoid"}
        model = zoo.mlp((16,), 2, residual=residual, **settings)
        slope = zoo_cases.gradient(lambda v, m=model: keras.ops.sum(m(v)), x)
        ratios[residual] = float(np.linalg.norm(slope))
    assert ratios[False] < 1e-10
    assert ratios[True] > 1e-3


@pytest.mark.parametrize("activation", _blocks.activations())
def test_every_activation_builds_and_is_finite(activation):
    model = zoo.mlp((5,), 2, units=(4,), activation=activation)
    assert np.isfinite(zoo_cases.predict(model, zoo_cases.inputs(model))).all()


@pytest.mark.parametrize(
    ("activation", "scale"),
    [("relu", 2.0), ("selu", 1.0), ("maxout", 1.0), ("tanh", 2.0 / (1 + 0.25))],
)
def test_default_initializer_fits_the_activation(activation, scale):
    model = zoo.mlp((800,), 2, units=(200,), activation=activation)
    kernel = zoo_cases.to_numpy(model.trainable_variables[0])
    assert np.var(kernel) == pytest.approx(scale / 800, rel=0.03)


def test_an_initializer_object_draws_anew_for_every_layer():
    keras.utils.set_random_seed(0)
    normal = keras.initializers.RandomNormal(stddev=1.0)
    model = zoo.mlp((4,), 2, units=(4, 4), kernel_initializer=normal)
    first, second = (zoo_cases.to_numpy(model.weights[i]) for i in (0, 2))
    assert not np.array_equal(first, second)


@pytest.mark.parametrize(
    ("settings", "penalty"),
    [
        ({"l1": 0.1}, lambda w: 0.1 * np.abs(w).sum()),
        ({"l2": 0.1}, lambda w: 0.1 * np.square(w).sum()),
        ({"l1": 0.1, "l2": 0.2}, lambda w: (0.1 * np.abs(w) + 0.2 * w**2).sum()),
        ({"lp": 0.1, "power": 1.5}, lambda w: 0.1 * (np.abs(w) ** 1.5).sum()),
    ],
)
def test_penalties_cover_every_kernel(settings, penalty):
    model = zoo.mlp((5,), 2, units=(4,), **settings)
    kernels = [zoo_cases.to_numpy(model.weights[i]) for i in (0, 2)]
    expected = sum(penalty(kernel) for kernel in kernels)
    assert float(sum(model.losses)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("option", ["dropout", "dropconnect"])
def test_dropping_happens_in_training_only(option):
    model = zoo.mlp((20,), 2, units=(50,), **{option: 0.5})
    plain = zoo.mlp((20,), 2, units=(50,))
    plain.set_weights([w for w in model.get_weights() if w.dtype == "float32"])
    x = zoo_cases.inputs(model)
    np.testing.assert_array_equal(
        zoo_cases.predict(model, x), zoo_cases.predict(plain, x)
    )
    first = zoo_cases.to_numpy(model(x, training=True))
    second = zoo_cases.to_numpy(model(x, training=True))
    assert not np.array_equal(first, second)


def test_names_show_in_the_summary():
    model = zoo.mlp((4,), 3, units=(4,), residual=True, normalization="batch")
    names = [layer.name for layer in model.layers]
    hidden = ["hidden_1", "hidden_1_normalization", "hidden_1_activation"]
    assert names == ["inputs", *hidden, "hidden_1_add", "logits"]
    assert zoo.mlp((4,), 1, task="regression").layers[-1].name == "prediction"
