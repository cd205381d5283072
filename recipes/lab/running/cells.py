"""A claim that is written in a notebook's cell: the cell as a file that a run reads."""

import ast
import builtins
import hashlib
import linecache
import symtable
from pathlib import Path
from types import FunctionType

from recipes.lab import files
from recipes.lab.catalog.reach import is_ours
from recipes.lab.data import cache
from recipes.lab.errors import UsageError

FILE = "notebook_cell.py"
KNOWN = {*dir(builtins), "__name__", "__file__", "__doc__"}


def file_of(function: FunctionType) -> Path:
    """Returns the file that states a claim; a notebook's cell is written to one.

    Args:
        function: One that `@claim` marks.

    Raises:
        UsageError: It states no claim, its source is unknown, or its cell needs what
            stands elsewhere.
    """
    name = function.__name__
    if not hasattr(function, "claim"):
        raise UsageError(f"run takes a function with @claim; {name} has none.")
    place = function.__code__.co_filename
    if Path(place).is_file():
        return Path(place)
    text = "".join(linecache.getlines(place))
    if not text:
        raise UsageError(f"the source of {name} is unknown here: put it in a file.")
    _refuse_strangers(text, name)
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    path = cache.folder() / "cells" / digest / FILE
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        files.write(path, text)
    return path


def _refuse_strangers(text: str, name: str) -> None:
    """Refuses names of other cells, and modules that no key would know."""
    table = symtable.symtable(text, name, "exec")
    defined = {
        one.get_name()
        for one in table.get_symbols()
        if one.is_assigned() or one.is_imported()
    }
    strange = sorted(_globals(table) - defined - KNOWN)
    if "get_ipython" in strange:
        raise UsageError(f"the cell of {name} has a line with % or !: take it out.")
    if strange:
        raise UsageError(
            f"the cell of {name} uses {', '.join(strange)}, which it does not define: "
            "a recipe's cell stands alone."
        )
    for node in ast.walk(ast.parse(text)):
        names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for module in {one.partition(".")[0] for one in names}:
            beside = Path.cwd() / module
            places = beside.with_suffix(".py"), beside / "__init__.py"
            if not is_ours(beside) and any(place.is_file() for place in places):
                raise UsageError(
                    f"the cell of {name} imports '{module}' of this folder: put the "
                    "recipe in a file beside it."
                )


def _globals(table: symtable.SymbolTable) -> set[str]:
    """The global names that a module's code reads."""
    top = table.get_type() == "module"
    found = {
        one.get_name()
        for one in table.get_symbols()
        if one.is_referenced() and (top or one.is_global())
    }
    return found.union(*map(_globals, table.get_children()))
