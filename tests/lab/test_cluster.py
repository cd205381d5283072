"""Sweeps on a Dask cluster: equal evidence, refusals by name, deaths."""

import dataclasses
import importlib.util
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from recipes import lab
from recipes.lab import LabError, UsageError
from recipes.lab.cli.main import main
from recipes.lab.running import cluster
from recipes.lab.running.cluster import address, connection, leader
from recipes.lab.running.cluster.agreement import with_leader
from recipes.lab.running.cluster.logs import silenced
from recipes.lab.running.member import Task, load_data
from recipes.lab.running.sources import Sources
from tests.lab.processes import ours, wait_for
from tests.lab.toys import edit, evidence, run_toy, write_toy

pytestmark = [
    pytest.mark.skipif(
        importlib.util.find_spec("distributed") is None, reason="Dask is not installed"
    ),
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
    pytest.mark.xdist_group("cluster"),  # its workers are shared
]

if importlib.util.find_spec("distributed"):
    from tests.lab.dask_processes import ROOT, dask

PIDS = "def train(case, seed, data):\n    return {'value': RATE, 'pid': os.getppid()}"
PARTS = shutil.ignore_patterns("__pycache__", "weights", "*.safetensors")


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """A scheduler with two workers that a nanny starts again."""
    with dask(tmp_path_factory.mktemp("two")) as found:
        found.worker(count=2)
        yield found


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """A scheduler for workers that are refused."""
    with dask(tmp_path_factory.mktemp("empty")) as found:
        yield found


@pytest.fixture
def alone(empty):
    """Starts a worker for the length of a test."""
    yield empty
    for pid in empty.workers().values():
        os.kill(pid, signal.SIGKILL)
    assert wait_for(lambda: not empty.workers(), 10)


def with_pids(folder: Path) -> Path:
    lesson = write_toy(folder, PIDS)
    edit(lesson, "import numpy", "import os\n\nimport numpy")
    return lesson


def values(lesson: Path, **options) -> list[dict]:
    found = run_toy(lesson, **options).result["claims"][0]["numbers"]["values"]
    return [*found["a"], *found["b"]]


def test_a_cluster_gives_the_evidence_of_this_machine(tmp_path, two):
    """Byte for byte; numbers that are not finite, and texts, too."""
    train = (
        "def train(case, seed, data):\n"
        "    draws = np.random.normal(size=5)\n"
        "    odd = [np.nan, np.inf, -0.0, 'é', None]\n"
        "    return {'value': float(np.exp(draws).sum()), 'odd': odd, 'd': draws}"
    )
    found = []
    for chosen in ({"jobs": 1}, {"cluster": two.address}):
        folder = tmp_path / next(iter(chosen))
        folder.mkdir()
        finished = run_toy(write_toy(folder, train), **chosen)
        assert finished.result["trainings"]["new"] == 4
        found.append(evidence(finished.folder).replace(str(folder), ""))
    assert found[0] == found[1]


def test_a_member_has_a_process_with_one_thread_for_itself(tmp_path, two):
    """In the worker, Dask's threads would draw from the random state of a training."""
    train = (
        "def train(case, seed, data):\n"
        "    names = ('OMP_NUM_THREADS', 'TF_NUM_INTRAOP_THREADS', 'NPROC')\n"
        "    threads = [one.name for one in threading.enumerate()]\n"
        "    return {'value': 0.0, 'threads': threads, 'parent': os.getppid(),\n"
        "            'variables': [os.environ.get(one) for one in names],\n"
        "            'dask': 'distributed' in sys.modules}"
    )
    lesson = write_toy(tmp_path, train)
    edit(
        lesson,
        "import numpy",
        "import os\nimport sys\nimport threading\n\nimport numpy",
    )
    for found in values(lesson, cluster=two.address):
        assert found["parent"] in two.workers().values()
        assert found["variables"] == ["1", "1", "1"]
        assert not found["dask"]
        assert not any("Dask" in one or "IO" in one for one in found["threads"])


def test_a_clusters_worker_never_runs_old_code(tmp_path, two):
    """Edits of the lesson and of what it imports; back to what it was before, too."""
    lesson = with_pids(tmp_path)
    first = values(lesson, cluster=two.address)
    assert {run["value"] for run in first} == {0.5}
    assert {run["pid"] for run in first} <= {*two.workers().values()}
    edit(lesson, "'value': RATE", "'value': offset()")
    assert {run["value"] for run in values(lesson, cluster=two.address)} == {0.25}
    for base, other in [("0.25", "0.75"), ("0.75", "0.25"), ("0.25", "0.5")]:
        edit(tmp_path / "beside.py", base, other)
        found = values(lesson, cluster=two.address, fresh=True)
        assert {run["value"] for run in found} == {float(other)}


