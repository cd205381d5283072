"""The rules of the house: which file may import which, and what an import may do."""

import ast
import importlib.metadata
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from recipes.lab import catalog
from recipes.lab.catalog.imports import imports

ROOT = Path(__file__).parents[1]
LAB = ROOT / "recipes" / "lab"
RECIPES = catalog.recipes()
LESSONS = [
    pytest.param(lesson, id=f"{recipe.name}/{lesson.name}")
    for recipe in RECIPES.values()
    for lesson in recipe.lessons
]

# Who may import whom; a room may always import itself.
ROOMS = {
    "errors": set(),
    "files": {"errors"},
    "catalog": {"errors", "files"},
    "training": {"errors", "files", "data"},
    "data": {"errors", "files", "training"},
    "evidence": {"errors", "files", "catalog"},
    "reporting": {"errors", "files", "catalog", "evidence"},
}
ROOMS["running"] = {*ROOMS, "training", "data"}
ROOMS["cli"] = {*ROOMS}
ROOMS["testing"] = {*ROOMS} - {"cli"}


def modules_of(path: Path) -> set[str]:
    return imports(ast.parse(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_of_the_lab_import_downwards_only(room):
    place = LAB / room
    files = place.rglob("*.py") if place.is_dir() else [LAB / f"{room}.py"]
    for path in files:
        for module in modules_of(path):
            if not module.startswith("recipes.lab."):
                assert module.split(".")[0] != "callbacks", path
                continue
            other = module.split(".")[2]
            if other in ROOMS:  # else it is a name of the lab's face
                assert other == room or other in ROOMS[room], f"{path}: {module}"


def private_modules(path: Path, seen: set[Path]) -> set[Path]:
    """The `_` modules of recipes that a file reaches."""
    for module in modules_of(path):
        file = ROOT.joinpath(*module.split(".")).with_suffix(".py")
        private = file.name.startswith("_") and file.name != "__init__.py"
        ours = private and module.startswith("recipes.") and file.is_file()
        if ours and file not in seen:
            seen.add(file)
            private_modules(file, seen)
    return seen


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_imports_the_lab_zoo_callbacks_and_two_modules_of_its_own(lesson):
    tree = ast.parse(lesson.path.read_text(encoding="utf-8"))
    own = ".".join(lesson.path.relative_to(ROOT).parts[:-1])
    topic = own.rpartition(".")[0]
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom) or not node.module:
            continue
        if node.module == "recipes.lab" or not node.module.startswith("recipes"):
            continue
        folder, _, name = node.module.rpartition(".")
        assert folder in (own, topic), f"imports {node.module}"
        assert name.startswith("_"), f"imports the lesson {node.module}"
        for alias in node.names:
            assert alias.asname is None, f"{alias.name} under another name"
            assert not alias.name.startswith("_"), f"the private {alias.name}"
    reached = private_modules(lesson.path, set())
    assert len(reached) <= 2, sorted(path.name for path in reached)


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_teaches_and_can_be_run(lesson):
    text = lesson.path.read_text(encoding="utf-8")
    assert ": " in lesson.title, "a title says what was found"
    assert len(lesson.about) > 100, "a lesson begins with prose"
    assert text.rstrip().endswith("main(__file__)")
    assert text.count("\n") <= 320, "cut it by idea"


def test_no_verdict_stands_in_a_private_file():
    for path in (ROOT / "recipes").glob("*/**/_*.py"):
        if path.name == "__init__.py" or LAB in path.parents:
            continue
        text = path.read_text(encoding="utf-8")
        assert "@claim" not in text, path
        assert "Finding(" not in text, path


def test_no_recipe_or_lesson_hides_another_module():
    taken = {*sys.stdlib_module_names}
    for names in importlib.metadata.packages_distributions():
        taken.add(names)
    taken -= {"zoo", "callbacks", "recipes"}
    for recipe in RECIPES.values():
        for name in (recipe.name, *(lesson.name for lesson in recipe.lessons)):
            assert name not in taken, name


def test_claims_are_stated_once():
    ids = [id for recipe in RECIPES.values() for id in recipe.claims]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("recipe", [r for r in RECIPES.values() if r.lessons],
                         ids=lambda recipe: recipe.name)  # fmt: skip
def test_every_claim_says_what_a_reader_needs(recipe):
    for lesson in recipe.lessons:
        for claim in lesson.claims.values():
            assert claim.notes, claim.id
            assert claim.scope, claim.id
            assert claim.hedge or claim.says != "can", f"{claim.id}: which word?"


IMPORT = """
import json, os, sys
before = dict(os.environ), list(sys.meta_path)
for name in {names!r}:
    __import__(name)
heavy = {{"numpy", "matplotlib", "sklearn", "keras", "tensorflow"}} & set(sys.modules)
changed = [dict(os.environ), list(sys.meta_path)] != list(before)
print("FOUND", json.dumps([sorted(heavy), changed]))
"""


def imported(*names: str) -> tuple[list[str], bool]:
    """What heavy packages importing loads, and whether the process was changed."""
    environment = {k: v for k, v in os.environ.items() if "THREADS" not in k}
    done = subprocess.run(
        [sys.executable, "-c", IMPORT.format(names=names)],
        capture_output=True, text=True, check=True, cwd=ROOT, env=environment,
    )  # fmt: skip
    return tuple(json.loads(done.stdout.partition("FOUND ")[2]))


def test_the_command_line_loads_nothing_heavy_to_list_and_show():
    assert imported("recipes.lab.cli.main", "recipes.lab.reporting.card")[0] == []


def test_the_lab_and_headers_of_recipes_load_nothing_and_change_nothing():
    headers = [
        ".".join(recipe.path.parent.relative_to(ROOT).parts)
        for recipe in RECIPES.values()
        if recipe.lessons
    ]
    assert imported("recipes.lab", *headers) == ([], False)


def test_lessons_change_what_importing_keras_changes():
    names = [
        ".".join(lesson.path.relative_to(ROOT).with_suffix("").parts)
        for recipe in RECIPES.values()
        for lesson in recipe.lessons
    ]
    code = (
        "import os, sys, keras\n"
        "before = dict(os.environ), list(sys.meta_path), keras.config.dtype_policy()\n"
        "from tensorflow.python.eager import context\n"
        f"for name in {names!r}: __import__(name)\n"
        "after = dict(os.environ), list(sys.meta_path), keras.config.dtype_policy()\n"
        "assert before == after\n"
        "handle = context.context()._context_handle\n"
        "assert handle is None, 'an operation was run'\n"
    )
    subprocess.run(
        [sys.executable, "-c", code], check=True, cwd=ROOT,
        env={**os.environ, "KERAS_BACKEND": "tensorflow"},
    )  # fmt: skip


def test_more_seeds_begin_with_the_first_one():
    """`range(4 * len(lab.seeds))` would ask the same ones with every --first-seed."""
    for path in (ROOT / "recipes").rglob("*.py"):
        for found in re.findall(r"range\(.*len\(lab\.seeds\)", path.read_text("utf-8")):
            assert "lab.seeds.start" in found, path


def test_images_are_those_that_a_reader_chooses():
    """A lesson that names the digits could not be replicated on another set."""
    offered = ("digits", "mnist", "fashion_mnist")
    # Their trainings draw rows of their own; a set is named and not looked at.
    draw_their_own = ("sparsity", "features")
    for recipe in RECIPES.values():
        choices = [one.choices for one in recipe.fields if one.name == "data"]
        assert choices in ([], [offered], [(*offered, "cifar10")]), recipe.name
        for path in sorted(recipe.path.parent.glob("*.py")):
            if path.stem in draw_their_own:
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call):
                    continue
                called = getattr(node.func, "attr", "")
                given = [one.value for one in node.keywords if one.arg == "data"]
                given += node.args[:1] if called == "data" else []
                names = [one.value for one in given if isinstance(one, ast.Constant)]
                assert not {*names} & {*offered}, f"{path}, line {node.lineno}"
