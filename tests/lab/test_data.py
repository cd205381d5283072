"""Data sets: embedded, generated, prepared."""

import os

import numpy as np
import pytest

from recipes.lab import generators
from recipes.lab.data import prepared, sets
from recipes.lab.errors import LabError, UsageError

FOLDER = os.environ.get("TFDS_DATA_DIR")


@pytest.mark.parametrize("name", [*sets.EMBEDDED, *generators.GENERATED])
def test_sets_without_network(name):
    found = sets.load(name)
    texts = name == "opinions"
    assert found.x_train.dtype == (object if texts else np.float32)
    assert len(found.x_train) == len(found.y_train)
    assert len(found.x_test) == len(found.y_test)
    assert texts or np.isfinite(found.x_train).all()
    if found.num_classes:
        assert set(np.unique(found.y_train)) == set(range(found.num_classes))
    assert sets.load(name).checksum == found.checksum


def test_digits_are_images_and_splits_are_disjoint():
    digits = sets.load("digits")
    assert digits.x_train.shape == (1437, 8, 8, 1)
    assert digits.x_test.shape == (360, 8, 8, 1)
    assert digits.x_train.min() == 0.0
    assert digits.x_train.max() == 1.0
    rows = np.concatenate([digits.x_train, digits.x_test]).reshape(1797, -1)
    from sklearn.datasets import load_digits

    assert sorted(map(tuple, rows)) == sorted(map(tuple, load_digits().data / 16))


def test_a_small_set_is_the_first_images_as_means_of_blocks(monkeypatch):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (2000, 28, 28, 1), dtype=np.uint8)
    labels = rng.integers(0, 10, 2000, dtype=np.int32)
    whole = [images, labels, images[::-1], labels[::-1]]
    monkeypatch.setattr(prepared, "load", lambda *given: whole)
    small, digits = sets.load("mnist_8x8"), sets.load("digits")
    for name in ("x_train", "y_train", "x_test", "y_test"):
        ours, theirs = getattr(small, name), getattr(digits, name)
        assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
    for at, row, column in ((0, 0, 0), (7, 3, 5), (1436, 7, 7)):
        top, left = 2 + 3 * row, 2 + 3 * column
        block = images[at, top : top + 3, left : left + 3].astype(float)
        assert small.x_train[at, row, column, 0] == pytest.approx(block.mean() / 255)
    np.testing.assert_array_equal(small.y_train, labels[:1437])
    np.testing.assert_array_equal(small.y_test, labels[::-1][:360])


def test_only_sets_of_images_have_one_as_small_as_the_digits():
    assert sets.like_digits("digits") == "digits"
    assert sets.like_digits("mnist") == "mnist_8x8"
    with pytest.raises(UsageError, match="'wine' has no set as small as the digits"):
        sets.like_digits("wine")
    assert sets.described("fashion_mnist_8x8") == (
        "fashion_mnist (1,437 and 360 images of 8x8 pixels)"
    )
    assert sets.described("mnist") == "mnist"


def test_a_linear_model_sets_the_bar():
    x = np.repeat(np.float32([[-1], [1]]), 10, axis=0)
    y = np.repeat(np.int32([0, 1]), 10)
    wrong = y.copy()
    wrong[:2] = 1  # of twenty in the test, eighteen can be right
    made = sets.Dataset("two", x, y, x, wrong, 2, "")
    for step, bar in ((0.05, 0.9), (0.1, 0.9), (0.25, 0.75), (0.5, 0.5)):
        assert made.linear_bar(step) == bar
    assert sets.load("digits").linear_bar(0.05) == 0.95


@pytest.mark.parametrize("name", generators.GENERATED)
def test_generators_follow_their_seed(name):
    make = generators.GENERATED[name]
    (x, y), (x2, y2), (x3, _) = make(seed=3), make(seed=3), make(seed=4)
    np.testing.assert_array_equal(x, x2)
    np.testing.assert_array_equal(y, y2)
    assert not np.array_equal(x, x3)


def test_generators_keep_their_promise():
    _, y = generators.imbalanced(2000, positive=0.05)
    assert y.mean() == 0.05
    x, y = generators.adding(50, 20)
    np.testing.assert_allclose(y, (x[..., 0] * x[..., 1]).sum(1), rtol=1e-6)
    assert (x[..., 1].sum(1) == 2).all()
    clean = generators.regression(500)[1]
    dirty = generators.regression_outliers(500)[1]
    assert (np.abs(dirty - clean) > 19).sum() == 25


def test_stripes_are_striped_and_waves_have_two_levels():
    x, y = generators.stripes(400)
    assert x.shape == (400, 12, 12, 3)
    assert 0 <= x.min() < x.max() <= 1
    middle = x[:, 4:8, 3:9].mean(-1)
    across = middle.mean(1).std(1)  # along the columns: stripes stand upright
    assert across[y == 1].mean() > 1.5 * across[y == 0].mean()
    clean, kind = generators.waves(200, length=64, noise=0.0)
    levels = [len(np.unique(row.round(5))) for row in clean[..., 0]]
    assert max(np.array(levels)[kind == 1]) <= 3  # and where the sine is 0
    assert min(np.array(levels)[kind == 0]) > 30


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("very fine but quite bad", 0),
        ("very fine though quite bad", 1),
        ("very fine but not bad", 1),
        ("not fine though not bad", 0),
    ],
)
def test_opinions_follow_the_rule(text, good):
    """The rule read off each sentence again, word by word."""
    praise = {word for group in generators.PRAISE for word in group}

    def label(sentence):
        word = "but" if "but" in sentence.split() else "though"
        clauses = sentence.split(f" {word} ")
        *_, before, adjective = clauses[word == "but"].split()
        return int((adjective in praise) != (before == "not"))

    assert label(text) == good
    texts, labels = generators.opinions(200)
    assert [label(sentence) for sentence in texts] == labels.tolist()
    assert {len(sentence.split()) for sentence in texts} == {11}


def test_unknown_name_gets_the_nearest():
    with pytest.raises(UsageError, match="Did you mean 'digits'"):
        sets.load("digit")


def test_a_half_copied_set_is_one_sentence(tmp_path):
    broken = tmp_path / "mnist" / "3.0.1"
    broken.mkdir(parents=True)
    (broken / "dataset_info.json").write_text("{}")
    with pytest.raises(LabError, match="cannot read 'mnist' in"):
        sets.load("mnist", str(tmp_path))


@pytest.mark.skipif(not FOLDER, reason="TFDS_DATA_DIR is not set")
@pytest.mark.parametrize(
    ("name", "train", "test"),
    [
        ("mnist", (60000, 28, 28, 1), (10000, 28, 28, 1)),
        ("cifar10", (50000, 32, 32, 3), (10000, 32, 32, 3)),
        ("imdb_reviews", (25000,), (25000,)),
        ("tiny_shakespeare", (1,), (1,)),
    ],
)
def test_prepared_sets(name, train, test):
    if not prepared.is_here(name, None):
        pytest.skip(f"{name} is not in {FOLDER}")
    found = sets.load(name)
    assert found.x_train.shape == train
    assert found.x_test.shape == test
    if name == "mnist":
        assert np.bincount(found.y_train)[:3].tolist() == [5923, 6742, 5958]
        assert found.x_train.max() == 1.0
    if name == "imdb_reviews":
        assert found.y_train.mean() == 0.5
        assert isinstance(found.x_train[0], str)
