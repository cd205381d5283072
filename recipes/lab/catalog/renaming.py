"""Renames a module's own definitions in its source text, places and comments kept."""

import ast


def renamed(text: str, names: dict[str, str]) -> str:
    """Renames top-level definitions, and what means them.

    A name that a function binds for itself stays in that function.

    Args:
        text: Source of a module.
        names: Old name to new name.

    Returns:
        The source with the new names.
    """
    if not names:
        return text
    lines = text.splitlines(keepends=True)
    places: list[tuple[int, int, str]] = []
    _visit(ast.parse(text), names, lines, places)
    for line, column, old in sorted(places, reverse=True):
        raw = lines[line - 1].encode("utf-8")
        end = column + len(old.encode("utf-8"))
        changed = raw[:column] + names[old].encode("utf-8") + raw[end:]
        lines[line - 1] = changed.decode("utf-8")
    return "".join(lines)


def _visit(node: ast.AST, names: dict, lines: list[str], places: list) -> None:
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    if isinstance(node, definitions) and node.name in names:
        column = _column(lines[node.lineno - 1], node)
        places.append((node.lineno, column, node.name))
    if isinstance(node, ast.Name) and node.id in names:
        places.append((node.lineno, node.col_offset, node.id))
    inner = names
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        own = _bound(node)
        inner = {old: new for old, new in names.items() if old not in own}
    for field, value in ast.iter_fields(node):
        # Defaults, decorators and annotations belong to what is around a function.
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                _visit(child, inner if field == "body" else names, lines, places)


def _column(line: str, node: ast.stmt) -> int:
    """Where the name stands behind `def` or `class`, in bytes."""
    return len(line[: line.index(f" {node.name}") + 1].encode("utf-8"))


def _bound(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> set[str]:
    """The names that a function binds itself: arguments, and what it assigns."""
    found = {arg.arg for arg in ast.walk(node.args) if isinstance(arg, ast.arg)}
    shared: set[str] = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
            found.add(inner.id)
        elif isinstance(inner, ast.Global):
            shared |= set(inner.names)
        elif isinstance(inner, ast.FunctionDef) and inner is not node:
            found.add(inner.name)
    return found - shared
