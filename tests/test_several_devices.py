"""Runs the tests of replicas in a process for each backend that has several devices."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
REPLICAS = ("tests/callbacks/replicas", "tests/lab/replicas")
GAN = "tests/zoo/test_gan_data.py::test_two_replicas_train_as_one_device_does"
# TensorFlow's collective operations remember what a test of an error leaves: the
# GAN's replicas have a process of their own.
RUNS = {
    "tensorflow": ("tensorflow", REPLICAS),
    "tensorflow, GAN": ("tensorflow", (GAN,)),
    "jax": ("jax", REPLICAS),
}


@pytest.mark.parametrize(("backend", "tests"), RUNS.values(), ids=RUNS)
def test_everything_holds_on_several_devices(backend, tests):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} isn't installed")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    if importlib.util.find_spec("xdist"):
        command += ["-n", "0"]
    command += ["-p", "tests.callbacks.replicas.two_devices"]
    done = subprocess.run(
        [*command, *tests],
        cwd=ROOT,
        env={
            **{k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")},
            "KERAS_BACKEND": backend,
            "JAX_PLATFORMS": "cpu",
            "CUDA_VISIBLE_DEVICES": "-1",
            "XLA_FLAGS": "--xla_force_host_platform_device_count=4",
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "passed" in done.stdout
    for told in ("there is one device", "needs two logical devices"):
        assert told not in done.stdout
