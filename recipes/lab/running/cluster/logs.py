"""Dask's own logs: what they say a user hears from us, in one sentence."""

import contextlib
import logging
import warnings
from collections.abc import Iterator

OTHERS = ("asyncio", "tornado.application")  # tell what Dask's tasks left behind


@contextlib.contextmanager
def silenced() -> Iterator[None]:
    """Silences Dask's logs in this process for as long as a cluster is used.

    What its tasks leave behind is told later, when they are collected, by the loggers
    of asyncio and tornado: records that name Dask are dropped from then on.
    """
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
    for name in OTHERS:
        logging.getLogger(name).addFilter(_is_no_dask)
    warnings.filterwarnings("ignore", category=RuntimeWarning, module="distributed")
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


def _is_no_dask(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    module = type(error).__module__
    return "distributed" not in f"{module} {record.getMessage()}"
