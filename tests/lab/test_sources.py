"""A result belongs to the code that ran: changed files, and functions that train."""

import importlib.util
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from recipes.lab import LabError, catalog
from recipes.lab.catalog.reach import Walk, reach
from recipes.lab.running.sources import Sources
from tests.lab.toys import edit, run_toy, trained, write_toy


@pytest.mark.parametrize("name", ["toy.py", "beside.py"])
def test_a_source_changed_in_mid_run_keeps_nothing_more(tmp_path, name):
    """The second training changes a file: the first was kept, the others are not."""
    train = f'''def train(case, seed, data):
    if seed == 1 and case["add"] == 0:
        from pathlib import Path

        path = Path(__file__).with_name("{name}")
        path.write_text(path.read_text() + "\\nMORE = 1\\n")
    return {{"value": 1.0}}'''
    lesson = write_toy(tmp_path, train)
    with pytest.raises(LabError, match=rf"{name} was changed during the run"):
        run_toy(lesson)
    kept = list((tmp_path / "store").rglob("*.json"))
    assert len(kept) == 2  # both cases of seed 0
    assert not list((tmp_path / "runs").rglob("result.json"))


@pytest.mark.parametrize("name", ["batch_size", "momentum"])
def test_lessons_reach_the_same_one_after_the_other_and_alone(name):
    for lessons in (catalog.find(name).lessons, catalog.find(name).lessons[::-1]):
        walk = Walk()
        for lesson in lessons:
            assert reach(lesson.path, walk) == reach(lesson.path)


def test_a_module_that_another_recipe_has_loaded_is_not_taken_for_this_ones(
    tmp_path, monkeypatch
):
    """Both are called `beside`; the second recipe's is found on the path."""
    for name in ("first", "second", "elsewhere"):
        (tmp_path / name).mkdir()
    run_toy(write_toy(tmp_path / "first"))
    lesson = write_toy(tmp_path / "second")
    module = tmp_path / "elsewhere" / "beside.py"
    (tmp_path / "second" / "beside.py").rename(module)
    monkeypatch.syspath_prepend(tmp_path / "elsewhere")
    texts = Sources([lesson]).texts
    assert [path for path in texts if path.name == "beside.py"] == [module]


def test_a_file_that_is_only_touched_is_not_changed(tmp_path):
    lesson = write_toy(tmp_path)
    sources = Sources([lesson])
    text = lesson.read_text()
    lesson.write_text(text)
    os.utime(lesson, (1, 1))
    sources.check()
    lesson.write_text(text + "# more\n")
    with pytest.raises(LabError, match="was changed during the run"):
        sources.check()
    lesson.unlink()
    with pytest.raises(LabError, match="was changed during the run"):
        sources.check()


def test_code_comes_from_the_text_that_was_read(tmp_path):
    """An import after the edit still runs what was read, and the run then stops."""
    late = "    from late import BONUS\n\n    return {'value': BONUS}"
    lesson = write_toy(tmp_path, f"def train(case, seed, data):\n{late}")
    (tmp_path / "late.py").write_text("BONUS = 1\n")
    Sources([lesson])
    (tmp_path / "late.py").write_text("BONUS = 2\n")
    sys.modules.pop("late", None)
    import late as module

    assert module.BONUS == 1
    values = run_toy(lesson).result["claims"][0]["numbers"]["values"]
    assert values["a"][0]["value"] == 2


@pytest.mark.parametrize(
    ("old", "new", "refused"),
    [
        ("return BASE", "return BASE + 1", True),
        ("UNUSED = 3", "UNUSED = 4", True),
        ("return BASE", "return BASE  # so", False),
    ],
)
def test_a_module_imported_earlier_must_have_the_code_of_its_file(
    tmp_path, monkeypatch, old, new, refused
):
    """As in a notebook: imported by hand, then edited, then run."""
    lesson = write_toy(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("beside", "_shared"):
        spec = importlib.util.spec_from_file_location(name, tmp_path / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, module)
        spec.loader.exec_module(module)
    edit(tmp_path / "_shared.py", old, new)
    if refused:
        with pytest.raises(LabError, match="start a new process"):
            run_toy(lesson)
        assert not (tmp_path / "store").exists()
    else:
        assert trained(lesson) == 4


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ('globals()["RATE"] = 2.0', "RATE"),
        ('LABELS["c"] = "third"', "LABELS"),
        ("import beside; beside.BASE = 7", "BASE"),
    ],
)
def test_a_constant_that_the_code_changes_is_refused(tmp_path, line, name):
    """With workers a training would not see it: it belongs into the case."""
    lesson = write_toy(tmp_path)
    edit(lesson, "    runs = lab.sweep(", f"    {line}\n    runs = lab.sweep(")
    with pytest.raises(LabError, match=rf"{name} of \w+\.py was changed while"):
        run_toy(lesson)


def test_a_set_is_the_same_in_whatever_order_memory_has_it(tmp_path):
    lesson = write_toy(tmp_path)
    moved = (
        "    KINDS.clear(); KINDS.update([8, 0])  # both in one place of the table\n"
    )
    edit(lesson, "    runs = lab.sweep(", f"{moved}    runs = lab.sweep(")
    lesson.write_text(lesson.read_text() + "\n\nKINDS = {0, 8}\n")
    assert trained(lesson) == 4


TRAINING = "def train(case, seed, data):\n    return {'value': 1.0}"


