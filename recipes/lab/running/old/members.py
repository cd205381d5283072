"""Finished trainings of a run: one file each, for all processes that share it."""

import contextlib
import errno
import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from recipes.lab import files

try:
    import fcntl
except ImportError:  # Windows: no locks, so nobody shares, and two resumes may clash
    fcntl = None


class Members:
    """Keeps what was trained, and says who trains what.

    Args:
        folder: The run's folder.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self._claims = None

    def find(self, key: str) -> dict | None:
        """Returns the kept value of a finished member, None where there is none."""
        try:
            stored = json.loads(self._path(key).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return stored["value"] if stored.get("key") == key else None

    def count(self, keys: Iterable[str]) -> int:
        """Returns how many of these are kept."""
        kept = self._kept()
        return sum(self._path(key) in kept for key in keys)

    def total(self) -> int:
        """Returns how many are kept, of all sweeps of the run."""
        return len(self._kept())

    def keep(self, key: str, value: dict) -> dict:
        """Keeps a finished member and returns it as it will be read back."""
        text = json.dumps({"key": key, "value": files.plain(value)})
        files.write(self._path(key), text)
        return json.loads(text)["value"]

    @contextlib.contextmanager
    def claim(self, key: str, wait: bool) -> Iterator[bool]:
        """Holds a member, so that no other process trains it too.

        A process that ends, however it ends, holds nothing any more.

        Args:
            key: The member's.
            wait: Whether to wait for a process that holds it.

        Yields:
            Whether it is held now; False where another process holds it.
        """
        if fcntl is None:
            yield True
            return
        if self._claims is None:
            self._claims = open(self.folder / ".claims", "ab")  # noqa: SIM115 - kept
        # One byte of the file stands for one member; the file itself stays empty.
        place = int(_digest(key)[:8], 16)
        how = fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB
        try:
            fcntl.lockf(self._claims, how, 1, place)
        except OSError as error:
            # Where the file system has no locks, nothing worse happens than that
            # two processes train the same.
            yield error.errno not in (errno.EACCES, errno.EAGAIN)
            return
        try:
            yield True
        finally:
            fcntl.lockf(self._claims, fcntl.LOCK_UN, 1, place)

    def close(self) -> None:
        """Lets go of the file of claims."""
        if self._claims is not None:
            self._claims.close()
            self._claims = None

    def _kept(self) -> set[Path]:
        return set((self.folder / "members").glob("*.json"))

    def _path(self, key: str) -> Path:
        return self.folder / "members" / f"{_digest(key)[:20]}.json"


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8")).hexdigest()
