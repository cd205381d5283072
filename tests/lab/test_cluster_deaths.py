"""Deaths on a Dask cluster: workers, schedulers and leaders, killed from outside."""

import contextlib
import importlib.util
import os
import random
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from recipes.lab import LabError
from recipes.lab.running.cluster import connection
from tests.lab.processes import newest, ours, start, wait_for
from tests.lab.toys import edit, evidence, run_toy, write_toy

pytestmark = [
    pytest.mark.skipif(
        importlib.util.find_spec("distributed") is None, reason="Dask is not installed"
    ),
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
    pytest.mark.xdist_group("cluster_deaths"),  # its workers are shared
]

if importlib.util.find_spec("distributed"):
    from tests.lab.dask_processes import dask

SLOW = """def train(case, seed, data):
    import time

    time.sleep(0.3)
    return {"value": float(np.random.default_rng(seed).normal() + case["add"])}"""
SEEDS = ("--seeds", "6")


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """A scheduler with two workers that a nanny starts again."""
    with dask(tmp_path_factory.mktemp("two")) as found:
        found.worker(count=2)
        yield found


def kept(folder: Path) -> int:
    return len(list(folder.glob("**/trainings/*/*.json")))


def test_a_worker_that_is_killed_costs_its_member_only(tmp_path, two):
    """Killed while it trains; the nanny starts another one."""
    train = SLOW.replace("import time", "import os, time").replace(
        "    time.sleep", "    with open(case['log'], 'a') as log:\n"
        "        print(os.getppid(), seed, case['add'], file=log)\n    time.sleep"
    )  # fmt: skip
    log = tmp_path / "log"
    lesson = write_toy(tmp_path, train)
    logged = f'{{n: {{"add": a, "log": {str(log)!r}}} for a, n in enumerate("ab")}}'
    edit(lesson, '{"a": {"add": 0}, "b": {"add": 1}}', logged)

    def starts() -> list[str]:
        return log.read_text().splitlines() if log.is_file() else []

    def kill() -> None:
        assert wait_for(lambda: len(starts()) >= 5)
        os.kill(int(starts()[-1].split()[0]), signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    disturbed = run_toy(lesson, cluster=two.address, given={"seeds": 6})
    killer.join()
    members = [line.partition(" ")[2] for line in starts()]
    assert len({*members}) == 12
    # Also one that had just ended there, if the leader had not read its result.
    assert 13 <= len(members) <= 14
    calm = run_toy(lesson, jobs=1, given={"seeds": 6}, fresh=True)
    assert evidence(disturbed.folder) == evidence(calm.folder)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> str:
    """The evidence of twelve trainings of this machine that nobody disturbed."""
    folder = tmp_path_factory.mktemp("undisturbed")
    lesson = write_toy(folder, SLOW)
    run = start(lesson, str(folder / "cache"), *SEEDS, "--jobs", "2")
    out, told = run.communicate(timeout=60)
    assert run.returncode == 0, out + told
    return evidence(newest(lesson))


@pytest.mark.slow
def test_a_member_that_kills_each_worker_fails_alone(tmp_path):
    """On workers of this machine, which are gone afterwards."""
    train = """def train(case, seed, data):
    import os, signal
    from pathlib import Path

    if seed == 1 and case["add"] == 1:
        with Path(__file__).with_name("mark").open("a") as file:
            file.write("x")
        os.kill(os.getpid(), signal.SIGKILL)
    return {"value": 1.0 + seed}"""
    cache = str(tmp_path / "cache")
    run = start(write_toy(tmp_path, train), cache, "--cluster", "local:2")
    out, told = run.communicate(timeout=60)
    assert run.returncode == 1
    assert told.strip().splitlines() == [
        "recipes: train: 1 of 4 trainings failed: b, seed 1. The first: the process "
        "that trained it died."
    ]
    assert (tmp_path / "mark").read_text() == "xx"  # a second death is its failure
    assert kept(tmp_path) == 3, out
    assert wait_for(lambda: not ours(cache), 5), ours(cache)


@pytest.mark.slow
def test_a_member_that_kills_dasks_workers_fails_alone(tmp_path, two):
    """Four of them, as the scheduler is set by default."""
    train = """def train(case, seed, data):
    import os, signal

    if seed == 1 and case["add"] == 1:
        os.kill(os.getppid(), signal.SIGKILL)
    return {"value": 1.0 + seed}"""
    match = r"1 of 4 trainings failed: b, seed 1\. The first: it ended 4 workers, one"
    with pytest.raises(LabError, match=match):
        run_toy(write_toy(tmp_path, train), cluster=two.address)
    assert len(list((tmp_path / "store").rglob("*.json"))) == 3


@pytest.mark.slow
def test_a_scheduler_that_is_killed_is_one_sentence_and_the_command_goes_on(
    tmp_path, undisturbed
):
    cache, place = str(tmp_path / "cache"), tmp_path / "dask"
    lesson = write_toy(tmp_path, SLOW)
    place.mkdir()
    with dask(place) as found:
        found.worker(count=2)
        flags = (*SEEDS, "--cluster", found.address)
        run = start(lesson, cache, *flags)
        assert wait_for(lambda: kept(tmp_path) >= 2)
        found.scheduler.kill()
        out, told = run.communicate(timeout=30)
        assert run.returncode == 1, out + told
        assert "finished trainings; the same command goes on from there" in out
        assert told.count("\n") == 1
        assert f"scheduler at {found.address} is gone" in told
        before = kept(tmp_path)
        assert 2 <= before < 12
        found.start(port=int(found.address.rpartition(":")[2]))
        found.worker(count=2)
        run = start(lesson, cache, *flags)
        out, told = run.communicate(timeout=60)
        assert run.returncode == 0, out + told
    result = (newest(lesson) / "result.json").read_text()
    assert f'"kept_before": {before}' in result
    assert evidence(newest(lesson)) == undisturbed


@pytest.mark.slow
def test_a_worker_that_comes_late_and_differs_is_refused_by_name(tmp_path):
    place = tmp_path / "dask"
    place.mkdir()
    with dask(place) as found:
        found.worker()
        flags = ("--seeds", "60", "--cluster", found.address)
        run = start(write_toy(tmp_path, SLOW), str(tmp_path / "cache"), *flags)
        assert wait_for(lambda: kept(tmp_path) >= 1)
        first = {*found.workers()}
        found.worker(TF_ENABLE_ONEDNN_OPTS="0")
        out, told = run.communicate(timeout=60)
        (late,) = {*found.workers()} - first
    assert run.returncode == 1, out + told
    assert f"worker {late} can't take part: the variable TF_ENABLE_ONEDNN" in told
    assert "the same command goes on from there" in out


@pytest.mark.slow
def test_the_last_worker_that_is_killed_is_one_sentence(tmp_path, monkeypatch):
    """It has no nanny, and no other one comes."""
    monkeypatch.setattr(connection, "ARRIVE", 2.0)
    with dask(tmp_path) as found:
        found.worker()
        (pid,) = found.workers().values()

        def kill() -> None:
            assert wait_for(lambda: list((tmp_path / "store").rglob("*.json")))
            os.kill(pid, signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        with pytest.raises(LabError, match="has had no worker for 2 seconds"):
            run_toy(write_toy(tmp_path, SLOW), cluster=found.address)
        killer.join()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)],
)
@pytest.mark.parametrize("where", ["tcp", "local:2"])
def test_a_leader_that_is_ended_leaves_nothing_of_its_own(
    tmp_path, two, undisturbed, where, number, code
):
    """Workers of a cluster live on and are free; those of this machine are gone."""
    lesson, cache = write_toy(tmp_path, SLOW), str(tmp_path / "cache")
    flags = (*SEEDS, "--cluster", two.address if where == "tcp" else where)
    workers = two.workers()
    run = start(lesson, cache, *flags)
    assert wait_for(lambda: kept(tmp_path) >= 2)
    run.send_signal(number)
    out, told = run.communicate(timeout=30)
    assert run.returncode == code, out + told
    assert "Traceback" not in told
    if number != signal.SIGKILL:
        assert "finished trainings; the same command goes on from there" in out
    assert wait_for(lambda: not ours(cache), 5), ours(cache)
    assert two.workers() == workers
    assert wait_for(lambda: not two.tasks(), 5), two.tasks()
    run = start(lesson, cache, *flags)
    out, told = run.communicate(timeout=60)
    assert run.returncode == 0, out + told
    assert evidence(newest(lesson)) == undisturbed
    assert wait_for(lambda: not ours(cache), 5), ours(cache)


@pytest.mark.slow
def test_twenty_kills_at_random_moments(tmp_path, undisturbed):
    """The leader or any process of a cluster of this machine; each then goes on."""
    draw = random.Random(0)
    for number in range(20):
        folder = tmp_path / str(number)
        folder.mkdir()
        lesson, cache = write_toy(folder, SLOW), str(folder / "cache")
        run = start(lesson, cache, *SEEDS, "--cluster", "local:2")
        time.sleep(draw.uniform(0.5, 6.0))
        with contextlib.suppress(ProcessLookupError, IndexError):
            os.kill(draw.choice(ours(cache)), signal.SIGKILL)
        run.communicate(timeout=90)
        assert wait_for(lambda cache=cache: not ours(cache), 5), ours(cache)
        run = start(lesson, cache, *SEEDS, "--cluster", "local:2")
        out, told = run.communicate(timeout=90)
        assert run.returncode == 0, out + told
        assert evidence(newest(lesson)) == undisturbed
