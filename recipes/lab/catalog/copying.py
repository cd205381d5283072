"""Copies of lessons: one file each that stands alone.

The modules that only the package's lessons share are put in above the lesson, imports
are merged, `Settings` and `SMOKE` are put in, and the header says how the copy is run.
"""

import ast
import sys
from dataclasses import dataclass, field
from pathlib import Path

from recipes.lab.catalog.lessons import Lesson
from recipes.lab.catalog.reach import PACKAGES, files_of
from recipes.lab.catalog.reader import Recipe
from recipes.lab.catalog.renaming import renamed


@dataclass
class _Parts:
    """What a copy is put together from.

    Attributes:
        imports: Import statements as text, in the order in which they were met.
        blocks: Source text of definitions, modules in the order of their imports.
        owners: Names to the file that may define them in the copy.
        renames: For each module that was put in, old names to new ones.
    """

    owners: dict[str, Path]
    renames: dict[Path, dict[str, str]] = field(default_factory=dict)
    imports: list[str] = field(default_factory=list)
    blocks: list[str] = field(default_factory=list)


def copy_of(recipe: Recipe, lesson: Lesson, name: str) -> str:
    """Returns a lesson's source as one file that stands alone.

    Args:
        recipe: The lesson's recipe.
        lesson: Which of its lessons.
        name: The copy's file name, for its header.

    """
    text = lesson.path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    parts = _Parts(dict.fromkeys(_names(tree), lesson.path))
    for node in tree.body:  # a name that the lesson imports stays its module's
        shared = _shared_module(node, lesson.path)
        if shared is not None and isinstance(node, ast.ImportFrom):
            parts.owners |= dict.fromkeys((one.name for one in node.names), shared)
    body = _take_in(lesson.path, text, parts)
    header = recipe.path.read_text(encoding="utf-8")
    settings = "" if recipe.path == lesson.path else _settings(recipe, header, parts)
    docstring = _docstring(recipe, lesson, name)
    imports = _merged([*parts.imports, *body.imports])
    blocks = [f"{docstring}\n\n{imports}", settings, *parts.blocks, body.rest]
    return _joined([block.strip("\n") for block in blocks if block.strip()])


def _joined(blocks: list[str]) -> str:
    """Blocks with two empty lines before a definition, else one."""
    text = blocks[0]
    for block in blocks[1:]:
        lines = "\n\n\n" if block.startswith(("def ", "class ", "@")) else "\n\n"
        text += lines + block
    return text + "\n"


@dataclass
class _Body:
    imports: list[str]
    rest: str


def _take_in(path: Path, text: str, parts: _Parts) -> _Body:
    """Splits a module, and puts the shared modules that it imports into the parts."""
    tree = ast.parse(text)
    drop: set[int] = set()
    kept: list[str] = []
    changed: dict[str, str] = {}
    if ast.get_docstring(tree) is not None:
        drop |= set(range(tree.body[0].lineno, tree.body[0].end_lineno + 1))
    for node in tree.body:
        if not isinstance(node, (ast.Import, ast.ImportFrom)):
            continue
        drop |= set(range(node.lineno, node.end_lineno + 1))
        shared = _shared_module(node, path)
        if shared is None:
            kept.append(ast.unparse(node))
            continue
        if shared not in parts.renames:
            _put_in(shared, parts)
        for alias in node.names:
            here = alias.asname or alias.name
            there = parts.renames[shared].get(alias.name, alias.name)
            if here != there:
                changed[here] = there
    lines = renamed(text, changed).splitlines(keepends=True)
    rest = "".join(line for number, line in enumerate(lines, 1) if number not in drop)
    return _Body(kept, rest.strip("\n"))


