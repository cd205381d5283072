"""Lessons: files of claims, read with `ast`."""

import ast
import functools
from dataclasses import dataclass
from pathlib import Path

from recipes.lab.catalog.claim import Claim
from recipes.lab.catalog.imports import read, tree_of
from recipes.lab.errors import LabError


@dataclass(frozen=True)
class Lesson:
    """One file of claims.

    Attributes:
        name: The file's name without `.py`.
        path: The file.
        title: The first line of its docstring.
        about: The docstring's text after the title.
        claims: Claim id to what its decorator says, in the file's order.
        functions: Claim id to the name of the function that decides it.
        alone: Whether it measures times, so that nothing else may run beside it.
    """

    name: str
    path: Path
    title: str
    about: str
    claims: dict[str, Claim]
    functions: dict[str, str]
    alone: bool


def lesson_at(path: Path) -> Lesson:
    """Reads the lesson of a file; what is found in a text is found once a process.

    Raises:
        LabError: As for `read_lesson`, or the file can't be read.
    """
    return _lesson_of(path, read(path))


@functools.lru_cache(maxsize=1024)
def _lesson_of(path: Path, text: str) -> Lesson:
    return read_lesson(path, tree_of(text))


def read_lesson(path: Path, tree: ast.Module) -> Lesson:
    """Reads a lesson.

    Args:
        path: Its file.
        tree: The file's syntax tree.

    Raises:
        LabError: A decorator's arguments are no literals, an id stands twice, or two
            functions of one name decide claims.
    """
    claims: dict[str, Claim] = {}
    functions: dict[str, str] = {}
    for node in tree.body:
        call = _decorator(node, "claim")
        if call is None:
            continue
        if not isinstance(call, ast.Call):
            raise LabError(
                f"{path}, line {node.lineno}: @claim of {node.name} needs its "
                "arguments."
            )
        made = _claim(call, path)
        if made.id in claims:
            raise LabError(
                f"{path}, line {call.lineno}: the claim '{made.id}' stands there twice."
            )
        if sum(getattr(one, "name", "") == node.name for one in tree.body) > 1:
            raise LabError(
                f"{path}, line {node.lineno}: two functions have the name "
                f"'{node.name}'."
            )
        claims[made.id], functions[made.id] = made, node.name
    title, _, about = (ast.get_docstring(tree) or "").partition("\n")
    return Lesson(
        path.stem,
        path,
        title.strip(),
        about.strip(),
        claims,
        functions,
        any(_alone(node) for node in tree.body),
    )


def _decorator(node: ast.AST, name: str) -> ast.expr | None:
    if not isinstance(node, ast.FunctionDef):
        return None
    for decorator in node.decorator_list:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        if ast.unparse(target).rpartition(".")[2] == name:
            return decorator
    return None


def _claim(call: ast.Call, path: Path) -> Claim:
    try:
        positional = [ast.literal_eval(argument) for argument in call.args]
        keywords = {
            str(keyword.arg): ast.literal_eval(keyword.value)
            for keyword in call.keywords
        }
        return Claim(*positional, **keywords)
    except LabError as error:
        raise LabError(f"{path}, line {call.lineno}: {error}") from None
    except (ValueError, TypeError) as error:
        raise LabError(
            f"{path}, line {call.lineno}: the arguments of @claim must be literals: "
            f"id, statement, says, hedge, notes, scope ({error})."
        ) from None


def _alone(node: ast.AST) -> bool:
    decorator = _decorator(node, "experiment")
    return isinstance(decorator, ast.Call) and any(
        keyword.arg == "alone" and ast.unparse(keyword.value) == "True"
        for keyword in decorator.keywords
    )
