"""Runs the tests of both `replicas` in children that have several devices."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_callbacks_hold_on_several_devices(backend):
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} isn't installed")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    if importlib.util.find_spec("xdist"):
        command += ["-n", "0"]
    command += ["-p", "tests.callbacks.replicas.two_devices"]
    done = subprocess.run(
        [*command, "tests/callbacks/replicas", "tests/lab/replicas"],
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
    assert "there is one device" not in done.stdout
