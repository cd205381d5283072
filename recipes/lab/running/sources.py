"""The sources that a run rests on: read before anything is imported, looked at again.

A digest of a file says something about a result only if the code that ran is that of
the file. So files are read first, modules are loaded from what was read, a module that
was imported before must have the code that its file compiles to, and files are looked
at again when a result is kept.
"""

import ast
import functools
import hashlib
import os
import sys
import types
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from recipes.lab.catalog.imports import read
from recipes.lab.catalog.reach import HOME, Walk, is_ours, reach
from recipes.lab.errors import LabError
from recipes.lab.running import loaded, loading

LAB = HOME / "recipes" / "lab"
ROOMS = ("training", "data")  # of the lab: what changes a training's numbers
DECIDING = ("catalog", "evidence")  # what makes verdicts of them


class Sources:
    """The files that lessons reach, as they were before the lessons were imported.

    Args:
        paths: The lessons' files, all of one folder.
        walk: What was seen from other lessons of the folder just now, if any.

    Attributes:
        folder: That of the lessons.
        texts: Path to source text; the lab is left out.
        keras: Whether importing them loads Keras.
        outside: Top-level names of other packages that they import.
        lab: Digest of the lab's rooms that change a training's numbers.
        digest: Of all of these.
        trainings: File and name of a training function to what it rests on, its code
            and the versions of packages, as `keys` found them.

    Raises:
        LabError: A file can't be read, or a module that is loaded already has other
            code than its file.
    """

    def __init__(self, paths: Iterable[Path], walk: Walk | None = None):
        paths = [path.resolve() for path in paths]
        self.folder = paths[0].parent
        self.texts: dict[Path, str] = {}
        self.outside: set[str] = set()
        self.keras = False
        self.trainings: dict[tuple[Path, str], tuple[str, dict[str, str]]] = {}
        for one in (reach(path, walk) for path in paths):
            self.texts |= one.files
            self.outside |= one.outside
            self.keras = self.keras or one.keras
        rooms = _room_texts(ROOMS)
        self._read = {**self.texts, **rooms, **_room_texts(DECIDING)}
        if loading.differs(self._read, self.folder):
            _MADE.clear()  # what was read before is no longer what is imported
        self._seen: dict[Path, tuple | None] = {}
        self.check()  # also what was changed while it was read
        self._refuse_other_code(self.folder)
        loading.use(self._read, self.folder)
        self.lab = _plain_digest(rooms)
        self.digest = digest({**self.texts, LAB: self.lab})
        _MADE.add(self.digest)

    def check(self) -> None:
        """Looks at the files again.

        Raises:
            LabError: One was changed since it was read.
        """
        for path, text in self._read.items():
            now = _state(path)
            if now is not None and now == self._seen.get(path):
                continue
            if _text(path) != text:
                raise LabError(
                    f"{path} was changed during the run: what ran since is not kept. "
                    "Give the command again."
                )
            self._seen[path] = now

    def check_constants(self) -> None:
        """Looks at the modules' constants: a training must find what the files say.

        Raises:
            LabError: The code of the run has changed one.
        """
        for module, path in self._loaded():
            if loading.text_of(module) is None:
                continue
            for name, value in loaded.constants(self._read[path])[0].items():
                if not loaded.same(module, name, value):
                    raise LabError(
                        f"{name} of {path.name} was changed while the code ran: a "
                        "training reads it as the file has it. What varies belongs "
                        "into the case."
                    )

    def _loaded(self) -> Iterator[tuple[types.ModuleType, Path]]:
        names = {(path.parent.name, path.name) for path in self._read}
        for module, file in loading.modules():
            place = tuple(file.rsplit(os.sep, 2)[-2:])
            if place in names and module is not sys.modules.get("__main__"):
                path = Path(os.path.realpath(file))
                if path in self._read:
                    yield module, path

    def _refuse_other_code(self, folder: Path) -> None:
        stale = False
        for module, path in self._loaded():
            text, had = self._read[path], loading.text_of(module)
            if had == text:
                continue
            if had is None and loaded.has_code_of(module, text, path):
                continue
            if had is None or is_ours(path):
                raise LabError(
                    f"{path} was changed after this process imported it: start a new "
                    "process (in a notebook, restart the kernel)."
                )
            stale = True
        for name in [] if is_ours(folder) else self._names(folder):
            module = sys.modules.get(name)
            file = getattr(module, "__dict__", {}).get("__file__")
            if file is None or Path(os.path.realpath(file)) in self.texts:
                continue
            if loading.text_of(module) is None:
                raise LabError(
                    f"'{name}' in {folder} has the name of a module that is loaded "
                    f"already, {file}: give it another name, or start a new process."
                )
            stale = True
        if stale:
            loading.forget()  # the user's own files are loaded anew, all of them
            _MADE.clear()

    def _names(self, folder: Path) -> set[str]:
        """The names by which modules in the recipe's folder are imported."""
        return {
            path.relative_to(folder).with_suffix("").parts[0]
            for path in self.texts
            if path.is_relative_to(folder) and not is_ours(path)
        }


_MADE: set[str] = set()  # digests of the sources that this process loads


_read_by_workers: dict[Path, str] = {}  # what warm workers may have imported
_generation = 0  # of workers


def generation(reached: Iterable[Sources]) -> str:
    """Returns a name for the workers that may train for these sources.

    Those of an earlier run, of whatever recipe of the package, load what is new to
    them: it is their name again, as long as no file that they may have imported was
    changed. A recipe of the user's own, which may have modules of any name, has others.

    Args:
        reached: What a run rests on.
    """
    global _generation
    reached = list(reached)
    files = {path: text for one in reached for path, text in one._read.items()}
    if any(_read_by_workers.get(path, text) != text for path, text in files.items()):
        _generation += 1
        _read_by_workers.clear()
    _read_by_workers.update(files)
    own = {one.folder for one in reached if not is_ours(one.folder)}
    return f"{_generation} {sorted(map(str, own))}"


def loaded_here(digest: str) -> bool:
    """Whether this process has read these sources, and so runs their code."""
    return digest in _MADE


def digest(texts: Mapping[Path, str]) -> str:
    """Returns a digest of files' texts, by their places among the project's.

    It is the same wherever the project and the user's files lie.

    Args:
        texts: Path to source text.
    """
    found = hashlib.sha256()
    for place, text in sorted((place_of(path), text) for path, text in texts.items()):
        found.update(f"\0{place}\0{text}".encode())
    return found.hexdigest()


def place_of(path: Path) -> Path:
    """Returns a file's place in the project; of the user's own its name."""
    return path.relative_to(HOME) if path.is_relative_to(HOME) else Path(path.name)


def of_the_lab() -> str:
    """Returns the digest of the lab's rooms that change a training's numbers."""
    return _plain_digest(_room_texts(ROOMS))


def _plain_digest(rooms: Mapping[Path, str]) -> str:
    return digest({path: plain_source(text) for path, text in rooms.items()})


@functools.lru_cache(maxsize=1024)
def plain_source(text: str) -> str:
    """Returns source as a syntax tree without docstrings, comments and places."""
    return ast.dump(without_docstrings(ast.parse(text)))


def without_docstrings(tree: ast.AST) -> ast.AST:
    """Takes all strings that stand alone out of a tree, in place, and returns it."""
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [one for one in body if not _is_text(one)]
    return tree


def _is_text(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _room_texts(rooms: Iterable[str]) -> dict[Path, str]:
    return {path: read(path) for room in rooms for path in (LAB / room).rglob("*.py")}


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None


def _state(path: Path) -> tuple[int, ...] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino
