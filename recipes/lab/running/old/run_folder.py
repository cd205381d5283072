"""Run folders: resumable, never left half-done.

`runs/<recipe>/<run id>/` holds `run.json` (what was started: settings, versions),
`members/` (one file for each finished training) and `result.json`, written last: the
run is whole. `runs/<recipe>/latest` is the newest whole run.
"""

import contextlib
import hashlib
import json
import os
import shutil
import time
from pathlib import Path

from recipes.lab import files
from recipes.lab.errors import LabError
from recipes.lab.running.old.members import Members, fcntl


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
        self.root, self.identity = root, identity
        self._lock = None
        self.resumed = resume and self._take_up(identity)
        if not self.resumed:
            self._create(identity)
        self.members = Members(self.path)

    def write(self, name: str, content: str | bytes) -> None:
        """Writes a file of the run."""
        files.write(self.path / name, content)

    def finish(self, result: dict) -> None:
        """Writes the result, which makes the run whole, and moves `latest`."""
        files.write(self.path / "result.json", files.to_json(result))
        if not result["smoke"]:
            self._point_latest()
        self.close()

    def abandon(self) -> int:
        """Ends an unfinished run; returns how many members are kept."""
        kept = self.members.total()
        self.close()
        if not kept:
            shutil.rmtree(self.path, ignore_errors=True)
        return kept

    def close(self) -> None:
        """Lets go of the locks; further calls do nothing."""
        self.members.close()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def _create(self, identity: dict) -> None:
        digest = hashlib.sha256(files.to_json(identity).encode("utf-8")).hexdigest()[:6]
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
        files.write(self.path / "run.json", files.to_json(identity))

    def _take_up(self, identity: dict) -> bool:
        wanted = json.loads(files.to_json(identity))
        for folder in sorted(files.runs(self.root), reverse=True):
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


class JoinedFolder:
    """The folder of a run that another process leads: only members are kept in it.

    Args:
        path: The run's folder.
    """

    def __init__(self, path: Path):
        self.path = path
        self.identity = json.loads((path / "run.json").read_text(encoding="utf-8"))
        self.members = Members(path)

    def write(self, name: str, content: str | bytes) -> None:
        """Writes nothing; the process that leads the run does."""
