"""What each command does, except `run`, `copy` and `new`."""

import argparse
import sys
from pathlib import Path

from recipes.lab import catalog
from recipes.lab.catalog.renamed_claims import current_id
from recipes.lab.cli import launching, writing
from recipes.lab.errors import LabError, UsageError, counted, nearest
from recipes.lab.reporting.console import Output


def list_recipes(arguments: argparse.Namespace) -> int:
    """`recipes list [WORD ...]`: those that mention the words as they stand."""
    from rich.table import Table
    from rich.text import Text

    output = Output()
    word = " ".join(arguments.words).lower()
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
        raise LabError(f"no recipe mentions '{word}'.")
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
        id = current_id(arguments.name)
        if id in claims:
            return _show_claim(id, claims[id], output)
        if not arguments.name.endswith(".py") and "/" not in arguments.name:
            hint = nearest(arguments.name.lower(), [*known, *claims])
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
    from recipes.lab.reporting.card import source

    lesson = next(one for one in recipe.lessons if id in one.claims)
    claim = recipe.claim(id)
    output.line(id, "bold")
    output.paragraph(claim.statement, indent=2)
    output.paragraph(source(vars(claim)), indent=2)
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
            times = f"{counted(how.seeds, 'seed')}, {counted(how.epochs, 'epoch')}"
            budget = f"{times} on {how.data}"
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


def data(arguments: argparse.Namespace) -> int:
    """`recipes data`."""
    from rich.table import Table

    from recipes.lab.data import cache
    from recipes.lab.data.sets import inventory
    from recipes.lab.running.store import Store
    from recipes.lab.training import jax_programs

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
    output.line(f"Programs that JAX compiled are kept in {jax_programs.place()}")
    output.paragraph(
        "All may be deleted; RECIPES_CACHE_DIR moves them, `recipes clean` prunes "
        "trainings and programs."
    )
    return 0


def clean(arguments: argparse.Namespace) -> int:
    """`recipes clean`."""
    from recipes.lab.running.store import Store
    from recipes.lab.training import jax_programs

    days = 0.0 if arguments.all else arguments.older
    age = f" (unused for {days:g} days, or the oldest above the limit)" if days else ""
    count, freed = Store().prune(older_than_days=days)
    Output().line(f"{counted(count, 'training')} deleted, {freed / 1e6:.1f} MB{age}")
    count, freed = jax_programs.prune(days)
    if count:
        Output().line(f"{counted(count, 'program')} deleted, {freed / 1e6:.1f} MB")
    return 0


def report(arguments: argparse.Namespace) -> int:
    """`recipes report`."""
    from recipes.lab.reporting.report import write_reports

    for line in write_reports(
        Path(arguments.out),
        readme=arguments.readme,
        docs=arguments.docs,
        publish=arguments.publish,
        figures=arguments.figures,
    ):
        Output().line(line)
    return 0


COMMANDS = {
    "list": list_recipes,
    "show": show,
    "train": train,
    "launch": launching.launch,
    "copy": writing.copy,
    "new": writing.new,
    "data": data,
    "clean": clean,
    "report": report,
}
