"""Gradients against derivatives by hand."""

import numpy as np
from keras import ops

from recipes.lab.training.gradients import gradients


def test_a_cubic_by_hand():
    x = np.array([1.0, -2.0], "float32")
    (found,) = gradients(lambda values: ops.sum(values[0] ** 3), [x])
    np.testing.assert_allclose(found, [3, 12])


def test_several_arrays_by_hand():
    x, y = np.array([2.0], "float32"), np.array([[3.0, 5.0]], "float32")
    by_x, by_y = gradients(lambda v: ops.sum(v[0] * v[1] ** 2), [x, y])
    np.testing.assert_allclose(by_x, [34])
    np.testing.assert_allclose(by_y, [[12, 20]])
