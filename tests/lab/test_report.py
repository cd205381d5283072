"""Reports of runs, foreign, older and broken ones among them."""

import json
import re
import shutil
import statistics
from pathlib import Path

import pytest

from recipes.lab import verdicts
from recipes.lab.cli.main import main
from recipes.lab.reporting import page, published
from recipes.lab.reporting.report import BEGIN, END, counts_table

TOY = str(Path(__file__).parent / "toy_recipe.py")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs")
    assert main(["run", TOY, "--out", str(out), "--seeds", "3", "--jobs", "1"]) == 0
    return out


@pytest.fixture
def copied(runs, tmp_path):
    """Runs that a test may damage, and the folder of the one that is there."""
    shutil.copytree(runs, tmp_path / "runs", symlinks=True)
    (folder,) = (tmp_path / "runs" / "toy_recipe").glob("2*")
    return tmp_path / "runs", folder


def result_of(folder) -> dict:
    return json.loads((folder / "result.json").read_text())


def test_page_is_self_contained(runs):
    assert main(["report", "--out", str(runs)]) == 0
    text = (runs / "report.html").read_text()
    assert "data:image/png;base64," in text
    assert "http" not in text
    for words in ("in-part", "fails when", "there", "Small minus large", "3 seeds"):
        assert words in text


