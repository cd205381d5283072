"""Verdicts on several data sets: kept beside each other, and shown so."""

import io
import json
import re
import statistics

import pytest
from rich.console import Console

from recipes.lab.cli.main import main
from recipes.lab.data import prepared
from recipes.lab.errors import LabError
from recipes.lab.reporting import published, results
from recipes.lab.reporting.card import beside
from recipes.lab.reporting.console import Output
from recipes.lab.reporting.report import verdicts_page
from recipes.lab.running.run_all import published_seconds
from recipes.lab.running.sweep import reads_data

LESSON = '''
"""Toy: images, or measures of wine.

Notes: 9.9 Nothing in particular
"""

from dataclasses import dataclass
from typing import Literal

from recipes.lab import Finding, claim, experiment, main


@dataclass(frozen=True)
class Settings:
    seeds: int = 2
    "Repetitions."
    data: Literal["digits", "wine"] = "digits"
    "What is counted."


def count(case, seed, data):
    return {"rows": len(data.x_train)}


def nothing(case, seed, data):
    return {"rows": 0}


@experiment
def counted(lab):
    return lab.sweep(count, {"all": 0})["all"]


@claim("toy-counts", "There are more than a thousand.", scope="digits")
def counts(lab):
    rows = counted(lab)[0]["rows"]
    return Finding(rows > 1000, "There are {rows} rows. They are counted.", rows=rows)


@claim("toy-counts-again", "There are any.", scope="digits")
def counts_again(lab):
    return Finding(counted(lab)[0]["rows"] > 0, "There are some.")


@claim("toy-exact", "One and one is two.", scope="exact")
def exact(lab):
    runs = lab.sweep(nothing, {"none": 0})
    spirals = lab.data("spirals")
    return Finding(1 + 1 == 2, "It is.", runs=len(runs), two=spirals.num_classes)


if __name__ == "__main__":
    main(__file__)
'''.lstrip()


@pytest.mark.parametrize("data", ["digits", "wine"])
def test_a_claim_says_whether_it_rests_on_the_chosen_data(tmp_path, data):
    path = tmp_path / "toy_counts.py"
    path.write_text(LESSON)
    words = ["--data", data, "--jobs", "1", "--out", str(tmp_path / "runs")]
    assert main(["run", str(path), *words]) == 0
    (found,) = (tmp_path / "runs").glob("*/2*/result.json")
    result = json.loads(found.read_text())
    claims = {claim["id"]: claim for claim in result["claims"]}
    uses = {id: claim["uses_data"] for id, claim in claims.items()}
    assert uses == {"toy-counts": True, "toy-counts-again": True, "toy-exact": False}
    added = "; with wine in place of digits" if data == "wine" else ""
    assert claims["toy-counts"]["scope"] == claims["toy-counts-again"]["scope"]
    assert claims["toy-counts"]["scope"] == f"digits{added}"
    assert claims["toy-exact"]["scope"] == "exact"
    assert set(result["data"]) == {data, "spirals"}
    assert claims["toy-counts"]["verdict"] == {"digits": "supported"}.get(
        data, "refuted"
    )


def test_a_function_that_does_not_name_its_data_reads_none():
    def names(case, seed, data):
        return {"rows": len(data.x_train)}

    def names_inside(case, seed, data):
        return {"rows": [len(one) for one in (lambda: data.x_train)()]}

    def passes(case, seed, data):
        return names(case, seed, data)

    def ignores(case, seed, data):
        return {"seed": seed, "word": "data"}

    def renamed(case, seed, _):
        return {"seed": seed}

    def many(*given):
        return names(*given)

    assert all(map(reads_data, (names, names_inside, passes, many)))
    assert not any(map(reads_data, (ignores, renamed)))


CLAIM = {
    "statement": "A.", "says": "is", "hedge": "", "notes": "001", "scope": "images",
    "verdict": "supported", "note": "Seen first. Then more.", "lesson": "notes_table",
    "holds": [], "fails": [], "undecided": [], "figures": [], "decisions": {},
    "uses_data": True,
}  # fmt: skip
TRAINED, EXACT = "opt-sgd-slower", "opt-sgd-update"  # claims of a recipe with `data`


def run_of(data: str | None, verdict: str = "supported", **other) -> dict:
    """A whole result of the recipe `optimizers`: a claim of training, and an exact."""
    settings = {"seeds": 8} if data is None else {"seeds": 8, "data": data}
    command = f"recipes run optimizers --data {data}"
    changed = {"verdict": verdict, "note": f"On {data} it is {verdict}. More of it."}
    return {
        "schema": 2, "recipe": "optimizers", "topic": "optimization", "title": "Toy",
        "notes": "1.8 Toy.", "key": "k", "backend": "tensorflow",
        "started": "2026-01-01T00:00:00Z", "seeds": list(range(8)), "tables": [],
        "figures": [], "settings": settings, "data": {}, "precision": {},
        "versions": {}, "device": {}, "trainings": {}, "smoke": False,
        "partial": False, "seconds": 5.0 if data in (None, "digits") else 500.0,
        "claims": [
            {**CLAIM, "id": TRAINED, "command": command, **changed},
            {**CLAIM, "id": EXACT, "command": command, "uses_data": False},
        ],
        **other,
    }  # fmt: skip


