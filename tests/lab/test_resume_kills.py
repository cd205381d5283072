"""Trainings killed from outside, at any moment; each ends with the bits of a whole one.

A few kills run with the other tests on each backend; `make slow` runs many, half of
them while a checkpoint is written.
"""

import contextlib
import os
import random
import signal
import sys
import time

import pytest

from tests.lab.resuming import Server, ended, resumed

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks and kills")
SECONDS = 120.0  # of one training, at most


@pytest.fixture(scope="module", params=["tensorflow", "jax", "torch"])
def server(request):
    if request.param != "tensorflow":
        pytest.importorskip(request.param)
    with contextlib.closing(Server(request.param)) as server:
        server.backend = request.param
        yield server


def names(folder) -> set[str]:
    return {path.name for path in (folder / "kept").glob("0*")}


def kill_in_a_save(pid: int, folder, saves: int) -> bool:
    """Kills a training while it writes, after some saves; False where it ended."""
    limit, seen, before = time.monotonic() + SECONDS, 0, names(folder)
    while time.monotonic() < limit and os.path.exists(f"/proc/{pid}/fd/0"):
        now = names(folder)
        writes = any(name.endswith(".tmp") for name in now - before)
        if writes and seen >= saves:
            os.kill(pid, signal.SIGKILL)
            return True
        seen += writes
        before = now
    return False


def kill_after(pid: int, folder, saves: int, seconds: float) -> bool:
    """Kills a training some time after so many saves; False where it ended."""
    limit, seen, before = time.monotonic() + SECONDS, 0, names(folder)
    while seen < saves:
        if time.monotonic() > limit or not os.path.exists(f"/proc/{pid}/fd/0"):
            return False
        now = names(folder)
        seen += any(n.endswith(".json") for n in now - before)
        before = now
    time.sleep(seconds)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    return True


def killed(server, case, folder, every, kills, draw) -> int:
    """Kills a training so often, then lets it end; returns the kills that came."""
    order = {"case": case, "folder": folder, "every": every}
    came = 0
    for _ in range(kills):
        pid = server.start(**order)
        if draw.random() < 0.5:
            kill_in_a_save(pid, folder, draw.choice([0, 1, 2]))
        else:
            kill_after(pid, folder, draw.choice([0, 1, 2]), draw.uniform(0, 0.05))
        status = server.wait()
        assert status in (0, -signal.SIGKILL), (folder / "log").read_text()
        came += status != 0
        if not status:
            break
    server.run(**order)
    return came


def assert_equal(whole: dict, other: dict):
    assert whole.keys() == other.keys()
    assert not [name for name in whole if whole[name] != other[name]]


QUICK = [("mlp", 7), ("taps", 20), ("lenet", 4)]
SLOW = [("mlp", 5), ("mlp", "epoch"), ("stops", 1), ("several_steps", 8), ("plain", 5),
        ("scaled", 5), ("scheduled", 5), ("lenet", 4), ("residual", 5), ("lstm", 5),
        ("gan", 2), ("taps", 7)]  # fmt: skip


def refuse_unless_possible(server, case, quick=False):
    if server.backend == "torch" and case == "several_steps":
        pytest.skip("PyTorch has no steps_per_execution")
    if quick and server.backend == "torch" and case != "mlp":
        pytest.skip("many kills try it")


@pytest.mark.parametrize(("case", "every"), QUICK)
def test_two_kills(server, case, every, tmp_path):
    refuse_unless_possible(server, case, quick=True)
    whole = server.run(case=case, folder=tmp_path / "whole", checkpoint=False)
    folder = tmp_path / "killed"
    came = killed(server, case, folder, every, 2, random.Random(case))
    assert_equal(whole, ended(folder))
    assert came
    assert resumed(folder) <= came


@pytest.mark.slow
@pytest.mark.parametrize(("case", "every"), SLOW)
def test_many_kills(server, case, every, tmp_path):
    refuse_unless_possible(server, case)
    whole = server.run(case=case, folder=tmp_path / "whole", checkpoint=False)
    draw = random.Random(f"{case} {every}")
    went_on = 0
    for place in range(2):
        folder = tmp_path / str(place)
        assert killed(server, case, folder, every, 3, draw) or every == "epoch"
        assert_equal(whole, ended(folder))
        went_on += resumed(folder)
    assert went_on or every == "epoch"


@pytest.mark.slow
@pytest.mark.parametrize("case", ["mlp", "taps", "gan", "residual"])
def test_no_kill(server, case, tmp_path):
    """Keeping changes no bit, and an ended training does no step."""
    whole = server.run(case=case, folder=tmp_path / "whole", checkpoint=False)
    for every in ("epoch", 1, 7):
        folder = tmp_path / str(every)
        assert_equal(whole, server.run(case=case, folder=folder, every=every))
        assert_equal(whole, server.run(case=case, folder=folder, every=every))


# What is left out, and a case in which that must show.
CONTROLS = [("chance", "plain", "torch"), ("seeds", "mlp", "tensorflow"),
            ("callbacks", "mlp", "tensorflow"), ("rows", "mlp", "tensorflow"),
            ("optimizer", "scheduled", "tensorflow"), ("step", "taps", "tensorflow"),
            ("averages", "residual", "tensorflow"),
            ("step", "taps", "jax")]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("forget", "case", "backend"), CONTROLS)
def test_what_is_forgotten_shows(server, forget, case, backend, tmp_path):
    """Each piece of state is needed: without it the end is another one."""
    if server.backend != backend:
        pytest.skip(f"shown on {backend}")
    whole = server.run(case=case, folder=tmp_path / "whole", checkpoint=False)
    order = {"case": case, "folder": tmp_path / "killed", "every": 5}
    pid = server.start(**order)
    assert kill_after(pid, tmp_path / "killed", 6, 0.0)
    assert server.wait() != 0
    other = server.run(**order, forget=forget)
    assert resumed(tmp_path / "killed") == 1
    assert other != whole


@pytest.mark.slow
def test_a_full_disk(server, tmp_path):
    """The training ends with one sentence; with room again it goes on."""
    whole = server.run(case="scheduled", folder=tmp_path / "whole", checkpoint=False)
    order = {"case": "scheduled", "folder": tmp_path / "killed", "every": 20}
    server.start(**order, largest=8000)
    assert server.wait() != 0
    assert "cannot write a checkpoint" in (tmp_path / "killed/log").read_text()
    assert_equal(whole, server.run(**order))
