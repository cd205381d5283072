"""The key of a training: everything that its numbers depend on, as one digest."""

import ast
import functools
import hashlib
import importlib.metadata
import os
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

from recipes.lab import files
from recipes.lab.catalog.reach import HOME, files_of, imports, parse
from recipes.lab.running import environment, sources

# What a training finds in Keras's configuration, whatever keras.json says.
KERAS = {"floatx": "float32", "epsilon": 1e-7, "image_data_format": "channels_last"}

# Variables that choose other kernels.
VARIABLES = (
    "XLA_FLAGS",
    "TF_XLA_FLAGS",
    "TF_ENABLE_ONEDNN_OPTS",
    "ONEDNN_MAX_CPU_ISA",
    "DNNL_MAX_CPU_ISA",
    "ONEDNN_DEFAULT_FPMATH_MODE",
    "DNNL_DEFAULT_FPMATH_MODE",
    "OPENBLAS_CORETYPE",
    "MKL_CBWR",
    "MKL_ENABLE_INSTRUCTIONS",
    "NVIDIA_TF32_OVERRIDE",
    "TF_CUDNN_DETERMINISTIC",
    "TF_DETERMINISTIC_OPS",
    "JAX_ENABLE_X64",
    "JAX_DEFAULT_MATMUL_PRECISION",
    "CUBLAS_WORKSPACE_CONFIG",
    "KERAS_NNX_ENABLED",
)

# Names by which code can reach what its text does not name.
DYNAMIC = {"eval", "exec", "globals", "locals", "vars", "importlib", "getattr",
           "setattr", "__import__", "compile"}  # fmt: skip
DYNAMIC_ATTRIBUTES = {"__dict__", "__globals__", "modules"}


def member_keys(
    train: Callable, cases: list[Any], seeds: list[int], common: dict
) -> dict[tuple[int, int], str]:
    """Returns the keys of a sweep's members.

    Args:
        train: The training function, of a module's top level.
        cases: Plain data.
        seeds: Seeds.
        common: Plain data that all members share: data checksum, policy, device.

    Returns:
        (index of the case, seed) to key: 64 hexadecimal digits.
    """
    path = Path(str(train.__code__.co_filename)).resolve()
    text, outside = training_source(path, train.__name__)
    shared = {
        "source": text,
        "lab": sources.lab_digest(),
        "function": train.__qualname__,
        "packages": versions(outside),
        "machine": machine(),
        **common,
    }
    head = hashlib.sha256(files.canonical(shared).encode())
    keys = {}
    for index, case in enumerate(cases):
        for seed in seeds:
            digest = head.copy()
            digest.update(files.canonical({"case": case, "seed": seed}).encode())
            keys[index, seed] = digest.hexdigest()
    return keys


def machine() -> dict[str, Any]:
    """Returns what a machine and its settings contribute to a training's numbers."""
    found = environment.processor()
    return {
        "python": platform.python_version(),
        "backend": environment.backend(),
        "keras": KERAS,
        "processor": found["cpu"],
        "accelerators": environment.accelerator_files(),
        "threads": 1,
        "variables": {
            name: os.environ[name] for name in VARIABLES if name in os.environ
        },
    }


def versions(names: set[str]) -> dict[str, str]:
    """Returns the versions of the distributions that hold top-level modules."""
    backend = {"keras", "numpy", "scipy", "scikit-learn", environment.backend()}
    if environment.backend() == "jax":
        backend.add("jaxlib")
    known = _distributions()
    wanted = backend | {one for name in names for one in known.get(name, [name])}
    found = {}
    for name in sorted(wanted):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "none"
    return found


@functools.cache
def _distributions() -> dict[str, list[str]]:
    known = importlib.metadata.packages_distributions()
    return {name: sorted(set(found)) for name, found in known.items()}


