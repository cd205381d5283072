"""The same weights put out and learn the same on TensorFlow, JAX and PyTorch."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import backend_probe
import keras
import numpy as np
import pytest

HERE = Path(__file__).parent
PYTHON = (sys.executable, "-W", "error::UserWarning")
BACKENDS = ("tensorflow", "jax", "torch")


@pytest.fixture(scope="session")
def outputs(tmp_path_factory):
    """A function from a backend's name to its outputs, each computed once."""
    folder = tmp_path_factory.mktemp("backends")

    def of(backend):
        path = folder / f"{backend}.npz"
        if backend == keras.backend.backend() and not path.exists():
            backend_probe.main(path)
        if not path.exists():
            paths = [str(HERE), str(HERE.parents[1])]
            done = subprocess.run(
                [*PYTHON, HERE / "backend_probe.py", path],
                env={
                    **os.environ,
                    "KERAS_BACKEND": backend,
                    "PYTHONPATH": os.pathsep.join(paths),
                },
                capture_output=True,
                text=True,
            )
            assert done.returncode == 0, done.stderr[-3000:]
        return np.load(path)

    return of


@pytest.mark.parametrize("backend", BACKENDS[1:])
def test_equals_tensorflow(backend, outputs):
    for needed in ("tensorflow", backend):
        if importlib.util.find_spec(needed) is None:
            pytest.skip(f"{needed} is not installed")
    reference, got = outputs("tensorflow"), outputs(backend)
    assert str(got["backend"]) == backend
    assert str(reference["backend"]) == "tensorflow"
    assert set(got.files) == set(reference.files)
    worst = {}
    for name in set(reference.files) - {"backend"}:
        size = np.abs(reference[name]).max()
        assert size > 0
        worst[name] = float(np.abs(got[name] - reference[name]).max() / size)
    assert len(worst) >= 48
    assert not {name: far for name, far in worst.items() if far > 1e-4}
