"""Loads the Keras backend without the start-up log of its C++ parts."""

import logging
import os
import sys
import tempfile


def load_backend() -> None:
    """Imports Keras with its backend; their start-up log shows only on failure.

    The messages are written by C++ code before its log level can be set, so
    the file descriptor of stderr is set aside while the import runs.
    """
    if "keras" in sys.modules:
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    logging.getLogger("tensorflow").addFilter(_no_retracing)
    sys.stderr.flush()
    saved = os.dup(2)
    with tempfile.TemporaryFile() as log:
        os.dup2(log.fileno(), 2)
        try:
            import keras

            # TensorFlow loads its kernels, with a second log, at the first use.
            keras.ops.convert_to_numpy(keras.ops.zeros(()))
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
