"""The folder of a training's checkpoints: two generations, each whole or not there.

A checkpoint is two files, `000000000105.safetensors` (all arrays) and
`000000000105.json` (the rest, and the arrays' checksum), named by the steps done. Each
is written aside, brought to the disk and renamed, the arrays first: the JSON file is
what makes a checkpoint be there. Older ones are deleted only when the disk has both
names. Should it get the names in another order, the checksum finds the arrays missing.
"""

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from recipes.lab import files
from recipes.lab.errors import LabError
from recipes.lab.training.checkpoint import tensors as arrays
from recipes.lab.training.checkpoint.packing import Tensors
from recipes.lab.training.options import show

FORMAT = 1
NAME = re.compile(r"\.?(\d{12})\.(json|safetensors)(\.\d+\.tmp)?")


def path_of(checkpoint: Any) -> Path:
    """The folder that was named; "~" is the home of whoever trains.

    Raises:
        LabError: It is no name of a folder.
    """
    try:
        name = os.fspath(checkpoint)
    except TypeError:
        name = None
    if not isinstance(name, str):
        raise LabError(f"checkpoint must be a folder, not {show(checkpoint)}.")
    if not name:
        raise LabError("checkpoint must be a folder; its name is empty.")
    if "\0" in name:
        raise LabError(
            f"checkpoint must be a folder; the name {show(name)} has a null character."
        )
    try:
        return Path(name).expanduser()
    except RuntimeError:
        raise LabError(
            f"checkpoint must be a folder; nobody has the home of {show(name)}."
        ) from None


class Saved(NamedTuple):
    """A checkpoint that was found whole.

    Attributes:
        number: The steps that were done.
        state: What the JSON file holds.
        path: The file of its arrays.
    """

    number: int
    state: dict[str, Any]
    path: Path


class Folder:
    """The checkpoints of one training.

    Args:
        path: The folder; it is made where it is missing.
    """

    def __init__(self, path: Any):
        self.path = Path(path)
        self._newest: int | None = None

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps every other training out, also one in this process.

        Raises:
            LabError: Another one has it, or it can't be written.
        """
        try:
            import fcntl
        except ImportError:
            raise LabError("checkpoint= needs file locks of Linux or macOS.") from None
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = open(self.path / "lock", "ab")  # noqa: SIM115 - closed below
        except FileExistsError:
            kind = "a broken link" if self.path.is_symlink() else "a file"
            raise LabError(
                f"checkpoint must be a folder; {self.path} is {kind}."
            ) from None
        except OSError as error:
            raise self._cannot_write(error) from None
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise LabError(
                    "another training, or a process that one has started, uses the "
                    f"checkpoints in {self.path}; wait for it, or give another folder."
                ) from None
            yield

    def newest(self) -> Saved | None:
        """The newest whole checkpoint; None where there is none at all.

        Raises:
            LabError: There are some, and all are damaged.
        """
        reasons = []
        for path in sorted(self.path.glob("*.json"), reverse=True):
            if NAME.fullmatch(path.name):
                try:
                    found = _checked(path)
                except (OSError, ValueError) as error:
                    reasons.append(f"{path.name}: {error}")
                    continue
                self._newest = found.number
                return found
        if not reasons:
            return None
        raise LabError(
            f"no checkpoint in {self.path} is whole ({'; '.join(reasons)}); delete the "
            "folder to train from the start."
        )

    def save(self, number: int, state: dict[str, Any], tensors: Tensors) -> None:
        """Adds a checkpoint; the one before it stays.

        Args:
            number: The steps that were done.
            state: JSON.
            tensors: Arrays by name.

        Raises:
            LabError: It can't be written; the one before it is as it was.
        """
        parts = arrays.parts_of(tensors)
        size = sum(len(part) for part in parts)
        try:
            # Writing waits for the disk, hashing for the processor.
            with ThreadPoolExecutor(1) as pool:
                total = pool.submit(arrays.checksum_of, parts)
                with files.replacing(self._place(number, "safetensors")) as file:
                    file.writelines(parts)
            kept = {
                "format": FORMAT,
                "arrays": {"sha256": total.result(), "bytes": size},
                "state": state,
            }
            text = json.dumps(kept, separators=(",", ":")).encode()
            line = hashlib.sha256(text).hexdigest().encode()
            with files.replacing(self._place(number, "json")) as file:
                file.write(b"%b\n%b\n" % (line, text))
            self._sync_names()
        except OSError as error:
            raise self._cannot_write(error) from None
        self._delete_but({number, self._newest})
        self._newest = number

    def _place(self, number: int, kind: str) -> Path:
        return self.path / f"{number:012}.{kind}"

    def _sync_names(self) -> None:
        folder = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _delete_but(self, kept: set) -> None:
        """Deletes older generations, and what a death left behind."""
        for path in self.path.iterdir():
            name = NAME.fullmatch(path.name)
            if name and (int(name[1]) not in kept or name[3]):
                with contextlib.suppress(OSError):
                    path.unlink()

    def _cannot_write(self, error: OSError) -> LabError:
        return LabError(f"cannot write a checkpoint to {self.path}: {error.strerror}.")


def _checked(path: Path) -> Saved:
    """A checkpoint, if it is as it was written.

    Raises:
        OSError, ValueError: It is not.
    """
    try:
        line, text, end = path.read_bytes().decode().split("\n")
    except ValueError:
        raise ValueError("not as it was written") from None
    if end or hashlib.sha256(text.encode()).hexdigest() != line:
        raise ValueError("not as it was written")
    expected, state = _parts(json.loads(text))
    place = path.with_suffix(".safetensors")
    if not place.is_file():
        raise ValueError("its arrays are missing")
    if place.stat().st_size != expected["bytes"]:
        raise ValueError("its arrays have another size")
    if arrays.checksum(place) != expected["sha256"]:
        raise ValueError("its arrays are not as they were written")
    return Saved(int(path.stem), state, place)


def _parts(kept: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the file says about the arrays, and the state.

    Raises:
        ValueError: It is no file that `Folder.save` wrote.
    """
    form = kept.get("format") if isinstance(kept, dict) else None
    if form is not None and form != FORMAT:
        raise ValueError(f"of format {show(form)}, not {FORMAT}")
    parts = [kept.get(name) for name in ("arrays", "state")] if form else []
    whole = len(parts) == 2 and all(isinstance(part, dict) for part in parts)
    if not whole or not {"sha256", "bytes"} <= parts[0].keys():
        raise ValueError("no checkpoint of this project")
    return parts[0], parts[1]
