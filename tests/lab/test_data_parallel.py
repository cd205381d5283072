"""One training in several processes: those are real ones, and one is the oracle."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from tests.lab.processes import ours, wait_for

ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("parallel_training.py")
LIMIT = 120  # seconds; a rank that waits for ever would wait longer

pytestmark = [
    pytest.mark.skipif(find_spec("jax") is None, reason="JAX isn't installed"),
    pytest.mark.skipif(sys.platform == "win32", reason="sessions and signals"),
]


def environment(folder, **more):
    kept = {k: v for k, v in os.environ.items() if not k.startswith("RECIPES_")}
    return {**kept, "RECIPES_CACHE_DIR": str(folder), "JAX_PLATFORMS": "cpu",
            "PYTHONPATH": str(ROOT), "XLA_FLAGS": "", **more}  # fmt: skip


def start(folder, count, script, *words, **more):
    """Starts `recipes launch`; its processes bear the folder in their environment."""
    command = ["-m", "recipes", "launch", "-n", str(count), str(script), *words]
    return subprocess.Popen(
        [sys.executable, *command],
        env=environment(folder, **more),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
    )


def launched(folder, *words, script=SCRIPT, count=2, **more):
    """The exit code and what two ranks wrote; no process of theirs is left."""
    process = start(folder, count, script, *words, **more)
    try:
        written = process.communicate(timeout=LIMIT)[0]
    finally:
        process.kill()
    assert not ours(str(folder))
    return process.returncode, written


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """The folder of a training in two processes."""
    folder = tmp_path_factory.mktemp("two")
    code, written = launched(folder, str(folder))
    assert code == 0, written
    assert written.count("Epoch 2/1000") == 1, "rank 0 alone shows progress"
    return folder


def alone(folder, *words):
    """What one process with one device ends with."""
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(folder), "alone", *words],
        env=environment(folder, KERAS_BACKEND="jax"),
        capture_output=True,
        text=True,
        timeout=LIMIT,
    )
    assert done.returncode == 0, done.stderr
    return dict(np.load(folder / "rank0.npz"))


def test_two_processes_train_as_one_with_the_whole_batch(two, tmp_path):
    one = alone(tmp_path)
    for rank in (0, 1):
        other = np.load(two / f"rank{rank}.npz")
        assert set(one) == set(other)
        for name in one:
            near = {"rtol": 0, "atol": 1e-6} if "weight" in name else {"rtol": 1e-5}
            np.testing.assert_allclose(other[name], one[name], err_msg=name, **near)
    assert one["rows"].shape[0] == 10  # 72 rows are 5 batches, twice
    assert (two / "rank0.npz").read_bytes() == (two / "rank1.npz").read_bytes()
    for name in ("log.csv", "norms.csv"):
        lines = (two / name).read_text().splitlines()
        assert len(lines) == len((tmp_path / name).read_text().splitlines()), name


@pytest.mark.slow
def test_other_models_train_as_in_one_process(tmp_path):
    one = alone(tmp_path, "others")
    code, written = launched(tmp_path, str(tmp_path), "others")
    assert code == 0, written
    for rank in (0, 1):
        other = np.load(tmp_path / f"rank{rank}.npz")
        assert set(one) == set(other)
        for name in one:
            np.testing.assert_allclose(other[name], one[name], atol=2e-6, err_msg=name)


def test_a_rank_that_differs_is_refused_on_all(two):
    said = [json.loads((two / f"said{rank}.json").read_text()) for rank in (0, 1)]
    assert list(said[0]) == ["row", "data", "seed", "nan", "weights", "callback"]
    words = {"row": "the number of rows (64, rank 0 has 72)", "data": "the data.",
             "seed": "seed (6, rank 0 has 5).", "weights": "of the weights.",
             "callback": "of the callbacks."}  # fmt: skip
    for differs, part in words.items():
        assert said[0][differs] == said[1][differs]
        assert said[0][differs].startswith("all ranks must be given the same training")
        assert "; rank 1 has other values of " in said[0][differs]
        assert part in said[0][differs]
    assert said[1]["nan"] == "x holds values that are NaN or infinite."
    assert said[0]["nan"] == f"rank 1 refuses the training: {said[1]['nan']}"


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("raise1", "rank 1 ended with exit code 1"),
        ("kill1", "rank 1 was ended by SIGKILL"),
        pytest.param(
            "kill0",
            "rank 0 was ended by SIGKILL",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_the_end_of_one_is_the_end_of_all(what, told, tmp_path):
    code, written = launched(tmp_path, str(tmp_path), what)
    assert code == 1
    *_, last = written.splitlines()
    assert last.startswith("recipes: ")
    assert told in last
    assert ("RuntimeError: the disk is full" in written) == (what == "raise1")


@pytest.mark.slow
def test_a_rank_that_does_not_come_is_named(tmp_path):
    code, written = launched(tmp_path, str(tmp_path), "absent")
    assert code == 1
    assert "rank 1 did not come to the training within 3 seconds of rank 0" in written


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_whoever_ends_the_launcher_ends_all(how, tmp_path):
    process = start(tmp_path, 2, SCRIPT, str(tmp_path), "forever")
    with contextlib.closing(process.stdout):
        assert wait_for(lambda: (tmp_path / "trains1").exists(), LIMIT)
        started = time.monotonic()
        process.send_signal(how)
        code = process.wait(LIMIT)
        assert wait_for(lambda: not ours(str(tmp_path)), 10)
        assert time.monotonic() - started < 2
    assert code == {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -9}[how]


@pytest.mark.slow
def test_hosts_that_start_a_rank_each_train_together(two, tmp_path):
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{one.getsockname()[1]}"
    hosts = [
        start(tmp_path, 1, SCRIPT, str(tmp_path), RECIPES_WORLD="2",
              RECIPES_RANK=str(rank), RECIPES_COORDINATOR=address)
        for rank in (0, 1)
    ]  # fmt: skip
    for host in hosts:
        written = host.communicate(timeout=LIMIT)[0]
        assert host.returncode == 0, written
    for rank in (0, 1):
        own, same = (np.load(f / f"rank{rank}.npz") for f in (tmp_path, two))
        assert set(own) == set(same)
        assert all((own[name] == same[name]).all() for name in own)


@pytest.mark.parametrize(
    ("words", "variables", "told"),
    [
        (["-n", "0", "x.py"], {}, "-n must be a whole number from 1 to 1024, not 0."),
        (["-n", "2", "absent.py"], {}, "there is no file 'absent.py'."),
        (
            ["-n", "2", str(SCRIPT)],
            {"RECIPES_WORLD": "4"},
            "several hosts need RECIPES_WORLD, RECIPES_RANK and RECIPES_COORDINATOR in "
            "the environment; RECIPES_RANK is not set.",
        ),
        (
            ["-n", "2", str(SCRIPT)],
            {"RECIPES_WORLD": "4", "RECIPES_RANK": "3", "RECIPES_COORDINATOR": "a:1"},
            "RECIPES_RANK must be a whole number from 0 to 2, not '3'.",
        ),
        (
            ["-n", "1", str(SCRIPT)],
            {"RECIPES_WORLD": "4", "RECIPES_RANK": "3", "RECIPES_COORDINATOR": "host"},
            "RECIPES_COORDINATOR must be HOST:PORT of the host of rank 0, not 'host'.",
        ),
    ],
)
def test_what_can_not_be_launched_is_said(words, variables, told, monkeypatch, capsys):
    from recipes.lab.cli.main import main

    for name in ("RECIPES_WORLD", "RECIPES_RANK", "RECIPES_COORDINATOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert main(["launch", *words]) == 2
    assert capsys.readouterr().err == f"recipes: {told}\n"
