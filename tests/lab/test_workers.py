"""Trainings in other processes: equal results, deaths, and nothing left behind."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from recipes.lab import LabError, run
from recipes.lab.running import workers
from tests.lab.processes import newest, ours, start, wait_for
from tests.lab.toys import edit, evidence, run_toy, write_toy


@pytest.fixture(autouse=True, scope="module")
def _no_workers_left():
    yield
    workers.stop()


@pytest.fixture
def cache(tmp_path) -> str:
    return str(tmp_path / "cache")


def kept(cache: str) -> int:
    return len(list(Path(cache).glob("trainings/*/*.json")))


def test_one_process_and_two_give_equal_results(tmp_path):
    """Byte for byte; numbers that are not finite, and texts, too."""
    train = (
        "def train(case, seed, data):\n"
        "    draws = np.random.normal(size=5)\n"
        "    odd = [np.nan, np.inf, -0.0, 'é', None]\n"
        "    return {'value': float(np.exp(draws).sum()), 'odd': odd, 'd': draws}"
    )
    found = []
    for jobs in (1, 2):
        folder = tmp_path / str(jobs)
        folder.mkdir()
        finished = run_toy(write_toy(folder, train), jobs=jobs)
        assert finished.result["trainings"]["new"] == 4
        found.append(evidence(finished.folder).replace(str(folder), ""))
    assert found[0] == found[1]


def test_a_warm_worker_never_runs_old_code(tmp_path):
    """The same process, the same workers' pool, an edit of the same length between."""
    train = (
        "def train(case, seed, data):\n    return {'value': RATE, 'pid': os.getpid()}"
    )
    lesson = write_toy(tmp_path, train)
    edit(lesson, "import numpy", "import os\n\nimport numpy")

    def runs() -> list[dict]:
        numbers = run_toy(lesson, jobs=2).result["claims"][0]["numbers"]["values"]
        return [*numbers["a"], *numbers["b"]]

    first = runs()
    assert {run["value"] for run in first} == {0.5}
    assert os.getpid() not in {run["pid"] for run in first}
    edit(lesson, "RATE = 0.5", "RATE = 0.7")
    assert {run["value"] for run in runs()} == {0.7}
    edit(tmp_path / "_shared.py", "return BASE", "return BASE + 1")
    edit(lesson, "'value': RATE", "'value': offset()")
    assert {run["value"] for run in runs()} == {1.25}
    edit(tmp_path / "beside.py", "0.25", "0.75")
    assert {run["value"] for run in runs()} == {1.75}


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_warm_workers_train_for_other_recipes(tmp_path, cache, monkeypatch):
    """They load a backend once a session, not once a recipe."""
    monkeypatch.setenv("RECIPES_CACHE_DIR", cache)
    trained = []
    for name in ("batch_size/noise", "weighting/noise"):
        run(name, smoke=True, out=tmp_path, quiet=True, jobs=2)
        trained.append((children(), kept(cache)))
    (first, some), (second, more) = trained
    assert more > some > 0
    assert first == second


def children() -> set[str]:
    """The processes that this one has started, by number."""
    places = Path("/proc/self/task").glob("*/children")
    return {pid for place in places for pid in place.read_text().split()}


def slow_pid(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


def is_alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]
    except OSError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_workers_end_where_their_results_are_no_longer_taken():
    """As for Ctrl-C in `recipes run --all`: nothing is waited for."""
    results = workers.run(slow_pid, [0.0, 0.0, 300.0, 300.0], 2, "a digest")
    pids = {next(results)[1], next(results)[1]}
    assert os.getpid() not in pids
    assert all(is_alive(pid) for pid in pids)
    results.close()
    assert wait_for(lambda: not any(is_alive(pid) for pid in pids), 5)
    again = dict(workers.run(slow_pid, [0.0, 0.0], 2, "a digest"))
    assert sorted(again) == [0, 1]
    assert pids.isdisjoint(again.values())


DIES = """def train(case, seed, data):
    import os, signal
    from pathlib import Path

    mark = Path(__file__).with_name("mark")
    if seed == 1 and case["add"] == 1 and {when}:
        with mark.open("a") as file:
            file.write("x")
        os.kill(os.getpid(), signal.SIGKILL)
    return {{"value": 1.0 + seed}}"""


def test_a_worker_that_dies_once_is_retried(tmp_path):
    lesson = write_toy(tmp_path, DIES.format(when="not mark.exists()"))
    finished = run_toy(lesson, jobs=2)
    assert finished.result["trainings"]["new"] == 4
    values = finished.result["claims"][0]["numbers"]["values"]
    assert [run["value"] for run in values["b"]] == [1.0, 2.0]
    assert (tmp_path / "mark").read_text() == "x"


def test_a_training_that_kills_each_worker_fails_alone(tmp_path):
    lesson = write_toy(tmp_path, DIES.format(when="True"))
    match = "1 of 6 trainings failed: b, seed 1. The first: the process .* died"
    with pytest.raises(LabError, match=match):
        run_toy(lesson, jobs=2, given={"seeds": 3})
    assert (tmp_path / "mark").read_text() == "xx"  # a second death is its failure
    assert len(list((tmp_path / "store").rglob("*.json"))) == 5