def training_source(path: Path, function: str) -> tuple[str, set[str]]:
    """Returns what a training function rests on, and the packages it imports.

    Of the function's own file that is what it reaches by name, and all statements
    that define nothing; of every other file of the project or beside it, all. A file
    that can reach names in ways that its text doesn't show counts whole.

    Args:
        path: The file that defines the function.
        function: Its name.

    Returns:
        A text that changes where a result could, and top-level names of modules.
    """
    _, tree = parse(path)
    whole = path.name.startswith("_")
    reached = [tree] if whole else _reached(tree, function)
    parts = [ast.dump(sources.without_docstrings(node)) for node in reached]
    outside: set[str] = set()
    waiting = [(name, path) for node in reached for name in imports(node)]
    known: dict[Path, str] = {}
    while waiting:
        name, importer = waiting.pop()
        for file in files_of(name, importer, outside):
            parent_only = (
                HOME / "recipes" in file.parents and file.name == "__init__.py"
            )
            if file in known or file == path:
                continue
            if parent_only and file.parent.name != name.rpartition(".")[2]:
                continue  # a recipe's header, on the way to a module beside it
            text, inner = parse(file)
            known[file] = sources.plain_source(text)
            waiting += [(one, file) for one in imports(inner)]
    parts += [f"{_place(file)}: {known[file]}" for file in sorted(known)]
    return "\n".join(parts), outside


def _on_the_way(file: Path, name: str) -> bool:
    """Whether this is a recipe's header that only holds the module imported."""
    header = file.name == "__init__.py" and HOME / "recipes" in file.parents
    return header and file.parent.name != name.rpartition(".")[2]


@functools.cache
def _module(text: str) -> tuple[str, frozenset[str]]:
    """A module's plain source, and what it imports."""
    return sources.plain_source(text), frozenset(imports(ast.parse(text)))


def _place(file: Path) -> str:
    return str(file.relative_to(HOME) if file.is_relative_to(HOME) else file.name)


def _reached(tree: ast.Module, function: str) -> list[ast.stmt]:
    """The statements of a module that a function rests on, in their order."""
    body = [node for node in tree.body if not _is_main(node)]
    bound: dict[str, list[ast.stmt]] = {}
    always = []
    for node in body:
        names = _bound(node)
        if names is None:
            always.append(node)
        for name in names or ():
            bound.setdefault(name, []).append(node)
    chosen = {id(node): node for node in always}
    waiting = [function, *(name for node in always for name in _names(node))]
    seen = set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        for node in bound.get(name, ()):
            if id(node) not in chosen:
                chosen[id(node)] = node
                waiting += _names(node)
    if seen & DYNAMIC or any(_dynamic(node) for node in chosen.values()):
        return body
    return [node for node in body if id(node) in chosen]


def _bound(node: ast.stmt) -> list[str] | None:
    """The names that a statement only defines; None where it may do more."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        ours = all(_harmless(name) for name in imports(node))
        aliases = [alias.asname or alias.name.split(".")[0] for alias in node.names]
        return aliases if ours and "*" not in aliases else None
    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
        if isinstance(target, ast.Name) and _is_literal(node.value):
            return [target.id]
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return []  # a docstring
    return None


def _harmless(name: str) -> bool:
    """Whether importing this is known to have no effect: ours, and known packages."""
    known = ("recipes", "zoo", "callbacks", "keras", "numpy", "scipy", "sklearn")
    return name.split(".")[0] in known


def _is_literal(node: ast.expr) -> bool:
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return False
    # What can be changed in place may be changed from elsewhere.
    return not isinstance(value, (list, dict, set))


def _is_main(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)


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


def _dynamic(node: ast.AST) -> bool:
    return any(
        isinstance(inner, ast.Attribute) and inner.attr in DYNAMIC_ATTRIBUTES
        for inner in ast.walk(node)
    )


def run_key(parts: dict[str, Any]) -> str:
    """Returns the key of a run: a digest of plain data."""
    return hashlib.sha256(files.canonical(parts).encode()).hexdigest()
