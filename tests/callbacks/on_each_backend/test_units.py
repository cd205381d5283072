"""The units of adaptive clipping, for every layer of Keras with a kernel.

The oracle is written by hand, without the package: for each variable by its name the
axes that say which unit an entry belongs to; the norm runs over all others.
"""

import keras
import numpy as np
import pytest
from keras import layers

from callbacks import AdaptiveGradientClipping
from tests.callbacks.helpers import BACKEND, fit, numpy

WHOLE = ()


class Named(layers.Dense):
    """A subclass with a matrix of its own."""

    def build(self, shape):
        super().build(shape)
        self.mixing = self.add_weight(shape=(self.units, 2), name="mixing")

    def call(self, x):
        return super().call(x) @ self.mixing


class Unknown(layers.Layer):
    """A layer that Keras doesn't know, whose weights end in their outputs."""

    def build(self, shape):
        self.tensor = self.add_weight(shape=(shape[-1], 2, 3), name="tensor")

    def call(self, x):
        return keras.ops.tensordot(x, self.tensor, axes=1)


def _attend(inputs):
    return layers.MultiHeadAttention(2, 3)(inputs, inputs)


def _attend_in_groups(inputs):
    return layers.GroupQueryAttention(3, 4, 2)(inputs, inputs)


SERIES, IMAGE, VOLUME = (6, 4), (6, 6, 4), (5, 5, 5, 4)
HEADS = {
    "query/kernel": (1, 2),
    "key/kernel": (1, 2),
    "value/kernel": (1, 2),
    "attention_output/kernel": (2,),
    "bias": WHOLE,
}
CELL = {"kernel": (1,), "recurrent_kernel": (1,), "bias": WHOLE}
# Name: layer, shape of the input, unit axes by the end of a variable's path.
CASES = {
    "Dense": (lambda: layers.Dense(3), (4,), {"kernel": (1,), "bias": WHOLE}),
    "Dense of one input": (lambda: layers.Dense(3), (1,), {"kernel": (1,)}),
    "a subclass": (lambda: Named(3), (4,), {"kernel": (1,), "mixing": (1,)}),
    "EinsumDense": (
        lambda: layers.EinsumDense("abc,cde->abde", (None, 2, 3), bias_axes="de"),
        SERIES,
        {"kernel": (1, 2), "bias": WHOLE},
    ),
    "EinsumDense, two sums": (
        lambda: layers.EinsumDense("abc,bcd->ad", (3,)),
        SERIES,
        {"kernel": (2,)},
    ),
    "EinsumDense, outputs first": (
        lambda: layers.EinsumDense("abc,dc->abd", (None, 3)),
        SERIES,
        {"kernel": (0,)},
    ),
    "Conv1D": (lambda: layers.Conv1D(3, 2), SERIES, {"kernel": (2,), "bias": WHOLE}),
    "Conv2D": (lambda: layers.Conv2D(3, 2), IMAGE, {"kernel": (3,)}),
    "Conv2D in groups": (
        lambda: layers.Conv2D(4, 2, groups=2),
        IMAGE,
        {"kernel": (3,)},
    ),
    "Conv3D": (lambda: layers.Conv3D(3, 2), VOLUME, {"kernel": (4,)}),
    "Conv1DTranspose": (lambda: layers.Conv1DTranspose(3, 2), SERIES, {"kernel": (1,)}),
    "Conv2DTranspose": (lambda: layers.Conv2DTranspose(3, 2), IMAGE, {"kernel": (2,)}),
    "Conv3DTranspose": (lambda: layers.Conv3DTranspose(3, 2), VOLUME, {"kernel": (3,)}),
    "DepthwiseConv1D": (
        lambda: layers.DepthwiseConv1D(2, depth_multiplier=2),
        SERIES,
        {"kernel": (1, 2)},
    ),
    "DepthwiseConv2D": (lambda: layers.DepthwiseConv2D(2), IMAGE, {"kernel": (2, 3)}),
    "SeparableConv1D": (
        lambda: layers.SeparableConv1D(3, 2),
        SERIES,
        {"depthwise_kernel": (1, 2), "pointwise_kernel": (2,), "bias": WHOLE},
    ),
    "SeparableConv2D": (
        lambda: layers.SeparableConv2D(3, 2),
        IMAGE,
        {"depthwise_kernel": (2, 3), "pointwise_kernel": (3,), "bias": WHOLE},
    ),
    "SimpleRNN": (lambda: layers.SimpleRNN(3), SERIES, CELL),
    "LSTM": (lambda: layers.LSTM(3), SERIES, CELL),
    "GRU, whose bias is a matrix": (lambda: layers.GRU(3), SERIES, CELL),
    "Bidirectional": (lambda: layers.Bidirectional(layers.GRU(3)), SERIES, CELL),
    "ConvLSTM1D": (
        lambda: layers.ConvLSTM1D(2, 2),
        (3, 5, 4),
        {"kernel": (2,), "recurrent_kernel": (2,), "bias": WHOLE},
    ),
    "TimeDistributed": (
        lambda: layers.TimeDistributed(layers.Conv1DTranspose(3, 2)),
        (2, 5, 4),
        {"kernel": (1,)},
    ),
    "SpectralNormalization": (
        lambda: layers.SpectralNormalization(layers.Conv2DTranspose(3, 2)),
        IMAGE,
        {"kernel": (2,)},
    ),
    "MultiHeadAttention": (lambda: _attend, SERIES, HEADS),
    "GroupQueryAttention": (lambda: _attend_in_groups, SERIES, HEADS),
    "LayerNormalization over two axes": (
        lambda: layers.LayerNormalization(axis=[1, 2]),
        SERIES,
        {"gamma": WHOLE, "beta": WHOLE},
    ),
    "PReLU": (lambda: layers.PReLU(), IMAGE, {"alpha": WHOLE}),
    "a layer of one's own": (Unknown, (4,), {"tensor": (2,)}),
}


