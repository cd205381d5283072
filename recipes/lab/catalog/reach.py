"""Which files a recipe reaches through its imports, found without importing any."""

import importlib.machinery
import importlib.util
import sys
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from recipes.lab.catalog.imports import Facts, facts_of, read
from recipes.lab.errors import LabError

HOME = Path(__file__).resolve().parents[3]  # holds zoo, callbacks and recipes
PACKAGES = ("callbacks", "recipes", "zoo")
# What loads Keras when it is imported: packages, names of the lab's face, a room.
LOAD_KERAS = {"keras", "keras_hub", "keras_tuner", "tensorflow", "tensorflow_datasets",
              "tf_keras"}  # fmt: skip
KERAS_FACE = {
    f"recipes.lab.{name}" for name in ("Restart", "Study", "fit", "gradients", "reseed")
}
TRAINING = "recipes.lab.training"


@dataclass
class Reach:
    """What a file reaches.

    Attributes:
        files: Every file of ours, of the user's own or beside the first one, with its
            source text, the first one included; of the lab none.
        outside: Top-level names of installed modules, the standard library's left
            out.
        lab: What is imported from the lab's face, with the lab's name in front.
        keras: Whether Keras is among what is reached, directly or through ours.
    """

    files: dict[Path, str] = field(default_factory=dict)
    outside: set[str] = field(default_factory=set)
    lab: set[str] = field(default_factory=set)

    @property
    def keras(self) -> bool:
        """Whether importing the file loads Keras."""
        ours = {
            path.relative_to(HOME).parts[0]
            for path in self.files
            if path.is_relative_to(HOME)
        }
        return bool(
            self.outside & LOAD_KERAS
            or ours & {"zoo", "callbacks"}
            or any(one in KERAS_FACE or one.startswith(TRAINING) for one in self.lab)
        )


class Step(NamedTuple):
    """What one file adds to what is reached."""

    text: str
    lab: set[str]
    outside: set[str]
    files: list[Path]


@dataclass
class Walk:
    """What was seen on the way from files of one folder, at one moment.

    Lessons of a recipe reach mostly the same files: what is read for one serves all.
    """

    steps: dict[Path, Step] = field(default_factory=dict)
    outside: set[str] = field(default_factory=set)

    def step(self, here: Path, root: Path) -> Step:
        """Returns what a file adds; `root` is the folder that the walk starts from."""
        if here not in self.steps:
            text = read(here)
            facts = facts_of(text)
            lab = {one for one in facts.imports if one.startswith("recipes.lab.")}
            if facts.face:  # `lab.fit` may stand anywhere in it
                lab |= KERAS_FACE
            names = followed(facts, here)
            files = [
                file
                for name in names
                for file in files_of(name, here, root, self.outside)
            ]
            outside = {name.partition(".")[0] for name in names} & self.outside
            self.steps[here] = Step(text, lab, outside, files)
        return self.steps[here]


def reach(path: Path, walk: Walk | None = None) -> Reach:
    """Follows the imports of a file, those inside functions, too.

    Args:
        path: A Python file.
        walk: What was seen from other files of its folder in this moment, if any.

    Returns:
        What it reaches. The lab itself isn't followed.

    Raises:
        LabError: A file can't be read or is no Python, or a file beside the first one
            hides a package of ours.
    """
    path = path.resolve()
    walk, found = walk or Walk(), Reach()
    waiting = [path]
    if is_ours(path):  # importing a module runs the packages that it is in
        names = path.relative_to(HOME).with_suffix("").parts
        waiting += _files(HOME, [*names])
    while waiting:
        here = waiting.pop()
        if here not in found.files:
            step = walk.step(here, path.parent)
            found.files[here] = step.text
            found.lab |= step.lab
            found.outside |= step.outside
            waiting += step.files
    return found


