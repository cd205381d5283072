"""Long trainings of a sweep are kept by themselves, until the sweep keeps their result.

A member's key stands for all that its numbers depend on, so it is the fingerprint of
its trainings, which are numbered: a member may call `fit` several times.
"""

import contextlib
import contextvars
import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path

LONG = 60.0  # seconds of training before the first save

_folders: contextvars.ContextVar[Iterator[Path] | None] = contextvars.ContextVar(
    "folders", default=None
)


@contextlib.contextmanager
def kept_in(folder: str | None) -> Iterator[None]:
    """Keeps the trainings within; their checkpoints go when the member is done.

    They stay where the process dies or is interrupted.

    Args:
        folder: Of the member; None keeps nothing.
    """
    if folder is None:
        yield
        return
    numbered = (Path(folder) / str(number) for number in itertools.count())
    token = _folders.set(numbered)
    try:
        yield
    except Exception:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        _folders.reset(token)
    shutil.rmtree(folder, ignore_errors=True)


def next_folder() -> Path | None:
    """The folder of the next training of this member; None outside of one."""
    folders = _folders.get()
    return None if folders is None else next(folders)
