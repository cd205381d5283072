"""Runs tests on the backends that this process hasn't got.

A backend is fixed when Keras is imported, hence one process for each, which runs all
files that are to hold everywhere.
"""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import keras
import pytest

ROOT = Path(__file__).parents[1]
FILES = (
    "tests/callbacks/on_each_backend",
    "tests/faults",
    "tests/recipes/test_weighting.py::test_only_tensorflow_sees_the_sigmoid",
    "tests/zoo/test_rates.py",
    "tests/zoo/test_weighted_losses.py",
    "tests/zoo/test_zoo_uncertainty.py",
)
# Resident programs are TensorFlow's and JAX's; modules with buffers are PyTorch's.
UNKEPT = "tests/lab/test_resume_unkept.py"
MORE = {
    "jax": ("tests/lab/test_resident.py",),
    "torch": (
        f"{UNKEPT}::test_models_of_ones_own_go_on",
        f"{UNKEPT}::test_modules_with_buffers_are_refused",
    ),
}
OTHERS = {"tensorflow", "jax", "torch"} - {keras.backend.backend()}


@pytest.mark.parametrize("backend", sorted(OTHERS))
def test_everything_holds_on_another_backend(backend):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} isn't installed")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    if importlib.util.find_spec("xdist"):
        command += ["-n", "0"]
    done = subprocess.run(
        [*command, "-m", "not slow", *FILES, *MORE.get(backend, ())],
        cwd=ROOT,
        env={
            **{k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")},
            "KERAS_BACKEND": backend,
            "JAX_PLATFORMS": "cpu",
            "CUDA_VISIBLE_DEVICES": "-1",
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
