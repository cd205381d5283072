"""Every recipe runs, and the copy of every lesson finds what the lesson finds."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest

from recipes.lab import catalog
from recipes.lab.cli.main import main
from recipes.lab.reporting.console import Output
from recipes.lab.running.execute import execute
from recipes.lab.running.plan import Options

RECIPES = [name for name, recipe in catalog.recipes().items() if recipe.lessons]
LESSONS = [
    f"{name}/{lesson.name}"
    for name in RECIPES
    for lesson in catalog.recipes()[name].lessons
]
# Whose copies run in a process of their own, too: one is exact, one trains.
FRESH = ("momentum/limits", "batch_size/noise")


def found_in(out: Path) -> dict[str, dict]:
    """The only run in a folder: claim id to its entry."""
    (path,) = out.glob("*/2*/result.json")
    return {claim["id"]: claim for claim in json.loads(path.read_text())["claims"]}


def smoke(
    name: str,
    out: Path,
    store: Path | None = None,
    jobs: int = 1,
    precision: str = "auto",
) -> dict[str, dict]:
    """A smoke run: claim id to its entry.

    Other tests' smoke runs find the trainings in the tests' own cache; those of a copy
    have a store of their own, so that they are its own trainings. With one job this
    process trains, with its threads, whose number some processors' last digits show.
    """
    shutil.rmtree(out, ignore_errors=True)
    options = Options(out=out, smoke=True, store=store, jobs=jobs, precision=precision)
    execute(catalog.find(name), {}, options, Output(silent=True))
    return found_in(out)


def finding(claim: dict, timed: bool) -> str:
    """What is found, without where it stands; of times the conditions alone."""
    conditions = sorted([*claim["holds"], *claim["fails"], *claim["undecided"]])
    if timed:
        return json.dumps(conditions)
    names = ("statement", "says", "holds", "fails", "undecided", "note", "numbers")
    return json.dumps([claim[name] for name in names], sort_keys=True)


def check_copies(recipe, found: dict[str, dict], lessons: list, folder: Path) -> None:
    """Copies the recipe's lessons; those named find what is found already."""
    assert main(["copy", recipe.name, str(folder)]) == 0
    for lesson in lessons:
        copied = smoke(
            str(folder / f"{lesson.name}.py"), folder / "copies", folder / "store"
        )
        assert set(copied) == set(lesson.claims)
        for id, claim in copied.items():
            assert finding(claim, lesson.alone) == finding(found[id], lesson.alone), id


@pytest.mark.parametrize("name", RECIPES)
def test_smoke_states_every_claim_and_judges_none(name, tmp_path):
    recipe = catalog.find(name)
    found = smoke(name, tmp_path / "runs")
    assert set(found) == set(recipe.claims)
    assert {claim["verdict"] for claim in found.values()} == {"not judged"}
    assert all(claim["note"] and claim["command"] for claim in found.values())


@pytest.mark.slow
@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_runs_in_half_precision(name, tmp_path):
    """As it does by itself on a GPU; what needs float32 asks for it."""
    found = smoke(name, tmp_path / "runs", precision="mixed_bfloat16")
    assert set(found) == set(catalog.find(name).claims)


@pytest.fixture(scope="module")
def copies(tmp_path_factory) -> Path:
    """A folder for each recipe, with the copies of its lessons."""
    folder = tmp_path_factory.mktemp("copies")
    # Tests of the benchmarks put their folder there; its modules hide no user's.
    path = [one for one in sys.path if Path(one).name != "benchmarks"]
    with mock.patch.object(sys, "path", path):
        for name in RECIPES:
            (folder / name).mkdir()
            assert main(["copy", name, str(folder / name)]) == 0
    return folder


def test_no_copy_lacks_a_name(copies):
    """Whatever a lesson took from its neighbors is in the copy; nothing is there twice.

    `make slow` runs all copies.
    """
    pytest.importorskip("ruff")
    rules = "F811,F821,F822,F823"  # redefined, undefined
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache",
         "--select", rules, "--output-format", "concise", copies],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", RECIPES)
def test_copies_state_the_claims_of_their_lessons(name, copies):
    for lesson in catalog.find(name).lessons:
        copied = catalog.find(str(copies / name / f"{lesson.name}.py"))
        assert set(copied.claims) == set(lesson.claims)


@pytest.mark.slow
@pytest.mark.parametrize("name", RECIPES)
def test_every_copy_finds_the_same(name, tmp_path):
    recipe = catalog.find(name)
    found = smoke(name, tmp_path / "runs")
    check_copies(recipe, found, recipe.lessons, tmp_path)


def run_copy(lesson: str, folder: Path, *flags: str) -> dict[str, dict]:
    """Copies a lesson into an empty folder and runs it there as a script."""
    assert main(["copy", lesson, str(folder / "mine.py")]) == 0
    subprocess.run(
        [sys.executable, "mine.py", *flags],
        cwd=folder,
        env={**os.environ, "RECIPES_CACHE_DIR": str(folder / "cache")},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return found_in(folder / "runs")


@pytest.mark.parametrize("name", FRESH)
def test_a_copy_in_an_empty_folder_finds_the_same(name, tmp_path):
    lesson = catalog.find(name).lessons[0]
    found = smoke(name, tmp_path / "original", tmp_path / "store", jobs=2)
    copied = run_copy(name, tmp_path, "--smoke", "--jobs", "2")
    assert set(copied) == set(found)
    for id, claim in copied.items():
        assert finding(claim, lesson.alone) == finding(found[id], lesson.alone), id


@pytest.mark.slow
@pytest.mark.parametrize("name", LESSONS)
def test_a_copy_gives_the_verdicts_of_the_original(name, tmp_path):
    lesson = catalog.find(name).lessons[0]
    options = Options(out=tmp_path / "original", jobs=2, store=tmp_path / "store")
    execute(catalog.find(name), {}, options, Output(silent=True))
    copied = run_copy(name, tmp_path)
    for id, claim in found_in(tmp_path / "original").items():
        other = copied[id]
        assert finding(other, lesson.alone) == finding(claim, lesson.alone)
        if not lesson.alone:
            assert other["verdict"] == claim["verdict"]
