"""Reports of runs, old and broken ones among them."""

import json
from pathlib import Path

import pytest

from recipes.lab.cli.main import main
from recipes.lab.reporting.report import BEGIN, END

TOY = str(Path(__file__).parent / "toy_recipe.py")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs")
    assert main(["run", TOY, "--out", str(out), "--seeds", "3"]) == 0
    return out


def test_page_is_self_contained(runs):
    assert main(["report", "--out", str(runs)]) == 0
    page = (runs / "report.html").read_text()
    assert "data:image/png;base64," in page
    assert "http" not in page.replace("http-equiv", "")
    assert "in-part" in page
    table = (runs / "report.md").read_text()
    assert "| 9.9 Nothing in particular | `toy_recipe` | 2 | 1 | 1 | 0 | 0 |" in table
    assert "| **all** |  | 2 | 1 | 1 | 0 | 0 |" in table


def test_broken_result_is_passed_over(runs, capsys):
    broken = runs / "toy_recipe" / "99990101-000000-abcdef"
    broken.mkdir()
    for text in ('{"claims": [', "[]", "{}"):
        (broken / "result.json").write_text(text)
        assert main(["report", "--out", str(runs)]) == 0
        assert f"passed over {broken}" in capsys.readouterr().out


def test_latest_lost_or_dangling_finds_the_newest_whole_run(runs):
    latest = runs / "toy_recipe" / "latest"
    latest.unlink()
    assert main(["report", "--out", str(runs)]) == 0
    latest.symlink_to("gone")
    assert main(["report", "--out", str(runs)]) == 0


def test_readme_and_docs_are_refreshed_in_place(runs, tmp_path):
    readme, docs = tmp_path / "README.md", tmp_path / "verdicts.md"
    readme.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    flags = ["--readme", str(readme), "--docs", str(docs)]
    assert main(["report", "--out", str(runs), *flags]) == 0
    text = readme.read_text()
    assert text.startswith(f"before\n{BEGIN}\n| chapter of the notes |")
    assert text.endswith(f"|\n{END}\nafter\n")
    assert "old" not in text
    assert "| `larger-faster` | **supported** |" in docs.read_text()


def test_readme_without_markers_is_refused(runs, tmp_path, capsys):
    readme = tmp_path / "README.md"
    readme.write_text("nothing")
    assert main(["report", "--out", str(runs), "--readme", str(readme)]) == 1
    assert readme.read_text() == "nothing"
    assert "has no lines" in capsys.readouterr().err


def test_no_runs_is_told(tmp_path, capsys):
    assert main(["report", "--out", str(tmp_path)]) == 1
    assert "no finished run" in capsys.readouterr().err


def test_result_is_strict_json(runs):
    def refuse(word):
        raise AssertionError(word)

    text = (next((runs / "toy_recipe").glob("2*/result.json"))).read_text()
    json.loads(text, parse_constant=refuse)


def test_how_many_processes_a_time_belongs_to_is_told(runs):
    from recipes.lab.reporting.report import markdown

    found = json.loads(next((runs / "toy_recipe").glob("2*/result.json")).read_text())
    assert " s." in markdown({**found, "seconds": 12.3, "processes": 1})
    assert "12 s in 2 processes." in markdown(
        {**found, "seconds": 12.3, "processes": 2}
    )
    del found["processes"]  # as results from before have it
    assert "12 s." in markdown({**found, "seconds": 12.3})
