"""Runs the test of replicas in a process that has two logical devices."""

import os
import subprocess
import sys
from pathlib import Path

import keras
import pytest

HERE = Path(__file__).parent
CODE = """
import sys, tensorflow as tf, pytest
one = tf.config.LogicalDeviceConfiguration()
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [one, one])
sys.exit(pytest.main(["-q", "-n", "0", "-p", "no:cacheprovider", "-rs", sys.argv[1],
                      "-k", "two_replicas"]))
"""


@pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="tf.distribute is TensorFlow's"
)
def test_replicas():
    paths = os.pathsep.join([str(HERE.parents[1]), *sys.path])
    done = subprocess.run(
        [sys.executable, "-P", "-c", CODE, str(HERE / "test_gan_data.py")],
        env={**os.environ, "PYTHONPATH": paths},
        cwd=HERE.parents[1],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert "2 passed" in done.stdout
