"""Reseeding draws what Keras's own seeding draws, whatever ran before."""

import random

import keras
import numpy as np

from recipes.lab.training.seeding import reseed


def draws():
    layer = keras.layers.Dense(3)
    layer.build((None, 4))
    dropped = keras.layers.Dropout(0.5)(np.ones((1, 20), "float32"), training=True)
    return [
        layer.get_weights()[0].tolist(),
        keras.ops.convert_to_numpy(dropped).tolist(),
        keras.ops.convert_to_numpy(keras.random.normal((3,))).tolist(),
        np.random.rand(2).tolist(),  # noqa: NPY002
        random.random(),
    ]


def test_the_same_as_set_random_seed():
    keras.utils.set_random_seed(7)
    expected = draws()
    keras.random.normal((5,))
    reseed(7)
    assert draws() == expected
    reseed(8)
    assert draws() != expected


def test_a_compiled_step_is_not_set_up_again():
    """TensorFlow's cache of kernels survives: its global seed is left alone."""
    if keras.backend.backend() != "tensorflow":
        return
    from tensorflow.python.eager import context

    keras.utils.set_random_seed(7)
    before = context.global_seed()
    reseed(8)
    assert context.global_seed() == before
