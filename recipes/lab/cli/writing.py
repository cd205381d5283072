"""Commands that write lessons: `copy` and `new`."""

import argparse
import importlib.util
import keyword
from importlib.machinery import ModuleSpec
from pathlib import Path

from recipes.lab import catalog, files
from recipes.lab.errors import LabError, UsageError
from recipes.lab.reporting.console import Output


def copy(arguments: argparse.Namespace) -> int:
    """`recipes copy RECIPE/LESSON FILE` or `recipes copy RECIPE DIR`."""
    from recipes.lab.catalog.copying import copy_of

    recipe = catalog.find(arguments.name)
    destination = Path(arguments.destination)
    if destination.suffix == ".py":
        if len(recipe.lessons) > 1:
            names = ", ".join(f"{recipe.name}/{one.name}" for one in recipe.lessons)
            raise UsageError(
                f"a file holds one lesson; name one ({names}) or a folder for all."
            )
        targets = {one.name: destination for one in recipe.lessons}
    elif destination.is_dir():
        targets = {one.name: destination / f"{one.name}.py" for one in recipe.lessons}
    else:
        raise UsageError(
            f"there is no folder '{destination}': make it, or name a file that ends in "
            ".py."
        )
    for path in targets.values():
        _check_module(path)
        if path.exists():
            raise LabError(f"{path} exists already; nothing was copied.")
        if not path.parent.is_dir():
            raise LabError(f"there is no folder {path.parent}.")
    texts = {
        path: copy_of(recipe, lesson, path.name)
        for lesson in recipe.lessons
        if (path := targets.get(lesson.name))
    }
    for path, text in texts.items():
        files.write(path, text)
        Output().line(f"copied to {path}; run it: python {path}")
    return 0


def new(arguments: argparse.Namespace) -> int:
    """`recipes new NAME`."""
    path = Path(arguments.name)
    if path.suffix != ".py":
        path = path.parent / f"{path.name}.py"
    _check_module(path)
    if path.exists():
        raise LabError(f"{path} exists already; nothing was written.")
    if not path.parent.is_dir():
        raise LabError(f"there is no folder {path.parent}.")
    template = Path(__file__).with_name("new_lesson.py.txt").read_text(encoding="utf-8")
    title = path.stem.replace("_", " ").capitalize()
    identifier = path.stem.replace("_", "-")
    for recipe in catalog.recipes().values():
        if identifier in recipe.claims:
            raise UsageError(
                f"'{identifier}' is a claim of the recipe {recipe.name}; take another "
                "name."
            )
    text = template.replace("TITLE", title).replace("FILE", path.name)
    files.write(path, text.replace("CLAIM", identifier))
    Output().line(f"written: {path}; run it: python {path}")
    return 0


def _check_module(path: Path) -> None:
    """Refuses a file name that isn't a module's, or that would hide a module."""
    name = path.stem
    if not name.isidentifier() or keyword.iskeyword(name):
        raise UsageError(
            f"'{name}' must be a Python name that is no keyword: letters, digits and "
            "_, the first no digit."
        )
    try:
        found = importlib.util.find_spec(name)
        hides = found is not None and not _stands_beside(found, path)
    except ValueError:  # loaded without a place, as a script's __main__ is
        hides = True
    if hides:
        raise UsageError(f"'{name}' would hide the module of that name; take another.")


def _stands_beside(found: ModuleSpec, path: Path) -> bool:
    """Whether a module lies in a path's folder, so that its file is no other one's."""
    return found.has_location and (
        Path(str(found.origin)).parent.resolve() == path.parent.resolve()
    )
