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
    "tests/lab/test_full_float32.py",
    "tests/recipes/test_recurrent.py::test_exact_claims",
    "tests/recipes/test_transfer.py::test_a_late_flag_does_what_the_backend_does",
    "tests/recipes/test_vanishing.py::test_slopes_vanish_on_every_backend",
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


def check(backend: str, *tests: str) -> None:
    """Runs tests in a process of another backend, where it is installed."""
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} isn't installed")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    if importlib.util.find_spec("xdist"):
        command += ["-n", "0"]
    done = subprocess.run(
        [*command, "-m", "not slow", *tests],
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


@pytest.mark.parametrize("backend", sorted(OTHERS))
def test_everything_holds_on_another_backend(backend):
    check(backend, *FILES, *MORE.get(backend, ()))


@pytest.mark.slow
@pytest.mark.parametrize("backend", sorted(OTHERS))
def test_every_recipe_runs_on_another_backend(backend):
    every = "tests/recipes/test_every_recipe.py"
    check(backend, f"{every}::test_smoke_states_every_claim_and_judges_none")
