"""Runs: atomic results, interruption, resumption, determinism, smoke."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from recipes.lab.cli.main import main

TOY = str(Path(__file__).parent / "toy_recipe.py")
NAME = "toy_recipe"


def run(out, *flags) -> int:
    return main(["run", TOY, "--out", str(out), *flags])


def result(out) -> dict:
    return json.loads((out / NAME / "latest" / "result.json").read_text())


def untimed(found: dict) -> str:
    return json.dumps(
        {k: v for k, v in found.items() if k != "started" and "seconds" not in k}
    )


def test_result_holds_all_that_a_reader_needs(tmp_path):
    assert run(tmp_path) == 0
    found = result(tmp_path)
    assert found["schema"] == 1
    assert found["settings"] == {"seeds": 3, "epochs": 2, "rate": 0.1, "data": "digits"}
    assert found["seeds"] == [0, 1, 2]
    assert found["data"]["digits"].startswith("sha256:")
    assert found["versions"]["keras"]
    assert found["device"]["cores"] >= 1
    claims = {claim["id"]: claim for claim in found["claims"]}
    assert claims["larger-faster"]["verdict"] == "supported"
    assert claims["larger-faster"]["evidence"]["gap"]["pairs"] == 3
    assert claims["in-part"]["verdict"] == "conditional"
    assert claims["in-part"]["evidence"]["fails_for"] == ["there"]
    folder = tmp_path / NAME / "latest"
    rows = (folder / "history.csv").read_text().splitlines()
    assert rows[0] == "experiment,case,seed,epoch,loss"
    assert len(rows) == 1 + 2 * 3 * 2  # cases x seeds x epochs
    assert (folder / "figures" / "loss.png").read_bytes().startswith(b"\x89PNG")
    assert "| `in-part` | conditional |" in (folder / "report.md").read_text()


def test_same_seeds_same_bytes_other_seeds_differ(tmp_path):
    for name in ("one", "two"):
        assert run(tmp_path / name, "--seeds", "2") == 0
    first, second = result(tmp_path / "one"), result(tmp_path / "two")
    assert untimed(first) == untimed(second)
    assert run(tmp_path / "three", "--seeds", "3") == 0
    third = result(tmp_path / "three")
    assert third["claims"][0]["evidence"] != first["claims"][0]["evidence"]


def test_smoke_judges_nothing_and_is_never_the_latest(tmp_path, capsys):
    assert run(tmp_path, "--smoke") == 0
    told = capsys.readouterr().out
    assert "Smoke run: 2 claims exercised, none judged." in told
    assert "supported" not in told
    assert not (tmp_path / NAME / "latest").exists()
    found = json.loads(next((tmp_path / NAME).glob("*/result.json")).read_text())
    assert {claim["verdict"] for claim in found["claims"]} == {"not judged"}


def test_ctrl_c_keeps_finished_trainings(tmp_path, monkeypatch, capsys):
    log = tmp_path / "log"
    monkeypatch.setenv("TOY_LOG", str(log))
    monkeypatch.setenv("TOY_STOP_AT", "0.1 2")
    assert run(tmp_path) == 130
    told = capsys.readouterr()
    assert "kept: 4 finished trainings" in told.out
    assert "--resume" in told.out
    assert "Traceback" not in told.err
    assert not list(tmp_path.rglob("result.json"))
    monkeypatch.delenv("TOY_STOP_AT")
    assert run(tmp_path, "--resume") == 0
    trained = log.read_text().splitlines()
    assert len(trained) == len(set(trained)) == 6  # nothing was trained twice
    assert run(tmp_path / "whole") == 0
    assert untimed(result(tmp_path)) == untimed(result(tmp_path / "whole"))


def test_a_second_ctrl_c_waits_until_what_is_kept_is_told(
    tmp_path, monkeypatch, capsys
):
    from recipes.lab.running.old.run_folder import RunFolder

    abandon = RunFolder.abandon

    def interrupted(folder):
        os.kill(os.getpid(), signal.SIGINT)
        return abandon(folder)

    monkeypatch.setattr(RunFolder, "abandon", interrupted)
    monkeypatch.setenv("TOY_STOP_AT", "0.1 1")
    assert run(tmp_path) == 130
    assert "kept: 2 finished trainings" in capsys.readouterr().out
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_resume_takes_only_the_same_settings(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TOY_STOP_AT", "0.1 2")
    assert run(tmp_path) == 130
    monkeypatch.delenv("TOY_STOP_AT")
    capsys.readouterr()
    assert run(tmp_path, "--resume", "--epochs", "1") == 0
    assert "nothing to resume" in capsys.readouterr().out


def test_kill_9_leaves_nothing_half_written(tmp_path):
    assert run(tmp_path, "--seeds", "2") == 0
    before = (tmp_path / NAME / "latest").resolve()
    process = subprocess.Popen(
        [sys.executable, "-m", "recipes", "run", TOY, "--seeds", "400"]
        + ["--out", str(tmp_path)],
        stdout=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while len(list((tmp_path / NAME).glob("*/members/*.json"))) < 10:
        assert time.monotonic() < deadline, "no training was finished"
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert (tmp_path / NAME / "latest").resolve() == before
    for path in tmp_path.rglob("*.json"):
        json.loads(path.read_text())
    from recipes.lab import catalog
    from recipes.lab.running.old.run_folder import RunFolder

    root = tmp_path / NAME
    (stopped,) = (
        path.parent
        for path in root.glob("*/run.json")
        if path.parent.resolve() != before
    )
    identity = json.loads((stopped / "run.json").read_text())
    assert catalog.read(Path(TOY)).name == identity["recipe"]
    folder = RunFolder(root, identity, resume=True)
    assert folder.path == stopped
    assert len(list((folder.path / "members").glob("*.json"))) >= 2
    folder.close()


def test_a_failed_member_loses_none_of_the_others(tmp_path, capsys):
    text = Path(TOY).read_text()
    line = "        epochs = lab.settings.epochs\n"
    assert text.count(line) == 1
    bad = line + "        if (rate, seed) == (0.1, 1):\n            {}\n"
    log = tmp_path / "log"
    for name, raised, told in (
        ("sentence", "fit(model, data.x_train[:0])", "x is empty"),
        ("bug", "1 / 0", "ZeroDivisionError"),
    ):
        recipe = tmp_path / f"{name}.py"
        recipe.write_text(text.replace(line, bad.format(raised)))
        log.write_text("")
        done = subprocess.run(
            [
                sys.executable,
                str(recipe),
                "--out",
                str(tmp_path / "runs"),
                "--jobs",
                "1",
            ],
            env={**os.environ, "TOY_LOG": str(log)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert "runs: 1 of 6 failed: large, seed 1" in done.stderr
        assert told in done.stderr
        assert len(log.read_text().splitlines()) == 6
        assert len(list((tmp_path / "runs" / name).glob("*/members/*.json"))) == 5


def test_divergence_is_one_sentence(tmp_path, capsys):
    assert run(tmp_path, "--rate", "3.4e38") == 1
    told = capsys.readouterr().err
    assert len(told.splitlines()) == 1
    assert "training diverged" in told


def test_unwritable_folder_is_one_sentence(tmp_path, capsys):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    assert run(blocked) == 1
    told = capsys.readouterr().err
    assert len(told.splitlines()) == 1
    assert f"cannot write {blocked}" in told


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


def test_two_runs_cannot_resume_one_folder(tmp_path):
    from recipes.lab.running.old.run_folder import RunFolder

    first = RunFolder(tmp_path, {"a": 1})
    second = RunFolder(tmp_path, {"a": 1}, resume=True)
    assert not second.resumed
    assert second.path != first.path
    first.close()
    second.close()


def test_a_claim_without_verdict_fails_the_run(tmp_path, capsys):
    text = Path(TOY).read_text()
    line = next(x for x in text.splitlines() if 'lab.verdict("in-part"' in x)
    forgetful = tmp_path / "forgetful.py"
    forgetful.write_text(text.replace(line, ""))
    assert main(["run", str(forgetful), "--out", str(tmp_path / "runs")]) == 1
    assert "no verdict was stated for: in-part" in capsys.readouterr().err


def test_precision_that_nothing_used_is_told(tmp_path, capsys):
    assert run(tmp_path, "--precision", "mixed_bfloat16") == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "Everything ran in float32: toy_recipe has nothing to train" in told
    assert result(tmp_path)["precision"] == {}


def test_precision_is_recorded_and_undone(tmp_path, capsys):
    import keras

    text = Path(TOY).read_text()
    line = "    data = lab.data()\n"
    mixed = tmp_path / "mixed.py"
    mixed.write_text(text.replace(line, f"    lab.precision('dense')\n{line}"))
    out = tmp_path / "runs"
    flags = ["--out", str(out), "--precision", "mixed_bfloat16"]
    assert main(["run", str(mixed), *flags]) == 0
    assert "Precision (dense): mixed_bfloat16." in capsys.readouterr().out
    found = json.loads((out / "mixed" / "latest" / "result.json").read_text())
    assert found["precision"]["dense"]["policy"] == "mixed_bfloat16"
    assert keras.config.dtype_policy().name == "float32"
