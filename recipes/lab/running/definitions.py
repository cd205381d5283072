"""Which definitions of a module a function rests on, by the names it reaches."""

import ast
import sys
from collections.abc import Iterator

# Names by which code can reach what its text does not name.
DYNAMIC = {
    "__builtins__", "__dict__", "__getattribute__", "__globals__", "__import__",
    "_getframe", "attrgetter", "compile", "ctypes", "currentframe", "eval", "exec",
    "f_globals", "f_locals", "f_back", "gc", "getattr", "getmodule", "globals",
    "import_module", "importlib", "inspect", "locals", "methodcaller", "modules",
    "runpy", "setattr", "vars",
}  # fmt: skip
METHODS = {"compile", "eval"}  # of models: as attributes they reach nothing

# Importing these, or having them decorate a function, changes nothing else.
QUIET_IMPORTS = {"callbacks", "keras", "matplotlib", "numpy", "recipes", "scipy",
                 "sklearn", "zoo"}  # fmt: skip
QUIET_DECORATORS = {"abstractmethod", "cache", "cached_property", "claim",
                    "classmethod", "contextmanager", "dataclass", "experiment",
                    "lru_cache", "overload", "property", "setter", "staticmethod",
                    "wraps"}  # fmt: skip


def reached(tree: ast.Module, function: str) -> list[ast.stmt]:
    """Returns the statements of a module that a function rests on, in their order.

    That is what it reaches by name, transitively, and every statement that does more
    than to define a name; all of them where what is reached can look names up in ways
    that its text does not show.

    Args:
        tree: The module.
        function: A name of its top level.
    """
    body = [one for node in tree.body if not _is_main(node) for one in _single(node)]
    defining: dict[str, list[ast.stmt]] = {}
    chosen: dict[int, ast.stmt] = {}
    for node in body:
        name = _defined(node)
        if name is None:
            chosen[id(node)] = node
        else:
            defining.setdefault(name, []).append(node)
    waiting = [function, *(name for node in chosen.values() for name in _names(node))]
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        for node in defining.get(name, ()):
            chosen[id(node)] = node
            waiting += _names(node)
    if any(is_dynamic(node) for node in chosen.values()):
        return body
    return [node for node in body if id(node) in chosen]


def is_dynamic(tree: ast.AST) -> bool:
    """Whether code can reach names that its text does not show."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in DYNAMIC:
            return True
        if isinstance(node, ast.Attribute) and node.attr in DYNAMIC - METHODS:
            return True
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            words = {part for one in node.names for part in one.name.split(".")}
            words |= set((getattr(node, "module", None) or "").split("."))
            if words & (DYNAMIC | {"builtins"}):
                return True
    return False


def _single(node: ast.stmt) -> Iterator[ast.stmt]:
    """An import of several names as several imports, so that each counts by itself."""
    if isinstance(node, ast.Import):
        yield from (ast.Import([alias]) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        for alias in node.names:
            yield ast.ImportFrom(node.module, [alias], node.level)
    else:
        yield node


def _defined(node: ast.stmt) -> str | None:
    """The name that a statement only defines; None where it may do more.

    A string that stands alone defines "", which nothing reaches.
    """
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return ""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        alias = node.names[0]
        top = (getattr(node, "module", None) or alias.name).split(".")[0]
        quiet = top in QUIET_IMPORTS or top in sys.stdlib_module_names
        relative = getattr(node, "level", 0)
        if alias.name == "*" or relative or not quiet or top == "__future__":
            return None
        return alias.asname or alias.name.split(".")[0]
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        values = [*node.args.defaults, *node.args.kw_defaults]
        return node.name if _decorated_quietly(node) and _quiet(*values) else None
    if isinstance(node, ast.ClassDef):
        bare = not node.bases and not node.keywords and _decorated_quietly(node)
        inside = (isinstance(one, ast.Pass) or _defined(one) for one in node.body)
        return node.name if bare and all(one is not None for one in inside) else None
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return node.target.id if _quiet(node.value) else None
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
        return (
            target.id if isinstance(target, ast.Name) and _quiet(node.value) else None
        )
    return None


def _decorated_quietly(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
    for decorator in node.decorator_list:
        call = isinstance(decorator, ast.Call)
        target = decorator.func if call else decorator
        if ast.unparse(target).rpartition(".")[2] not in QUIET_DECORATORS:
            return False
        if call and not _quiet(*decorator.args, *(k.value for k in decorator.keywords)):
            return False
    return True


def _quiet(*values: ast.expr | None) -> bool:
    """Whether expressions call nothing and bind nothing."""
    loud = (ast.Call, ast.NamedExpr, ast.Await, ast.Yield, ast.YieldFrom)
    return not any(
        isinstance(node, loud)
        for value in values
        if value is not None
        for node in ast.walk(value)
    )


def _is_main(node: ast.stmt) -> bool:
    """Whether this is `if __name__ == "__main__":` and nothing else."""
    return (
        isinstance(node, ast.If)
        and not node.orelse
        and ast.unparse(node.test) in ("__name__ == '__main__'",)
    )


def _names(node: ast.AST) -> list[str]:
    found = []
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name):
            found.append(inner.id)
        elif isinstance(inner, (ast.Global, ast.Nonlocal)):
            found += inner.names
        elif isinstance(inner, ast.Constant) and str(inner.value).isidentifier():
            found.append(str(inner.value))  # an annotation, or a name to look up
    return found