def test_a_module_is_looked_for_beside_its_own_recipe(tmp_path, two):
    """Imported late, after a worker has turned to a recipe with one of that name."""
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "helper.py").write_text(f"NAME = {len(name)}.0\n")
    late = (
        "def train(case, seed, data):\n    if seed == 0:\n        return {'value': 0}\n"
        "    import helper\n\n    return {'value': helper.NAME}"
    )
    one = write_toy(tmp_path / "one", late)
    plain = "def train(case, seed, data):\n    return {'value': 1.0}"
    other = write_toy(tmp_path / "other", plain)
    edit(other, "from _shared import offset\n", "")  # imports no module of this name
    found = {"cluster": two.address, "given": {"seeds": 1}}
    for lesson in (one, other):
        values(lesson, **found)
    found["given"] = {"seeds": 4}
    assert [run["value"] for run in values(one, **found)] == [0, 3, 3, 3] * 2


def test_files_that_a_worker_lacks_are_sent(tmp_path, two, monkeypatch):
    """A module of the user's own that is found on the leader's path only."""
    lesson = with_pids(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "beside.py").rename(elsewhere / "beside.py")
    monkeypatch.syspath_prepend(str(elsewhere))
    edit(lesson, "'value': RATE", "'value': offset(), 'file': __file__")
    found = values(lesson, cluster=two.address)
    assert {run["value"] for run in found} == {0.25}
    assert not any(Path(run["file"]).is_relative_to(tmp_path) for run in found)


@pytest.mark.parametrize(
    ("flags", "variables", "reason"),
    [
        ((), {"TF_ENABLE_ONEDNN_OPTS": "0"},
         "the variable TF_ENABLE_ONEDNN_OPTS is 0, not unset"),
        (("--nthreads", "4"), {}, "it has 4 threads, not 1.*--nthreads 1"),
    ],
)  # fmt: skip
def test_a_worker_that_differs_is_refused_by_name(
    tmp_path, alone, flags, variables, reason
):
    alone.worker(*flags, **variables)
    (name,) = alone.workers()
    match = f"the worker {name} can't take part: .*{reason}"
    with pytest.raises(LabError, match=match):
        run_toy(write_toy(tmp_path), cluster=alone.address)
    assert not list((tmp_path / "store").rglob("*.json"))


@pytest.mark.parametrize(
    "name",
    ["the version of Python", "the version of keras", "the processor", "the system",
     "the accelerators", "the data 'digits'", "the code of recipes/lab"],
)  # fmt: skip
def test_every_fact_that_differs_is_named_with_both_values(tmp_path, name):
    lesson = write_toy(tmp_path)
    sources = Sources([lesson])
    digits = load_data("digits", None).checksum
    task = Task(path=str(lesson), function="train", lesson=str(lesson), case={}, seed=0,
                digest=sources.digest, data="digits", data_dir=None, checksum=digits,
                policy="float32")  # fmt: skip
    wanted = with_leader(sources, task)
    assert wanted.difference() == ""
    here = wanted.facts[name]
    there = dataclasses.replace(wanted, facts={**wanted.facts, name: "another"})
    assert there.difference() == f"{name} is {here}, not another"


def test_a_worker_with_other_code_of_the_project_is_refused(tmp_path, alone):
    """A copy of the project with one line more in what trainings rest on."""
    copy = tmp_path / "copy"
    for package in ("callbacks", "recipes", "zoo"):
        shutil.copytree(ROOT / package, copy / package, ignore=PARTS)
    with (copy / "recipes" / "lab" / "training" / "seeding.py").open("a") as file:
        file.write("\nMORE = 1\n")
    alone.worker(PYTHONPATH=str(copy))
    match = "the worker tcp.* can't take part: the code of recipes/lab is .*, not "
    with pytest.raises(LabError, match=match):
        run_toy(write_toy(tmp_path), cluster=alone.address)


def test_members_go_to_workers_that_offer_a_gpu(tmp_path, empty):
    empty.worker()
    empty.worker("--resources", "GPU=1")
    try:
        found = values(with_pids(tmp_path), cluster=empty.address)
        workers = empty.workers().values()
        assert len({run["pid"] for run in found}) == 1
        assert {run["pid"] for run in found} < {*workers}
    finally:
        for pid in empty.workers().values():
            os.kill(pid, signal.SIGKILL)
        assert wait_for(lambda: not empty.workers(), 10)


