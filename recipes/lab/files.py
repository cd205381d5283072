"""Files written whole or not at all, strict JSON, and the results of earlier runs."""

import contextlib
import json
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from recipes.lab.errors import LabError

BUILT_IN = (str, bool, int, float, type(None))


def cache_folder() -> Path:
    """Returns where what may be lost is kept: `RECIPES_CACHE_DIR`, or the user's."""
    import platformdirs

    chosen = os.environ.get("RECIPES_CACHE_DIR")
    return Path(
        chosen or platformdirs.user_cache_dir("keras-proving-ground")
    ).expanduser()


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Opens a file that takes the place of `path` when it is whole and on the disk.

    Where the block raises, and where the disk is full, what was at `path` stays.

    Raises:
        OSError: The folder can't be written, or the disk is full.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def write(path: Path, content: str | bytes) -> None:
    """Writes a file so that it is there whole or not at all.

    Raises:
        LabError: The folder can't be written, or the disk is full.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            file.write(data)
    except OSError as error:
        raise LabError(f"cannot write {path}: {error.strerror}.") from None


def plain(value: Any) -> Any:
    """Returns the value as plain data: dicts, lists, str, int, float, bool, None."""
    if type(value) in BUILT_IN:
        return _checked(value)
    if hasattr(value, "as_dict"):
        return plain(value.as_dict())
    if isinstance(value, dict):
        found = {str(key): plain(item) for key, item in value.items()}
        if len(found) < len(value):
            raise TypeError(f"two keys of {list(value)!r} have the same text")
        return found
    if isinstance(value, (list, tuple, range)):
        return [plain(item) for item in value]
    import numpy as np  # `recipes list` has no arrays, and loads nothing for them

    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, BUILT_IN):  # one of a kind of its own
        return _checked(value)
    raise TypeError(f"{type(value).__name__} is not plain data: {value!r}")


def _checked(value):
    """The value, unless it is a text that no file can hold."""
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise TypeError(
                f"text with half a character is not plain data: {value!r}"
            ) from None
    return value


def canonical(value: Any) -> str:
    """Returns plain data as JSON of one form: keys sorted, no spaces.

    NaN and infinities are written as Python's `json` reads them.
    """
    return json.dumps(plain(value), sort_keys=True, separators=(",", ":"))


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


def runs(root: Path) -> list[Path]:
    """Returns the folders of a recipe's runs; one that is being written is none yet."""
    if not root.is_dir():
        return []
    named = (path for path in root.glob("[!.]*") if path.name != "latest")
    return [path for path in named if path.is_dir()]
