"""What each command does, except `run`."""

import argparse
import importlib.util
import keyword
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

from recipes.lab import catalog, files
from recipes.lab.catalog.renamed_claims import RENAMED
from recipes.lab.errors import LabError, UsageError, counted, nearest
from recipes.lab.reporting.console import Output


def list_recipes(arguments: argparse.Namespace) -> int:
    """`recipes list [WORD]`."""
    from rich.table import Table
    from rich.text import Text

    output = Output()
    word = arguments.word.lower()
    table = Table(box=None, pad_edge=False)
    for column in ("recipe", "chapter", "claims", "what it is about"):
        table.add_column(column, justify="right" if column == "claims" else "left")
    chosen = [
        recipe
        for recipe in catalog.recipes().values()
        if word
        in f"{recipe.name} {recipe.topic} {recipe.title} {recipe.claims}".lower()
    ]
    if not chosen and word:
        raise LabError(f"no recipe mentions '{arguments.word}'.")
    for recipe in chosen:
        table.add_row(
            Text(recipe.name, "bold"),
            f"{recipe.topic} {recipe.chapter}",
            str(len(recipe.claims)),
            Text(recipe.title),
        )
    output.console.print(table)
    for problem in catalog.broken().values():
        print(f"recipes: {problem}", file=sys.stderr)
    return 0


def show(arguments: argparse.Namespace) -> int:
    """`recipes show RECIPE[/LESSON]` or `recipes show CLAIM`."""
    output = Output()
    known = catalog.recipes()
    if arguments.name not in {*known, *catalog.broken()}:
        claims = {id: recipe for recipe in known.values() for id in recipe.claims}
        id = RENAMED.get(arguments.name, arguments.name)
        if id in claims:
            return _show_claim(id, claims[id], output)
        if not arguments.name.endswith(".py") and "/" not in arguments.name:
            hint = nearest(arguments.name, [*known, *claims])
            raise UsageError(f"there is no recipe or claim '{arguments.name}'.{hint}")
    recipe = catalog.find(arguments.name)
    output.line(recipe.title, "bold")
    for paragraph in recipe.about.split("\n\n") if recipe.about else ():
        output.line()
        output.paragraph(paragraph)
    output.line()
    for key, text in recipe.header.items():
        output.paragraph(f"{key}: {text}")
    output.line(f"Folder: {recipe.path.parent}")
    for lesson in recipe.lessons:
        output.line(f"\n{recipe.name}/{lesson.name}", "bold")
        output.paragraph(lesson.title, indent=2)
        for claim, made in lesson.claims.items():
            output.line(f"  {claim}")
            output.paragraph(made.statement, indent=6)
    if recipe.fields:
        output.line("\nSettings", "bold")
    for field in recipe.fields:
        allowed = f" ({', '.join(field.choices)})" if field.choices else ""
        output.paragraph(f"{field.flag} {field.default}{allowed}  {field.help}", 2)
    return 0


def _show_claim(id: str, recipe: catalog.Recipe, output: Output) -> int:
    """Prints what is claimed, where it is decided, and the published verdict."""
    from recipes.lab.reporting import published

    lesson = next(one for one in recipe.lessons if id in one.claims)
    claim = recipe.claim(id)
    output.line(id, "bold")
    output.paragraph(claim.statement, indent=2)
    hedge = f" ('{claim.hedge}')" if claim.hedge else ""
    output.paragraph(f"Says: {claim.says}{hedge}. Notes: {claim.notes}.", indent=2)
    output.paragraph(f"Scope: {claim.scope}.", indent=2)
    output.line(f"  Code: {lesson.path}, function {lesson.functions[id]}")
    output.line(f"  Run: recipes run --claim {id}")
    for row in published.read()["claims"]:
        if row["id"] == id:
            output.line()
            output.published(row)
    return 0


def train(arguments: argparse.Namespace) -> int:
    """`recipes train NAME` or `recipes train --list`."""
    from recipes.weights import TRAININGS

    output = Output()
    if arguments.list:
        for name, how in TRAININGS.items():
            budget = f"{how.seeds} seeds, {how.epochs} epochs on {how.data}"
            output.line(f"{name:26}{budget}")
        return 0
    if arguments.name is None:
        raise UsageError("name what to train; `recipes train --list` names all.")
    if arguments.name not in TRAININGS:
        hint = nearest(arguments.name, list(TRAININGS))
        raise UsageError(f"there is no training '{arguments.name}'.{hint}")
    seeds = catalog.settings.given(arguments).get("seeds")
    if seeds == 1:
        raise UsageError("--seeds must be at least 2, which an interval needs.")
    from recipes.lab.running import threads
    from recipes.lab.training import quiet

    threads.limit()
    quiet.load_backend()
    from recipes.weights import making

    content, card = making.make(
        arguments.name,
        seeds=seeds,
        data_dir=arguments.data_dir,
        download=arguments.download,
        say=output.line,
    )
    for path in making.keep(Path(arguments.out), content, card):
        output.line(f"written: {path}")
    if arguments.publish:
        output.line(f"published: {making.publish(arguments.name, content)}")
    return 0


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
        raise UsageError(f"'{destination}' must be a folder or end in .py.")
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
        raise UsageError(f"'{name}' must be a Python name: letters, digits, _.")
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


def data(arguments: argparse.Namespace) -> int:
    """`recipes data`."""
    from rich.table import Table

    from recipes.lab.data import cache
    from recipes.lab.data.sets import inventory
    from recipes.lab.running.store import Store

    output = Output()
    table = Table(box=None, pad_edge=False)
    for column in ("data set", "kind", "here", "what"):
        table.add_column(column)
    folder, rows = inventory(arguments.data_dir)
    for row in rows:
        table.add_row(*row)
    output.console.print(table)
    absent = "" if folder.is_dir() else " (there is no such folder)"
    output.line(f"\nPrepared sets are looked for in {folder}{absent}")
    output.paragraph(
        "Another folder: --data-dir DIR, or TFDS_DATA_DIR=DIR. To fetch a set that "
        "is absent: recipes run NAME --data SET --download"
    )
    count, size = Store().size()
    output.line(f"Arrays read before are kept in {cache.folder()}")
    output.line(f"Trainings are kept in {Store().folder}: {count}, {size / 1e6:.1f} MB")
    output.paragraph(
        "Both may be deleted; RECIPES_CACHE_DIR moves them, `recipes clean` prunes "
        "the trainings."
    )
    return 0


def clean(arguments: argparse.Namespace) -> int:
    """`recipes clean`."""
    from recipes.lab.running.store import Store

    days = 0.0 if arguments.all else arguments.older
    count, freed = Store().prune(older_than_days=days)
    Output().line(f"{counted(count, 'training')} deleted, {freed / 1e6:.1f} MB")
    return 0


def report(arguments: argparse.Namespace) -> int:
    """`recipes report`."""
    from recipes.lab.reporting.report import write_reports

    for line in write_reports(
        Path(arguments.out),
        readme=arguments.readme,
        docs=arguments.docs,
        publish=arguments.publish,
    ):
        Output().line(line)
    return 0


COMMANDS = {
    "list": list_recipes,
    "show": show,
    "train": train,
    "copy": copy,
    "new": new,
    "data": data,
    "clean": clean,
    "report": report,
}
