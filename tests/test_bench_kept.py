"""Benchmarks keep their results, and say how far these can be trusted."""

import json
import platform
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

import _kept  # noqa: E402
from _kept import Kept  # noqa: E402

WORK = (
    "import time\nend = time.process_time() + 0.4\nwhile time.process_time() < end: 0"
)


@pytest.fixture
def others(monkeypatch):
    """Sets how many cores others keep busy."""
    now = {"busy": 0.0}
    monkeypatch.setattr(_kept.Others, "cores", lambda self: now["busy"])
    return lambda busy: now.update(busy=busy)


def run(folder, capsys, **rows):
    """Keeps rows of one ratio each; returns the file and what was printed."""
    kept = Kept("script", folder)
    for name, ratio in rows.items():
        kept.row(name, wall=ratio)
    kept.end()
    path = folder / "script.json"
    found = json.loads(path.read_text()) if path.exists() else {}
    return found, capsys.readouterr().out


def test_rows_are_compared_with_the_kept_ones(tmp_path, capsys, others):
    _, printed = run(tmp_path, capsys, first=1.25)
    assert "first: wall 1.25 (new)" in printed
    found, printed = run(tmp_path, capsys, first=0.5, second=0.75)
    assert "first: wall 0.50 (was 1.25)" in printed
    assert "second: wall 0.75 (new)" in printed
    assert {name: row["ratios"] for name, row in found.items()} == {
        "first": {"wall": 0.5},
        "second": {"wall": 0.75},
    }


def test_rows_that_are_not_measured_again_stay(tmp_path, capsys, others):
    run(tmp_path, capsys, first=1.25, second=0.75)
    found, printed = run(tmp_path, capsys, second=0.5)
    assert found["first"]["ratios"] == {"wall": 1.25}
    assert found["second"]["ratios"] == {"wall": 0.5}
    assert "first" not in printed
    found, printed = run(tmp_path, capsys)
    assert (len(found), printed) == (2, "")


def test_a_run_that_is_cut_short_keeps_its_rows(tmp_path, others):
    Kept("script", tmp_path).row("first", wall=1.25)
    found = json.loads((tmp_path / "script.json").read_text())
    assert found["first"]["ratios"] == {"wall": 1.25}


def test_a_row_of_a_busy_machine_says_so_and_replaces_no_trusted_one(
    tmp_path, capsys, others
):
    others(1.4)
    found, printed = run(tmp_path, capsys, first=1.25)
    assert found["first"]["trusted"] is False
    assert "not to be trusted: others kept 1.4 cores busy" in printed
    others(0.0)
    found, printed = run(tmp_path, capsys, first=0.5)
    assert found["first"]["trusted"] is True
    assert "the kept row: not to be trusted" in printed
    others(1.4)
    found, printed = run(tmp_path, capsys, first=0.75)
    assert found["first"]["ratios"] == {"wall": 0.5}
    assert "not kept: the kept row is to be trusted" in printed


def test_rows_of_other_versions_are_not_comparable(
    tmp_path, capsys, others, monkeypatch
):
    run(tmp_path, capsys, first=1.25)
    others(1.4)
    versions = {"keras": "99"}
    monkeypatch.setattr(_kept.environment, "versions", lambda: versions)
    found, printed = run(tmp_path, capsys, first=0.5)
    assert "not comparable: other versions" in printed
    assert found["first"]["versions"] == versions


def test_no_host_and_no_path_is_kept(tmp_path, capsys, others):
    found, _ = run(tmp_path, capsys, first=1.25)
    text = json.dumps(found)
    assert platform.node() not in text
    assert str(ROOT) not in text


def busy_while(command, own):
    """Seconds by the clock, of all cores and of our own, while a process works."""
    measured = _kept.Others()
    if own:
        subprocess.run(command, check=True)
    else:  # a process of no parent of ours
        detached = ["setsid", "--fork", *command]
        subprocess.run(detached, check=True)
        time.sleep(0.8)
    return measured.measure() - measured.began


@pytest.mark.skipif(sys.platform != "linux", reason="setsid")
def test_own_children_are_no_others():
    command = [sys.executable, "-c", WORK]
    _, _, own = busy_while(command, own=True)
    assert own >= 0.4
    _, busy, own = busy_while(command, own=False)
    assert own < 0.3
    assert busy >= 0.3


def test_kept_results_are_whole():
    for path in sorted((ROOT / "benchmarks" / "results").glob("*.json")):
        assert path.stat().st_size < 50_000
        for row in json.loads(path.read_text()).values():
            assert row["ratios"], path
            assert row["trusted"] == (row["others"] <= _kept.OTHERS)
            assert row["versions"]["keras"]
