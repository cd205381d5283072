"""Arrays of prepared sets, kept so that a second reading takes no time.

Reading records of tensorflow-datasets takes seconds, the same arrays from one file a
tenth of one. The file lies in the user's cache folder (`RECIPES_CACHE_DIR` names
another one), is checked when read, and may be deleted at any time.
"""

import contextlib
import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from recipes.lab import files
from recipes.lab.errors import LabError

KEYS = ("x_train", "y_train", "x_test", "y_test")
FORM = 1  # of the file; another number, another file


def folder() -> Path:
    """Returns where the arrays are kept."""
    return files.cache_folder()


def cached(name: str, source: Path, read: Callable[[], list]) -> list:
    """Returns the arrays of a set: from the cache, or read and then kept.

    Args:
        name: The set's name.
        source: The folder of the prepared set. A file added, removed or changed
            there makes the cached arrays void.
        read: Reads x_train, y_train, x_test, y_test the slow way.
    """
    path = folder() / f"{name}-{state(source)}.npz"
    with contextlib.suppress(OSError, ValueError, KeyError, EOFError, BadZipFile):
        return _load(path)
    arrays = read()
    with contextlib.suppress(LabError):  # no room, or no right to write: no cache
        for old in path.parent.glob(f"{name}-*.npz"):
            with contextlib.suppress(OSError):
                old.unlink()
        files.write(path, _bytes(arrays))
    return arrays


def state(source: Path) -> str:
    """Changes with the names, sizes and times of the set's files."""
    digest = hashlib.sha256(f"{FORM} {source.resolve()}".encode())
    for path in sorted(source.rglob("*")):
        if path.is_file():
            found = path.stat()
            digest.update(f"{path.name} {found.st_size} {found.st_mtime_ns}".encode())
    return digest.hexdigest()[:16]


def _bytes(arrays: list) -> bytes:
    parts = {
        key: _joined(array)
        for key, array in zip(KEYS, arrays, strict=True)
        if array is not None
    }
    texts = [key for key in parts if arrays[KEYS.index(key)].dtype == object]
    buffer = io.BytesIO()
    np.savez(buffer, digest=_digest(parts), texts=np.array(texts, "U16"), **parts)
    return buffer.getvalue()


def _load(path: Path) -> list:
    with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
        parts = {key: file[key] for key in file.files}
    digest, texts = parts.pop("digest"), set(parts.pop("texts"))
    if str(digest) != _digest(parts):
        raise ValueError("the file was changed")
    for key in texts:
        words = parts[key].tobytes().decode("utf-8").split("\0")
        parts[key] = np.array(words, dtype=object)
    return [parts.get(key) for key in KEYS]


def _joined(array: np.ndarray) -> np.ndarray:
    if array.dtype != object:
        return array
    return np.frombuffer("\0".join(array).encode("utf-8"), dtype=np.uint8)


def _digest(parts: dict[str, np.ndarray]) -> str:
    digest = hashlib.sha256()
    for key, array in sorted(parts.items()):
        digest.update(f"{key} {array.dtype} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
