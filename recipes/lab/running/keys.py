"""The key of a training: everything that its numbers depend on, as one digest."""

import ast
import functools
import hashlib
import importlib.metadata
import importlib.util
import os
import platform
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from recipes.lab import files
from recipes.lab.catalog.imports import Facts, facts, facts_of, read
from recipes.lab.catalog.reach import HOME, files_of, followed
from recipes.lab.errors import LabError
from recipes.lab.running import definitions, environment, threads
from recipes.lab.running.sources import (
    LAB,
    ROOMS,
    Sources,
    plain_source,
    without_docstrings,
)
from recipes.lab.training import machine as training_machine

# What a training finds in Keras's configuration, whatever keras.json says.
KERAS = {"floatx": "float32", "epsilon": 1e-7, "image_data_format": "channels_last"}

# Variables that count besides those of every training begin like this ...
PREFIXES = ("CUDA_", "KERAS_", "NVIDIA_")
# ... but for these: places, what is in the key anyway, what backends set.
HARMLESS = {"CUDA_DEVICE_ORDER", "CUDA_HOME", "CUDA_PATH", "CUDA_VISIBLE_DEVICES",
            "CUDA_VERSION", "KERAS_BACKEND", "KERAS_HOME",
            *threads.VARIABLES}  # fmt: skip


def member_keys(
    train: Callable, cases: list[Any], seeds: list[int], common: dict, sources: Sources
) -> dict[tuple[int, int], str]:
    """Returns the keys of a sweep's members.

    Args:
        train: The training function, of a module's top level.
        cases: Plain data.
        seeds: Seeds.
        common: Plain data that all members share: data checksum, policy, threads.
        sources: Of the lesson.

    Returns:
        (index of the case, seed) to key: 64 hexadecimal digits.

    Raises:
        LabError: The function is defined in a file that the lesson doesn't reach.
    """
    path = Path(os.path.realpath(train.__code__.co_filename))
    if path not in sources.texts:
        raise LabError(
            f"{train.__name__} is defined in {path}, which is no file of the recipe: "
            "its code would not be in the key."
        )
    place = path, train.__name__
    if place not in sources.trainings:
        text, outside = training_source(*place, sources.texts, sources.folder)
        sources.trainings[place] = text, versions(outside)
    text, packages = sources.trainings[place]
    shared = {
        "source": text,
        "lab": sources.lab,
        "function": train.__qualname__,
        "packages": packages,
        "machine": machine(),
        **common,
    }
    head = hashlib.sha256(files.canonical(shared).encode())
    keys = {}
    for index, case in enumerate(cases):
        for seed in seeds:
            found = head.copy()
            found.update(files.canonical({"case": case, "seed": seed}).encode())
            keys[index, seed] = found.hexdigest()
    return keys


def machine() -> dict[str, Any]:
    """Returns what a machine and its settings contribute to a training's numbers."""
    return {
        "python": platform.python_version(),
        "backend": environment.backend(),
        "keras": KERAS,
        "processor": environment.processor()["cpu"],
        "architecture": f"{platform.system()} {platform.machine()}",
        "accelerators": _accelerators(),
        "variables": training_machine.variables(PREFIXES, HARMLESS),
    }


OTHER_NAMES = {"sklearn": "scikit-learn"}  # modules to their distributions


def _accelerators() -> list[str]:
    """The kinds of accelerators and their driver; loads no backend."""
    found = environment.accelerator_files()
    if found:
        for path in sorted(Path("/proc/driver/nvidia").glob("gpus/*/information")):
            lines = path.read_text(errors="replace").splitlines()
            found += [line for line in lines if line.startswith("Model")]
        found += [
            f"{name} {version}"
            for name, version in _installed().items()
            if name.startswith("nvidia-")
        ]
    return found


@functools.cache
def _installed() -> dict[str, str]:
    known = importlib.metadata.distributions()
    return {one.name: one.version for one in known if one.name}


