"""What a source text imports, found with `ast`."""

import ast
import functools
from dataclasses import dataclass
from pathlib import Path

from recipes.lab.errors import SourceError

# Words by which code imports what no import statement names.
BY_NAME = {"__import__", "eval", "exec", "importlib", "import_module", "pkgutil",
           "runpy"}  # fmt: skip


def parse(path: Path) -> tuple[str, ast.Module]:
    """Reads a Python file; its tree is shared, so change nothing in it.

    Raises:
        SourceError: It can't be read or is no Python.
    """
    text = read(path)
    return text, tree_of(text)


@functools.lru_cache(maxsize=1024)
def tree_of(text: str) -> ast.Module:
    """Returns the syntax tree of a source text; it is shared, so change nothing."""
    return ast.parse(text)


def read(path: Path) -> str:
    """Reads the text of a Python file.

    Raises:
        SourceError: It can't be read or is no Python.
    """
    try:
        text = path.read_text(encoding="utf-8")
        tree_of(text)
    except SyntaxError as error:
        place = f"{path}, line {error.lineno}" if error.lineno else path
        raise SourceError(f"cannot read {place}: {error.msg}.") from None
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror}.") from None
    except ValueError as error:  # no UTF-8, or a zero byte
        raise SourceError(f"cannot read {path}: {error}.") from None
    return text


def imports(tree: ast.AST) -> set[str]:
    """Returns the dotted names that a tree imports; for `from a import b` a and a.b.

    Relative imports start with their dots.
    """
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            joint = "" if module.endswith(".") or not module else "."
            names |= {module, *(f"{module}{joint}{alias.name}" for alias in node.names)}
    return names - {""}


@dataclass(frozen=True)
class Facts:
    """What a syntax tree shows of what it imports.

    Attributes:
        imports: Dotted names; relative ones start with their dots.
        by_name: Whether it can import by a name that is made up while it runs.
        words: Its strings that could be names of modules, where it can.
        face: Whether it imports the lab as a whole.
    """

    imports: frozenset[str]
    by_name: bool
    words: frozenset[str]
    face: bool


def facts(tree: ast.AST) -> Facts:
    """Returns what a tree shows of its imports."""
    nodes = list(ast.walk(tree))
    names = imports(tree)
    words = {node.id for node in nodes if isinstance(node, ast.Name)}
    words |= {part for name in names for part in name.split(".")}
    methods = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    if "builtins" not in words:
        methods -= {"eval", "exec"}  # `model.eval()` is PyTorch's and imports nothing
    strings = {
        node.value
        for node in nodes
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and all(part.isidentifier() for part in node.value.split("."))
    }
    by_name = bool(BY_NAME & (words | methods))
    modules = {
        f"{alias.name}."
        for node in nodes
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    return Facts(
        frozenset(names),
        by_name,
        frozenset(strings if by_name else ()),
        any(one.startswith("recipes.lab.") for one in modules)
        or any(isinstance(n, ast.ImportFrom) and n.module == "recipes" for n in nodes),
    )


@functools.lru_cache(maxsize=1024)
def facts_of(text: str) -> Facts:
    """Returns what a source text shows of its imports."""
    return facts(tree_of(text))
