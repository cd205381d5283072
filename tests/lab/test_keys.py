"""A training is kept under a key: what changes its numbers retrains it, nothing else.

The toy lesson has two cases and two seeds: four trainings.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from recipes.lab import LabError
from recipes.lab.catalog.reach import HOME, reach
from recipes.lab.running import environment, keys, threads
from tests.lab.toys import edit, run_toy, trained, write_toy

ALL = 4


@pytest.fixture
def toy(tmp_path) -> Path:
    lesson = write_toy(tmp_path)
    assert trained(lesson) == ALL
    return lesson


def test_the_same_command_again_trains_nothing(toy):
    assert trained(toy) == 0
    assert trained(toy, fresh=True) == ALL


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("toy.py", "RATE = 0.5", "RATE = 0.7"),  # of the same length, in one second
        ("toy.py", "return RATE * x", "return x * RATE"),
        ("toy.py", "size=3", "size=4"),
        ("toy.py", "def scaled", "np.seterr(over='ignore')\n\n\ndef scaled"),
        ("toy.py", "def scaled(", "@np.vectorize\ndef scaled("),
        ("_shared.py", "return BASE", "return BASE + 0"),
        ("_shared.py", "UNUSED = 3", "UNUSED = 4"),  # whole modules, to be safe
        ("beside.py", "0.25", "0.75"),
    ],
)
def test_code_that_a_training_reaches_retrains_all(toy, file, old, new):
    edit(toy.with_name(file), old, new)
    assert trained(toy) == ALL
    assert trained(toy) == 0


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("toy.py", "Gain {gain}.", "It gains {gain}."),
        ("toy.py", '"A title"', '"Another title"'),
        ("toy.py", '"first"', '"erste"'),
        ("toy.py", '"""Draws and adds."""', '"""Draws, then adds."""'),
        ("toy.py", '"""Scales."""', "# It scales."),
        ("toy.py", '"Repetitions."', '"Seeds."'),
        ("toy.py", "Toy: numbers that", "Toy: a few numbers that"),
        ("toy.py", "by=stats.ANY", "by=stats.ACCURACY_POINT"),
        ("toy.py", "claim, main, stats", "claim, figures, main, stats"),
        ("toy.py", "import numpy", "import math\n\nimport numpy"),
        ("_shared.py", '"""Returns the offset."""', '"""The offset."""  # so'),
    ],
)
def test_words_titles_and_figures_retrain_nothing(toy, file, old, new):
    edit(toy.with_name(file), old, new)
    assert trained(toy) == 0


def test_a_case_or_seed_retrains_that_alone(toy):
    edit(toy, '"b": {"add": 1}', '"b": {"add": 2}')
    assert trained(toy) == 2
    assert trained(toy, given={"seeds": 3}) == 2
    edit(toy, '"b": {"add": 2}', '"b": {"add": 1}, "c": {"add": 2}')
    assert trained(toy) == 0


def test_a_case_of_another_type_is_another_case(toy):
    edit(toy, '"b": {"add": 1}', '"b": {"add": 1.0}')
    assert trained(toy) == 2


def test_data_is_in_the_key(tmp_path):
    lesson = write_toy(tmp_path)
    edit(lesson, "    seeds: int = 2", '    data: str = "iris"\n    seeds: int = 2')
    assert trained(lesson) == ALL
    # A training that doesn't read its data gets none, and is the same for all.
    assert trained(lesson, given={"data": "wine"}) == 0
    edit(lesson, '+ case["add"]', '+ case["add"] + data.num_classes')
    assert trained(lesson) == ALL
    edit(lesson, "+ data.num_classes", "+ len(data.x_train)")
    assert trained(lesson, given={"data": "iris"}) == ALL
    assert trained(lesson, given={"data": "wine"}) == ALL
    assert trained(lesson, given={"data": "iris"}) == 0


def test_the_precision_that_is_resolved_is_in_the_key(toy):
    assert trained(toy, precision="mixed_float16") == ALL
    # What "auto" became is float32 for a dense network on this or any CPU.
    assert trained(toy, precision="float32") == 0


@pytest.mark.parametrize(
    "name", ["TF_ENABLE_ONEDNN_OPTS", "XLA_FLAGS", "NPY_DISABLE_CPU_FEATURES"]
)
def test_variables_that_change_kernels_are_in_the_key(toy, monkeypatch, name):
    monkeypatch.setenv(name, "0")
    assert trained(toy) == ALL
    monkeypatch.delenv(name)
    assert trained(toy) == 0
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")  # only a log
    assert trained(toy) == 0


def test_versions_are_in_the_key(toy, monkeypatch):
    import importlib.metadata

    version = importlib.metadata.version
    monkeypatch.setattr(
        importlib.metadata, "version", lambda n: version(n) + ".1" * (n == "numpy")
    )
    assert trained(toy) == ALL


def test_versions_of_modules_are_those_of_their_distributions():
    import importlib.metadata

    found = keys.versions({"sklearn", "PIL", "__version__"})
    assert found["scikit-learn"] == importlib.metadata.version("scikit-learn")
    assert found["pillow"] == importlib.metadata.version("pillow")
    assert found["__version__"] == "none"  # a word that could be a module's name
    assert not {"sklearn", "PIL"} & {*found}


def test_threads_that_a_process_has_for_good_are_in_the_key(toy):
    """Keras has run an operation here with all cores: workers would have one."""
    assert threads.of_a_training(1) == environment.processor()["cores"]
    assert threads.of_a_training(2) == 1
    if environment.processor()["cores"] > 1:
        assert trained(toy, jobs=2, out=toy.parent / "two") == ALL
        assert trained(toy, jobs=3, out=toy.parent / "three") == 0
    code = (
        "from recipes.lab.running import threads\n"
        "threads.limit()\n"
        "print(threads.of_a_training(1))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "1\n"


@pytest.mark.parametrize(
    "line",
    [
        'eval("RATE")',
        'globals()["RATE"]',
        'getattr(sys.modules[__name__], "RATE")',
        "vars(sys.modules[__name__])",
        'train.__globals__["RATE"]',
        'importlib.import_module("beside")',
        'attrgetter("real")(1)',
    ],
)
def test_code_that_looks_names_up_counts_the_whole_module(tmp_path, line):
    lesson = write_toy(tmp_path)
    edit(lesson, "import numpy", "import importlib\nimport sys\n\nimport numpy")
    edit(lesson, "import numpy", "from operator import attrgetter\n\nimport numpy")
    edit(lesson, "    draws =", f"    {line}\n    draws =")
    assert trained(lesson) == ALL
    edit(lesson, '"first"', '"erste"')
    assert trained(lesson) == ALL


def test_a_module_imported_by_a_name_made_up_at_run_time_counts(tmp_path):
    lesson = write_toy(tmp_path)
    (tmp_path / "hidden.py").write_text("BONUS = 1\n")
    line = 'importlib.import_module("hid" + "den").BONUS'
    edit(lesson, "import numpy", "import importlib\n\nimport numpy")
    edit(lesson, '+ case["add"]', f'+ case["add"] + {line}')
    assert trained(lesson) == ALL
    edit(tmp_path / "hidden.py", "1", "2")
    assert trained(lesson) == ALL


def test_an_import_inside_the_training_counts(tmp_path):
    lesson = write_toy(tmp_path)
    (tmp_path / "late.py").write_text("BONUS = 1\n")
    edit(lesson, "    draws =", "    from late import BONUS\n\n    draws =")
    edit(lesson, '+ case["add"]', '+ case["add"] + BONUS')
    assert trained(lesson) == ALL
    edit(tmp_path / "late.py", "1", "2")
    first = run_toy(lesson).result
    assert first["trainings"]["new"] == ALL
    values = first["claims"][0]["numbers"]["values"]
    edit(tmp_path / "late.py", "2", "1")  # as before: found, with the numbers of then
    again = run_toy(lesson, out=tmp_path / "other").result
    assert again["trainings"]["new"] == 0
    before = again["claims"][0]["numbers"]["values"]
    assert values["a"][0]["value"] == pytest.approx(before["a"][0]["value"] + 1)


def test_a_lesson_that_imports_itself_counts_whole(tmp_path):
    lesson = write_toy(tmp_path)
    edit(lesson, "    draws =", "    import toy as me\n\n    me.LABELS\n    draws =")
    assert trained(lesson) == ALL
    edit(lesson, '"first"', '"erste"')
    assert trained(lesson) == ALL


def test_a_module_of_ones_own_elsewhere_counts(tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "my_own_module.py").write_text("BONUS = 1\n")
    monkeypatch.syspath_prepend(elsewhere)
    lesson = write_toy(tmp_path)
    edit(lesson, "import numpy", "import my_own_module\nimport numpy")
    edit(lesson, '+ case["add"]', '+ case["add"] + my_own_module.BONUS')
    assert trained(lesson) == ALL
    edit(elsewhere / "my_own_module.py", "1", "2")
    assert trained(lesson) == ALL


def test_equal_names_in_two_folders_are_two_modules(tmp_path):
    """Each lesson gets the module beside it, in one process, one after the other."""
    values = []
    for name, base in (("one", "0.25"), ("two", "1.25")):
        folder = tmp_path / name
        folder.mkdir()
        lesson = write_toy(folder)
        edit(folder / "beside.py", "0.25", base)
        numbers = run_toy(lesson).result["claims"][0]["numbers"]
        values.append(numbers["values"]["a"][0]["value"])
    assert values[1] == pytest.approx(values[0] + 1)


def test_a_file_that_hides_a_package_of_ours_is_refused(tmp_path):
    lesson = write_toy(tmp_path)
    (tmp_path / "zoo.py").write_text("")
    edit(lesson, "import numpy", "import zoo\nimport numpy")
    with pytest.raises(LabError, match="hides the package"):
        run_toy(lesson)


ZOO = """
from recipes.lab import fit
from zoo.lenet import lenet