ON_JAX = ("Dense", "Conv2DTranspose", "GRU, whose bias is a matrix")


def _axes(path, rules, shape):
    for end in sorted(rules, key=len, reverse=True):
        if path == end or path.endswith("/" + end):
            return rules[end]
    return WHOLE if len(shape) < 2 else pytest.fail(f"no rule for {path}")


def _clipped(gradient, weight, kept, clipping, eps=1e-3):
    """The rule of Brock et al. (2021), unit by unit."""
    result = gradient.copy()
    for unit in np.ndindex(*(gradient.shape[axis] for axis in kept)):
        place = [slice(None)] * gradient.ndim
        for axis, index in zip(kept, unit, strict=True):
            place[axis] = index
        g, w = gradient[tuple(place)], weight[tuple(place)]
        limit = clipping * max(np.sqrt((w**2).sum()), eps)
        norm = np.sqrt((g**2).sum())
        result[tuple(place)] = g * min(1.0, limit / max(norm, 1e-6))
    return result


def _model(make, shape, rate):
    keras.utils.set_random_seed(0)
    inputs = layers.Input(shape)
    # Channels of very different sizes, so that units are over their limits or not.
    model = keras.Model(inputs, layers.Flatten()(make()(inputs)))
    generator = np.random.default_rng(0)
    for variable in model.trainable_variables:
        variable.assign(generator.normal(0.5, 0.5, variable.shape))
    model.compile(keras.optimizers.SGD(rate), "mse", run_eagerly=True)
    return model


@pytest.mark.filterwarnings("ignore:.*GroupQueryAttention")
@pytest.mark.parametrize(
    "name",
    [
        # Compiling takes JAX long, and the rule is the same on every backend.
        pytest.param(
            n, marks=() if n in ON_JAX or BACKEND != "jax" else pytest.mark.slow
        )
        for n in CASES
    ],
)
def test_a_unit_is_what_makes_one_output(name):
    make, shape, rules = CASES[name]
    generator = np.random.default_rng(1)
    x = generator.normal(size=(4, *shape)) * np.geomspace(0.01, 3.0, shape[-1])
    x, ends = x.astype("float32"), []
    model = _model(make, shape, 1.0)
    y = np.zeros(numpy(model(x)).shape, "float32")
    # A forward pass may change weights: SpectralNormalization does.
    before = _model(make, shape, 0.0)
    fit(before, x, y)
    before = [numpy(v) for v in before.trainable_variables]
    for callbacks in ([], [AdaptiveGradientClipping(0.02)]):
        model = _model(make, shape, 1.0)
        history = fit(model, x, y, *callbacks)
        ends.append([numpy(v) for v in model.trainable_variables])
    paths = [v.path for v in model.trainable_variables]
    for path, start, plain, ours in zip(paths, before, *ends, strict=True):
        kept = _axes(path, rules, start.shape)
        expected = _clipped(start - plain, start, kept, 0.02)
        np.testing.assert_allclose(
            start - ours, expected, rtol=2e-3, atol=2e-6, err_msg=path
        )
    assert 0 < history["agc_part"][0] <= 1


@pytest.mark.parametrize("lora", [False, True])
def test_the_unit_of_an_embedding_is_that_of_the_dense_layer_it_replaces(lora):
    tokens = np.array([[1, 1, 2], [3, 0, 1]])

    def made():
        keras.utils.set_random_seed(0)
        layer = layers.Embedding(5, 3)
        model = keras.Sequential([layers.Input((3,), dtype="int32"), layer])
        if lora:
            layer.enable_lora(2)
        generator = np.random.default_rng(0)
        for variable in model.trainable_variables:
            variable.assign(generator.normal(size=variable.shape))
        model.compile(keras.optimizers.SGD(1.0), "mse")
        return model

    y, ends = np.ones((2, 3, 3), "float32"), []
    start = [numpy(v) for v in made().trainable_variables]
    for callbacks in ([], [AdaptiveGradientClipping(0.02)]):
        model = made()
        fit(model, tokens, y, *callbacks)
        ends.append([numpy(v) for v in model.trainable_variables])
    for before, plain, ours in zip(start, *ends, strict=True):
        expected = _clipped(before - plain, before, (1,), 0.02)
        np.testing.assert_allclose(before - ours, expected, rtol=2e-3, atol=2e-6)


def _depthwise():
    return layers.DepthwiseConv2D(3, use_bias=False)


def test_a_loud_channel_of_a_depthwise_convolution_leaves_the_quiet_ones_alone():
    generator = np.random.default_rng(0)
    x = generator.normal(size=(4, 6, 6, 4)) * [1e-3, 1e-3, 1e-3, 1.0]
    y = generator.normal(size=(4, 64))
    ends = []
    for callbacks in ([], [AdaptiveGradientClipping(0.01)]):
        model = _model(
            lambda: layers.DepthwiseConv2D(3, use_bias=False), (6, 6, 4), 1.0
        )
        before = numpy(model.trainable_variables[0])
        fit(model, x, y, *callbacks)
        ends.append(before - numpy(model.trainable_variables[0]))
    plain, ours = ends
    np.testing.assert_allclose(ours[..., :3, :], plain[..., :3, :], rtol=1e-3)
    assert np.linalg.norm(ours[..., 3, :]) < 0.5 * np.linalg.norm(plain[..., 3, :])
