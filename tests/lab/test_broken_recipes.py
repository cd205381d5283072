"""A recipe that can't be read, or that takes another's claim, is lost alone."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RECIPE = '''"""{title}: it is so.

Notes: 9.{chapter} Nothing in particular
Data: none
Run: recipes run {title}
References: nobody (2026).
"""

from recipes.lab import Finding, claim, main


@claim("{title}-holds", "It is so.", notes="ours", scope="nothing")
def holds(lab):
    """It holds."""
    return Finding(True, "Yes.")


if __name__ == "__main__":
    main(__file__)
'''


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A checkout without recipes."""
    place = tmp_path_factory.mktemp("checkout") / "tree"
    for name in ("zoo", "callbacks", "recipes/lab"):
        skip = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, place / name, ignore=skip)
    for name in ("__init__.py", "__main__.py"):
        shutil.copy(ROOT / "recipes" / name, place / "recipes" / name)
    time.sleep(0.1)  # a process knows its start to a hundredth of a second
    return place


@pytest.fixture
def tree(checkout):
    """Its topic, with three recipes of one file each; runs lie beside the checkout."""
    topic = checkout / "recipes" / "topic"
    for folder in (topic, checkout.parent / "runs"):
        shutil.rmtree(folder, ignore_errors=True)
    topic.mkdir()
    (topic / "__init__.py").write_text("")
    for chapter, title in enumerate(("first", "second", "third")):
        text = RECIPE.format(title=title, chapter=chapter)
        (topic / f"{title}.py").write_text(text)
    return topic


def recipes(tree, *words):
    """Runs the command line of that checkout."""
    return subprocess.run(
        [sys.executable, "-P", "-m", "recipes", *words],
        env={**os.environ, "PYTHONPATH": str(tree.parents[1])},
        cwd=tree.parents[2],
        capture_output=True,
        text=True,
        timeout=120,
    )


def publish(tree, **owners):
    """Writes published verdicts: claim id (with _) to the recipe that states it."""
    names = ("lesson", "statement", "says", "hedge", "notes", "scope", "seen",
             "command", "chapter")  # fmt: skip
    rows = [
        {"id": id.replace("_", "-"), "recipe": recipe, "topic": "topic", "runs": [],
         "verdict": "refuted", "holds": [], "fails": [], "undecided": [],
         "decisions": {}, **dict.fromkeys(names, "")}
        for id, recipe in owners.items()
    ]  # fmt: skip
    table = {"schema": 1, "runs": [], "claims": rows}
    path = tree.parent / "verdicts.json"
    path.write_text(json.dumps(table))
    return path


BROKEN = {
    "no Python": ("def holds(lab):", "def holds(lab:", "cannot read {}, line "),
    "SMOKE": ("\n\n@claim", "\nSMOKE = dict()\n\n@claim", "{}, line 11: SMOKE must"),
    "a claim": ('notes="ours"', "says=3", "{}, line 12: claim 'second-holds': says"),
    "no UTF-8": ("It holds.", "\udcff", "cannot read {}: 'utf-8' codec"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_recipe_is_lost_alone(tree, kind):
    old, new, told = BROKEN[kind]
    path = tree / "second.py"
    assert path.read_text().count(old) == 1
    text = path.read_text().replace(old, new)
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    publish(tree, second_holds="second")
    done = recipes(tree, "list")
    assert done.returncode == 0
    listed = [line.split()[0] for line in done.stdout.splitlines()[1:]]
    assert listed == ["first", "third"]
    (line,) = done.stderr.splitlines()
    assert told.format(path) in line
    for words in (["run", "second"], ["show", "second"],
                  ["run", "--claim", "second-holds"]):  # fmt: skip
        done = recipes(tree, *words)
        assert (done.returncode, done.stdout, done.stderr.strip()) == (1, "", line)


def test_run_all_runs_the_others_and_reports_the_broken(tree):
    (tree / "second.py").write_text("(")
    (tree / "_shared.py").write_text("x =\n")  # read when what imports it is to run
    third = tree / "third.py"
    third.write_text(
        third.read_text().replace(
            "main\n\n\n@", "main\nfrom recipes.topic._shared import x\n\n\n@"
        )
    )
    done = recipes(tree, "run", "--all", "--jobs", "1")
    assert done.returncode == 1, done.stderr
    assert done.stderr.strip() == "recipes: failed: second, third."
    assert f"cannot read {tree / 'second.py'}, line 1: " in done.stdout
    assert f"cannot read {tree / '_shared.py'}, line 1: " in done.stdout
    assert "1 claim: 1 supported." in done.stdout
    assert "1 of 3 recipes ran." in done.stdout


def test_a_claim_of_two_recipes_belongs_to_the_published_one(tree):
    """Else `run --claim` and the published verdicts would mean either."""
    path = tree / "first.py"
    path.write_text(path.read_text().replace("first-holds", "second-holds"))
    publish(tree, second_holds="second")
    done = recipes(tree, "list")
    assert [x.split()[0] for x in done.stdout.splitlines()[1:]] == ["second", "third"]
    told = f"recipes: {path}: the claim 'second-holds' is one of the recipe second: "
    assert done.stderr.startswith(told)
    assert recipes(tree, "run", "first").stderr == done.stderr
    assert recipes(tree, "run", "--claim", "second-holds").returncode == 0
    assert (tree.parents[2] / "runs" / "second").is_dir()
    publish(tree)  # nobody owns it: neither is run
    done = recipes(tree, "run", "--claim", "second-holds")
    assert done.returncode == 2
    assert "there is no claim 'second-holds'" in done.stderr
    assert "These recipes can't be read: first, second." in done.stderr


def test_publishing_keeps_the_rows_of_a_broken_recipe(tree):
    table = publish(tree, second_holds="second", gone_holds="gone")
    assert recipes(tree, "run", "first").returncode == 0
    assert recipes(tree, "run", "second").returncode == 0
    (tree / "second.py").write_text("(")
    done = recipes(tree, "report", "--publish", str(table))
    assert done.returncode == 0, done.stderr
    rows = {row["id"]: row for row in json.loads(table.read_text())["claims"]}
    assert {id: row["verdict"] for id, row in rows.items()} == {
        "first-holds": "supported",
        "second-holds": "refuted",
    }
    assert "second: can't be read, left out (its second-holds stays" in done.stdout


def test_a_recipe_of_ones_own_publishes_no_claim_of_the_package(tree):
    """A copy keeps the ids; its runs lie beside those of the package."""
    table = publish(tree, second_holds="second")
    assert recipes(tree, "run", "second").returncode == 0
    own = tree.parents[2] / "second.py"
    text = (tree / "second.py").read_text()
    own.write_text(text.replace("Finding(True", "Finding(False"))
    assert recipes(tree, "run", str(own)).returncode == 0
    done = recipes(tree, "report", "--publish", str(table))
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(table.read_text())["claims"]
    assert (row["id"], row["verdict"]) == ("second-holds", "supported")
    assert "second: not a recipe of this package, left out" in done.stdout
