"""The catalog is read once, and again after any change of what it is read from."""

import json

import pytest

from recipes.lab import LabError, catalog, files
from recipes.lab.catalog import kept, lookup

HEADER = '''"""Toy: a recipe.

Notes: 1.1 Toys
"""

LESSONS = ("first",)
'''
LESSON = '''"""First: a lesson."""

from recipes.lab import claim


@claim("toy-is-small", "Toys are small.", says="often", hedge="usually", scope="here")
def small(lab):
    """Nothing."""
'''


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A package of one recipe, with a cache of its own."""
    monkeypatch.setenv("RECIPES_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(lookup, "ROOT", tmp_path / "recipes")
    folder = tmp_path / "recipes" / "topic" / "toy"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(HEADER)
    (folder / "first.py").write_text(LESSON)
    forget(monkeypatch)
    return tmp_path / "recipes"


def forget(monkeypatch):
    """As a new process knows nothing."""
    monkeypatch.setattr(kept, "_latest", {})


def refuse():
    raise AssertionError("the files are read anew")


def test_a_second_process_reads_no_file_and_finds_the_same(root, monkeypatch):
    first = catalog.recipes()
    forget(monkeypatch)
    monkeypatch.setattr(lookup, "_read_all", refuse)
    assert catalog.recipes() == first
    assert list(first["toy"].claims) == ["toy-is-small"]


def test_the_package_reads_back_as_it_is(tmp_path, monkeypatch):
    monkeypatch.setenv("RECIPES_CACHE_DIR", str(tmp_path))
    forget(monkeypatch)
    first = catalog.recipes()
    forget(monkeypatch)
    monkeypatch.setattr(lookup, "_read_all", refuse)
    again = catalog.recipes()
    assert again == first
    assert list(again) == list(first)
    assert all(recipe.path.is_file() for recipe in again.values())


@pytest.mark.parametrize("change", ["edited", "added", "removed", "renamed"])
def test_every_change_is_seen(root, monkeypatch, change):
    catalog.recipes()
    forget(monkeypatch)
    lesson = root / "topic" / "toy" / "first.py"
    if change == "edited":
        lesson.write_text(LESSON.replace("toy-is-small", "toy-is-large"))
        assert list(catalog.recipes()["toy"].claims) == ["toy-is-large"]
    elif change == "added":  # the header doesn't list it
        lesson.with_name("other.py").write_text(LESSON)
        assert "doesn't list 'other'" in catalog.broken()["toy"]
    elif change == "removed":
        lesson.unlink()
        assert "toy" in catalog.broken()
    else:
        lesson.parent.rename(root / "topic" / "game")
        assert list(catalog.recipes()) == ["game"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"digest": 1}', "\x00"])
def test_a_damaged_file_is_read_over(root, monkeypatch, content):
    first = catalog.recipes()
    path = files.cache_folder() / kept.FILE
    whole = json.loads(path.read_text())
    for damaged in (content, json.dumps({**whole, "recipes": {"toy": {}}})):
        path.write_text(damaged)
        forget(monkeypatch)
        assert catalog.recipes() == first


def test_what_is_wrong_is_told_every_time(root, monkeypatch):
    (root / "topic" / "toy" / "first.py").write_text("def (")
    for _ in range(2):
        forget(monkeypatch)
        assert "cannot read" in catalog.broken()["toy"]
        with pytest.raises(LabError, match="cannot read"):
            catalog.find("toy")


def test_a_cache_that_cannot_be_written_costs_nothing_but_time(
    root, tmp_path, monkeypatch
):
    blocked = tmp_path / "a file"
    blocked.write_text("")
    monkeypatch.setenv("RECIPES_CACHE_DIR", str(blocked / "cache"))
    assert list(catalog.recipes()) == ["toy"]
