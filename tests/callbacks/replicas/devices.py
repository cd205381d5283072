"""The devices of a child: four on JAX, two replicas on TensorFlow; else one."""

import contextlib
import functools

import keras
import pytest

BACKEND = keras.backend.backend()


def count():
    """How many devices there are."""
    if BACKEND == "tensorflow":
        import tensorflow as tf

        return len(tf.config.list_logical_devices("CPU"))
    return len(keras.distribution.list_devices()) if BACKEND == "jax" else 1


def needed():
    """Skips a module's tests where there is one device."""
    return pytest.mark.skipif(count() < 2, reason="there is one device")


@functools.cache
def _strategy():
    # One for all tests: TensorFlow mixes up the exchanges of several.
    import tensorflow as tf

    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


@contextlib.contextmanager
def spread(several):
    """A scope in which a model trains on all devices, or on one."""
    if not several:
        yield
    elif BACKEND == "tensorflow":
        with _strategy().scope():
            yield
    else:
        devices = keras.distribution.list_devices()
        with keras.distribution.DataParallel(devices=devices).scope():
            yield
