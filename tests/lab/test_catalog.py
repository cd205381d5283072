"""The catalog reads what a recipe's file says, and says what is wrong with it."""

from pathlib import Path

import pytest

from recipes.lab import catalog
from recipes.lab.errors import LabError

TOY = Path(__file__).parent / "toy_recipe.py"
CLAIM = "@claim('a', 'b')\ndef f(lab): ...\n"


def test_a_recipe_is_read_without_being_imported():
    recipe = catalog.read(TOY)
    assert recipe.name == "toy_recipe"
    assert recipe.title == "Toy: two learning rates on digits."
    assert recipe.chapter == "9.9"
    assert list(recipe.claims) == ["larger-faster", "in-part"]
    assert recipe.claim("larger-faster").scope == "digits"
    assert recipe.smoke == {"seeds": 2, "epochs": 1}
    fields = {field.name: field for field in recipe.fields}
    assert fields["rate"].type is float
    assert fields["data"].choices == ("digits", "mnist")
    assert fields["seeds"].help == "Repetitions."


def test_recipes_come_in_the_order_of_the_notes():
    chapters = [
        [int(part) for part in recipe.chapter.split(".")]
        for recipe in catalog.recipes().values()
    ]
    assert chapters == sorted(chapters)
    assert [1, 2] in chapters
    assert [1, 21] in chapters


def test_every_recipe_says_what_a_reader_needs():
    for recipe in catalog.recipes().values():
        assert set(recipe.header) == set(catalog.HEADER_KEYS), recipe.name
        assert recipe.claims, recipe.name
        assert all(field.help for field in recipe.fields), recipe.name
        assert set(recipe.smoke) <= {field.name for field in recipe.fields}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("@claim('a', ", "cannot read"),
        ("X = 'a'\n@claim(X, 'b')\ndef f(lab): ...", "must be literals"),
        ("@claim('a', 'b', says='maybe')\ndef f(lab): ...", "says must be one of"),
        (
            "@claim('a', 'b')\ndef f(lab): ...\n@claim('a', 'b')\ndef g(lab): ...",
            "stands there twice",
        ),
        ("SMOKE = dict(a=1)", "SMOKE must be a literal dictionary"),
        ("LESSONS = ('a', 3)", "line 1: LESSONS must be a literal tuple of names"),
        ("SMOKE = {[]: 1}", "SMOKE must be a literal dictionary"),
        (f"{CLAIM}SMOKE = {{'n': 1}}", "SMOKE sets 'n', which is no setting"),
        (f"{CLAIM}class Settings:\n    n: list = []", "line 4: setting 'n' must be"),
        (f"{CLAIM}class Settings:\n    n: int", "setting 'n' must be"),
        (f"{CLAIM}class Settings:\n    n: int = '5'", "whole number from 1 .*not '5'"),
        (f"{CLAIM}class Settings:\n    n: int = 0.5", "whole number from 1 .*not 0.5"),
        (f"{CLAIM}class Settings:\n    n: int = True", "whole number from 1 .*True"),
        (f"{CLAIM}class Settings:\n    n: float = 0", "number above 0, not 0"),
        (f"{CLAIM}class Settings:\n    n: bool = 1", "must be True or False, not 1"),
        (f"{CLAIM}class Settings:\n    n: str = 1", "must be text, not 1"),
        (f"{CLAIM}class Settings:\n    n: Literal['a', 'b'] = 'c'", "one of a, b, not"),
    ],
)
def test_a_bad_file_is_one_sentence(tmp_path, text, told):
    path = tmp_path / "bad.py"
    path.write_text(text)
    with pytest.raises(LabError, match=told):
        catalog.read(path)


def test_every_recipe_of_the_package_can_be_read():
    assert catalog.broken() == {}


def test_one_recipe_is_found_as_among_all():
    known = catalog.recipes()
    for name in known:
        assert catalog.named(name) == known[name]
    for name in ("no_such_recipe", "training", "_update_rules", "__init__"):
        assert catalog.named(name) is None, name


def test_a_file_without_claims_is_no_recipe(tmp_path):
    path = tmp_path / "plain.py"
    path.write_text("x = 1")
    assert catalog.read(path) is None
