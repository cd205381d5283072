"""Imports modules from the very texts that a run has read.

Python keeps compiled files and compares only size and second: a file edited twice in a
second would run as it was before. And a file can be edited between the moment in which
it is read and that in which it is imported. Here a module that a run reaches is
compiled from the text whose digest is in the keys, whatever happens to its file.
"""

import hashlib
import importlib
import importlib.machinery
import importlib.util
import sys
import types
from collections.abc import Iterator, Mapping
from pathlib import Path

from recipes.lab.catalog.reach import HOME, is_ours
from recipes.lab.errors import LabError


class Loader(importlib.machinery.SourceFileLoader):
    """Loads a module from a text."""

    def __init__(self, name: str, path: str, text: str):
        super().__init__(name, path)
        self.text = text

    def get_code(self, fullname: str) -> types.CodeType:
        """Compiles the text; no compiled file is read or written."""
        return compile(self.text, self.path, "exec", dont_inherit=True)


class _Finder:
    """Finds the modules whose texts were read; all others are left to Python."""

    def __init__(self):
        self.texts: dict[Path, str] = {}
        self.names: set[str] = set()  # of files and of folders: most imports end here
        self.folder: str | None = None  # of the recipe's file, where that isn't ours

    def find_spec(self, fullname, path=None, target=None):
        """Returns a spec with our loader, or None."""
        if fullname.rpartition(".")[2] not in self.names:
            return None
        places = path
        if path is None:
            places = [*([self.folder] if self.folder else []), *sys.path]
        spec = importlib.machinery.PathFinder.find_spec(fullname, places, target)
        if spec is None or not spec.origin:
            return spec
        text = self.texts.get(Path(spec.origin).resolve())
        if text is not None:
            spec.loader = Loader(fullname, spec.origin, text)
        return spec


_FINDER = _Finder()


def use(texts: Mapping[Path, str], folder: Path) -> None:
    """Has modules imported from these texts from now on.

    Args:
        texts: Path to what was read.
        folder: That of the recipe's file; modules in it are found as `python FILE`
            finds them.
    """
    if _FINDER not in sys.meta_path:
        sys.meta_path.insert(0, _FINDER)
    _FINDER.texts.update(texts)
    _FINDER.names |= {part for path in texts for part in (path.stem, path.parent.name)}
    _FINDER.folder = _place_of(folder)


def differs(texts: Mapping[Path, str], folder: Path) -> bool:
    """Whether modules were found elsewhere before, or had other texts."""
    known = _FINDER.texts
    return _FINDER.folder != _place_of(folder) or any(
        known.get(path, text) != text for path, text in texts.items()
    )


def _place_of(folder: Path) -> str | None:
    return None if is_ours(folder) else str(folder)


def text_of(module: types.ModuleType) -> str | None:
    """Returns the text a module was loaded from; None where Python loaded it."""
    loader = getattr(vars(module).get("__spec__"), "loader", None)
    return loader.text if isinstance(loader, Loader) else None


def modules() -> Iterator[tuple[types.ModuleType, str]]:
    """Yields the modules that are loaded from files, with their files."""
    for module in list(sys.modules.values()):
        # Not `getattr`: some modules load themselves when they are asked something.
        file = getattr(module, "__dict__", {}).get("__file__")
        if isinstance(module, types.ModuleType) and isinstance(file, str):
            yield module, file


def forget() -> None:
    """Has the user's own modules that were loaded here loaded anew."""
    for module, file in modules():
        if text_of(module) is not None and not is_ours(Path(file).resolve()):
            for name in [name for name, one in sys.modules.items() if one is module]:
                del sys.modules[name]


def load(path: Path) -> types.ModuleType:
    """Imports a recipe's file, whether it is in the package or anywhere."""
    path = path.resolve()
    if path.is_relative_to(HOME / "recipes"):
        parts = path.relative_to(HOME).with_suffix("").parts
        return importlib.import_module(".".join(p for p in parts if p != "__init__"))
    text = _FINDER.texts.get(path)
    if text is None:
        text = path.read_text(encoding="utf-8")
    name = f"_recipe_{hashlib.sha256(str(path).encode()).hexdigest()[:16]}"
    known = sys.modules.get(name)
    if known is not None and text_of(known) == text:
        return known
    spec = importlib.util.spec_from_file_location(
        name, path, loader=Loader(name, str(path), text)
    )
    if spec is None or spec.loader is None:
        raise LabError(f"cannot import {path}.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up by name
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
