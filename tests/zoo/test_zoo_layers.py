import keras
import numpy as np
import pytest
import zoo_cases

from zoo import layers


def test_maxout_takes_the_largest_of_neighbors():
    x = np.random.default_rng(0).standard_normal((2, 3, 6)).astype("float32")
    got = zoo_cases.to_numpy(layers.Maxout(3)(x))
    np.testing.assert_array_equal(got, x.reshape(2, 3, 2, 3).max(-1))


def test_maxout_can_be_the_absolute_value():
    model = keras.Sequential(
        [keras.Input((1,)), keras.layers.Dense(2), layers.Maxout(2)]
    )
    model.set_weights([np.array([[1.0, -1.0]]), np.zeros(2)])
    x = np.linspace(-2, 2, 9, dtype="float32")[:, None]
    np.testing.assert_allclose(zoo_cases.predict(model, x), np.abs(x))


def test_maxout_refuses_channels_that_do_not_divide():
    with pytest.raises(ValueError, match=r"multiple of pool_size=4.*\(2, 6\)"):
        layers.Maxout(4)(np.zeros((2, 6), "float32"))


def test_dropconnect_is_dense_outside_training():
    layer = layers.DropConnect(5, rate=0.9, activation="tanh")
    x = np.random.default_rng(0).standard_normal((4, 3)).astype("float32")
    got = zoo_cases.to_numpy(layer(x, training=False))
    kernel, bias = (zoo_cases.to_numpy(v) for v in (layer.kernel, layer.bias))
    np.testing.assert_allclose(got, np.tanh(x @ kernel + bias), rtol=1e-5)


def test_dropconnect_drops_and_scales_weights_in_training():
    layer = layers.DropConnect(100, rate=0.3, seed=0, use_bias=False)
    eye = np.eye(100, dtype="float32")
    layer.build((None, 100))
    layer.kernel.assign(np.ones((100, 100)))
    masked = zoo_cases.to_numpy(layer(eye, training=True))
    kept = masked != 0
    np.testing.assert_allclose(masked[kept], 1 / 0.7, rtol=1e-6)
    # 10,000 independent draws: four standard deviations of the share are 0.018.
    assert abs(1 - kept.mean() - 0.3) < 0.019
    again = zoo_cases.to_numpy(layer(eye, training=True))
    assert not np.array_equal(masked, again)


def test_dropconnect_keeps_the_mean_of_a_linear_layer():
    layer = layers.DropConnect(3, rate=0.5, seed=1)
    x = np.ones((1, 50), "float32")
    mean = np.mean(
        [zoo_cases.to_numpy(layer(x, training=True)) for _ in range(400)], axis=0
    )
    plain = zoo_cases.to_numpy(layer(x, training=False))
    spread = np.sqrt((zoo_cases.to_numpy(layer.kernel) ** 2).sum(0) / 400)
    assert (np.abs(mean - plain) < 4.5 * spread).all()


@pytest.mark.parametrize(
    ("layer", "shape"), [(layers.Maxout(2), (4,)), (layers.DropConnect(3), (4,))]
)
def test_layers_survive_their_config(layer, shape):
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    assert again.compute_output_shape((None, *shape)) == layer.compute_output_shape(
        (None, *shape)
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: layers.Maxout(1), "pool_size must be .* at least 2; got 1"),
        (lambda: layers.Maxout(True), "pool_size must be .*; got True"),
        (lambda: layers.DropConnect(0), "units must be .*; got 0"),
        (lambda: layers.DropConnect(2, rate=1.0), r"rate must be .*\[0, 1\); got 1.0"),
        (lambda: layers.DropConnect(2, rate=-0.1), "rate must be .*; got -0.1"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