def followed(found: Facts, path: Path) -> set[str]:
    """Returns what a file may import.

    Where it can import by a name that is made up while it runs, that is everything
    beside it, every word in it that could be a module, and zoo and callbacks; of a
    file of ours only what is in its own package.

    Args:
        found: What the file, or a part of it, shows.
        path: The file.
    """
    if not found.by_name:
        return set(found.imports)
    beside = {f".{one.stem}" for one in path.parent.glob("*.py")}
    packages = set() if is_ours(path) else {"zoo", "callbacks"}
    return found.imports | found.words | beside | packages


def files_of(
    name: str,
    importer: Path,
    root: Path | None = None,
    outside: set[str] | None = None,
) -> list[Path]:
    """Returns the files that an import runs: ours, the user's own, or beside the first.

    Args:
        name: A dotted name as `imports` returns it.
        importer: The file that imports it.
        root: The folder of the recipe's file, where its modules are looked for first;
            by default that of the importer.
        outside: Gets the top-level name where it is neither.

    Raises:
        LabError: A file in `root` hides one of our packages.
    """
    if name.startswith("."):
        dots = len(name) - len(name.lstrip("."))
        base = importer.parents[dots - 1]
        return _files(base, [part for part in name.lstrip(".").split(".") if part])
    root = importer.parent if root is None else root
    parts = name.split(".")
    if parts[0] in PACKAGES:
        _refuse_hidden(parts[0], root)
        refuse_others(parts[0])
        return [] if parts[:2] == ["recipes", "lab"] else _files(HOME, parts)
    if not is_ours(root) and _is_in(root, parts[0]):
        return _files(root, parts)
    known = outside if outside is not None else set()
    if parts[0] in sys.stdlib_module_names or parts[0] in known:
        return []
    own = _folder_of_own(parts[0])
    if own is not None:
        return _files(own, parts)
    known.add(parts[0])
    return []


def is_ours(path: Path) -> bool:
    """Whether a path is in one of our packages."""
    return any(path.is_relative_to(HOME / name) for name in PACKAGES)


def _is_in(folder: Path, name: str) -> bool:
    return (folder / f"{name}.py").is_file() or (folder / name).is_dir()


def _refuse_hidden(name: str, root: Path) -> None:
    if is_ours(root) or root == HOME or not _is_in(root, name):
        return
    if (root / name).is_dir() and not (root / name / "__init__.py").is_file():
        return  # a folder of data, say: it hides nothing
    raise LabError(
        f"'{name}' in {root} hides the package of that name: give it another name."
    )


def refuse_others(*names: str) -> None:
    """Refuses where Python finds other modules under the names of our packages.

    Raises:
        LabError: It does.
    """
    for name in names:
        spec = importlib.util.find_spec(name)
        found = spec.origin if spec else None
        if found is not None and not Path(found).resolve().is_relative_to(HOME / name):
            raise LabError(
                f"{found} hides the package '{name}': give it another name, or start "
                "from another folder."
            )


def _folder_of_own(name: str) -> Path | None:
    """Where a module lies that the user wrote: on the path, but not installed.

    Its version says nothing of its code, so its files are read instead.
    """
    try:
        # The path first: a module that is loaded can be another recipe's.
        spec = importlib.machinery.PathFinder.find_spec(name)
        spec = spec or importlib.util.find_spec(name)
    except (ImportError, AttributeError, ValueError):
        return None
    places = [] if spec is None else list(spec.submodule_search_locations or [])
    if spec is not None and spec.origin and spec.origin.endswith(".py"):
        places = [spec.origin]
    for place in places:
        found = Path(place).resolve()
        installed = {"site-packages", "dist-packages"} & set(found.parts)
        library = Path(sysconfig.get_path("stdlib")).resolve()
        if installed or found.is_relative_to(library):
            continue
        return found.parents[1] if found.name == "__init__.py" else found.parent
    return None


def _files(base: Path, parts: list[str]) -> list[Path]:
    """The module's file and the `__init__.py` of every package on the way."""
    files = []
    for index in range(len(parts)):
        place = base.joinpath(*parts[: index + 1])
        for file in (place / "__init__.py", place.with_suffix(".py")):
            if file.is_file():
                files.append(file.resolve())
    return files
