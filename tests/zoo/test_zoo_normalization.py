"""The fused layer computes what Keras's own does."""

from unittest import mock

import keras
import numpy as np
import pytest
import zoo_cases

from zoo import _blocks, resnet
from zoo.normalization import FusedBatchNormalization, fuse

BOTH = (FusedBatchNormalization, keras.layers.BatchNormalization)
RNG = np.random.default_rng(0)
IMAGES = RNG.normal(3.0, 2.0, (6, 5, 4, 7)).astype("float32")
tensorflow_only = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="the kernel is TensorFlow's"
)


def by_hand(x, gamma, beta, epsilon):
    mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
    return gamma * (x - mean) / np.sqrt(variance + epsilon) + beta, mean, variance


def test_a_training_step_by_hand():
    layer = FusedBatchNormalization(momentum=0.9, epsilon=1e-2)
    layer.build(IMAGES.shape)
    gamma, beta = RNG.normal(size=(2, 7)).astype("float32")
    layer.gamma.assign(gamma)
    layer.beta.assign(beta)
    got = zoo_cases.to_numpy(layer(IMAGES, training=True))
    wanted, mean, variance = by_hand(IMAGES.astype(float), gamma, beta, 1e-2)
    np.testing.assert_allclose(got, wanted, atol=1e-5)
    moved = zoo_cases.to_numpy(layer.moving_mean)
    np.testing.assert_allclose(moved, 0.1 * mean, rtol=1e-5)
    # The biased variance, as Keras's layer keeps it.
    moved = zoo_cases.to_numpy(layer.moving_variance)
    np.testing.assert_allclose(moved, 0.9 + 0.1 * variance, rtol=1e-5)


@tensorflow_only
@pytest.mark.parametrize(
    "given", [{}, {"scale": False}, {"center": False}, {"axis": 3, "momentum": 0.5}]
)
@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_outputs_and_gradients_equal_those_of_keras(given, dtype):
    import tensorflow as tf

    layers = [kind(dtype=dtype, **given) for kind in BOTH]
    pull = tf.constant(RNG.normal(size=IMAGES.shape).astype("float32"))
    found = []
    for layer in layers:
        x = tf.Variable(IMAGES)
        with tf.GradientTape() as tape:
            outputs = layer(tf.convert_to_tensor(x), training=True)
            loss = tf.reduce_sum(tf.cast(outputs, "float32") * pull)
        values = [v.value for v in layer.trainable_variables]
        gradients = tape.gradient(loss, [x, *values])
        found.append((layer, outputs, gradients))
    (mine, out, grads), (keras_layer, keras_out, keras_grads) = found
    assert out.dtype == keras_out.dtype
    close = 1e-5 if dtype == "float32" else 0.05
    np.testing.assert_allclose(
        tf.cast(out, "float32"), tf.cast(keras_out, "float32"), atol=close
    )
    for one, other in zip(grads, keras_grads, strict=True):
        size = np.abs(other).max()
        np.testing.assert_allclose(one / size, other / size, atol=close)
    for one, other in zip(mine.weights, keras_layer.weights, strict=True):
        np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=close)


@tensorflow_only
def test_the_kernel_is_what_trains_a_resnet():
    import tensorflow as tf

    model = resnet((8, 8, 1), 3, depths=(1,), widths=(8,))

    @tf.function
    def step(x):
        return model(x, training=True)

    graph = step.get_concrete_function(tf.zeros((2, 8, 8, 1))).graph
    kinds = [operation.type for operation in graph.get_operations()]
    assert kinds.count("FusedBatchNormV3") == 3


def trained(layer):
    keras.utils.set_random_seed(1)
    with mock.patch.object(_blocks, "FusedBatchNormalization", layer):
        model = resnet((8, 8, 1), 3, depths=(1, 1), widths=(4, 8))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.05), loss)
    x = np.random.default_rng(2).random((24, 8, 8, 1)).astype("float32")
    y = np.arange(24) % 3
    model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0)
    return model


def test_training_equals_that_with_the_layer_of_keras():
    weights = [trained(layer).get_weights() for layer in BOTH]
    for one, other in zip(*weights, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


@pytest.mark.parametrize(
    ("given", "shape"),
    [
        ({}, (8, 7)),
        ({"axis": 1}, (4, 7, 5, 3)),
        ({"epsilon": 1e-7}, (4, 5, 3, 7)),
        ({"renorm": True}, (4, 5, 3, 7)),
        ({"dtype": "float64"}, (4, 5, 3, 7)),
    ],
)
def test_what_the_kernel_has_no_place_for_goes_the_way_of_keras(given, shape):
    if given.get("dtype") == "float64" and keras.backend.backend() == "jax":
        pytest.skip("JAX has no float64 by default")
    x = RNG.normal(size=shape)
    layers = [kind(**given) for kind in BOTH]
    outputs = [zoo_cases.to_numpy(layer(x, training=True)) for layer in layers]
    np.testing.assert_array_equal(*outputs)


def test_frozen_and_outside_training_it_uses_the_moving_averages():
    layer = FusedBatchNormalization()
    outputs = zoo_cases.to_numpy(layer(IMAGES, training=False))
    np.testing.assert_allclose(outputs, IMAGES / np.sqrt(1 + 1e-3), rtol=1e-5)
    layer.trainable = False
    outputs = zoo_cases.to_numpy(layer(IMAGES, training=True))
    np.testing.assert_allclose(outputs, IMAGES / np.sqrt(1 + 1e-3), rtol=1e-5)
    assert not zoo_cases.to_numpy(layer.moving_mean).any()


def steps_to_fused_kernels(model):
    import tensorflow as tf

    @tf.function
    def step(x):
        return model(x, training=True)

    graph = step.get_concrete_function(tf.zeros((2, 8, 8, 1))).graph
    return [op.type for op in graph.get_operations()].count("FusedBatchNormV3")


@tensorflow_only
def test_a_loaded_model_is_brought_back_to_the_kernel(tmp_path):
    model = resnet((8, 8, 1), 3, depths=(1,), widths=(4,))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert steps_to_fused_kernels(loaded) == 0
    fuse(loaded)
    assert steps_to_fused_kernels(loaded) == 3


@tensorflow_only
def test_it_trains_under_xla():
    layer = FusedBatchNormalization()
    model = keras.Sequential([keras.Input((4, 4, 2)), layer, keras.layers.Flatten(),
                              keras.layers.Dense(1)])  # fmt: skip
    model.compile("sgd", "mse", jit_compile=True)
    model.fit(np.ones((8, 4, 4, 2)), np.ones(8), batch_size=4, verbose=0)
    np.testing.assert_allclose(layer.moving_mean.numpy(), 1 - 0.99**2, rtol=1e-5)
