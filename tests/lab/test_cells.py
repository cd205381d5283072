"""A recipe in a notebook's cell runs as one in a file does."""

import linecache
import re

import pytest

from recipes.lab import run
from recipes.lab.errors import UsageError

CELL = """
from dataclasses import dataclass

import numpy as np

from recipes.lab import Finding, claim, stats

SCALE = 2


@dataclass(frozen=True)
class Settings:
    seeds: int = 6
    "Repetitions."


def train(case, seed, data):
    return {"value": SCALE * case + float(np.random.random())}


@claim("cell-larger", "Two is more than one.", scope="a cell")
def larger(lab):
    values = {
        name: [one["value"] for one in runs]
        for name, runs in lab.sweep(train, {"one": 1, "two": 2}).items()
    }
    gain = stats.greater(values["two"], values["one"], by=stats.ANY)
    return Finding(gain, "The gain is {gain}.", gain=gain, values=values)


@claim("cell-data", "Twelve points.", scope="xor")
def names_its_data(lab):
    return Finding(len(lab.data("xor").x_train) > 12, "It has more.")


@claim("cell-other", "Nobody asks this.")
def other(lab):
    raise AssertionError
"""


@pytest.fixture(autouse=True)
def _own_store(tmp_path, monkeypatch):
    monkeypatch.setenv("RECIPES_CACHE_DIR", str(tmp_path / "cache"))


def executed(text: str, number: int = 1) -> dict:
    """Runs a cell as a notebook's kernel does: its text is known, no file is there."""
    place = f"<cell {number}>"
    linecache.cache[place] = (len(text), None, text.splitlines(True), place)
    names = {"__name__": "__main__"}
    exec(compile(text, place, "exec"), names)
    return names


def test_a_claim_may_name_its_data_without_a_setting():
    found = run(executed(CELL)["names_its_data"], quiet=True)
    assert found.verdicts["cell-data"]["scope"] == "xor"


def test_a_cell_runs_with_settings_and_workers():
    found = run(executed(CELL)["larger"], seeds=7, quiet=True)
    assert list(found.verdicts) == ["cell-larger"]
    assert found.verdicts["cell-larger"]["verdict"] == "supported"
    values = found.numbers["cell-larger"]["values"]
    for one, two in zip(values["one"], values["two"], strict=True):
        assert two - one == pytest.approx(2)  # equal draws: each case has its seed
    assert len(values["one"]) == 7
    assert "run(larger, seeds=7)" in found._repr_html_()  # and no path of a file


def test_an_edited_cell_is_another_one():
    run(executed(CELL)["larger"], quiet=True)
    found = run(executed(CELL.replace("= 2\n", "= -2\n", 1), 2)["larger"], quiet=True)
    assert found.verdicts["cell-larger"]["verdict"] == "refuted"


def test_a_function_of_a_file_is_that_claim():
    from recipes.optimization.momentum.hills import rolls_out

    found = run(rolls_out, quiet=True)
    assert list(found.verdicts) == ["momentum-escapes-local-minima"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("SCALE = 2\n", ""), "the cell of larger uses SCALE, which it does not"),
        (('@claim("cell-larger"', "# "), "takes a function with @claim; larger has"),
        (
            ("import numpy", "import near\nimport numpy"),
            "imports 'near' of this folder",
        ),
        (("SCALE = 2", "SCALE = 2\nf = lambda: get_ipython()"), "a line with % or !"),
    ],
)
def test_a_cell_that_does_not_stand_alone_is_refused(
    change, told, tmp_path, monkeypatch
):
    (tmp_path / "near.py").write_text("")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    text = CELL.replace(*change)
    if change[1] == "# ":
        text = re.sub(r'# , "Two.*\n', "", text)
    with pytest.raises(UsageError, match=re.escape(told)):
        run(executed(text)["larger"], quiet=True)


def test_a_prompt_without_sources_is_told():
    names = {"__name__": "__main__"}
    exec(compile(CELL, "<nowhere>", "exec"), names)
    with pytest.raises(UsageError, match="the source of larger is unknown here"):
        run(names["larger"], quiet=True)