def versions(names: set[str]) -> dict[str, str]:
    """Returns the versions of the distributions that hold top-level modules."""
    wanted = {"keras", "numpy", "scipy", "scikit-learn", environment.backend()} | names
    if environment.backend() == "jax":
        wanted.add("jaxlib")
    found: dict[str, str] = {}
    for name in sorted(wanted):
        for distribution in _distributions(name):
            try:
                found[distribution] = importlib.metadata.version(distribution)
            except importlib.metadata.PackageNotFoundError:
                found[distribution] = "none"
    return found


def _distributions(name: str) -> list[str]:
    """The distributions of a module; most have its name, and others are looked up.

    Looking up reads the lists of all files that are installed, which takes a second: it
    is left out for words of a text that could be modules and are none.
    """
    name = OTHER_NAMES.get(name, name)
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return _by_module().get(name, [name]) if _is_module(name) else [name]
    return [name]


def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ValueError:  # one that was made while the program runs
        return True


@functools.cache
def _by_module() -> dict[str, list[str]]:
    known = importlib.metadata.packages_distributions()
    return {name: sorted(set(found)) for name, found in known.items()}


def training_source(
    path: Path,
    function: str,
    texts: Mapping[Path, str],
    root: Path,
    *,
    whole: bool = False,
) -> tuple[str, set[str]]:
    """Returns what a training function rests on, and the packages it imports.

    Of the function's own file that is what it reaches by name, and all statements
    that define nothing; of every other file of the project, of the user's own and of
    the lab outside of the rooms that always count, all.

    Args:
        path: The file that defines the function.
        function: Its name.
        texts: Path to text of the files that were read.
        root: The folder of the recipe's file.
        whole: Whether all of the function's file counts, as it does for `_` modules.

    Returns:
        A text that changes where a result could, and top-level names of modules.
    """
    tree = ast.parse(texts[path])
    if not whole and not path.name.startswith("_"):
        tree = ast.Module(definitions.reached(tree, function), [])
    outside: set[str] = set()
    known: dict[Path, str] = {path: ast.dump(without_docstrings(tree))}
    waiting = [(name, path) for name in _followed(facts(tree), path)]
    while waiting:
        name, importer = waiting.pop()
        for file in _files(name, importer, root, outside):
            if file == path and not whole:  # imported by itself, or by what it imports
                return training_source(path, function, texts, root, whole=True)
            if file in known or _on_the_way(file, name):
                continue
            text = texts[file] if file in texts else read(file)
            known[file] = plain_source(text)
            waiting += [(one, file) for one in _followed(facts_of(text), file)]
    parts = [f"{_place(file)}: {known[file]}" for file in sorted(known)]
    return "\n".join(parts), outside


def _followed(found: Facts, path: Path) -> set[str]:
    """What a file imports; of the lab as a whole, every name of its public face."""
    names = followed(found, path)
    return names | set(_face().values()) if found.face else names


def _files(name: str, importer: Path, root: Path, outside: set[str]) -> list[Path]:
    """The files of an import; of the lab those that do not always count."""
    if not f"{name}.".startswith("recipes.lab."):
        return files_of(name, importer, root, outside)
    parts = _face().get(name, name).split(".")
    if len(parts) < 3 or parts[2] in ROOMS:
        return []
    places = [HOME.joinpath(*parts[: index + 1]) for index in range(2, len(parts))]
    modules = [place.with_suffix(".py") for place in places]
    return [module for module in modules if module.is_file()]


@functools.cache
def _face() -> dict[str, str]:
    """The names of the lab's public face, and where each is defined."""
    names = facts_of(read(LAB / "__init__.py")).imports
    inner = (name for name in names if name.startswith("recipes.lab."))
    return {f"recipes.lab.{name.rpartition('.')[2]}": name for name in sorted(inner)}


def _on_the_way(file: Path, name: str) -> bool:
    """Whether this is a recipe's header that only holds the module imported."""
    header = file.name == "__init__.py" and (HOME / "recipes") in file.parents
    return header and file.parent.name != name.rpartition(".")[2]


def _place(file: Path) -> str:
    return str(file.relative_to(HOME) if file.is_relative_to(HOME) else file.name)


def run_key(parts: dict[str, Any]) -> str:
    """Returns the key of a run: a digest of plain data."""
    return hashlib.sha256(files.canonical(parts).encode()).hexdigest()