@pytest.mark.parametrize(
    "train",
    [
        "train = lambda case, seed, data: {'value': 1.0}",
        "class Trainer:\n    def fit(self, case, seed, data):\n"
        "        return {'value': 1.0}\n\n\ntrain = Trainer().fit",
        "def make():\n    def inner(case, seed, data):\n"
        "        return {'value': 1.0}\n\n    return inner\n\n\ntrain = make()",
        f"import functools\n\n\n{TRAINING}\n\n\ntrain = functools.partial(train)",
        "def other(case, seed, data):\n    return {'value': 1.0}\n\n\ntrain = other\n"
        "del other",
        "import functools\n\n\ndef twice(f):\n    @functools.wraps(f)\n"
        "    def both(*a):\n        return f(*a)\n\n    return both\n\n\n"
        f"@twice\n{TRAINING}",
        "train = np.sum",
        "train = 3",
    ],
)
def test_what_another_process_cannot_find_is_one_sentence(tmp_path, train):
    lesson = write_toy(tmp_path, train)
    with pytest.raises(LabError, match="a plain function of a module's top level"):
        run_toy(lesson)


def test_a_training_of_another_package_is_one_sentence(tmp_path):
    lesson = write_toy(tmp_path, "from textwrap import dedent\n\ntrain = dedent")
    with pytest.raises(LabError, match="no file of the recipe"):
        run_toy(lesson)


@pytest.mark.parametrize(
    "case", ["{1, 2}", "object()", "{'a': print}", "1j", "'\\ud800'"]
)
def test_a_case_that_is_not_plain_data_is_one_sentence(tmp_path, case):
    lesson = write_toy(tmp_path)
    edit(lesson, '{"add": 1}', case)
    with pytest.raises(LabError, match="the case 'b' must be plain data"):
        run_toy(lesson)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("{'value': {1, 2}}", "must return plain data: set is not plain data"),
        ("{'value': object()}", "must return plain data"),
        ("{'value': '\\ud800'}", "must return plain data"),
        ("{1: 1.0, '1': 2.0}", "have the same text"),
        ("[1.0]", "must return a dictionary of plain data, not list"),
        ("None", "must return a dictionary of plain data, not NoneType"),
    ],
)
def test_a_result_that_is_not_plain_data_is_one_sentence(tmp_path, value, told):
    lesson = write_toy(tmp_path, f"def train(case, seed, data):\n    return {value}")
    with pytest.raises(LabError, match=told) as caught:
        run_toy(lesson)
    assert "4 of 4 trainings failed: a, seed 0; b, seed 0" in str(caught.value)


@pytest.mark.parametrize("seed", ["-1", "0.5", "2**32", "True"])
def test_a_seed_is_a_whole_number(tmp_path, seed):
    lesson = write_toy(tmp_path)
    edit(lesson, '{"add": 1}})', f'{{"add": 1}}}}, seeds=[{seed}])')
    with pytest.raises(LabError, match="a seed must be a whole number from 0"):
        run_toy(lesson)


def test_a_training_cannot_change_what_the_next_one_gets(tmp_path):
    train = (
        "def train(case, seed, data):\n"
        "    case['add'] += 1\n"
        "    return {'value': float(case['add'])}"
    )
    values = run_toy(write_toy(tmp_path, train)).result["claims"][0]["numbers"]
    assert [run["value"] for run in values["values"]["b"]] == [2.0, 2.0]


def test_a_training_cannot_change_the_data(tmp_path):
    train = (
        "def train(case, seed, data):\n"
        "    data.x_train[0] = 0\n"
        "    return {'value': 1.0}"
    )
    lesson = write_toy(tmp_path, train)
    edit(lesson, "    seeds: int = 2", '    data: str = "iris"\n    seeds: int = 2')
    with pytest.raises(LabError, match="read-only"):
        run_toy(lesson)


def test_random_states_are_those_of_the_seed(tmp_path):
    """NumPy's and Python's own states, whatever was drawn before."""
    train = (
        "def train(case, seed, data):\n"
        "    import random\n\n"
        "    return {'value': random.random() + np.random.rand()}"
    )
    lesson = write_toy(tmp_path, train)
    values = run_toy(lesson).result["claims"][0]["numbers"]["values"]
    import random

    for seed in (0, 1):
        random.seed(seed)
        wanted = random.random() + np.random.RandomState(seed).rand()
        assert values["a"][seed]["value"] == pytest.approx(wanted, abs=1e-15)
        assert values["b"][seed] == values["a"][seed]


def test_a_failing_training_shows_its_traceback(tmp_path):
    train = (
        "def train(case, seed, data):\n"
        "    if case['add'] and seed:\n"
        "        raise ValueError('what went wrong')\n"
        "    return {'value': 1.0}"
    )
    lesson = write_toy(tmp_path, train)
    told = "1 of 4 trainings failed: b, seed 1. The first: ValueError: what went wrong."
    with pytest.raises(LabError, match=told) as raised:
        run_toy(lesson)
    (trace,) = raised.value.__notes__
    assert trace.splitlines()[1].startswith(f'  File "{lesson}"')
    assert trace.count("raise ValueError('what went wrong')") == 1
    assert len(list((tmp_path / "store").rglob("*.json"))) == 3  # the others are kept


def test_a_training_that_exits_is_a_failure(tmp_path):
    train = "def train(case, seed, data):\n    raise SystemExit(3)"
    with pytest.raises(LabError, match="4 of 4 trainings failed"):
        run_toy(write_toy(tmp_path, train))


def test_nothing_is_imported_from_a_folder_that_is_not_the_lessons(
    tmp_path, monkeypatch
):
    """The current folder has files of the same names: they are not taken."""
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        folder.mkdir()
    lesson = write_toy(there)
    (here / "beside.py").write_text("raise RuntimeError('the wrong file')\n")
    monkeypatch.chdir(here)
    assert trained(Path(lesson)) == 4
