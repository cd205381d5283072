"""Runs every check on every backend: one process for each backend, one test each.

A backend is fixed when Keras is imported, hence the processes; a start costs seconds,
hence one for all checks of a backend.
"""

import ast
import fcntl
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SLOW = {
    ("jax", "check_an_application_trains"),
    ("jax", "check_checkpoints_know_nothing_of_it"),
    ("tensorflow", "check_uncertainty_weighting_balances_units"),
}


def _names():
    for path in sorted(HERE.glob("checks_*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("check_"):
                yield node.name


def _cases():
    for backend in ("tensorflow", "jax", "torch"):
        for name in _names():
            slow = (backend, name) in SLOW
            marks = [pytest.mark.slow] if slow else []
            yield pytest.param(
                backend, name, slow, id=f"{backend}-{name[6:]}", marks=marks
            )


def _run(backend, names):
    """Outcomes by name; the last lines of stderr if the process itself failed."""
    environment = {
        **os.environ,
        "KERAS_BACKEND": backend,
        "JAX_PLATFORMS": "cpu",
        "CUDA_VISIBLE_DEVICES": "-1",
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.callbacks.backend_run", *names],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    lines = [line[6:] for line in done.stdout.splitlines() if line[:6] == "CHECK "]
    outcomes = {record["check"]: record for record in map(json.loads, lines)}
    if done.returncode:
        outcomes["error"] = done.stderr[-3000:]
    return outcomes


@pytest.fixture(scope="session")
def outcomes(tmp_path_factory):
    """Runs a backend's checks once, also where several workers run the tests."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent

    def of(backend, slow):
        kind = f"{backend}-{'slow' if slow else 'fast'}"
        target = folder / f"{kind}.json"
        with (folder / f"{kind}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not target.exists():
                names = [n for n in _names() if ((backend, n) in SLOW) == slow]
                target.write_text(json.dumps(_run(backend, names)))
        return json.loads(target.read_text())

    return of


@pytest.mark.parametrize(("backend", "name", "slow"), list(_cases()))
def test_check(backend, name, slow, outcomes):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} isn't installed")
    found = outcomes(backend, slow)
    record = found.get(name)
    assert record is not None, f"the process ended early: {found.get('error')}"
    if record["outcome"] == "skipped":
        pytest.skip(record["detail"])
    assert record["outcome"] == "passed", record["detail"]


def test_jax_does_not_load_tensorflow():
    code = "import sys, callbacks; print('tensorflow' in sys.modules)"
    if importlib.util.find_spec("jax") is None:
        pytest.skip("jax isn't installed")
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "KERAS_BACKEND": "jax"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["False"]
