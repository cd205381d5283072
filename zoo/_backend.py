"""Loads Keras without the start-up log of its backend's C++ parts.

Importing this module has the effects of `import keras` and no others: no operation
runs, so the number of threads can still be chosen, and no environment variable is set.
"""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator


@contextlib.contextmanager
def log_aside() -> Iterator[None]:
    """Sets stderr's descriptor aside; what went there is shown only on failure.

    C++ code writes to descriptor 2 itself, before any log level can be set. Where the
    process has no such descriptor, nothing is done.
    """
    try:
        saved = os.dup(2)
    except OSError:
        yield
        return
    if sys.stderr is not None:
        sys.stderr.flush()
    try:
        with tempfile.TemporaryFile() as log:
            os.dup2(log.fileno(), 2)
            try:
                yield
            except BaseException:
                _flush()
                log.seek(0)
                while part := log.read(1 << 16):
                    os.write(saved, part)
                raise
            finally:
                _flush()
                os.dup2(saved, 2)
    finally:
        os.close(saved)


def import_keras() -> None:
    """Imports Keras, quietly if this process hasn't loaded it yet."""
    if "keras" in sys.modules:
        return
    with log_aside():
        import keras  # noqa: F401


def _flush() -> None:
    if sys.stderr is not None:
        sys.stderr.flush()


import_keras()
