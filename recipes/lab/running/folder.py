"""Run folders: `runs/<recipe>/<time>-<key>/`, there whole or not at all.

`runs/<recipe>/latest` points to the newest whole run of all of a recipe's claims.
"""

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import time
from pathlib import Path

from recipes.lab import files
from recipes.lab.errors import LabError

DAY = 86400  # seconds


def prepare(root: Path) -> None:
    """Makes a recipe's folder, so that a run that can't be kept fails at once.

    Raises:
        LabError: It can't be made or written.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=root):
            pass
        for left in root.glob(".*.tmp"):  # by a process that was killed
            if left.is_dir() and left.stat().st_mtime < time.time() - DAY:
                shutil.rmtree(left, ignore_errors=True)
    except FileExistsError:
        raise LabError(f"cannot write {root}: not a folder.") from None
    except OSError as error:
        raise LabError(f"cannot write {root}: {error.strerror}.") from None


def keep(root: Path, result: dict, contents: dict[str, str | bytes]) -> Path:
    """Writes a run's folder and moves `latest` to it.

    Args:
        root: The recipe's folder.
        result: What becomes `result.json`.
        contents: The other files: path in the folder to content.

    Returns:
        The new folder.

    Raises:
        LabError: It can't be written.
    """
    stem = f"{time.strftime('%Y%m%d-%H%M%S')}-{result['key'][:6]}"
    aside = root / f".{stem}.{os.getpid()}.tmp"
    text = files.to_json(result)
    text = files.to_json({**result, "checksum": _checksum(json.loads(text))})
    try:
        for name, content in contents.items():
            files.write(aside / name, content)
        files.write(aside / "result.json", text)
        name, tries = stem, 1
        while True:
            try:
                os.rename(aside, root / name)
                break
            except OSError:
                if not (root / name).exists() or tries > 99:
                    raise
                tries += 1
                name = f"{stem}-{tries}"
    except OSError as error:
        raise LabError(f"cannot write {root / stem}: {error.strerror}.") from None
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    if not result["smoke"] and not result["partial"]:
        _point_latest(root, name)
    return root / name


def find(root: Path, key: str) -> tuple[Path, dict] | None:
    """Returns the newest run with a key whose files are as they were written."""
    for folder in sorted(files.runs(root), reverse=True):
        if not folder.name.partition("-")[2].partition("-")[2].startswith(key[:6]):
            continue
        result = files.read_result(folder)
        if result is None or result.get("key") != key:
            continue
        if result.get("checksum") != _checksum(result):
            continue
        if all((folder / figure["file"]).is_file() for figure in result["figures"]):
            return folder, result
    return None


def _checksum(result: dict) -> str:
    parts = {name: value for name, value in result.items() if name != "checksum"}
    return hashlib.sha256(files.canonical(parts).encode()).hexdigest()


def _point_latest(root: Path, name: str) -> None:
    temporary = root / f".latest.{os.getpid()}.tmp"
    latest = root / "latest"
    # A copy of it that followed the link is a folder, and would hide newer runs.
    if latest.is_dir() and not latest.is_symlink():
        shutil.rmtree(latest, ignore_errors=True)
    # Where links can't be made, the newest whole run is found by its name.
    with contextlib.suppress(OSError):
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(name)
        os.replace(temporary, latest)