def test_a_workers_traceback_and_stderr_reach_the_user(tmp_path, cache):
    train = (
        "def train(case, seed, data):\n"
        "    import sys\n\n"
        "    print('said by a worker', file=sys.stderr)\n"
        "    raise ValueError('what went wrong')"
    )
    run = start(write_toy(tmp_path, train), cache, "--jobs", "2")
    _, told = run.communicate(timeout=60)
    assert run.returncode == 1
    assert "said by a worker" in told
    assert "raise ValueError('what went wrong')" in told
    assert "4 of 4 trainings failed" in told


def test_a_worker_has_one_thread_and_no_foreign_folder(tmp_path, cache):
    train = (
        "def train(case, seed, data):\n"
        "    import os\n"
        "    names = ('OMP_NUM_THREADS', 'TF_NUM_INTRAOP_THREADS', 'NPROC')\n"
        "    return {'value': [os.environ.get(one) for one in names]}"
    )
    lesson = write_toy(tmp_path, train)
    edit(lesson, "Finding(gain", "Finding(True")
    edit(lesson, "    gain = ", "    gain = 0 and ")
    (tmp_path / "json.py").write_text("raise RuntimeError('not this one')\n")
    command = "import sys; from recipes.lab.cli.main import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-P", "-c", command, "run", "toy.py", "--jobs", "2"],
        cwd=tmp_path,
        env={**os.environ, "RECIPES_CACHE_DIR": cache},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    result = (newest(lesson) / "result.json").read_text()
    assert result.replace("\n", "").replace(" ", "").count('["1","1","1"]') == 4


SLOW = """def train(case, seed, data):
    import time

    time.sleep(0.1)
    return {"value": float(np.random.default_rng(seed).normal() + case["add"])}"""
SEEDS = ("--seeds", "6", "--jobs", "2")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> str:
    """The evidence of twelve trainings that nobody disturbed."""
    folder = tmp_path_factory.mktemp("undisturbed")
    lesson = write_toy(folder, SLOW)
    run = start(lesson, str(folder / "cache"), *SEEDS)
    out, told = run.communicate(timeout=60)
    assert run.returncode == 0, out + told
    return evidence(newest(lesson))


def goes_on(lesson: Path, cache: str, undisturbed: str) -> None:
    """Nothing of ours is left, and the same command ends with equal evidence."""
    assert wait_for(lambda: not ours(cache), 5), ours(cache)
    run = start(lesson, cache, *SEEDS)
    out, told = run.communicate(timeout=60)
    assert run.returncode == 0, out + told
    assert evidence(newest(lesson)) == undisturbed
    assert wait_for(lambda: not ours(cache), 5), ours(cache)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)],
)
def test_a_leader_that_is_ended_leaves_nothing_and_goes_on(
    tmp_path, cache, undisturbed, number, code
):
    lesson = write_toy(tmp_path, SLOW)
    run = start(lesson, cache, *SEEDS)
    assert wait_for(lambda: kept(cache) >= 2)
    run.send_signal(number)
    out, told = run.communicate(timeout=5)
    assert run.returncode == code, out + told
    assert "Traceback" not in told
    if number != signal.SIGKILL:
        assert "finished trainings; the same command goes on from there" in out
    before = kept(cache)
    assert 2 <= before < 12
    goes_on(lesson, cache, undisturbed)
    assert f'"kept_before": {before}' in (newest(lesson) / "result.json").read_text()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_worker_that_is_killed_costs_the_run_nothing(tmp_path, cache, undisturbed):
    lesson = write_toy(tmp_path, SLOW)
    run = start(lesson, cache, *SEEDS)
    assert wait_for(lambda: kept(cache) >= 2)
    for pid in ours(cache):
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        if b"popen_loky" in command:
            os.kill(pid, signal.SIGKILL)
            break
    else:
        pytest.fail("there is no worker")
    out, told = run.communicate(timeout=60)
    assert run.returncode == 0, out + told
    goes_on(lesson, cache, undisturbed)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_forty_kills_at_random_moments(tmp_path, undisturbed):
    """Leader or worker, KILL, TERM or INT; each then goes on, some killed again."""
    draw = random.Random(0)
    for number in range(40):
        folder = tmp_path / str(number)
        folder.mkdir()
        lesson, cache = write_toy(folder, SLOW), str(folder / "cache")
        for _ in range(draw.choice([1, 1, 2])):
            run = start(lesson, cache, *SEEDS)
            time.sleep(draw.uniform(0.1, 2.5))
            chosen = [run.pid]
            if draw.random() < 0.4:
                chosen = [pid for pid in ours(cache) if pid != run.pid] or chosen
            kind = draw.choice([signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
            with contextlib.suppress(ProcessLookupError):
                os.kill(draw.choice(chosen), kind)
            run.communicate(timeout=60)
        goes_on(lesson, cache, undisturbed)
