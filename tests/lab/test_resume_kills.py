"""Trainings killed from outside, at any moment; each ends with the bits of a whole one.

A few kills run with the other tests on each backend; `make slow` runs 70 and more, a
third of them while a checkpoint is written. What a kill was is read from what it left:
a file that was being written, or arrays whose other half is missing.
"""

import contextlib
import os
import random
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.lab.resuming import Server, ended, resumed, steps_trained

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks and kills")
SECONDS = 120.0  # of one training, at most
LOOK = 0.0002  # seconds between two looks at the folder


@pytest.fixture(scope="module", params=["tensorflow", "jax", "torch"])
def server(request):
    if request.param != "tensorflow":
        pytest.importorskip(request.param)
    with contextlib.closing(Server(request.param)) as server:
        server.backend = request.param
        yield server


def names(folder: Path) -> set[str]:
    with contextlib.suppress(FileNotFoundError):
        return set(os.listdir(folder / "kept"))
    return set()


def half_written(folder: Path) -> set[str]:
    """What only a death in a save leaves."""
    found = names(folder)
    return {
        name
        for name in found
        if name.endswith(".tmp")
        or (name.endswith(".safetensors") and f"{name[:12]}.json" not in found)
    }


def kill(pid: int, folder: Path, saves: int, writing: bool, seconds: float) -> None:
    """Kills a training, if it doesn't end before.

    Args:
        pid: Its process.
        folder: Where it is kept.
        saves: Checkpoints that it writes before.
        writing: Whether it is to be writing another one.
        seconds: To wait after that.
    """
    limit, before, seen = time.monotonic() + SECONDS, names(folder), set()
    while os.path.exists(f"/proc/{pid}/fd/0"):
        assert time.monotonic() < limit
        now = names(folder)
        seen |= {name for name in now - before if name.endswith(".json")}
        writes = any(name.endswith(f".{pid}.tmp") for name in now)
        if len(seen) >= saves and (writes or not writing):
            time.sleep(seconds)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            return
        time.sleep(LOOK)


def killed(server, case, every, folder, draw, kills, in_saves) -> tuple[int, int]:
    """Kills a training so often, and so often in a save, then lets it end.

    The first kill comes after the first checkpoint; it showed nothing before.

    Returns:
        The kills that came, and those that came in a save: less where it ended before.
    """
    order = {"case": case, "folder": folder, "every": every}
    came, came_in_saves, lasted = 0, 0, 0.0
    while came < kills or came_in_saves < in_saves:
        before, began = half_written(folder), time.monotonic()
        pid = server.start(**order)
        if came_in_saves < in_saves:
            kill(pid, folder, draw.choice([1, 2]), True, draw.uniform(0, 0.002))
        elif came and draw.random() < 0.3:  # also before its first step
            kill(pid, folder, 0, False, draw.uniform(0, lasted))
        else:
            kill(pid, folder, draw.choice([1, 2, 3]), False, draw.uniform(0, 0.02))
        status = server.wait()
        assert status in (0, -signal.SIGKILL), (folder / "log").read_text()
        if not status:
            return came, came_in_saves
        lasted = time.monotonic() - began
        came += 1
        came_in_saves += bool(half_written(folder) - before)
    server.run(**order)
    return came, came_in_saves


def assert_killed(server, case, every, place, kills, in_saves):
    """As many kills as are wanted, in as many trainings as that takes."""
    whole = server.run(case=case, folder=place / "whole", checkpoint=False)
    draw = random.Random(f"{case} {every}")
    lost = 2 * (whole["steps"] // len(whole["epochs"]) if every == "epoch" else every)
    left, left_in_saves, trainings = kills, in_saves, 0
    while left > 0 or left_in_saves > 0:
        assert trainings < 6, "it always ends before it is killed"
        folder = place / str(trainings)
        came, came_in_saves = killed(
            server, case, every, folder, draw, left, left_in_saves
        )
        assert_equal(whole, ended(folder))
        assert whole["steps"] <= steps_trained(folder) <= whole["steps"] + came * lost
        assert bool(came) <= resumed(folder) <= came
        left, left_in_saves = left - came, left_in_saves - came_in_saves
        trainings += 1
    print(f"{server.backend} {case} {every}: {kills - left} kills, "
          f"{in_saves - left_in_saves} in a save, {trainings} trainings")  # fmt: skip


def assert_equal(whole: dict, other: dict):
    assert whole.keys() == other.keys()
    assert not [name for name in whole if whole[name] != other[name]]


@pytest.mark.parametrize(("case", "every"), [("mlp", 7), ("lenet", 4)])
def test_two_kills(server, case, every, tmp_path):
    if server.backend != "tensorflow" and case != "mlp":
        pytest.skip("many kills try it")
    assert_killed(server, case, every, tmp_path, kills=2, in_saves=1)


NAMED = [("mlp", 5), ("lenet", 4), ("residual", 5), ("lstm", 5), ("gan", 2),
         ("bfloat16", 5), ("float16", 5)]  # fmt: skip
OTHERS = [("mlp", "epoch"), ("stops", 1), ("several_steps", 8), ("plain", 5),
          ("scheduled", 5), ("taps", 7)]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("case", "every"), NAMED)
