"""What is shown of an error in a lesson: the reader's own lines, and the error.

How the lab came to call them, and where Keras or joblib stood, helps nobody who looks
for a typing error. `RECIPES_TRACEBACK=full` shows everything.
"""

import contextlib
import functools
import io
import os
import sys
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import ParamSpec, TypeVar

from recipes.lab.catalog.reach import HOME, is_ours
from recipes.lab.errors import LabError

VARIABLE = "RECIPES_TRACEBACK"
LAB = HOME / "recipes" / "lab"
LIBRARY = Path(sysconfig.get_path("stdlib")).resolve()
P = ParamSpec("P")
R = TypeVar("R")


def told(error: BaseException) -> str:
    """Returns a traceback of the reader's lines; the whole one where there are none.

    Args:
        error: What a lesson, or a script, has raised.
    """
    raised = [*_entries(error.__traceback__)][-1]
    _leave_out_others(error)
    text = io.StringIO()
    with contextlib.redirect_stderr(text):  # `traceback` has no "Did you mean" in 3.11
        sys.__excepthook__(type(error), error, error.__traceback__)
    kept = [*_entries(error.__traceback__)][-1:]
    if [one.tb_frame for one in kept] != [raised.tb_frame]:
        place = f"{raised.tb_frame.f_code.co_filename}, line {raised.tb_lineno}"
        text.write(f"(raised in {place}; {VARIABLE}=full shows the way there)")
    return text.getvalue().rstrip()


def readers_alone(function: Callable[P, R]) -> Callable[P, R]:
    """Has what a function raises show the reader's lines, and its caller's."""

    @functools.wraps(function)
    def call(*arguments: P.args, **keywords: P.kwargs) -> R:
        try:
            return function(*arguments, **keywords)
        except Exception as error:
            _leave_out_others(error)
            raise  # adds no line of this file

    return call


def is_readers(file: str) -> bool:
    """Whether a file is a lesson, or beside one: not the lab's, and not installed."""
    path = Path(file)
    if file.startswith("<") or path.name.startswith("__autograph_generated_file"):
        return False
    path = path.resolve()
    if is_ours(path):
        return path.is_relative_to(HOME / "recipes") and not path.is_relative_to(LAB)
    installed = {"site-packages", "dist-packages"} & set(path.parts)
    return not installed and not path.is_relative_to(LIBRARY)


def _leave_out_others(error: BaseException) -> None:
    """Takes all lines but the reader's out of the tracebacks of an error.

    One without a line of the reader's is one of ours, and keeps all, unless it is a
    `LabError`, which says everything by itself.
    """
    if os.environ.get(VARIABLE) == "full":
        return
    if not _readers(error) and not isinstance(error, LabError):
        return
    one: BaseException | None = error
    while one is not None:
        one.__traceback__ = _joined(_readers(one))
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)


def _readers(error: BaseException) -> list[TracebackType]:
    """The entries of a traceback that are the reader's."""
    return [
        at
        for at in _entries(error.__traceback__)
        if is_readers(at.tb_frame.f_code.co_filename)
    ]


def _entries(at: TracebackType | None) -> Iterator[TracebackType]:
    while at is not None:
        yield at
        at = at.tb_next


def _joined(entries: list[TracebackType]) -> TracebackType | None:
    joined = None
    for at in reversed(entries):
        joined = TracebackType(joined, at.tb_frame, at.tb_lasti, at.tb_lineno)
    return joined
