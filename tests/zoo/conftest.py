"""Fixtures for the tests of the zoo."""

import keras
import numpy as np
import pytest
from sklearn.datasets import load_digits


@pytest.fixture(autouse=True)
def _same_start():
    keras.utils.set_random_seed(0)
    yield
    keras.config.set_dtype_policy("float32")


@pytest.fixture(scope="session")
def digits():
    """1,797 images of 8x8 pixels in [0, 1], in random order, and their classes."""
    bunch = load_digits()
    order = np.random.default_rng(0).permutation(len(bunch.target))
    images = (bunch.images[order] / 16.0).astype("float32")[..., None]
    return images, bunch.target[order]
