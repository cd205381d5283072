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


def test_a_crop_keeps_the_upper_left_part():
    x = np.random.default_rng(0).standard_normal((2, 6, 4, 3)).astype("float32")
    layer = layers.CropLike2D()
    for rows, columns in ((5, 4), (6, 4), (1, 3)):
        got = layer([x, np.zeros((2, rows, columns, 1), "float32")])
        np.testing.assert_array_equal(zoo_cases.to_numpy(got), x[:, :rows, :columns])


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
    ("padding", "strides"), [("valid", 1), ("same", 1), ("valid", 2), ("same", (2, 1))]
)
def test_equal_kernels_everywhere_are_a_convolution(padding, strides):
    """Whole numbers: every sum is exact, in whatever order it is added."""
    rng = np.random.default_rng(0)
    x = rng.integers(-8, 9, (2, 7, 6, 3)).astype("float32")
    kernel = rng.integers(-8, 9, (3, 2, 3, 4)).astype("float32")
    bias = rng.integers(-8, 9, 4).astype("float32")
    options = {"strides": strides, "padding": padding, "activation": "relu"}
    shared = keras.layers.Conv2D(4, (3, 2), data_format="channels_last", **options)
    local = layers.LocallyConnected2D(4, (3, 2), **options)
    for layer in (shared, local):
        layer.build(x.shape)
    shared.set_weights([kernel, bias])
    local.set_weights([np.broadcast_to(kernel, local.kernel.shape),
                       np.broadcast_to(bias, local.bias.shape)])  # fmt: skip
    assert local.compute_output_shape(x.shape) == shared.compute_output_shape(x.shape)
    expected = zoo_cases.to_numpy(shared(x))
    np.testing.assert_array_equal(zoo_cases.to_numpy(local(x)), expected)


def test_each_place_has_a_kernel_of_its_own():
    x = np.random.default_rng(0).standard_normal((2, 5, 4, 2)).astype("float32")
    layer = layers.LocallyConnected2D(3, 2)
    got = zoo_cases.to_numpy(layer(x))
    kernel, bias = (zoo_cases.to_numpy(v) for v in (layer.kernel, layer.bias))
    assert kernel.shape == (4, 3, 2, 2, 2, 3)
    assert layer.count_params() == 4 * 3 * (2 * 2 * 2 * 3 + 3)
    patch = x[:, 2:4, 1:3]
    expected = np.einsum("bhwc,hwcf->bf", patch, kernel[2, 1]) + bias[2, 1]
    np.testing.assert_allclose(got[:, 2, 1], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["he_normal", "glorot_uniform", "lecun_normal"])
def test_each_place_is_drawn_as_a_convolution_is(name):
    """10,000 places of 3x3x2 to 4: 720,000 draws of one deviation."""
    layer = layers.LocallyConnected2D(4, 3, kernel_initializer=name)
    layer.build((None, 102, 102, 2))
    kernel = zoo_cases.to_numpy(layer.kernel)
    fan_in, fan_out = 9 * 2, 9 * 4
    variance = {
        "he_normal": 2 / fan_in,
        "glorot_uniform": 2 / (fan_in + fan_out),
        "lecun_normal": 1 / fan_in,
    }[name]
    assert kernel.std() == pytest.approx(variance**0.5, rel=0.01)
    assert not np.array_equal(kernel[0, 0], kernel[0, 1])


def test_a_locally_connected_network_learns_and_survives_its_file(tmp_path):
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).standard_normal((32, 6, 6, 1)).astype("float32")
    y = x[:, 2, 3] - x[:, 4, 1]
    local = layers.LocallyConnected2D(2, 3, activation="tanh", kernel_regularizer="l2")
    model = keras.Sequential([keras.Input((6, 6, 1)), local, keras.layers.Flatten(),
                              keras.layers.Dense(1)])  # fmt: skip
    model.compile("adam", "mse")
    losses = model.fit(x, y, epochs=20, verbose=0).history["loss"]
    assert losses[-1] < 0.8 * losses[0]
    model.save(tmp_path / "local.keras")
    again = keras.saving.load_model(tmp_path / "local.keras")
    expected = zoo_cases.predict(model, x)
    np.testing.assert_allclose(zoo_cases.predict(again, x), expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (layers.LocallyConnected2D(2, 3), (None, None, 5, 1), "of a known size"),
        (layers.LocallyConnected2D(2, 3), (None, 5, 1), "of a known size"),
        (layers.LocallyConnected2D(2, 3), (None, 2, 5, 1), "larger than the images"),
    ],
)
def test_locally_connected_needs_images(layer, shape, message):
    with pytest.raises(ValueError, match=message):
        layer.build(shape)


@pytest.mark.parametrize(
    ("layer", "shape"),
    [
        (layers.Maxout(2), (4,)),
        (layers.DropConnect(3), (4,)),
        (layers.LocallyConnected2D(3, (2, 1), padding="same"), (4, 5, 2)),
    ],
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
        (lambda: layers.LocallyConnected2D(0, 3), "filters must be .*; got 0"),
        (lambda: layers.LocallyConnected2D(2, 0), "kernel_size must be .*; got 0"),
        (lambda: layers.LocallyConnected2D(2, (1, 2, 3)), "kernel_size must be .*two"),
        (lambda: layers.LocallyConnected2D(2, 3, strides=0), "strides must be .*got 0"),
        (
            lambda: layers.LocallyConnected2D(2, 3, padding="causal"),
            "padding must be .*; got 'causal'",
        ),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