DAMAGE = {
    "truncated": lambda found: '{"claims": [',
    "a list": lambda found: "[]",
    "empty": lambda found: "",
    "nothing in it": lambda found: "{}",
    "claims alone": lambda found: '{"claims": []}',
    "deep": lambda found: "[" * 100_000,
    "an older version": lambda found: {**found, "schema": 1},
    "a newer version": lambda found: {**found, "schema": 99},
    "no notes": lambda found: {k: v for k, v in found.items() if k != "notes"},
    "device a word": lambda found: {**found, "device": "mine"},
    "a claim without note": lambda found: {
        **found,
        "claims": [{k: v for k, v in found["claims"][0].items() if k != "note"}],
    },
    "note null": lambda found: {
        **found, "claims": [{**found["claims"][0], "note": None}]
    },
    "verdict maybe": lambda found: {
        **found, "claims": [{**found["claims"][0], "verdict": "maybe"}]
    },
    "a figure a number": lambda found: {**found, "figures": [3]},
    "another recipe": lambda found: {**found, "recipe": "other"},
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_run_that_is_no_use_is_passed_over(copied, capsys, damage):
    out, folder = copied
    other = folder.with_name("99990101-000000-abcdef")
    shutil.copytree(folder, other)
    text = DAMAGE[damage](result_of(folder))
    (other / "result.json").write_text(
        text if isinstance(text, str) else json.dumps(text)
    )
    assert main(["report", "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert f"passed over {other}" in printed
    assert "in-part" in (out / "report.html").read_text()


def test_the_newest_whole_run_counts_whatever_latest_says(copied):
    out, folder = copied
    newer = folder.with_name("99990101-000000-abcdef")
    shutil.copytree(folder, newer)
    found = result_of(newer)
    found["claims"][1]["note"] = "Seen in the newer run."
    (newer / "result.json").write_text(json.dumps(found))
    for change in (
        lambda latest: latest.unlink(missing_ok=True),
        lambda latest: latest.symlink_to("gone"),
        lambda latest: (latest.unlink(), shutil.copytree(folder, latest)),
    ):
        change(out / "toy_recipe" / "latest")
        assert main(["report", "--out", str(out)]) == 0
        assert "Seen in the newer run." in (out / "report.html").read_text()


def test_figures_outside_of_the_run_are_not_shown(tmp_path):
    secret = tmp_path / "secret.png"
    secret.write_bytes(b"secret")
    folder = tmp_path / "run"
    folder.mkdir()
    for name in ("../secret.png", str(secret), "/etc/passwd", "gone.png", "a\0b.png"):
        assert page.image(folder, name) is None
    (folder / "mine.png").write_bytes(b"mine")
    assert page.image(folder, "mine.png") == b"mine"


def test_text_of_a_result_is_no_markup(copied):
    out, folder = copied
    found = result_of(folder)
    bad = "<script>alert(1)</script><img src=x onerror=y>"
    found["claims"][0] |= {"note": bad, "statement": bad, "holds": [bad]}
    found["title"] = found["notes"] = bad
    (folder / "result.json").write_text(json.dumps(found))
    assert main(["report", "--out", str(out)]) == 0
    assert "<script>alert" not in (out / "report.html").read_text()
    from recipes.lab.reporting.report import markdown

    assert "<script>" not in markdown(found)
    assert "<img" not in markdown(found)


ROW = {
    "id": "a", "recipe": "momentum", "lesson": "hills", "topic": "optimization",
    "statement": "A.", "says": "is", "hedge": "", "notes": "", "scope": "",
    "verdict": "supported", "holds": [], "fails": [], "undecided": [], "seen": "",
    "decisions": {}, "command": "", "chapter": "1.9 Momentum", "runs": [],
}  # fmt: skip


def test_counts_by_chapter():
    rows = [ROW, {**ROW, "verdict": "refuted"}, {**ROW, "chapter": "1.10 Other"}]
    table = counts_table(rows).splitlines()
    assert table[2] == "| 1.9 Momentum | `momentum` | 2 | 1 | 0 | 1 | 0 |"
    assert table[3] == "| 1.10 Other | `momentum` | 1 | 1 | 0 | 0 | 0 |"
    assert table[4] == "| **all** |  | 3 | 2 | 0 | 1 | 0 |"


def test_publishing_refreshes_rows_and_keeps_the_others(tmp_path, capsys):
    out, target = tmp_path / "runs", tmp_path / "verdicts.json"
    words = ["--out", str(out), "--jobs", "1"]
    assert main(["run", "momentum", "--starts", "41", *words]) == 0
    kept = {**ROW, "id": "opt-sgd-update", "recipe": "optimizers"}
    changed = {**ROW, "id": "momentum-saddle", "verdict": "refuted"}
    unknown = {**ROW, "id": "claimed-by-nobody"}
    table = {"schema": 1, "runs": [], "claims": [kept, changed, unknown]}
    published.write(table, target)
    readme, docs = tmp_path / "README.md", tmp_path / "verdicts.md"
    readme.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    files = ["--publish", str(target), "--readme", str(readme), "--docs", str(docs)]
    assert main(["report", "--out", str(out), *files]) == 0
    printed = capsys.readouterr().out
    assert "momentum-saddle: refuted before, now supported" in printed
    assert "claimed-by-nobody: no recipe states this claim any more" in printed
    assert "12 claims; rows of 1 recipe not run were kept" in printed
    rows = {row["id"]: row for row in published.read(target)["claims"]}
    assert rows["opt-sgd-update"] == kept
    assert rows["momentum-saddle"]["verdict"] == "supported"
    assert rows["momentum-saddle"]["command"].endswith("momentum-saddle --starts 41")
    assert len(rows) == 12
    text = readme.read_text()
    assert text.startswith(f"before\n{BEGIN}\n| chapter of the notes |")
    assert text.endswith(f"|\n{END}\nafter\n")
    assert "### `momentum-saddle`: supported" in docs.read_text()


def test_published_verdicts_are_those_of_the_catalog():
    from recipes.lab import catalog

    known = [id for recipe in catalog.recipes().values() for id in recipe.claims]
    rows = verdicts()
    assert {row["id"] for row in rows} == set(known)
    assert all(row["seen"].strip() for row in rows)
    assert {row["id"] for row in rows if len(row["decisions"]) > 6} == set()


def test_the_page_of_verdicts_is_for_an_overview():
    """Each claim has a place for links, and a first sentence that is not long."""
    page = (Path(__file__).parents[2] / "docs" / "verdicts.md").read_text("utf-8")
    claims = page.split('<a id="')[1:]
    seen = [re.search(r"^\*\*.+\*\*\n\n(.+)$", one, re.M) for one in claims]
    lengths = [len(found.group(1)) for found in seen if found]
    assert len(lengths) == len(verdicts())
    assert statistics.median(lengths) < 150


def test_claims_are_found_by_the_ids_that_they_had():
    from recipes.lab import catalog
    from recipes.lab.catalog.renamed_claims import RENAMED

    page = (Path(__file__).parents[2] / "docs" / "verdicts.md").read_text("utf-8")
    for old, new in RENAMED.items():
        assert list(catalog.find_claim(old).claims) == [new]
        assert f'<a id="{old}"></a>' in page


def test_readme_without_markers_is_refused(runs, tmp_path, capsys):
    readme = tmp_path / "README.md"
    readme.write_text("nothing")
    assert main(["report", "--out", str(runs), "--readme", str(readme)]) == 1
    assert readme.read_text() == "nothing"
    assert "has no lines" in capsys.readouterr().err


def test_no_runs_is_said(tmp_path, capsys):
    assert main(["report", "--out", str(tmp_path)]) == 1
    assert "there is no whole run of a recipe in" in capsys.readouterr().err


def test_runs_that_are_not_whole_are_shown_and_never_published(tmp_path, capsys):
    out, target = tmp_path / "runs", tmp_path / "verdicts.json"
    words = ["--out", str(out), "--jobs", "1"]
    assert main(["run", TOY, "--smoke", *words]) == 0
    assert main(["run", "momentum/ravine", "--condition", "50", *words]) == 0
    assert main(["run", "--claim", "momentum-saddle", *words]) == 0
    capsys.readouterr()
    assert main(["report", "--out", str(out), "--publish", str(target)]) == 1
    told = capsys.readouterr().err
    assert "no whole run" in told
    assert "only 2 partial runs; 1 smoke run." in told
    assert len(told.splitlines()) == 1
    assert not target.exists()
    assert main(["report", "--out", str(out)]) == 0
    assert capsys.readouterr().out == f"{out / 'report.html'}: 2 partial runs\n"
    text = (out / "report.html").read_text()
    assert "There is no whole run of a recipe yet." in text
    assert "Partial run of momentum: lesson ravine, --condition 50" in text
    assert "Partial run of momentum: claim momentum-saddle" in text
    assert text.count("data-verdict=") == text.count("data-again ")
    for path in out.glob("momentum/2*/report.md"):
        assert "**A partial run (" in path.read_text()
    assert main(["run", "momentum", *words]) == 0
    capsys.readouterr()
    assert main(["report", "--out", str(out), "--publish", str(target)]) == 0
    told = capsys.readouterr().out
    assert "1 recipe, 1 partial run, 1 partial run in newer whole ones" in told
    rows = {row["id"]: row for row in published.read(target)["claims"]}
    assert rows["momentum-accelerates"]["command"].endswith(" momentum-accelerates")
    text = (out / "report.html").read_text()
    assert "1 partial run of single lessons or claims stands at the end" in text
    assert text.count('id="momentum-accelerates"') == 1
    assert 'id="momentum-accelerates-partial-1"' in text


def test_smoke_runs_alone_are_no_report(tmp_path, capsys):
    words = ["--out", str(tmp_path), "--jobs", "1"]
    assert main(["run", "momentum/noise", "--smoke", *words]) == 0
    capsys.readouterr()
    assert main(["report", "--out", str(tmp_path)]) == 1
    assert "only 1 smoke run." in capsys.readouterr().err


def test_a_page_says_one_day_once_and_what_its_pictures_mean(copied):
    out, folder = copied
    assert main(["report", "--out", str(out)]) == 0
    day = result_of(folder)["started"][:10]
    text = (out / "report.html").read_text()
    assert f"Run {day}." in text
    assert text.count('<p class="legend">') == 1
    assert re.search(r'class="bar-numbers">[\d.]+ as measured \(', text)
    other = folder.with_name("20200101-000000-abcdef")
    shutil.copytree(folder, other)
    changed = {"started": "2020-01-01T00:00:00Z", "partial": True, "seeds": [9]}
    (other / "result.json").write_text(json.dumps(result_of(folder) | changed))
    assert main(["report", "--out", str(out)]) == 0
    assert f"Run 2020-01-01 to {day}." in (out / "report.html").read_text()


def test_an_older_run_with_other_settings_is_named(copied, capsys):
    out, folder = copied
    for name, settings in (
        ("20200101-000000-abcdef", 7),
        ("20210101-000000-abcdef", 3),
    ):
        other = folder.with_name(name)
        shutil.copytree(folder, other)
        found = result_of(folder)
        found["settings"]["seeds"], found["seeds"] = settings, list(range(settings))
        (other / "result.json").write_text(json.dumps(found))
    assert main(["report", "--out", str(out)]) == 0
    told = "1 recipe, 1 older run with other settings left out"
    assert told in capsys.readouterr().out


def test_result_is_strict_json(runs):
    def refuse(word):
        raise AssertionError(word)

    text = (next((runs / "toy_recipe").glob("2*/result.json"))).read_text()
    json.loads(text, parse_constant=refuse)
