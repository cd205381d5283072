"""Notebooks: shown as their sources say, and each runs from top to bottom."""

import ast
import importlib.util
import os
import re
from pathlib import Path

import pytest
from matplotlib import pyplot

jupytext = pytest.importorskip("jupytext", reason="the extra notebooks is absent")
nbformat = pytest.importorskip("nbformat")

FOLDER = Path(__file__).parents[1] / "notebooks"
SOURCES = sorted(FOLDER.glob("[0-9][0-9]_*.py"))
EACH = pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)


@pytest.fixture(scope="module")
def execute():
    """The script that executes notebooks."""
    spec = importlib.util.spec_from_file_location("execute", FOLDER / "execute.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def shell():
    """An interpreter as in a notebook, in this process."""
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    yield shell
    InteractiveShell.clear_instance()


def test_there_are_notebooks():
    assert SOURCES


@EACH
def test_what_is_shown_was_made_from_the_source(source, execute):
    shown = nbformat.read(source.with_suffix(".ipynb"), as_version=4)
    nbformat.validate(shown)
    assert shown.metadata["source"]["sha256"] == execute.digest(source), (
        f"`make notebooks` was not run after {source.name} was changed"
    )
    fresh = execute.read(source)
    assert [c.source for c in shown.cells] == [c.source for c in fresh.cells]
    assert execute.faults(shown) == []
    code = [cell for cell in shown.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == [*range(1, len(code) + 1)]


@EACH
def test_it_imports_public_names_only(source):
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            names = [*(node.module or "").split("."), *(a.name for a in node.names)]
        elif isinstance(node, ast.Import):
            names = [part for a in node.names for part in a.name.split(".")]
        else:
            continue
        private = [name for name in names if name.startswith("_")]
        assert private in ([], ["__future__"]), source.name


@EACH
def test_it_ends_in_exercises_with_folded_answers(source):
    last = jupytext.read(source, fmt="py:percent").cells[-1].source
    exercises, answers = re.split(r"<details><summary>Answers</summary>", last)
    count = [len(re.findall(r"^\d\. ", part, re.M)) for part in (exercises, answers)]
    assert count[0] == count[1]
    assert count[0] in (2, 3)


@EACH
def test_it_runs_from_top_to_bottom(source, execute, shell, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RECIPES_SMOKE", "1")
    monkeypatch.setitem(os.environ, "MPLBACKEND", "Agg")
    shell.reset(new_session=True)
    pyplot.close("all")  # those of the notebook before, as a kernel of its own has none
    for cell in execute.read(source).cells:
        if cell.cell_type == "code":
            done = shell.run_cell(cell.source, silent=True)
            assert done.success, f"{cell.id}: {done.error_in_exec or done}"


def test_with_a_public_address_a_notebook_can_be_opened_elsewhere(execute):
    project = {"name": "keras-proving-ground", "version": "0.3.0"}
    assert execute.beginning(SOURCES[0], project) == []
    project["urls"] = {"Repository": "https://github.com/owner/name"}
    button, install = execute.beginning(SOURCES[0], project)
    assert (
        f"/github/owner/name/blob/v0.3.0/notebooks/{SOURCES[0].stem}.ipynb)"
        in button.source
    )
    wanted = "keras-proving-ground @ git+https://github.com/owner/name@v0.3.0"
    assert f'%pip install -q "{wanted}"' in install.source
    project["urls"] = {"Repository": "https://example.org/name"}
    assert len(execute.beginning(SOURCES[0], project)) == 1


def test_the_installation_is_skipped_where_it_is_installed(execute, shell):
    urls = {"Repository": "https://example.org/name"}
    project = {"name": "keras-proving-ground", "version": "0", "urls": urls}
    (install,) = execute.beginning(SOURCES[0], project)
    assert shell.run_cell(install.source, silent=True).success


def test_an_unknown_name_is_refused(execute):
    with pytest.raises(SystemExit, match=r"no notebook '99'\. There are: 00_"):
        execute.sources(["99"])