def rows_of(table: dict) -> dict[str, dict]:
    return {row["id"]: row for row in table["claims"]}


EMPTY = {"schema": 1, "runs": [], "claims": []}


@pytest.mark.parametrize("order", [("digits", "mnist"), ("mnist", "digits")])
def test_each_data_set_that_was_run_has_an_entry_the_default_first(order):
    table = EMPTY
    verdicts = {"digits": "supported", "mnist": "refuted"}
    for data in order:
        table, _ = published.refresh(table, [run_of(data, verdicts[data])])
    row = rows_of(table)[TRAINED]
    assert [(run["data"], run["verdict"]) for run in row["runs"]] == [
        ("digits", "supported"), ("mnist", "refuted"),
    ]  # fmt: skip
    assert row["verdict"] == "supported"
    assert row["command"].endswith("--data digits")
    assert [(run["recipe"], run["data"]) for run in table["runs"]] == [
        ("optimizers", "digits"), ("optimizers", "mnist"),
    ]  # fmt: skip
    exact = rows_of(table)[EXACT]
    assert [run["data"] for run in exact["runs"]] == ["digits"]


def test_a_run_refreshes_its_own_data_set_alone():
    runs = [run_of("digits"), run_of("mnist", "refuted"), run_of("fashion_mnist")]
    table, _ = published.refresh(EMPTY, runs)
    other = {**rows_of(table)[TRAINED], "id": "momentum-ravine", "recipe": "momentum"}
    table["claims"].append(other)
    table["runs"].append({**table["runs"][0], "recipe": "momentum", "data": "-"})
    fresh, lines = published.refresh(table, [run_of("mnist", "inconclusive")])
    before, after = rows_of(table)[TRAINED], rows_of(fresh)[TRAINED]
    assert {**after, "runs": None} == {**before, "runs": None}
    assert [run["verdict"] for run in after["runs"]] == [
        "supported", "inconclusive", "supported",
    ]  # fmt: skip
    assert after["runs"][0] == before["runs"][0]
    assert after["runs"][2] == before["runs"][2]
    assert len(fresh["runs"]) == len(table["runs"]) == 4
    assert [line for line in lines if TRAINED in line] == []
    fresh, lines = published.refresh(fresh, [run_of("digits", "refuted")])
    assert f"{TRAINED}: supported before, now refuted" in lines
    verdicts = [run["verdict"] for run in rows_of(fresh)[TRAINED]["runs"]]
    assert verdicts == ["refuted", "inconclusive", "supported"]


def test_a_run_from_before_the_setting_had_the_default(tmp_path):
    old, new = run_of(None), run_of("digits", "refuted")
    assert results.data_of(old) == "digits"
    table, _ = published.refresh(EMPTY, [new])
    for part in (table["runs"], rows_of(table)[TRAINED]["runs"]):
        part[0]["data"] = "-"  # as it was published then
    fresh, _ = published.refresh(table, [run_of("mnist")])
    row = rows_of(fresh)[TRAINED]
    assert [run["data"] for run in row["runs"]] == ["digits", "mnist"]
    assert [run["verdict"] for run in row["runs"]] == ["refuted", "supported"]
    assert [run["data"] for run in fresh["runs"]] == ["digits", "mnist"]
    keep(tmp_path, old, "20260101-000000-aaaaaa")
    keep(tmp_path, run_of("mnist"), "20260102-000000-aaaaaa")
    keep(tmp_path, new, "20260103-000000-aaaaaa")
    found = results.found(tmp_path / "optimizers")
    assert [result["settings"].get("data") for _, result in found.whole] == [
        "digits", "mnist",
    ]  # fmt: skip
    assert (found.partial, found.complaints) == ([], [])
    assert found.older == 1  # the one from before has no such setting


def keep(out, result: dict, name: str) -> None:
    folder = out / "optimizers" / name
    folder.mkdir(parents=True)
    (folder / "result.json").write_text(json.dumps(result))


@pytest.fixture
def two_sets():
    runs = [run_of("digits"), run_of("mnist", "refuted")]
    return published.refresh(EMPTY, runs)[0]


def test_scope_and_page_say_where_a_verdict_does_not_carry_over(two_sets):
    row = published.shown(rows_of(two_sets)[TRAINED])
    assert row["scope"] == "images; on mnist: refuted"
    exact = published.shown(rows_of(two_sets)[EXACT])
    assert (exact["scope"], exact["others"]) == ("images", [])
    page = verdicts_page(two_sets)
    assert page.count("- on mnist: refuted. On mnist it is refuted.\n") == 1
    assert page.count("- scope: images; on mnist: refuted\n") == 1
    assert "More of it" not in page
    same, _ = published.refresh(two_sets, [run_of("mnist", "supported")])
    assert published.shown(rows_of(same)[TRAINED])["scope"] == "images"
    assert "- on mnist: supported. On mnist it is supported.\n" in verdicts_page(same)


