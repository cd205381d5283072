"""The store of trainings: one checksummed file for each, found by its key.

It lies in the user's cache folder (`recipes data` names it). A file that is damaged, or
that belongs to another key, counts as absent: the training runs again.
"""

import contextlib
import hashlib
import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

from recipes.lab import files
from recipes.lab.data import cache

CAP = 2 * 2**30  # bytes; above it the trainings longest unused go

LEFT = 13  # days after the first in which an unfinished training may go on


class Store:
    """Finished trainings by key.

    Args:
        folder: Where they lie; None for the user's cache folder.
    """

    def __init__(self, folder: Path | None = None):
        self.folder = folder or cache.folder() / "trainings"

    def find(self, key: str) -> dict | None:
        """Returns what was kept: `value`, `seconds` and `made`; None where absent."""
        path = self._path(key)
        try:
            text = path.read_text(encoding="utf-8")
            head, _, body = text.partition("\n")
            if head != _checksum(key, body):
                return None
            found = json.loads(body)
        except (OSError, ValueError, RecursionError, MemoryError):
            return None
        if not _is_training(found):
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # used now
        return found

    def keep(self, key: str, value: Any, seconds: float, made: dict) -> dict:
        """Keeps a training and returns it as it will be found.

        Raises:
            LabError: The folder can't be written, or the disk is full.
        """
        body = _text(value, seconds, made)
        files.write(self._path(key), f"{_checksum(key, body)}\n{body}")
        return json.loads(body)

    def unfinished(self, key: str) -> Path:
        """The folder for the checkpoints of a training that takes long."""
        return self.folder.with_name("unfinished") / key

    def size(self) -> tuple[int, int]:
        """Returns how many files there are, and their bytes."""
        sizes = []
        for path in self.folder.glob("*/*.json"):
            with contextlib.suppress(OSError):
                sizes.append(path.stat().st_size)
        return len(sizes), sum(sizes)

    def prune(self, *, cap: int = CAP, older_than_days: float | None = None) -> tuple:
        """Deletes trainings: those unused for long, then the oldest above the cap.

        Args:
            cap: Bytes that may stay.
            older_than_days: Days after which an unused training goes; None: none.

        Returns:
            How many files and bytes went.
        """
        found = []
        day_ago = time.time() - 86400
        for path in self.folder.with_name("unfinished").glob("*"):
            if path.stat().st_mtime < day_ago - LEFT * 86400:
                shutil.rmtree(path, ignore_errors=True)
        for path in self.folder.glob("*/*"):
            with contextlib.suppress(OSError):
                state = path.stat()
                if path.suffix == ".tmp" and state.st_mtime > day_ago:
                    continue  # being written
                found.append((state.st_mtime, state.st_size, path))
        total, count, freed = sum(size for _, size, _ in found), 0, 0
        limit = (
            -1.0 if older_than_days is None else time.time() - older_than_days * 86400
        )
        for used, size, path in sorted(found):
            left_over = path.suffix == ".tmp"
            if used >= limit and total - freed <= cap and not left_over:
                continue
            with contextlib.suppress(OSError):
                path.unlink()
                count, freed = count + 1, freed + size
        return count, freed

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key[2:]}.json"


def as_kept(value: Any, seconds: float, made: dict) -> dict:
    """Returns a training as it would be found, without keeping it."""
    return json.loads(_text(value, seconds, made))


def _is_training(found: Any) -> bool:
    return (
        isinstance(found, dict)
        and isinstance(found.get("value"), dict)
        and isinstance(found.get("seconds"), (int, float))
        and isinstance(found.get("made"), dict)
    )


def _text(value: Any, seconds: float, made: dict) -> str:
    """The file's body: JSON whose mappings keep the order of their keys."""
    whole = {"value": value, "seconds": seconds, "made": made}
    return json.dumps(files.plain(whole))


def _checksum(key: str, body: str) -> str:
    return hashlib.sha256(f"{key}\n{body}".encode()).hexdigest()
