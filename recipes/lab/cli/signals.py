"""Ctrl-C and SIGTERM end a command once, in time, and without a traceback."""

import _thread
import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator

GRACE = 5.0  # seconds that an interrupted command has to end by itself


class Terminated(KeyboardInterrupt):
    """The process was asked to end."""


def end_when_interrupted() -> None:
    """Has the first SIGINT end this process, and further ones change nothing.

    `timeout` sends two at once, and a person who presses Ctrl-C again would break off
    the end itself. Where the exception is lost, as in a library that catches all, the
    process ends after `GRACE` seconds all the same.
    """
    signal.signal(signal.SIGINT, _interrupt)


def _interrupt(*_) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _thread.start_new_thread(_end_in_time, ("interrupted", 130))
    raise KeyboardInterrupt


def _end_in_time(how: str, code: int) -> None:
    """Takes no lock, which the interrupted thread may hold."""
    time.sleep(GRACE)
    with contextlib.suppress(OSError):
        os.write(2, f"recipes: {how}.\n".encode())
    os._exit(code)  # workers end with their leader, and what is kept is whole


@contextlib.contextmanager
def terminated_like_interrupted() -> Iterator[None]:
    """Has SIGTERM raise `Terminated` in the main thread, for as long as this lasts."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(*_):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough
        _thread.start_new_thread(_end_in_time, ("terminated", 143))
        raise Terminated

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
