"""Which files a recipe reaches through its imports, found without importing any."""

import ast
import sys
from dataclasses import dataclass, field
from pathlib import Path

from recipes.lab.errors import LabError

HOME = Path(__file__).resolve().parents[3]  # holds zoo, callbacks and recipes
PACKAGES = ("callbacks", "recipes", "zoo")


@dataclass
class Reach:
    """What a file reaches.

    Attributes:
        files: Every file of ours or beside the first one, with its source text, the
            first one included; of the lab none.
        outside: Top-level names of the other modules, the standard library's left
            out.
        keras: Whether Keras is among what is reached, directly or through ours.
    """

    files: dict[Path, str] = field(default_factory=dict)
    outside: set[str] = field(default_factory=set)

    @property
    def keras(self) -> bool:
        """Whether importing the file loads Keras."""
        ours = {
            path.relative_to(HOME).parts[0]
            for path in self.files
            if path.is_relative_to(HOME)
        }
        return bool(
            self.outside & {"keras", "tensorflow"} or ours & {"zoo", "callbacks"}
        )


def reach(path: Path) -> Reach:
    """Follows the imports of a file, those inside functions, too.

    Args:
        path: A Python file.

    Returns:
        What it reaches. The lab itself isn't followed.

    Raises:
        LabError: A file can't be read or is no Python.
    """
    found = Reach()
    _follow(path.resolve(), found)
    return found


def parse(path: Path) -> tuple[str, ast.Module]:
    """Reads a Python file.

    Raises:
        LabError: It can't be read or is no Python.
    """
    try:
        text = path.read_text(encoding="utf-8")
        return text, ast.parse(text)
    except (OSError, UnicodeDecodeError, SyntaxError, ValueError) as error:
        raise LabError(f"cannot read {path}: {error}.") from None


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


def _follow(path: Path, found: Reach) -> None:
    if path in found.files:
        return
    text, tree = parse(path)
    found.files[path] = text
    for name in imports(tree):
        for file in files_of(name, path, found.outside):
            _follow(file, found)


def files_of(name: str, importer: Path, outside: set[str] | None = None) -> list[Path]:
    """Returns the files that an import runs: ours, or beside the importing file.

    Args:
        name: A dotted name as `imports` returns it.
        importer: The file that imports it.
        outside: Gets the top-level name where it is neither.
    """
    if name.startswith("."):
        dots = len(name) - len(name.lstrip("."))
        base = importer.parents[dots - 1]
        return _files(base, [part for part in name.lstrip(".").split(".") if part])
    parts = name.split(".")
    if parts[:2] == ["recipes", "lab"]:
        return []
    if parts[0] in PACKAGES:
        return _files(HOME, parts)
    beside = importer.parent
    if not importer.is_relative_to(HOME / "recipes") and (
        (beside / f"{parts[0]}.py").is_file() or (beside / parts[0]).is_dir()
    ):
        return _files(beside, parts)
    if outside is not None and parts[0] not in sys.stdlib_module_names:
        outside.add(parts[0])
    return []


def _files(base: Path, parts: list[str]) -> list[Path]:
    """The module's file and the `__init__.py` of every package on the way."""
    files = []
    for index in range(len(parts)):
        place = base.joinpath(*parts[: index + 1])
        for file in (place / "__init__.py", place.with_suffix(".py")):
            if file.is_file():
                files.append(file.resolve())
    return files
