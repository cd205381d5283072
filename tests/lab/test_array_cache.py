"""The cache of arrays: equal arrays, checked, and never in the way."""

import numpy as np
import pytest

from recipes.lab.data import cache

IMAGES = np.arange(24, dtype="uint8").reshape(2, 3, 4)
TEXTS = np.array(["naïve", "", "two words"], dtype=object)


class Reader:
    def __init__(self, *arrays):
        self.arrays, self.calls = list(arrays), 0

    def __call__(self):
        self.calls += 1
        return self.arrays


@pytest.fixture
def source(tmp_path, monkeypatch):
    monkeypatch.setenv("RECIPES_CACHE_DIR", str(tmp_path / "cache"))
    made = tmp_path / "set" / "1.0.0"
    made.mkdir(parents=True)
    (made / "records").write_text("abc")
    return tmp_path / "set"


def test_the_second_reading_gives_the_same_arrays(source):
    reader = Reader(IMAGES, np.array([1, 2], "int32"), TEXTS, None)
    first = cache.cached("toy", source, reader)
    second = cache.cached("toy", source, reader)
    assert reader.calls == 1
    for one, two in zip(first[:3], second[:3], strict=True):
        assert one.dtype == two.dtype
        np.testing.assert_array_equal(one, two)
    assert second[3] is None


def test_a_changed_source_is_read_again_and_the_old_file_goes(source):
    reader = Reader(IMAGES, None, IMAGES, None)
    cache.cached("toy", source, reader)
    (source / "1.0.0" / "records").write_text("abcd")
    cache.cached("toy", source, reader)
    assert reader.calls == 2
    assert len(list(cache.folder().iterdir())) == 1


@pytest.mark.parametrize("damage", ["flip", "cut", "empty"])
def test_a_damaged_file_is_read_again(source, damage):
    reader = Reader(IMAGES, None, IMAGES, None)
    cache.cached("toy", source, reader)
    (path,) = cache.folder().iterdir()
    content = bytearray(path.read_bytes())
    at = content.index(IMAGES.tobytes())
    content[at] ^= 1
    path.write_bytes({"flip": content, "cut": content[: at + 3], "empty": b""}[damage])
    found = cache.cached("toy", source, reader)
    assert reader.calls == 2
    np.testing.assert_array_equal(found[0], IMAGES)
    cache.cached("toy", source, reader)
    assert reader.calls == 2  # and kept whole again


def test_a_cache_that_cannot_be_written_does_not_matter(source, monkeypatch):
    blocked = source / "file"
    blocked.write_text("in the way")
    monkeypatch.setenv("RECIPES_CACHE_DIR", str(blocked))
    reader = Reader(IMAGES, None, IMAGES, None)
    found = cache.cached("toy", source.parent / "other", reader)
    np.testing.assert_array_equal(found[0], IMAGES)
