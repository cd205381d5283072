"""Lessons and folders of lessons are read without being run."""

from pathlib import Path

import pytest

from recipes.lab import LabError, UsageError, catalog
from recipes.lab.catalog.imports import parse
from recipes.lab.catalog.lessons import read_lesson

TEXT = '''"""Title.

About it.
"""

from recipes.lab import Finding, claim, experiment


@experiment(alone=True)
def times(lab):
    raise RuntimeError


@claim(
    "first-one", "It is so.", says="often", hedge="usually", notes="002", scope="here"
)
def first(lab):
    return Finding(True, "Yes.")


@claim("second-one", "It is so, too.")
def second(lab):
    return Finding(True, "Yes.")
'''


def lesson_of(tmp_path, text: str):
    path = tmp_path / "lesson.py"
    path.write_text(text)
    return read_lesson(path, parse(path)[1])


def test_what_a_lesson_states(tmp_path):
    found = lesson_of(tmp_path, TEXT)
    assert (found.name, found.title, found.about) == ("lesson", "Title.", "About it.")
    assert list(found.claims) == ["first-one", "second-one"]
    one = found.claims["first-one"]
    assert (one.says, one.hedge, one.notes, one.scope) == (
        "often", "usually", "002", "here",
    )  # fmt: skip
    assert found.claims["second-one"].says == "always"
    assert found.functions == {"first-one": "first", "second-one": "second"}
    assert found.alone
    assert not lesson_of(tmp_path, TEXT.replace("(alone=True)", "")).alone


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"second-one"', '"first-one"', "'first-one' stands there twice"),
        ("def second", "def first", "two functions have the name 'first'"),
        ('"It is so, too."', "TEXT", "must be literals"),
        ('("second-one", "It is so, too.")', "", "needs its arguments"),
        ('"second-one", "It is so, too."', '"second-one"', "must be literals"),
        ('"second-one", "It is so, too."', "**SHARED", "must be literals"),
        ('says="often"', 'says="maybe"', "says must be one of"),
        ('says="often"', 'when="now"', "must be literals"),
    ],
)
def test_a_claim_that_cannot_be_read_is_one_sentence(tmp_path, old, new, told):
    with pytest.raises(LabError, match=told) as caught:
        lesson_of(tmp_path, TEXT.replace(old, new))
    assert str(tmp_path / "lesson.py") in str(caught.value)


@pytest.fixture
def folder(tmp_path) -> Path:
    """A recipe of two lessons, each with two claims."""
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "__init__.py").write_text(
        '"""Mine: two lessons.\n\nNotes: 9.9 Nothing\n"""\n\n'
        'LESSONS = ("second", "first")\n'
    )
    (folder / "first.py").write_text(TEXT)
    (folder / "second.py").write_text(TEXT.replace('-one"', '-two"'))
    (folder / "_shared.py").write_text("")
    return folder


def test_a_folder_has_its_lessons_in_their_order(folder):
    recipe = catalog.read(folder)
    assert recipe.name == "mine"
    assert [one.name for one in recipe.lessons] == ["second", "first"]
    assert list(recipe.claims) == ["first-two", "second-two", "first-one", "second-one"]
    one = recipe.only("first")
    assert list(one.claims) == ["first-one", "second-one"]
    assert list(recipe.only(claim="second-two").claims) == ["second-two"]
    assert recipe.claim("first-one").hedge == "usually"
    with pytest.raises(UsageError, match=r"no lesson 'fist'\. Did you mean 'first'"):
        recipe.only("fist")


def test_a_lesson_of_a_folder_is_found_by_its_path(folder):
    assert next(iter(catalog.find(str(folder)).claims)) == "first-two"
    found = catalog.find(str(folder / "first.py"))
    assert list(found.claims) == ["first-one", "second-one"]


def test_a_lesson_that_is_not_listed_is_refused(folder):
    (folder / "third.py").write_text(TEXT.replace('-one"', '-three"'))
    with pytest.raises(LabError, match="LESSONS doesn't list 'third'"):
        catalog.read(folder)


def test_a_claim_of_two_lessons_is_refused(folder):
    (folder / "second.py").write_text(TEXT)
    with pytest.raises(LabError, match="two lessons state the claim 'first-one'"):
        catalog.read(folder)


def test_a_lesson_that_is_listed_must_be_there(folder):
    (folder / "first.py").unlink()
    with pytest.raises(LabError, match=r"cannot read .*first\.py"):
        catalog.read(folder)


def test_a_folder_here_does_not_hide_a_recipe(folder, monkeypatch):
    """`recipes run momentum` is the recipe, whatever folder the person stands in."""
    folder.rename(folder.with_name("momentum"))
    monkeypatch.chdir(folder.parent)
    assert catalog.find("momentum").topic == "optimization"
    assert catalog.find("momentum/hills").topic == "optimization"
