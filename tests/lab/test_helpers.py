"""Several processes for one run: the same results, whatever happens to one of them."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from recipes.lab import catalog
from recipes.lab.cli.main import main
from recipes.lab.running.old import members, processes
from recipes.lab.running.old.helpers import Helpers

TOY = Path(__file__).parent / "toy_recipe.py"
LINE = "        epochs = lab.settings.epochs\n"
TAKES_A_WHILE = """
        import time
        with open(os.environ["SLOW_LOG"], "a") as log:
            threads = os.environ.get("TF_NUM_INTRAOP_THREADS")
            log.write(f"{os.getpid()} {threads} {rate} {seed}\\n")
        time.sleep(0.4)
"""
NUMBERS = f'''"""Numbers, slowly.

Run: python slow.py
"""

import os
from dataclasses import dataclass
from recipes.lab import lab_main
import numpy as np

CLAIMS = {{"same": "It is the same."}}


@dataclass(frozen=True)
class Settings:
    seeds: int = 5


def experiment(lab):
    def train(rate, seed):
{TAKES_A_WHILE}
        if os.environ.get("SLOW_FAILS") == f"{{rate}} {{seed}}":
            1 / 0
        return {{"number": np.random.random()}}

    runs = lab.sweep(train, {{"large": 0.1, "small": 0.01}})
    lab.verdict("same", True, evidence={{"runs": runs}})


if __name__ == "__main__":
    lab_main(experiment)
'''
MEMBERS = 16

pytestmark = pytest.mark.skipif(
    members.fcntl is None or processes.environment.processor()["cores"] < 2,
    reason="helpers need locks and two cores",
)


@pytest.fixture
def slow(tmp_path):
    """A recipe whose trainings take a while and say which process they run in."""
    path = tmp_path / "slow.py"
    path.write_text(NUMBERS)
    return path


@pytest.fixture
def slow_keras(slow):
    """The same with a network."""
    text = TOY.read_text()
    assert text.count(LINE) == 1
    slow.write_text(text.replace(LINE, LINE + TAKES_A_WHILE))
    return slow


def begin(slow: Path, *flags: str, **environment: str) -> subprocess.Popen:
    out = ["--out", str(slow.parent / "runs"), "--seeds", str(MEMBERS // 2)]
    return subprocess.Popen(
        [sys.executable, str(slow), *out, *flags],
        env={**os.environ, "SLOW_LOG": str(slow.parent / "log"), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def lines(slow: Path) -> list[list[str]]:
    log = slow.parent / "log"
    return (
        [line.split() for line in log.read_text().splitlines()] if log.exists() else []
    )


def wait_for_helper(slow: Path, leader: subprocess.Popen) -> int:
    """Waits until a second process trains; returns its number."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        others = {int(pid) for pid, *_ in lines(slow)} - {leader.pid}
        if others:
            return others.pop()
        assert leader.poll() is None, leader.stderr.read()
        time.sleep(0.02)
    raise AssertionError("no helper ever trained")


def latest(slow: Path) -> dict:
    return json.loads((slow.parent / "runs/slow/latest/result.json").read_text())


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


