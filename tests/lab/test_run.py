"""Runs: atomic results, interruption, going on, determinism, smoke."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from recipes.lab.cli.main import main

TOY = str(Path(__file__).parent / "toy_recipe.py")
NAME = "toy_recipe"


@pytest.fixture(autouse=True)
def _own_store(tmp_path, monkeypatch):
    """No test finds what another has trained."""
    monkeypatch.setenv("RECIPES_CACHE_DIR", str(tmp_path / "cache"))


def run(out, *flags, jobs=1) -> int:
    return main(["run", TOY, "--out", str(out), "--jobs", str(jobs), *flags])


def result(out) -> dict:
    return json.loads((out / NAME / "latest" / "result.json").read_text())


def evidence(out) -> str:
    found = result(out)
    return json.dumps([found[name] for name in ("claims", "tables", "figures", "data")])


def test_result_holds_all_that_a_reader_needs(tmp_path):
    assert run(tmp_path) == 0
    found = result(tmp_path)
    assert found["schema"] == 2
    assert found["settings"] == {"seeds": 3, "epochs": 2, "rate": 0.1, "data": "digits"}
    assert found["seeds"] == [0, 1, 2]
    assert found["data"]["digits"].startswith("sha256:")
    assert found["versions"]["keras"]
    assert found["device"]["cores"] >= 1
    assert found["trainings"]["new"] == 6
    claims = {claim["id"]: claim for claim in found["claims"]}
    faster = claims["larger-faster"]
    assert faster["verdict"] == "supported"
    assert faster["decisions"]["as stated"]["n"] == 3
    assert faster["figures"] == ["loss"]
    assert faster["command"] == f"recipes run {TOY}"
    assert claims["in-part"]["verdict"] == "conditional"
    assert claims["in-part"]["fails"] == ["there"]
    assert claims["in-part"]["note"] == "Only here."
    folder = tmp_path / NAME / "latest"
    rows = (folder / "history.csv").read_text().splitlines()
    assert rows[0] == "experiment,case,seed,epoch,loss"
    assert len(rows) == 1 + 2 * 3 * 2  # cases x seeds x epochs
    assert (folder / "figures" / "loss.png").read_bytes().startswith(b"\x89PNG")
    report = (folder / "report.md").read_text()
    assert "conditional: `in-part`" in report
    assert "- fails when: there" in report


def test_same_seeds_same_evidence_other_seeds_differ(tmp_path, monkeypatch):
    for name in ("one", "two"):
        monkeypatch.setenv("RECIPES_CACHE_DIR", str(tmp_path / f"cache {name}"))
        assert run(tmp_path / name, "--seeds", "2") == 0
    assert evidence(tmp_path / "one") == evidence(tmp_path / "two")
    assert run(tmp_path / "three", "--seeds", "3") == 0
    assert evidence(tmp_path / "three") != evidence(tmp_path / "one")


def test_other_first_seed_is_another_run_with_its_command(tmp_path, monkeypatch):
    log = tmp_path / "log"
    monkeypatch.setenv("TOY_LOG", str(log))
    run(tmp_path)
    log.unlink()
    run(tmp_path, "--first-seed", "2")
    found = result(tmp_path)
    assert found["seeds"] == [2, 3, 4]
    assert {line.split()[1] for line in log.read_text().splitlines()} == {"3", "4"}
    assert found["claims"][0]["command"] == f"recipes run {TOY} --first-seed 2"


def test_one_and_two_processes_give_equal_evidence(tmp_path, monkeypatch):
    for jobs in (1, 2):
        monkeypatch.setenv("RECIPES_CACHE_DIR", str(tmp_path / f"cache {jobs}"))
        assert run(tmp_path / str(jobs), jobs=jobs) == 0
    assert evidence(tmp_path / "1") == evidence(tmp_path / "2")


def test_a_finished_run_is_shown_and_runs_nothing(tmp_path, monkeypatch, capsys):
    log = tmp_path / "log"
    monkeypatch.setenv("TOY_LOG", str(log))
    assert run(tmp_path) == 0
    first = capsys.readouterr().out
    assert run(tmp_path) == 0
    again = capsys.readouterr().out
    assert "This run was kept" in again
    assert "supported" in again
    shown = first.partition("Losses")[2].partition("Results")[0]
    assert "small" in shown
    assert shown in again  # tables and verdicts
    assert len(log.read_text().splitlines()) == 6
    assert len(list((tmp_path / NAME).glob("2*"))) == 1
    assert run(tmp_path, "--fresh") == 0
    assert len(log.read_text().splitlines()) == 12


def test_one_claim_runs_what_it_needs_and_is_never_the_latest(tmp_path, monkeypatch):
    from recipes.lab.cli.main import main as cli

    out = str(tmp_path)
    words = ["--out", out, "--jobs", "1"]
    assert cli(["run", "--claim", "momentum-saddle", *words]) == 0
    (found,) = tmp_path.glob("momentum/2*/result.json")
    claims = json.loads(found.read_text())["claims"]
    assert [claim["id"] for claim in claims] == ["momentum-saddle"]
    assert claims[0]["command"] == "recipes run --claim momentum-saddle"
    assert not (tmp_path / "momentum" / "latest").exists()
    assert cli(["run", "momentum/noise", *words]) == 0
    (other,) = {*tmp_path.glob("momentum/2*/result.json")} - {found}
    claims = json.loads(other.read_text())["claims"]
    assert [claim["id"] for claim in claims] == ["momentum-noise"]


def test_smoke_judges_nothing_and_is_never_the_latest(tmp_path, capsys):
    assert run(tmp_path, "--smoke") == 0
    printed = capsys.readouterr().out
    assert "Smoke run: 2 claims exercised, none judged." in printed
    assert "supported" not in printed
    assert not (tmp_path / NAME / "latest").exists()
    found = json.loads(next((tmp_path / NAME).glob("*/result.json")).read_text())
    assert {claim["verdict"] for claim in found["claims"]} == {"not judged"}
    assert found["claims"][1]["fails"] == ["there"]  # conditions are there all the same


def test_ctrl_c_keeps_finished_trainings(tmp_path, monkeypatch, capsys):
    log = tmp_path / "log"
    monkeypatch.setenv("TOY_LOG", str(log))
    monkeypatch.setenv("TOY_STOP_AT", "0.1 2")
    assert run(tmp_path) == 130
    printed = capsys.readouterr()
    assert "kept: 4 finished trainings" in printed.out
    assert "Traceback" not in printed.err
    assert not list(tmp_path.rglob("result.json"))
    monkeypatch.delenv("TOY_STOP_AT")
    assert run(tmp_path) == 0
    trained = log.read_text().splitlines()
    assert len(trained) == len(set(trained)) == 6  # nothing was trained twice
    monkeypatch.setenv("RECIPES_CACHE_DIR", str(tmp_path / "other"))
    assert run(tmp_path / "whole") == 0
    assert evidence(tmp_path) == evidence(tmp_path / "whole")


def test_other_settings_train_what_depends_on_them(tmp_path, monkeypatch):
    log = tmp_path / "log"
    monkeypatch.setenv("TOY_LOG", str(log))
    assert run(tmp_path) == 0
    assert run(tmp_path, "--rate", "0.2") == 0
    assert log.read_text().splitlines()[6:] == ["0.2 0", "0.2 1", "0.2 2"]


def test_a_failed_member_loses_none_of_the_others(tmp_path):
    text = Path(TOY).read_text()
    line = '    epochs = case["epochs"]\n'
    assert text.count(line) == 1
    bad = line + '    if (case["rate"], seed) == (0.1, 1):\n        {}\n'
    log = tmp_path / "log"
    for name, raised, words, jobs in (
        ("sentence", "fit(model, data.x_train[:0])", "x is empty", "1"),
        ("bug", "1 / 0", "ZeroDivisionError", "2"),
    ):
        recipe = tmp_path / f"{name}.py"
        recipe.write_text(text.replace(line, bad.format(raised)))
        log.write_text("")
        done = subprocess.run(
            [sys.executable, str(recipe), "--out", str(tmp_path), "--jobs", jobs],
            env={**os.environ, "TOY_LOG": str(log)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert "runs: 1 of 6 trainings failed: large, seed 1" in done.stderr
        assert words in done.stderr
        assert done.stderr.count("Traceback") == (name == "bug")
        assert str(Path(__file__).parents[2] / "recipes" / "lab") not in done.stderr
        last = done.stderr.splitlines()[-1]
        assert last.startswith("recipes: runs: 1 of 6"), done.stderr
        assert "kept: 5 finished trainings" in done.stdout
        assert len(log.read_text().splitlines()) == 6


def test_divergence_is_one_sentence(tmp_path, capsys):
    assert run(tmp_path, "--rate", "3.4e38") == 1
    printed = capsys.readouterr().err
    assert len(printed.splitlines()) == 1
    assert "training diverged" in printed


def test_unwritable_folder_is_one_sentence(tmp_path, capsys):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    assert run(blocked) == 1
    printed = capsys.readouterr().err
    assert len(printed.splitlines()) == 1
    assert f"cannot write {blocked}" in printed


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_full_disk_is_one_sentence_and_keeps_the_old_file(tmp_path, monkeypatch):
    from recipes.lab import files
    from recipes.lab.errors import LabError

    target = tmp_path / "result.json"
    target.write_text("old")
    real = open
    monkeypatch.setattr(
        "builtins.open",
        lambda path, mode="r", *rest: real(
            "/dev/full" if "w" in mode else path, mode, *rest
        ),
    )
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    with pytest.raises(LabError, match="No space left on device"):
        files.write(target, "x" * 100_000)
    monkeypatch.undo()
    assert target.read_text() == "old"


def test_a_claim_must_return_a_finding(tmp_path, capsys):
    text = Path(TOY).read_text()
    forgetful = tmp_path / "forgetful.py"
    forgetful.write_text(
        text.replace("    return Finding({", "    return None and Finding({")
    )
    assert main(["run", str(forgetful), "--out", str(tmp_path / "runs")]) == 1
    assert "in_part must return a Finding, not NoneType" in capsys.readouterr().err


def test_precision_is_recorded_and_undone(tmp_path, capsys):
    import keras

    text = Path(TOY).read_text()
    mixed = tmp_path / "mixed.py"
    mixed.write_text(text.replace('precision="float32"', 'precision="dense"'))
    out = tmp_path / "runs"
    flags = ["--out", str(out), "--precision", "mixed_bfloat16", "--jobs", "1"]
    assert main(["run", str(mixed), *flags]) == 0
    assert "Precision (dense): mixed_bfloat16." in capsys.readouterr().out
    found = json.loads((out / "mixed" / "latest" / "result.json").read_text())
    assert found["precision"]["dense"]["policy"] == "mixed_bfloat16"
    assert keras.config.dtype_policy().name == "float32"


def test_precision_that_nothing_used_is_said(tmp_path, capsys):
    assert run(tmp_path, "--precision", "mixed_bfloat16") == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "Everything ran in float32: toy_recipe has nothing to train" in printed
    assert result(tmp_path)["precision"] == {}


def test_a_signal_ends_a_script_and_its_workers(tmp_path):
    """Workers that have loaded Keras, too; test_workers.py sends the other signals."""
    import time

    log = tmp_path / "log"
    process = subprocess.Popen(
        [sys.executable, TOY, "--seeds", "400", "--out", str(tmp_path / "runs")],
        env={**os.environ, "TOY_LOG": str(log)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 90
    while not log.exists() or len(log.read_text().splitlines()) < 8:
        assert time.monotonic() < deadline, "no training was finished"
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    printed, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "kept: " in printed
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    raise AssertionError("a process of the run is left")
