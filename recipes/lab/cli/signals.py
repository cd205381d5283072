"""SIGTERM ends a run as Ctrl-C does: processes end, and what is kept is said."""

import contextlib
import signal
import threading
from collections.abc import Iterator


class Terminated(KeyboardInterrupt):
    """The process was asked to end."""


@contextlib.contextmanager
def terminated_like_interrupted() -> Iterator[None]:
    """Has SIGTERM raise `Terminated` in the main thread, for as long as this lasts."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(*_):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough
        raise Terminated

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