def test_seventy_kills(server, case, every, tmp_path):
    """Five of each case on TensorFlow and on JAX, two of them in a save."""
    if server.backend == "torch":
        pytest.skip("fewer kills try it")
    assert_killed(server, case, every, tmp_path, kills=5, in_saves=2)


@pytest.mark.slow
@pytest.mark.parametrize(("case", "every"), OTHERS)
def test_other_ways_of_training(server, case, every, tmp_path):
    if server.backend == "torch" and case == "several_steps":
        pytest.skip("PyTorch has no steps_per_execution")
    assert_killed(server, case, every, tmp_path, kills=2, in_saves=1)


@pytest.mark.slow
@pytest.mark.parametrize(("case", "every"), [("lenet", 4), ("bfloat16", 5), ("gan", 2)])
def test_pytorch(server, case, every, tmp_path):
    if server.backend != "torch":
        pytest.skip("more kills try it")
    assert_killed(server, case, every, tmp_path, kills=2, in_saves=1)


@pytest.mark.slow
@pytest.mark.parametrize("case", ["mlp", "taps", "gan", "residual"])
def test_no_kill(server, case, tmp_path):
    """Keeping changes no bit, and an ended training does no step."""
    whole = server.run(case=case, folder=tmp_path / "whole", checkpoint=False)
    for every in ("epoch", 7):
        folder = tmp_path / str(every)
        assert_equal(whole, server.run(case=case, folder=folder, every=every))
    assert_equal(whole, server.run(case=case, folder=folder, every=every))
    assert steps_trained(folder) == whole["steps"]


# What is left out, and a case in which that must show.
CONTROLS = [("chance", "plain", "torch"), ("seeds", "mlp", "tensorflow"),
            ("callbacks", "mlp", "tensorflow"), ("rows", "mlp", "tensorflow"),
            ("optimizer", "scheduled", "tensorflow"), ("step", "taps", "tensorflow"),
            ("averages", "residual", "tensorflow"), ("ulp", "mlp", "tensorflow"),
            ("step", "taps", "jax"), ("seeds", "mlp", "jax"),
            ("ulp", "mlp", "jax")]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("forget", "case", "backend"), CONTROLS)
def test_what_is_forgotten_shows(server, forget, case, backend, tmp_path):
    """Each piece of state is needed: without it the end is another one."""
    if server.backend != backend:
        pytest.skip(f"shown on {backend}")
    whole = server.run(case=case, folder=tmp_path / "whole", checkpoint=False)
    order = {"case": case, "folder": tmp_path / "killed", "every": 5}
    kill(server.start(**order), tmp_path / "killed", 6, False, 0.0)
    assert server.wait() != 0
    other = server.run(**order, forget=forget)
    assert resumed(tmp_path / "killed") == 1
    assert other != whole


@pytest.mark.slow
def test_a_full_disk(server, tmp_path):
    """The training ends with one sentence; with room again it goes on."""
    if server.backend != "tensorflow":
        pytest.skip("files are the same everywhere")
    whole = server.run(case="scheduled", folder=tmp_path / "whole", checkpoint=False)
    order = {"case": "scheduled", "folder": tmp_path / "killed", "every": 20}
    server.start(**order, largest=8000)
    assert server.wait() != 0
    assert "cannot write a checkpoint" in (tmp_path / "killed/log").read_text()
    assert_equal(whole, server.run(**order))
