"""Dask's own logs: what they say a user hears from us, in one sentence."""

import contextlib
import logging
from collections.abc import Iterator


@contextlib.contextmanager
def silenced() -> Iterator[None]:
    """Silences Dask's logs in this process for as long as a cluster is used."""
    import distributed  # sets the levels of its loggers

    names = [
        name
        for name in logging.root.manager.loggerDict
        if name.partition(".")[0] == distributed.__name__
    ]
    loggers = [logging.getLogger(name) for name in names]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