def test_a_sentence_that_is_no_news_is_not_said_twice():
    other = {"data": "mnist", "verdict": "supported", "seen": "Exactly 4. On 9 rows."}
    assert beside({"seen": "Exactly 4. On 8 rows.", "others": [other]}) == [
        ("on mnist", "supported")
    ]
    assert beside({"seen": "Exactly 5.", "others": [other]}) == [
        ("on mnist", "supported. Exactly 4.")
    ]


def test_the_terminal_shows_the_other_data_set(two_sets, monkeypatch):
    monkeypatch.setattr(published, "read", lambda *given: two_sets)
    for result, told in (
        (run_of("digits"), "on mnist: refuted. On mnist it is refuted.\n"),
        (run_of("mnist", "refuted"), "on digits: supported. On digits it is suppor"),
    ):
        printed = io.StringIO()
        output = Output(Console(file=printed, width=90, highlight=False))
        output.result(result)
        assert printed.getvalue().count(told) == 1
        assert "Scope: images; on " in printed.getvalue()
        assert "other data is published, not run here." in printed.getvalue()
    printed = io.StringIO()
    output = Output(Console(file=printed, width=90, highlight=False))
    output.published(rows_of(two_sets)[TRAINED])
    assert "Scope: images; on mnist: refuted." in printed.getvalue()
    assert "not run here" not in printed.getvalue()


def test_a_smoke_run_and_a_broken_file_show_no_other_data_set(two_sets, monkeypatch):
    assert published.others(run_of("digits"), two_sets)[TRAINED]
    assert published.others(run_of("digits", smoke=True), two_sets) == {}
    assert published.others(run_of("digits", topic=""), two_sets) == {}

    def broken(*given):
        raise LabError("cannot read it.")

    monkeypatch.setattr(published, "read", broken)
    assert published.others(run_of("digits")) == {}


def test_a_report_of_two_sets_counts_a_claim_once(tmp_path, capsys):
    out, target = tmp_path / "runs", tmp_path / "verdicts.json"
    published.write(EMPTY, target)
    keep(out, run_of("mnist", "refuted"), "20260103-000000-aaaaaa")
    keep(out, run_of("digits"), "20260102-000000-bbbbbb")
    docs = tmp_path / "verdicts.md"
    words = ["--publish", str(target), "--docs", str(docs)]
    assert main(["report", "--out", str(out), *words]) == 0
    page = (out / "report.html").read_text()
    assert "2 claims of a set" in page
    for id in (TRAINED, f"{TRAINED}-mnist", EXACT, "recipe-optimizers-mnist"):
        assert page.count(f'id="{id}"') == 1
    assert f'id="{EXACT}-mnist"' not in page
    assert page.index(f'id="{TRAINED}"') < page.index(f'id="{TRAINED}-mnist"')
    for data, verdict in (("mnist", "refuted"), ("digits", "supported")):
        (told,) = re.findall(f"{data}: <span.*?</dd>", page)
        assert verdict in told
        assert f"On {data} it is {verdict}." in told
        assert "More of it" not in told
    assert "images; on mnist: refuted" in page
    assert "- on mnist: refuted" in docs.read_text()
    assert len(published.read(target)["claims"]) == 2


def test_the_cost_of_a_recipe_is_that_of_its_default(two_sets, monkeypatch):
    monkeypatch.setattr(published, "read", lambda *given: two_sets)
    assert published_seconds() == {"optimizers": 5.0}


def test_what_is_published_names_its_data_and_reads_quickly():
    """The lines of other data sets in the page of verdicts, too, are short."""
    lengths = []
    for row in published.read()["claims"]:
        names = [run["data"] for run in row["runs"]]
        default = results.default_data(row["recipe"])
        assert len(set(names)) == len(names)
        assert names[0] in (default, results.NONE)
        lengths += [len(seen) for _, seen in beside(published.shown(row))]
    assert not lengths or statistics.median(lengths) < 150


@pytest.mark.skipif(not prepared.is_here("mnist", None), reason="MNIST is not here")
def test_a_lesson_made_for_the_digits_runs_on_mnist(tmp_path):
    words = ["--data", "mnist", "--smoke", "--jobs", "1", "--out", str(tmp_path)]
    assert main(["run", "gradient_descent/rates", *words]) == 0
    (found,) = tmp_path.glob("*/2*/result.json")
    result = json.loads(found.read_text())
    assert set(result["data"]) == {"mnist_8x8"}
    scopes = {claim["id"]: claim["scope"] for claim in result["claims"]}
    small = "mnist (1,437 and 360 images of 8x8 pixels) in place of digits"
    assert scopes["lr-too-small-slow"].endswith(small)
    assert "mnist" not in scopes["lr-too-small-stagnates"]
