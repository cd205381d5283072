"""Weights drawn by initializers alone are those of a copied model."""

import random

import keras
import numpy as np
import pytest
from keras import layers

import zoo
from recipes.lab.training.initial_weights import InitialWeights
from recipes.lab.training.seeding import reseed


class FromNumPy(layers.Layer):
    """A layer whose weight doesn't follow from Python's `random`."""

    def build(self, shape):
        self.scale = self.add_weight(
            shape=(shape[-1],),
            initializer=lambda shape, dtype: keras.ops.convert_to_tensor(
                np.random.normal(size=shape).astype(dtype)  # noqa: NPY002
            ),
        )

    def call(self, x):
        return x * self.scale


class FromAnArray(layers.Layer):
    """A layer that makes a variable of an array, as Keras allows in `__init__`."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.grid = keras.Variable(np.arange(4.0), trainable=False)
        self.scale = keras.Variable(keras.initializers.RandomNormal(), (4,))

    def call(self, x):
        return x * self.scale + self.grid


def hidden_seed():
    """An initializer that has its number where nobody finds it."""
    inner = keras.initializers.RandomNormal()
    return lambda shape, dtype=None: inner(shape, dtype)


@keras.saving.register_keras_serializable("tests")
class Outside(layers.Dense):
    """A layer whose own code wraps an initializer, as Keras's LSTM does its bias."""

    def build(self, shape):
        self.offset = self.add_weight(shape=(shape[-1],), initializer=hidden_seed())
        super().build(shape)

    def call(self, x):
        return super().call(x + self.offset)


MODELS = {
    "mlp": lambda: zoo.mlp((8,), 3, dropout=0.2, normalization="batch"),
    "lenet": zoo.lenet,
    "residual": lambda: zoo.resnet20((8, 8, 1), 2),
    "lstm": lambda: zoo.lstm(
        (6,), 1, units=(4,), vocabulary_size=9, task="binary", bidirectional=True
    ),
    "seeded": lambda: keras.Sequential(
        [
            layers.Input((4,)),
            layers.Dense(3, kernel_initializer=keras.initializers.HeNormal(seed=3)),
            layers.Dense(2, bias_initializer=keras.initializers.RandomUniform()),
        ]
    ),
    "shared layer": lambda: shared(),
    "NumPy": lambda: keras.Sequential([layers.Input((4,)), FromNumPy()]),
    "array": lambda: keras.Sequential([layers.Input((4,)), FromAnArray()]),
    "hidden": lambda: keras.Sequential([layers.Input((4,)), Outside(2)]),
}


def shared():
    inputs = keras.Input((4,))
    layer = layers.Dense(4)
    return keras.Model(inputs, layer(layers.Dropout(0.5)(layer(inputs))))


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("compiled", [False, True], ids=["plain", "compiled"])
def test_they_are_those_of_a_copy(name, compiled):
    model = MODELS[name]()
    if compiled:
        model.compile("adam", "mse")
        model.optimizer.build(model.trainable_variables)
    weights = InitialWeights(model)
    for seed in (1, 1, 2, 3, 1):
        reseed(seed)
        drawn, after = weights.draw(), random.getstate()
        reseed(seed)
        copied = keras.models.clone_model(model).get_weights()
        assert after == random.getstate()
        assert len(drawn) == len(copied) > 0
        for one, other in zip(drawn, copied, strict=True):
            assert one.dtype == other.dtype
            np.testing.assert_array_equal(one, other)
    assert model.compiled == compiled


def test_seeds_give_other_weights_and_biases_stay_zero():
    weights, kernels = InitialWeights(zoo.mlp((8,), 3)), []
    for seed in range(4):
        reseed(seed)
        kernel, bias, *_ = weights.draw()
        assert not bias.any()
        kernels.append(kernel)
    for one in range(4):
        for other in range(one):
            assert np.abs(kernels[one] - kernels[other]).max() > 0.01


def test_layers_are_built_twice_and_then_no_more():
    made = []

    class Counted(layers.Dense):
        def build(self, shape):
            made.append(shape)
            super().build(shape)

    weights = InitialWeights(keras.Sequential([layers.Input((4,)), Counted(2)]))
    made.clear()
    for seed in range(6):
        reseed(seed)
        weights.draw()
    assert len(made) == 2
