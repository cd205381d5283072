"""Run folders: written atomically, resumable, never left half-done.

`runs/<recipe>/<run id>/` holds `run.json` (what was started: settings, versions),
`members/` (one file for each finished training) and `result.json`, written last: the
run is whole. `runs/<recipe>/latest` is the newest whole run.
"""

import contextlib
import hashlib
import json
import math
import os
import shutil
import time
from pathlib import Path
from typing import Any

from recipes.lab.errors import LabError

import numpy as np

try:
    import fcntl
except ImportError:  # Windows has no flock; two resumes at once aren't caught there
    fcntl = None


def write(path: Path, content: str | bytes) -> None:
    """Writes a file so that it is there whole or not at all.

    Raises:
        LabError: The folder can't be written, or the disk is full.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise LabError(f"cannot write {path}: {error.strerror}.") from None


def plain(value: Any) -> Any:
    """Returns the value as plain data: dicts, lists, str, int, float, bool, None."""
    if hasattr(value, "as_dict"):
        return plain(value.as_dict())
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, range)):
        return [plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return plain(value.item())
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    raise TypeError(f"{type(value).__name__} is not plain data: {value!r}")


def to_json(value) -> str:
    """Returns strict JSON; numbers that are not finite become strings."""

    def finite(item):
        if isinstance(item, dict):
            return {key: finite(inner) for key, inner in item.items()}
        if isinstance(item, list):
            return [finite(inner) for inner in item]
        if isinstance(item, float) and not math.isfinite(item):
            return {math.inf: "Infinity", -math.inf: "-Infinity"}.get(item, "NaN")
        return item

    text = json.dumps(finite(plain(value)), indent=1, ensure_ascii=False)
    return text + "\n"


def read_result(folder: Path) -> dict | None:
    """Returns a run's `result.json`, or None where it is absent or broken."""
    try:
        result = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    whole = isinstance(result, dict) and isinstance(result.get("claims"), list)
    return result if whole else None


def latest(root: Path) -> tuple[Path, dict] | None:
    """Returns a recipe's newest whole run that is no smoke run, with its result."""
    folders = [root / "latest", *sorted(_runs(root), reverse=True)]
    for folder in folders:
        result = read_result(folder)
        if result is not None and not result.get("smoke"):
            return folder.resolve(), result
    return None


def broken(root: Path) -> list[Path]:
    """Returns the runs of a recipe whose `result.json` is there but unreadable."""
    return [
        folder
        for folder in sorted(_runs(root))
        if (folder / "result.json").exists() and read_result(folder) is None
    ]


def _runs(root: Path) -> list[Path]:
    if not root.is_dir():
        return []
    return [path for path in root.iterdir() if path.is_dir() and path.name != "latest"]


class RunFolder:
    """One run's folder: a new one, or an interrupted one taken up again.

    Args:
        root: The recipe's folder, `runs/<recipe>`.
        identity: Plain data that says what is run; an interrupted run is taken
            up only where this is equal.
        resume: Whether to look for an interrupted run.

    Raises:
        LabError: The folder can't be written.
    """

    def __init__(self, root: Path, identity: dict, resume: bool = False):
        self.root = root
        self._lock = None
        self.resumed = resume and self._take_up(identity)
        if not self.resumed:
            self._create(identity)

    def member(self, key: str) -> object | None:
        """Returns the stored value of a finished member, None where there is none."""
        try:
            stored = json.loads(self._member_path(key).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return stored["value"] if stored.get("key") == key else None

    def keep(self, key: str, value: object) -> object:
        """Stores a finished member and returns it as it will be read back."""
        text = json.dumps({"key": key, "value": plain(value)})
        write(self._member_path(key), text)
        return json.loads(text)["value"]

    def finish(self, result: dict) -> None:
        """Writes the result, which makes the run whole, and moves `latest`."""
        write(self.path / "result.json", to_json(result))
        if not result["smoke"]:
            self._point_latest()
        self.close()

    def abandon(self) -> int:
        """Ends an unfinished run; returns how many members are kept."""
        kept = len(list((self.path / "members").glob("*.json")))
        self.close()
        if not kept:
            shutil.rmtree(self.path, ignore_errors=True)
        return kept

    def close(self) -> None:
        """Lets go of the lock; further calls do nothing."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _member_path(self, key: str) -> Path:
        digest = hashlib.sha256(key.encode("utf-8")).hexdigest()[:20]
        return self.path / "members" / f"{digest}.json"

    def _create(self, identity: dict) -> None:
        digest = hashlib.sha256(to_json(identity).encode("utf-8")).hexdigest()[:6]
        stem = f"{time.strftime('%Y%m%d-%H%M%S')}-{digest}"
        name, tries = stem, 1
        while True:
            self.path = self.root / name
            try:
                self.root.mkdir(parents=True, exist_ok=True)
                self.path.mkdir()
                break
            except FileExistsError:
                if not self.root.is_dir():
                    raise LabError(f"cannot write {self.root}: not a folder.") from None
                tries += 1
                name = f"{stem}-{tries}"
            except OSError as error:
                raise LabError(f"cannot write {self.path}: {error.strerror}.") from None
        self._try_lock()
        write(self.path / "run.json", to_json(identity))

    def _take_up(self, identity: dict) -> bool:
        wanted = json.loads(to_json(identity))
        for folder in sorted(_runs(self.root), reverse=True):
            if (folder / "result.json").exists():
                continue
            try:
                found = json.loads((folder / "run.json").read_text(encoding="utf-8"))
            except (OSError, ValueError):
                continue
            self.path = folder
            if found == wanted and self._try_lock():
                for leftover in folder.rglob(".*.tmp"):
                    leftover.unlink(missing_ok=True)
                return True
        return False

    def _try_lock(self) -> bool:
        """Takes the folder for this process; False where a live run holds it."""
        try:
            file = open(self.path / ".lock", "w")  # noqa: SIM115 - held for the run
        except OSError as error:
            raise LabError(f"cannot write {self.path}: {error.strerror}.") from None
        if fcntl is not None:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                file.close()
                return False
        self._lock = file
        return True

    def _point_latest(self) -> None:
        temporary = self.root / f".latest.{os.getpid()}.tmp"
        # Where links can't be made, `latest()` finds the newest whole run itself.
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
            temporary.symlink_to(self.path.name)
            os.replace(temporary, self.root / "latest")