def train(case, seed, data):
    return {"n": lenet((8, 8, 1), 10).count_params()}
"""


@pytest.mark.parametrize(
    ("changed", "counts"),
    [
        ("zoo/lenet.py", True),
        ("zoo/_blocks.py", True),
        ("callbacks/auto_clip.py", False),
    ],
)
def test_modules_of_the_zoo_that_are_reached_count(tmp_path, changed, counts):
    lesson = tmp_path / "mine.py"
    lesson.write_text(ZOO)
    texts = dict(reach(lesson).files)
    before, outside = keys.training_source(lesson, "train", texts, tmp_path)
    assert "keras" in outside
    place = HOME / changed
    if place in texts:
        texts[place] += "\nCHANGED = 1\n"
        assert keys.training_source(lesson, "train", texts, tmp_path)[0] != before
        texts[place] = texts[place].replace("CHANGED = 1", "# a comment")
        assert keys.training_source(lesson, "train", texts, tmp_path)[0] == before
    assert (place in texts) == counts


def test_of_the_lab_a_training_counts_what_it_uses(tmp_path):
    """`fit` is in the rooms that always count; `stats` only where it is used."""
    lesson = tmp_path / "mine.py"
    lesson.write_text(ZOO)
    source, _ = keys.training_source(lesson, "train", reach(lesson).files, tmp_path)
    assert "evidence" not in source
    edit(lesson, "import fit", "import stats")
    edit(lesson, "lenet((", "stats.above(1, 0) or lenet((")
    source, _ = keys.training_source(lesson, "train", reach(lesson).files, tmp_path)
    assert "recipes/lab/evidence/stats.py" in source
    assert "recipes/lab/evidence/thresholds.py" in source


def test_rooms_of_the_lab(tmp_path):
    """In a copy of the project: its training room counts, its command line doesn't."""
    home = tmp_path / "home"
    for name in ("recipes", "zoo", "callbacks"):
        shutil.copytree(
            HOME / name, home / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    folder = tmp_path / "mine"
    folder.mkdir()
    write_toy(folder)

    def new() -> bool:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "recipes", "run", "toy.py", "--jobs", "1"],
            cwd=folder,
            env={
                **os.environ,
                "PYTHONPATH": str(home),
                "RECIPES_CACHE_DIR": str(tmp_path / "cache"),
            },
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        newest = max(folder.glob("runs/toy/2*/result.json"), key=os.path.getmtime)
        return f'"new": {ALL}' in newest.read_text()

    lab = home / "recipes" / "lab"
    assert new()
    edit(lab / "cli" / "commands.py", '"""What each', 'COUNT = 1\n"""What each')
    edit(lab / "training" / "seeding.py", '"""Random states', '"""The random states')
    assert not new()
    edit(
        lab / "training" / "seeding.py",
        "    np.random.seed(seed)",
        "    np.random.seed(0)",
    )
    assert new()
