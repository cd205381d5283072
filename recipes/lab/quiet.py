"""Loads the Keras backend without the start-up log of its C++ parts."""

import contextlib
import importlib.abc
import importlib.util
import logging
import os
import sys
import tempfile
from collections.abc import Iterator


def load_backend() -> None:
    """Imports Keras with its backend; their start-up log shows only on failure."""
    load_backend_later()
    import keras  # noqa: F401


def load_backend_later() -> None:
    """Has whatever imports Keras first import it without the log.

    A recipe that needs no Keras thereby needs no backend.
    """
    if "keras" not in sys.modules and not any(
        isinstance(finder, _Quietly) for finder in sys.meta_path
    ):
        sys.meta_path.insert(0, _Quietly())


class _Quietly(importlib.abc.MetaPathFinder):
    """Finds Keras as it is found without this, and loads it without the log."""

    def find_spec(self, fullname, path=None, target=None):
        if fullname != "keras":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec("keras")
        if spec is None or spec.loader is None:
            return spec
        load = spec.loader.exec_module

        def load_quietly(module):
            with _without_log():
                load(module)
                # TensorFlow loads its kernels, with a second log, at the first use.
                module.ops.convert_to_numpy(module.ops.zeros(()))

        spec.loader.exec_module = load_quietly
        return spec


@contextlib.contextmanager
def _without_log() -> Iterator[None]:
    """Sets stderr's descriptor aside: C++ code writes before its level can be set."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    logging.getLogger("tensorflow").addFilter(_no_retracing)
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
