import keras
import numpy as np
import pytest
import zoo_cases

import zoo


def conv(channels, filters, size=3):
    return filters * (size * size * channels + 1)


def dense(features, units):
    return (features + 1) * units


def test_parameters_of_the_notes_network():
    expected = conv(1, 32) + conv(32, 64) + dense(7 * 7 * 64, 10)
    assert zoo.lenet().count_params() == expected == 50_186


def test_shapes_of_the_notes_network():
    model = zoo.lenet()
    shapes = [
        tuple(model.get_layer(name).output.shape[1:])
        for name in ("conv_1", "pool_1", "conv_2", "pool_2", "flatten", "logits")
    ]
    expected = [(28, 28, 32), (14, 14, 32), (14, 14, 64), (7, 7, 64), (3136,), (10,)]
    assert shapes == expected


@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 1)])
def test_parameters_of_lenet5(shape):
    c1, c3 = conv(1, 6, 5), conv(6, 16, 5)
    c5, f6, output = dense(5 * 5 * 16, 120), dense(120, 84), dense(84, 10)
    assert zoo.lenet5(shape).count_params() == c1 + c3 + c5 + f6 + output == 61_706


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"pooling": None}, conv(1, 32) + conv(32, 64) + dense(28 * 28 * 64, 10)),
        ({"head": "global_average"}, conv(1, 32) + conv(32, 64) + dense(64, 10)),
        (
            {"head": "global_average", "pooling": None},
            conv(1, 32) + conv(32, 64) + dense(64, 10),
        ),
        (
            {"pointwise": (8, 0)},
            conv(1, 32) + conv(32, 8, 1) + conv(8, 64) + dense(3136, 10),
        ),
        (
            {"normalization": "batch", "units": (20,)},
            *[conv(1, 32) + 128 + conv(32, 64) + 256 + dense(3136, 20) + 80 + 210],
        ),
        (
            {"activation": "maxout", "filters": (4,)},
            *[conv(1, 8) + dense(14 * 14 * 4, 10)],
        ),
    ],
)
def test_parameters_of_the_options(settings, expected):
    assert zoo.lenet(**settings).count_params() == expected


def test_a_pointwise_convolution_is_a_dense_layer_at_every_pixel():
    settings = {"filters": (3,), "pointwise": (2,), "activation": "linear"}
    model = zoo.lenet((4, 4, 2), 2, pooling=None, **settings)
    zoo_cases.fill(model)
    x = zoo_cases.inputs(model)
    inner = zoo_cases.keras.Model(
        model.input, [model.get_layer(n).output for n in ("conv_1", "pointwise_1")]
    )
    features, reduced = (zoo_cases.to_numpy(part) for part in inner(x))
    kernel, bias = model.get_layer("pointwise_1").get_weights()
    expected = np.einsum("bijc,cd->bijd", features, kernel[0, 0]) + bias
    np.testing.assert_allclose(reduced, expected, rtol=1e-4, atol=1e-5)


def test_16x16_cannot_be_pooled_five_times():
    settings = {"filters": (2,) * 5}
    with pytest.raises(ValueError, match=r"after block 5; got \(16, 16\)"):
        zoo.lenet((16, 16, 1), 10, **settings)
    assert zoo.lenet((32, 32, 1), 10, **settings).count_params() > 0


def lenet_of(settings):
    return zoo.lenet((None, None, 1), 3, **settings)


@pytest.mark.parametrize(
    ("settings", "least"),
    [
        ({}, 10),  # 10 - 2 = 8, 4, 4 - 2 = 2, 1
        ({"padding": "same", "pooling": None}, 1),
        ({"filters": (2,), "kernel_size": 5, "pool_size": 3}, 7),
        ({"filters": (2, 2, 2), "include_top": False}, 22),
    ],
)
def test_images_that_are_too_small_get_one_sentence(settings, least):
    """JAX would make NaN of them, the mean of no pixel."""
    given = {"filters": (2, 2), "kernel_size": 3, "padding": "valid",
             "head": "global_average", **settings}  # fmt: skip
    model = lenet_of(given)
    rng = np.random.default_rng(0)
    fits = rng.random((2, least, least + 3, 1)).astype("float32")
    for outputs in (zoo_cases.predict(model, fits), model.predict(fits, verbose=0)):
        assert outputs.size
        assert np.isfinite(outputs).all()
    if least == 1:
        return
    small = fits[:, 1:]
    calls = [model, lambda x: lenet_of(given).predict(x, verbose=0)]
    for call in calls:
        with pytest.raises(ValueError, match=f"at least {least} pixels; got") as caught:
            call(small)
        assert str(caught.value).startswith("images must be of a height and width")
        assert "\n" not in str(caught.value)
    loaded = model.from_config(model.get_config())
    loaded.set_weights(model.get_weights())
    np.testing.assert_allclose(
        zoo_cases.predict(loaded, fits), zoo_cases.predict(model, fits), rtol=1e-5
    )


def test_images_that_are_too_small_in_a_graph_of_any_size():
    if keras.backend.backend() != "tensorflow":
        pytest.skip("sizes that the graph doesn't know are TensorFlow's")
    import tensorflow as tf

    model = zoo.lenet((None, None, 1), 3, filters=(2,), head="global_average")
    for size in (8, 9, 10):  # Keras traces anew, for any size
        assert model.predict(np.ones((2, size, size, 1)), verbose=0).shape == (2, 3)
    with pytest.raises(tf.errors.InvalidArgumentError, match="images must be of a h"):
        model.predict(np.ones((2, 1, 8, 1)), verbose=0)
