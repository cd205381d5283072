"""The README keeps its word: its code runs, its table counts what there is."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from recipes.lab import catalog
from recipes.lab.reporting.report import BEGIN, END

ROOT = Path(__file__).resolve().parents[1]
# Pages as GitHub shows them, and what lies in docs/ only after `make docs`.
PAGES = [
    str(path.relative_to(ROOT))
    for pattern in ("*.md", "docs/*.md", "docs/guides/*.md", "*/README.md")
    for path in sorted(ROOT.glob(pattern))
    if path.name != "gallery.md"
]
BUILT = (
    "docs/_build/",
    "docs/claims/",
    "docs/code/",
    "docs/notebooks/",
    "docs/gallery",
)
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


def test_the_recipe_of_forty_lines_runs(tmp_path):
    (code,) = (block for block in BLOCKS if "main(__file__)" in block)
    (tmp_path / "mine.py").write_text(code)
    done = subprocess.run(
        [sys.executable, "mine.py", "--seeds", "2", "--epochs", "1"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert "deeper-better" in done.stdout


def test_the_other_code_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names = {}
    for block in BLOCKS:
        if "main(__file__)" not in block:
            exec(compile(block, "README.md", "exec"), names)
    assert len(names["history"].history["grad_norm"]) == 3
    assert (tmp_path / "norms.png").read_bytes().startswith(b"\x89PNG")


def test_sentences_that_rest_on_a_verdict_still_do():
    """`<!-- rests on ID: VERDICT -->` stands behind each of them."""
    from recipes.lab import verdicts

    published = {row["id"]: row["verdict"] for row in verdicts()}
    pages = [README, *(page.read_text("utf-8") for page in ROOT.glob("docs/*.md"))]
    mark = re.compile(r"<!-- rests on (\S+): (\w+) -->")
    found = [one for page in pages for one in mark.findall(page)]
    assert found
    for id, verdict in found:
        assert published[id] == verdict, id


def test_the_table_counts_every_recipe_and_claim():
    table = README.partition(BEGIN)[2].partition(END)[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in table.strip().splitlines()[2:]
    ]
    known = catalog.recipes()
    listed = []
    for _, names, claims, *kinds in rows[:-1]:
        recipes = [known[name] for name in re.findall(r"`(\w+)`", names)]
        listed += [recipe.name for recipe in recipes]
        assert int(claims) == sum(len(recipe.claims) for recipe in recipes)
        assert int(claims) == sum(map(int, kinds))
    assert listed == list(known)
    total = [int(cell) for cell in rows[-1][2:]]
    columns = zip(*(map(int, row[2:]) for row in rows[:-1]), strict=True)
    assert total == [sum(column) for column in columns]


@pytest.mark.parametrize("page", PAGES)
def test_every_linked_file_is_in_the_repository(page):
    """What `make docs` writes beside the pages is not: on GitHub it is absent."""
    path = ROOT / page
    for target in re.findall(r"\]\(([^)#:\s]+)[)#]", path.read_text("utf-8")):
        place = Path(os.path.normpath(path.parent / target))
        assert place.exists(), target
        assert not place.relative_to(ROOT).as_posix().startswith(BUILT), target


def test_every_named_recipe_and_flag_exists():
    from recipes.lab.cli.main import _parser

    commands = _parser()._subparsers._group_actions[0].choices
    for command in re.findall(r"^recipes (\w+)", README, re.MULTILINE):
        assert command in commands
    for name in re.findall(r"recipes (?:run|show|copy) ([\w/]+)", README):
        assert catalog.find(name)
    for claim in re.findall(r"--claim ([\w-]+)", README):
        assert catalog.find_claim(claim)
