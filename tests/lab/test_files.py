"""Plain data and strict JSON."""

import json

import numpy as np
import pytest

from recipes.lab import files


def test_numbers_that_are_not_finite_stay_strict_json():
    text = files.to_json({"a": np.float32(np.nan), "b": [np.inf, -np.inf, 1.5]})
    assert json.loads(text) == {"a": "NaN", "b": ["Infinity", "-Infinity", 1.5]}


def test_numpy_becomes_plain():
    value = {1: np.arange(2), "t": (np.int64(3), np.bool_(True)), "n": None}
    assert files.plain(value) == {"1": [0, 1], "t": [3, True], "n": None}


def test_anything_else_is_refused():
    with pytest.raises(TypeError, match="not plain data"):
        files.plain({"a": object()})
