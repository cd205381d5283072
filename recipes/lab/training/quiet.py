"""Loads the Keras backend without the start-up log of its C++ parts."""

import contextlib
import importlib.util
import logging
import os
import sys
import tempfile
from collections.abc import Iterator


def load_backend() -> None:
    """Imports Keras with its backend; their start-up log shows only on failure.

    The first operation is run, too: TensorFlow loads its kernels there, with a
    second log, and fixes how many threads it has. So set those before.
    """
    if "keras" in sys.modules:
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    logging.getLogger("tensorflow").addFilter(_no_retracing)
    with _without_log():
        import keras

        keras.ops.convert_to_numpy(keras.ops.zeros(()))
    if "tensorflow" not in sys.modules:
        sys.meta_path.insert(0, _QuietTensorFlow())


class _QuietTensorFlow:
    """Loads TensorFlow without its log where another backend's Keras asks for it late.

    Keras looks for TensorFlow as it serializes a layer, whatever the backend.
    """

    def __init__(self):
        self._looking = False

    def find_spec(self, name, path=None, target=None):
        if name != "tensorflow" or self._looking:
            return None
        self._looking = True
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self._looking = False
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def execute_quietly(module):
                with _without_log():
                    execute(module)

            spec.loader.exec_module = execute_quietly
        return spec


@contextlib.contextmanager
def _without_log() -> Iterator[None]:
    """Sets stderr's descriptor aside: C++ code writes before its level can be set."""
    sys.stderr.flush()
    saved = os.dup(2)
    with tempfile.TemporaryFile() as log:
        os.dup2(log.fileno(), 2)
        try:
            yield
        except BaseException:
            log.seek(0)
            os.write(saved, log.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(saved, 2)
            os.close(saved)


def _no_retracing(record: logging.LogRecord) -> bool:
    """Drops TensorFlow's advice on retracing: a sweep compiles many models."""
    return "triggered tf.function retracing" not in record.getMessage()
