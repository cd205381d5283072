"""The catalog of the package, kept from one command to the next.

Reading some 300 files with `ast` takes a second or two. What was found is kept in the
user's cache under a digest of all those files' content and of the code that reads them,
so that an edited file is read anew. The file may be deleted at any time.
"""

import contextlib
import dataclasses
import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from recipes.lab import files
from recipes.lab.catalog.claim import Claim
from recipes.lab.catalog.lessons import Lesson
from recipes.lab.catalog.reader import Recipe
from recipes.lab.catalog.settings import TYPES, Field
from recipes.lab.errors import LabError

Catalog = tuple[dict[str, Recipe], dict[str, str]]
FILE = "catalog.json"
_latest: dict[str, Catalog] = {}


def catalog(root: Path, read: Callable[[], Catalog]) -> Catalog:
    """Returns the recipes by name, and what is wrong with others.

    Args:
        root: The package's folder.
        read: Reads them the slow way. Nothing is kept where something is wrong.
    """
    digest = _digest(root)
    if digest not in _latest:
        found = _load(digest)
        if found is None:
            found = read()
            _keep(digest, found)
        _latest.clear()
        _latest[digest] = found
    recipes, wrong = _latest[digest]
    return dict(recipes), dict(wrong)


def _digest(root: Path) -> str:
    """Changes with every file that the catalog is read from, and with the reader."""
    reader = [*Path(__file__).parent.glob("*.py"), *root.glob("lab/*.py")]
    paths = [*root.glob("*/*.py"), *root.glob("*/*/*.py"), root / "verdicts.json"]
    digest = hashlib.blake2b(sys.version.encode(), digest_size=16)
    for path in sorted({*reader, *paths}):
        with contextlib.suppress(OSError):
            content = hashlib.blake2b(path.read_bytes()).hexdigest()
            digest.update(f"{path} {content}".encode())
    return digest.hexdigest()


def _load(digest: str) -> Catalog | None:
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        text = (files.cache_folder() / FILE).read_text(encoding="utf-8")
        data = json.loads(text)
        if data["digest"] == digest:
            return {name: _recipe(one) for name, one in data["recipes"].items()}, {}
    return None


def _keep(digest: str, found: Catalog) -> None:
    """Keeps a catalog that reads back as it is."""
    recipes, wrong = found
    if wrong:
        return
    plain = {name: dataclasses.asdict(recipe) for name, recipe in recipes.items()}
    text = json.dumps({"digest": digest, "recipes": plain}, default=_text)
    again = {name: _recipe(one) for name, one in json.loads(text)["recipes"].items()}
    if again == recipes:
        with contextlib.suppress(LabError, OSError):  # no room: read anew next time
            files.write(files.cache_folder() / FILE, text)


def _text(value: Any) -> str:
    return value.__name__ if isinstance(value, type) else str(value)


def _recipe(data: dict) -> Recipe:
    path, fields, lessons = data["path"], data["fields"], data["lessons"]
    parts = {
        "path": Path(path),
        "fields": tuple(map(_field, fields)),
        "lessons": tuple(map(_lesson, lessons)),
    }
    return Recipe(**{**data, **parts})


def _field(data: dict) -> Field:
    parts = {"type": TYPES[data["type"]], "choices": tuple(data["choices"])}
    return Field(**{**data, **parts})


def _lesson(data: dict) -> Lesson:
    claims = {id: Claim(**one) for id, one in data["claims"].items()}
    return Lesson(**{**data, "path": Path(data["path"]), "claims": claims})