def test_a_gpu_that_is_needed_and_offered_by_none_is_one_sentence():
    plain = {"tcp://1": {"resources": {}}, "tcp://2": {}}
    offering = {**plain, "tcp://3": {"resources": {"GPU": 1.0}}}
    assert leader.needed(plain, on_accelerators=False) is None
    assert leader.able(plain, None) == ["tcp://1", "tcp://2"]
    needs = leader.needed(offering, on_accelerators=True)
    assert leader.able(offering, needs) == ["tcp://3"]
    with pytest.raises(LabError, match=r"no worker offers one.*--resources GPU=1"):
        leader.needed(plain, on_accelerators=True)


@pytest.mark.parametrize(
    "text",
    ["", "local", "local:", "local:0", "local:-1", "local:2000", "tcp://host", "host:1",
     "tcp://host:0", "tcp://host:70000", "tcp:/host:8786", "http://host:8786"],
)  # fmt: skip
def test_a_misspelt_address_is_one_sentence(text):
    with pytest.raises(UsageError, match=rf"tcp://HOST:PORT.*local:N.*not '{text}'"):
        address.parse(text)


def test_a_cluster_and_processes_of_this_machine_exclude_each_other(capsys):
    assert main(["run", "momentum", "--cluster", "local"]) == 2
    assert "--cluster: the cluster must be" in capsys.readouterr().err
    words = ["run", "momentum", "--cluster", "local:2", "--jobs", "2"]
    assert main(words) == 2
    assert "--jobs is for this machine" in capsys.readouterr().err
    with pytest.raises(UsageError, match="jobs or cluster"):
        lab.run("momentum", cluster="local:2", jobs=2)


def test_an_absent_dask_is_one_sentence(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(LabError, match=r"not installed: .* pip install dask distr"):
        cluster.of("local:2")


def test_a_lab_without_a_cluster_imports_no_dask():
    code = (
        "import sys, recipes.lab.running.execute, recipes.lab.cli.main\n"
        "sys.exit(len({'dask', 'distributed'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_a_scheduler_that_does_not_answer_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(connection, "CONNECT", 0.5)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens
        place = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(LabError, match=f"no Dask scheduler answers at {place}"):
            run_toy(write_toy(tmp_path), cluster=place)


def test_a_scheduler_without_workers_is_one_sentence(tmp_path, empty, monkeypatch):
    monkeypatch.setattr(connection, "ARRIVE", 0.5)
    with pytest.raises(LabError, match=r"has had no worker for 0\.5 seconds"):
        run_toy(write_toy(tmp_path), cluster=empty.address)


@pytest.mark.slow
def test_recipes_that_train_networks_give_the_evidence_of_this_machine(tmp_path):
    found = []
    for flags in (("--jobs", "2"), ("--cluster", "local:2")):
        folder = tmp_path / flags[0]
        command = [sys.executable, "-m", "recipes", "run", "gradient_descent"]
        subprocess.run(
            [*command, "--out", str(folder), *flags],
            env={**os.environ, "RECIPES_CACHE_DIR": str(folder / "cache")},
            check=True,
            capture_output=True,
        )
        found.append(evidence(next(folder.glob("gradient_descent/2*"))))
    assert found[0] == found[1]


@pytest.mark.slow
def test_all_recipes_share_one_cluster(tmp_path):
    """A smoke run of all: leaders of their own, the same two workers."""
    cache = str(tmp_path / "cache")
    command = [sys.executable, "-m", "recipes", "run", "--all", "--smoke"]
    done = subprocess.run(
        [*command, "--out", str(tmp_path), "--cluster", "local:2"],
        env={**os.environ, "RECIPES_CACHE_DIR": cache},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert wait_for(lambda: not ours(cache), 5), ours(cache)


def test_only_dasks_own_logs_are_silenced(caplog):
    with silenced():
        logging.getLogger("distributed.client").error("by Dask")
        logging.getLogger("asyncio").error("a task of distributed/comm/tcp.py")
        logging.getLogger("asyncio").error("a task of somebody else")
    told = [record.getMessage() for record in caplog.records]
    assert told == ["a task of somebody else"]
    assert logging.getLogger("distributed.client").isEnabledFor(logging.ERROR)