def _put_in(path: Path, parts: _Parts) -> None:
    """Puts a module in; names that belong to another file get the module's in front."""
    text = path.read_text(encoding="utf-8")
    own, prefix = _names(ast.parse(text)), path.stem.strip("_")
    renames = {}
    for name in own:
        if parts.owners.setdefault(name, path) != path:
            new = f"_{prefix}_{name.strip('_')}"
            renames[name] = new.upper() if name.isupper() else new
    parts.renames[path] = renames
    inner = _take_in(path, renamed(text, renames), parts)
    parts.imports += inner.imports
    parts.blocks.append(inner.rest)


def _shared_module(node: ast.stmt, importer: Path) -> Path | None:
    """The file of a recipe's own module that an import names; None for others."""
    if not isinstance(node, ast.ImportFrom) or node.level:
        return None
    module = str(node.module)
    if not module.startswith("recipes.") or module.startswith("recipes.lab"):
        return None
    files = files_of(module, importer, importer.parent)
    return next((file for file in files if file.stem == module.split(".")[-1]), None)


def _names(tree: ast.Module) -> list[str]:
    """What a module defines at its top level, without what it imports."""
    return [name for node in tree.body for name in _defined(node)]


def _defined(node: ast.AST) -> list[str]:
    """The names that a statement binds where it stands, in whatever form."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [node.name]
    own_scope = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
    if isinstance(node, own_scope):
        return []
    if isinstance(node, ast.Name):
        return [node.id] if isinstance(node.ctx, ast.Store) else []
    return [name for child in ast.iter_child_nodes(node) for name in _defined(child)]


def _settings(recipe: Recipe, text: str, parts: _Parts) -> str:
    """The header's `SMOKE` and `Settings`, with the imports that they need."""
    tree = ast.parse(text)
    found = []
    for node in tree.body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            parts.imports.append(ast.unparse(node))
        elif not _is_docstring(node) and "LESSONS" not in _defined(node):
            start = min([node.lineno, *(d.lineno for d in _decorators(node))])
            found.append("\n".join(text.splitlines()[start - 1 : node.end_lineno]))
    return "\n\n\n".join(found)


def _decorators(node: ast.stmt) -> list[ast.expr]:
    return getattr(node, "decorator_list", [])


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _docstring(recipe: Recipe, lesson: Lesson, name: str) -> str:
    """The lesson's docstring with the recipe's header lines, and a right `Run:`."""
    header = {**recipe.header, "Run": f"python {name}"}
    about = f"{lesson.about}\n\n" if lesson.about else ""
    lines = "\n".join(f"{key}: {value}" for key, value in header.items())
    text = f"{lesson.title}\n\n{about}{lines}\n"
    quotes = '"""'
    return f"{quotes}{text.replace(quotes, '')}{quotes}"


def _merged(imports: list[str]) -> str:
    """Import statements without repetitions, each module once, in the usual order."""
    plain: set[str] = set()
    named: dict[str, set[str]] = {}
    for text in imports:
        node = ast.parse(text).body[0]
        if isinstance(node, ast.Import):
            plain |= {ast.unparse(ast.Import([alias])) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            named.setdefault(module, set()).update(
                alias.name + (f" as {alias.asname}" if alias.asname else "")
                for alias in node.names
            )
    statements = [(*_order(text.split()[1], 0), text) for text in plain]
    for module, names in named.items():
        text = f"from {module} import {', '.join(sorted(names))}"
        if len(text) > 88:
            inner = "".join(f"    {one},\n" for one in sorted(names))
            text = f"from {module} import (\n{inner})"
        statements.append((*_order(module, 1), text))
    groups: dict[int, list[str]] = {}
    for group, _, _, text in sorted(statements):
        groups.setdefault(group, []).append(text)
    return "\n\n".join("\n".join(groups[group]) for group in sorted(groups))


def _order(module: str, kind: int) -> tuple[int, int, str]:
    """Sorts by section, then `import` before `from`, then by name."""
    top = module.split(".")[0]
    section = 0 if top in sys.stdlib_module_names else 2 if top in PACKAGES else 1
    return section, kind, module
