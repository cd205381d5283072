"""Files that are there in full or not at all."""

import contextlib
import io
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras


@contextlib.contextmanager
def written_whole(path: str | os.PathLike, mode: str = "w") -> Iterator[Any]:
    """A file to write to; it takes its name only once all of it is on the disk.

    Where several processes train together, the first one writes.
    """
    if not is_writer():
        yield io.BytesIO() if "b" in mode else io.StringIO()
        return
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    text = {"newline": "", "encoding": "utf-8"} if "b" not in mode else {}
    try:
        with os.fdopen(handle, mode, **text) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def is_writer() -> bool:
    """Whether this process writes files: the first of those that train together."""
    if keras.backend.backend() != "jax":
        return True
    import jax

    return jax.process_index() == 0


def path_of(path: Any, name: str) -> Path:
    """`path-NAME.suffix` where the table has a name, else the path itself."""
    target = Path(path)
    return target.with_stem(f"{target.stem}-{name}") if name else target
