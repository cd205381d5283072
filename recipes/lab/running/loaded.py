"""Whether a module that Python has imported has the code of a text."""

import ast
import functools
import inspect
import os
import sys
import time
import types
from collections.abc import Iterator
from pathlib import Path


def has_code_of(module: types.ModuleType, text: str, path: Path) -> bool:
    """Whether a loaded module has the functions and constants of a source text.

    Where the file was changed after this process started, a module also counts as
    other code if it has statements that its functions and constants do not show.
    """
    try:
        wanted = _compiled(text, str(path))
    except (SyntaxError, ValueError):
        return False
    if any(code not in wanted for code in _functions(module)):
        return False
    young = _changed_since_start(path)
    known, all_shown = constants(text)
    if young and not all_shown:
        return False
    mutable = (list, dict, set)
    return all(
        same(module, name, value)
        for name, value in known.items()
        if young or not isinstance(value, mutable)
    )


@functools.lru_cache(maxsize=512)
def constants(text: str) -> tuple[dict[str, object], bool]:
    """Returns the literals that a module's names are bound to once and for all.

    Args:
        text: The module's source.

    Returns:
        Name to value, without None and empty containers, which are filled later; and
        whether the module has no other statements than these and definitions.
    """
    tree = ast.parse(text)
    found: dict[str, object] = {}
    bound: list[str] = []
    shown = True
    for node in tree.body:
        target = None
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target = node.targets[0]
        elif isinstance(node, ast.AnnAssign):
            target = node.target
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            bound.append(node.name)
        elif isinstance(target, ast.Name) and node.value is not None:
            bound.append(target.id)
            try:
                value = ast.literal_eval(node.value)
            except ValueError:
                shown = False
                continue
            if value is not None and value not in ((), [], {}):
                found[target.id] = value
        elif not isinstance(node, (ast.Import, ast.ImportFrom)):
            bound += [
                inner.id
                for inner in ast.walk(node)
                if isinstance(inner, ast.Name) and not isinstance(inner.ctx, ast.Load)
            ]
            shown = shown and isinstance(getattr(node, "value", None), ast.Constant)
    return {name: found[name] for name in found if bound.count(name) == 1}, shown


def same(module: types.ModuleType, name: str, value: object) -> bool:
    """Whether a module's name still has the value of its source."""
    return _shown(vars(module).get(name)) == _shown(value)


def _shown(value: object) -> str:
    """As `repr`, but equal for equal sets: their order is one of memory."""
    if isinstance(value, (set, frozenset)):
        return f"{type(value).__name__}({sorted(map(_shown, value))})"
    if isinstance(value, (list, tuple)):
        return f"{type(value).__name__}({[_shown(one) for one in value]})"
    if isinstance(value, dict):
        return f"dict({[(_shown(key), _shown(one)) for key, one in value.items()]})"
    return repr(value)


@functools.lru_cache(maxsize=512)  # a run looks at the lab's files for each lesson
def _compiled(text: str, path: str) -> set[types.CodeType]:
    return _codes(compile(text, path, "exec", dont_inherit=True))


def _codes(code: types.CodeType) -> set[types.CodeType]:
    found = set()
    for inner in code.co_consts:
        if isinstance(inner, types.CodeType):
            found |= {inner, *_codes(inner)}
    return found


def _functions(module: types.ModuleType) -> Iterator[types.CodeType]:
    """The code of every function and method that the module itself defines."""
    waiting, seen = list(vars(module).values()), set()
    while waiting:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, property):
            waiting += [value.fget, value.fset, value.fdel]
            continue
        if isinstance(value, (staticmethod, classmethod)):
            value = value.__func__
        if inspect.isroutine(value):
            value = inspect.unwrap(value)
        if isinstance(value, type) and value.__module__ == module.__name__:
            waiting += list(vars(value).values())
        elif (
            isinstance(value, types.FunctionType)
            and value.__module__ == module.__name__
            and value.__code__.co_filename == module.__file__
        ):
            yield value.__code__


def _changed_since_start(path: Path) -> bool:
    try:
        state = path.stat()
    except OSError:
        return True
    return max(state.st_mtime, state.st_ctime) >= _started()


@functools.cache
def _started() -> float:
    """When this process started, in seconds since 1970; 0 where that isn't known."""
    if sys.platform != "linux":
        return 0.0
    try:
        fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        up = float(Path("/proc/uptime").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return 0.0
    return time.time() - up + int(fields[19]) / os.sysconf("SC_CLK_TCK")
