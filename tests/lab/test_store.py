"""The store of trainings: what is damaged counts as absent, what is kept is exact."""

import json
import math
import os
import shutil
from pathlib import Path

import pytest

from recipes.lab.running.store import Store
from tests.lab.toys import edit, evidence, run_toy, trained, write_toy

KEY, OTHER = "ab" * 32, "cd" * 32


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path)


def files_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_what_is_kept_is_found_exactly(store):
    value = {"a": [0.1, 1e-320, math.inf, -math.inf, math.nan, -0.0], "b": {"é": None}}
    kept = store.keep(KEY, value, 1.5, {"where": "here"})
    found = store.find(KEY)
    assert repr(found) == repr(kept)
    assert repr(found["value"]) == repr(value)
    assert (found["seconds"], found["made"]) == (1.5, {"where": "here"})
    assert store.find(OTHER) is None


def cut(path):
    path.write_bytes(path.read_bytes()[:-5])


def flip_a_digit(path):
    edit(path, "0.125", "0.126")


def empty(path):
    path.write_bytes(b"")


def no_text(path):
    path.write_bytes(b"\xff\xfe\x00")


def nested(path):
    path.write_text("[" * 100_000)


def a_folder(path):
    path.unlink()
    path.mkdir()


def unreadable(path):
    path.unlink()
    path.symlink_to("nowhere")


@pytest.mark.parametrize(
    "damage", [cut, flip_a_digit, empty, no_text, nested, a_folder, unreadable]
)
def test_a_damaged_file_counts_as_absent(store, damage):
    store.keep(KEY, {"a": 0.125}, 1.0, {})
    (path,) = files_of(store.folder)
    damage(path)
    assert store.find(KEY) is None


def test_the_file_of_another_training_counts_as_absent(store):
    store.keep(KEY, {"a": 1}, 1.0, {})
    store.keep(OTHER, {"a": 2}, 1.0, {})
    one, other = files_of(store.folder)
    shutil.copy(one, other)
    assert store.find(KEY)["value"] == {"a": 1}
    assert store.find(OTHER) is None


@pytest.mark.parametrize("value", [[1], 3, None, "text"])
def test_a_file_of_another_shape_counts_as_absent(store, value):
    """Its checksum is right: another version of the lab may have written it."""
    store.keep(KEY, value, 1.0, {})
    assert store.find(KEY) is None
    store.keep(KEY, {"a": 1}, "long", {})
    assert store.find(KEY) is None
    store.keep(KEY, {"a": 1}, 1.0, "here")
    assert store.find(KEY) is None


def test_a_damaged_training_runs_again_with_equal_evidence(tmp_path):
    lesson = write_toy(tmp_path)
    first = evidence(run_toy(lesson).folder)
    damaged = files_of(tmp_path / "store")[::2]
    assert len(damaged) == 2
    for path in damaged:
        cut(path)
    again = run_toy(lesson, out=tmp_path / "again")
    assert again.result["trainings"]["new"] == 2
    assert again.result["trainings"]["kept_before"] == 2
    assert evidence(again.folder) == first


def test_a_damaged_result_of_a_whole_run_is_not_shown(tmp_path):
    lesson = write_toy(tmp_path)
    first = run_toy(lesson)
    assert run_toy(lesson).folder == first.folder
    edit(first.folder / "result.json", '"verdict": "', '"verdict": "not ')
    again = run_toy(lesson)
    assert again.folder != first.folder
    assert again.result["claims"] == first.result["claims"]
    assert again.result["trainings"]["new"] == 0


def test_a_run_that_was_killed_while_it_was_written_is_none(tmp_path):
    lesson = write_toy(tmp_path)
    first = run_toy(lesson).folder
    aside = first.with_name(f".{first.name}.1.tmp")
    first.rename(aside)
    os.utime(aside, (0, 0))
    again = run_toy(lesson)
    assert again.folder.name[0] != "."
    assert again.folder.is_dir()
    assert not aside.exists()


def test_the_longest_unused_go_first(store):
    for number, key in enumerate((KEY, OTHER, "ef" * 32)):
        store.keep(key, {"a": "x" * 1000}, 1.0, {})
        path = files_of(store.folder / key[:2])[0]
        os.utime(path, (number, number))
    size = path.stat().st_size
    assert store.find(KEY) is not None  # used now
    assert store.prune(cap=2 * size) == (1, size)
    assert store.find(OTHER) is None
    assert store.find(KEY) is not None
    assert store.prune(older_than_days=100_000) == (0, 0)
    assert store.prune(older_than_days=1)[0] == 1  # of 1970, the third
    assert store.find(KEY) is not None


def test_pruning_leaves_what_is_being_written(store):
    store.keep(KEY, {"a": 1}, 1.0, {})
    path = files_of(store.folder)[0]
    young, old = path.with_name(".x.1.tmp"), path.with_name(".y.2.tmp")
    for left in (young, old):
        left.write_text("half")
    os.utime(old, (0, 0))
    store.prune(cap=0)
    assert files_of(store.folder) == [young]


def test_a_store_that_cannot_be_written_costs_no_training(tmp_path, capsys):
    from recipes.lab import catalog
    from recipes.lab.running.execute import execute
    from recipes.lab.running.plan import Options

    lesson = write_toy(tmp_path)
    (tmp_path / "store").write_text("a file")
    options = Options(out=tmp_path / "runs", store=tmp_path / "store")
    result = execute(catalog.find(str(lesson)), {}, options).result
    effect = result["claims"][0]["decisions"]["as stated"]["effect"]
    assert effect == pytest.approx(1.0)
    assert result["trainings"]["new"] == 0  # kept
    assert capsys.readouterr().out.count("Trainings are not kept: cannot write") == 1


def test_numbers_that_are_not_finite_survive_a_run(tmp_path):
    train = (
        "def train(case, seed, data):\n"
        "    return {'value': [np.inf, -np.inf, np.nan, np.float32(0.1)][seed]}"
    )
    lesson = write_toy(tmp_path, train)
    note = '"{a!r}", a=[str(run["value"]) for run in runs["a"]]'
    edit(lesson, '"Gain {gain}.", gain=gain, values=runs', note)
    wanted = ["inf", "-inf", "nan", str(float(__import__("numpy").float32(0.1)))]
    for out in ("new", "found"):
        found = run_toy(lesson, given={"seeds": 4}, out=tmp_path / out)
        assert found.result["claims"][0]["numbers"]["a"] == wanted
        assert json.loads((found.folder / "result.json").read_text())
    assert trained(lesson, given={"seeds": 4}) == 0


def test_mappings_keep_the_order_of_their_keys(tmp_path):
    store = Store(tmp_path)
    value = {"b": 1, "a": {"z": 2, "y": 3}}
    kept = store.keep("0" * 64, value, 1.0, {"where": "here"})
    found = store.find("0" * 64)
    assert list(kept["value"]) == list(found["value"]) == ["b", "a"]
    assert list(found["value"]["a"]) == ["z", "y"]