def test_two_processes_share_and_find_what_one_finds(slow_keras):
    results = []
    for jobs in ("1", "2"):
        with begin(slow_keras, "--jobs", jobs) as run:
            told, error = run.communicate(timeout=200)
        assert run.returncode == 0, error
        assert "gave up" not in told
        results.append(latest(slow_keras))
    one, two = results
    assert (one["processes"], two["processes"]) == (1, 2)
    for part in ("claims", "tables", "settings", "data"):
        assert one[part] == two[part]
    csvs = [p.read_bytes() for p in slow_keras.parent.glob("runs/slow/2*/history.csv")]
    assert len(csvs) == 2
    assert csvs[0] == csvs[1]
    log = lines(slow_keras)
    alone, shared = log[:MEMBERS], log[MEMBERS:]
    assert len({pid for pid, *_ in alone}) == 1
    assert len({pid for pid, *_ in shared}) == 2
    assert len(shared) == MEMBERS  # nothing was trained twice
    cores = processes.environment.processor()["cores"]
    given = os.environ.get("TF_NUM_INTRAOP_THREADS", str(cores // 2))
    assert {threads for _, threads, *_ in shared} == {given}
    assert not any(alive(int(pid)) for pid, *_ in shared)


def test_a_killed_helper_costs_nothing_but_time(slow):
    with begin(slow, "--jobs", "2") as run:
        os.kill(wait_for_helper(slow, run), signal.SIGKILL)
        told, error = run.communicate(timeout=200)
    assert (run.returncode, error) == (0, "")
    assert "A second process gave up, this one did its part: exit status -9" in told
    assert (
        len(list((slow.parent / "runs/slow/latest/members").glob("*.json"))) == MEMBERS
    )


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_helpers_end_with_the_process_that_leads(slow, how):
    with begin(slow, "--jobs", "2") as run:
        helper = wait_for_helper(slow, run)
        run.send_signal(how)
        _, error = run.communicate(timeout=60)
    deadline = time.monotonic() + 20
    while alive(helper) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not alive(helper)
    if how == signal.SIGINT:
        assert run.returncode == 130
        assert error == "recipes: interrupted.\n"
    assert not list(slow.parent.rglob("result.json"))


def test_a_failure_is_told_once_and_loses_none_of_the_others(slow):
    with begin(slow, "--jobs", "2", SLOW_FAILS="0.1 7") as run:
        told, error = run.communicate(timeout=200)
    assert run.returncode == 1
    assert f"runs: 1 of {MEMBERS} failed: large, seed 7" in error
    assert "ZeroDivisionError" in error
    assert "gave up" not in told
    kept = list(slow.parent.glob("runs/slow/*/members/*.json"))
    assert len(kept) == MEMBERS - 1


def test_alone_ends_the_helpers(tmp_path):
    helpers = Helpers(1, catalog.find(str(TOY)), tmp_path)
    (child,) = helpers._children
    assert child.poll() is None
    helpers.end()
    assert child.poll() is not None
    assert helpers.problems == []
    helpers.end()  # twice is fine


def test_two_processes_only_where_that_pays(monkeypatch):
    assert processes.default(smoke=False) == 1  # a backend is loaded in the tests
    monkeypatch.delitem(sys.modules, "keras")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(processes, "ACCELERATORS", ())
    cores = {"cores": 2}
    monkeypatch.setattr(processes.environment, "processor", lambda: cores)
    assert processes.default(smoke=False) == 2
    assert processes.default(smoke=True) == 1
    assert set(processes.threads(2).values()) == {"1"}
    monkeypatch.setattr(processes, "ACCELERATORS", (__file__,))
    assert processes.default(smoke=False) == 1
    monkeypatch.setattr(processes, "ACCELERATORS", ())
    cores["cores"] = 1
    assert processes.default(smoke=False) == 1
    cores["cores"] = 16
    assert set(processes.threads(2).values()) == {"8"}


def test_jobs_of_one_recipe_is_a_positive_number(capsys):
    assert main(["run", str(TOY), "--jobs", "0"]) == 2
    assert "0 is not positive" in capsys.readouterr().err


def test_one_process_alone_fetches_data(tmp_path, monkeypatch):
    from recipes.lab.running.old import execute

    counts = []

    class Counted(Helpers):
        def __init__(self, count, *given, **told):
            counts.append(count)
            super().__init__(0, *given, **told)

    monkeypatch.setattr(execute, "Helpers", Counted)
    monkeypatch.setattr(processes.os, "environ", dict(os.environ))
    words = ["run", str(TOY), "--out", str(tmp_path), "--smoke", "--jobs", "3"]
    assert main(words) == 0
    assert main([*words, "--download"]) == 0
    assert counts == [2, 0]
