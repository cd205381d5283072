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


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_a_file_that_is_not_written_to_its_end_stays_as_it_was(tmp_path, error):
    path = tmp_path / "file"
    path.write_bytes(b"before")

    def breaks_off():
        with files.replacing(path) as file:
            file.write(b"half")
            file.flush()
            raise error

    with pytest.raises(error):
        breaks_off()
    assert path.read_bytes() == b"before"
    with files.replacing(path) as file:
        file.write(b"after")
        file.flush()
        assert path.read_bytes() == b"before"
    assert path.read_bytes() == b"after"
    assert list(tmp_path.iterdir()) == [path]
