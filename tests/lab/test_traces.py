"""An error in a lesson shows the reader's lines: none of the lab's, none of Keras's."""

import traceback
from pathlib import Path

import keras
import pytest

from recipes.lab import LabError, run
from recipes.lab.cli.main import main
from recipes.lab.running.traces import is_readers, told

LESSON = '''"""Slips: one for each case.

Run: python slips.py
"""

from recipes.lab import Finding, claim, experiment, main


def train(case, seed, data):
    return {{"number": {train}}}


@experiment
def numbers(lab):
    return lab.sweep(train, ["case"])


@claim("slips", "It slips.", notes="ours")
def slips(lab):
    number = {exact}
    return Finding(True, "It does not.", number=number)


if __name__ == "__main__":
    main(__file__)
'''
EXACT = {"train": "1", "exact": "numbr"}
TRAINED = {"train": "1 + case", "exact": "len(numbers(lab))"}
INSIDE = {"train": "1", "exact": "lab.sweep(train, 3)"}


@pytest.fixture
def lesson(tmp_path):
    def write(train, exact):
        path = tmp_path / "slips.py"
        path.write_text(LESSON.format(train=train, exact=exact))
        return path

    return write


def shown(lines: str) -> list[str]:
    """The files that a traceback names."""
    return [
        line.split('"')[1] for line in lines.splitlines() if line.startswith("  File ")
    ]


def test_the_command_shows_file_line_code_and_error(lesson, tmp_path, capsys):
    path = lesson(**EXACT)
    assert main(["run", str(path), "--out", str(tmp_path / "runs")]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[1:3] == [f'  File "{path}", line 20, in slips', "    number = numbr"]
    assert lines[-1].startswith("NameError: name 'numbr' is not defined")
    assert shown("\n".join(lines)) == [str(path)]


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_training_shows_the_same_in_any_process(lesson, tmp_path, capsys, jobs):
    path = lesson(**TRAINED)
    words = ["run", str(path), "--out", str(tmp_path / "runs"), "--jobs", jobs]
    assert main(words) == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[1] == f'  File "{path}", line 10, in train'
    assert "TypeError: unsupported operand" in lines[-2]
    assert lines[-1].startswith("recipes: train: ")
    assert shown("\n".join(lines)) == [str(path)]


@pytest.mark.parametrize("kind", [EXACT, TRAINED])
def test_a_cell_shows_its_own_line_and_the_lessons(lesson, kind):
    path = lesson(**kind)
    with pytest.raises((NameError, LabError)) as caught:
        run(path, quiet=True)
    text = "".join(traceback.format_exception(caught.value))
    assert {*shown(text)} == {__file__, str(path)}


def test_a_cell_that_asks_for_the_impossible_shows_its_own_line():
    with pytest.raises(LabError) as caught:
        run("no_such_recipe")
    text = "".join(traceback.format_exception(caught.value))
    assert shown(text) == [__file__]


def test_the_variable_shows_all(lesson, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("RECIPES_TRACEBACK", "full")
    path = lesson(**EXACT)
    assert main(["run", str(path), "--out", str(tmp_path / "runs")]) == 1
    files = shown(capsys.readouterr().err)
    assert files[-1] == str(path)
    assert any(file.endswith("recipes/lab/cli/main.py") for file in files)


def test_where_an_installed_package_raised_it_is_said():
    try:
        keras.layers.Dense(-1)
    except ValueError as error:
        lines = told(error).splitlines()
    assert shown("\n".join(lines)) == [__file__]
    assert lines[-1].startswith("(raised in ")
    assert "dense.py, line " in lines[-1]
    assert lines[-1].endswith("; RECIPES_TRACEBACK=full shows the way there)")


def test_an_error_of_ours_keeps_all(tmp_path):
    from recipes.lab import catalog

    try:
        exec(compile("catalog.find(3)", catalog.__file__, "exec"), {"catalog": catalog})
    except Exception as error:
        error.__traceback__ = error.__traceback__.tb_next  # from the lab's line on
        files = shown(told(error))
    assert len(files) > 1
    assert all("recipes/lab" in file for file in files[:2])


def test_an_error_that_led_to_another_is_shown_with_it():
    def first():
        raise KeyError("first")

    try:
        try:
            first()
        except KeyError as error:
            raise ValueError("second") from error
    except ValueError as error:
        text = told(error)
    assert text.index("KeyError: 'first'") < text.index("ValueError: second")


def test_whose_a_file_is():
    import recipes
    import zoo

    package = Path(recipes.__file__).parent
    assert is_readers(str(package / "optimization" / "momentum" / "hills.py"))
    assert is_readers(str(Path(__file__)))
    for file in (
        zoo.__file__,
        package / "lab" / "errors.py",
        keras.__file__,
        traceback.__file__,
        "<frozen runpy>",
        "/tmp/__autograph_generated_filex.py",
    ):
        assert not is_readers(str(file)), file
