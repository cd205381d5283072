"""The sources that a run rests on: read before anything is imported, looked at again.

A digest of a file says something about a result only if the code that ran is that of
the file. So files are read before they are imported, a module that was imported before
must have the code that its file compiles to, and files are looked at again when a
result is kept.
"""

import ast
import functools
import hashlib
import inspect
import sys
import types
from collections.abc import Iterable, Mapping
from pathlib import Path

from recipes.lab.catalog.reach import HOME, reach
from recipes.lab.errors import LabError

ROOMS = ("training", "data")  # of the lab: what can change a training's numbers

_READ: dict[Path, str] = {}  # files whose text was read before their import


class Sources:
    """The files that lessons reach, as they were before the lessons were imported.

    Args:
        paths: The lessons' files, and the recipe's header.

    Attributes:
        texts: Path to source text.
        keras: Whether importing them loads Keras.
        outside: Top-level names of other packages that they import.
        digest: Of all of them and of the lab's rooms that can change a number.

    Raises:
        LabError: A file can't be read, or a module that is loaded already has other
            code than its file.
    """

    def __init__(self, paths: Iterable[Path]):
        reached = [reach(path) for path in paths]
        self.texts: dict[Path, str] = {}
        self.outside: set[str] = set()
        for one in reached:
            self.texts |= one.files
            self.outside |= one.outside
        self.keras = any(one.keras for one in reached)
        self._seen = {path: _state(path) for path in self.texts}
        self._refuse_other_code()
        _READ.update(self.texts)
        self.digest = digest(self.texts, rooms=True)

    def check(self) -> None:
        """Looks at the files again.

        Raises:
            LabError: One was changed since it was read.
        """
        for path, text in self.texts.items():
            now = _state(path)
            if now == self._seen[path]:
                continue
            if now is None or path.read_text(encoding="utf-8") != text:
                raise LabError(
                    f"{path} was changed during the run: what ran since is not kept. "
                    "Give the command again."
                )
            self._seen[path] = now

    def _refuse_other_code(self) -> None:
        files = {
            file: module
            for module in list(sys.modules.values())
            if (file := getattr(module, "__file__", None))
        }
        for path, text in self.texts.items():
            module = files.get(str(path))
            if module is None or _READ.get(path) == text:
                continue
            if hasattr(module, "__recipe__"):
                del sys.modules[module.__name__]  # a file by its path: loaded anew
                continue
            if path in _READ or not has_code_of(module, text, path):
                raise LabError(
                    f"{path} was changed after this process imported it: start a new "
                    "process (in a notebook, restart the kernel)."
                )


def digest(texts: Mapping[Path, str], *, rooms: bool = False) -> str:
    """Returns a digest of files' texts, by their places among the project's.

    Args:
        texts: Path to source text.
        rooms: Whether the lab's rooms that can change a number are counted in.
    """
    found = hashlib.sha256(lab_digest().encode() if rooms else b"")
    for path in sorted(texts):
        place = path.relative_to(HOME) if path.is_relative_to(HOME) else path.name
        found.update(f"\0{place}\0{texts[path]}".encode())
    return found.hexdigest()


@functools.cache
def lab_digest() -> str:
    """Returns a digest of the lab's rooms that can change a training's numbers."""
    lab = HOME / "recipes" / "lab"
    texts = {
        path: path.read_text(encoding="utf-8")
        for room in ROOMS
        for path in (lab / room).rglob("*.py")
    }
    return digest({path: plain_source(text) for path, text in texts.items()})


def plain_source(text: str) -> str:
    """Returns source as a syntax tree without docstrings, comments and places."""
    return ast.dump(without_docstrings(ast.parse(text)))


def without_docstrings(tree: ast.AST) -> ast.AST:
    """Takes the docstrings out of a tree, in place, and returns it."""
    kinds = (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(node, kinds) and ast.get_docstring(node, clean=False) is not None:
            node.body = body[1:]
    return tree


def has_code_of(module: types.ModuleType, text: str, path: Path) -> bool:
    """Whether a loaded module has the functions and constants of a source text."""
    try:
        wanted = _codes(compile(text, str(path), "exec"))
    except (SyntaxError, ValueError):
        return False
    if any(wanted.get(code.co_qualname) != code for code in _functions(module)):
        return False
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            try:
                value = ast.literal_eval(node.value)
            except ValueError:
                continue
            name = node.targets[0].id
            if repr(getattr(module, name, None)) != repr(value):
                return False
    return True


def _codes(code: types.CodeType) -> dict[str, types.CodeType]:
    found = {}
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            found |= {inner.co_qualname: inner, **_codes(inner)}
    return found


def _functions(module: types.ModuleType):
    """The code of every function and method that the module itself defines."""
    waiting, seen = list(vars(module).values()), set()
    while waiting:
        value = waiting.pop()
        if isinstance(value, property):
            value = value.fget
        if isinstance(value, (staticmethod, classmethod)):
            value = value.__func__
        if callable(value) and not isinstance(value, type):
            value = inspect.unwrap(value)
        if getattr(value, "__module__", None) != module.__name__ or id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, type):
            waiting += list(vars(value).values())
        elif (
            isinstance(value, types.FunctionType)
            and value.__code__.co_filename == module.__file__
        ):
            yield value.__code__


def _state(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
