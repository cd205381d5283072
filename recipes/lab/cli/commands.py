"""What each command does, except `run`."""

import argparse
from pathlib import Path

from recipes.lab import catalog, files
from recipes.lab.errors import LabError, UsageError
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
    if not chosen:
        raise LabError(f"no recipe mentions '{arguments.word}'.")
    for recipe in chosen:
        table.add_row(
            Text(recipe.name, "bold"),
            f"{recipe.topic} {recipe.chapter}",
            str(len(recipe.claims)),
            Text(recipe.title),
        )
    output.console.print(table)
    return 0


def show(arguments: argparse.Namespace) -> int:
    """`recipes show NAME`."""
    recipe = catalog.find(arguments.name)
    output = Output()
    output.line(recipe.title, "bold")
    for paragraph in recipe.about.split("\n\n") if recipe.about else ():
        output.line()
        output.paragraph(paragraph)
    output.line()
    for key, text in recipe.header.items():
        output.paragraph(f"{key}: {text}")
    output.line(f"File: {recipe.path}")
    output.line(f"\nClaims ({len(recipe.claims)})", "bold")
    for claim, statement in recipe.claims.items():
        output.line(f"  {claim}")
        output.paragraph(statement, indent=6)
    if recipe.fields:
        output.line("\nSettings", "bold")
    for field in recipe.fields:
        allowed = f" ({', '.join(field.choices)})" if field.choices else ""
        output.paragraph(f"{field.flag} {field.default}{allowed}  {field.help}", 2)
    return 0


def copy(arguments: argparse.Namespace) -> int:
    """`recipes copy NAME DEST`."""
    recipe = catalog.find(arguments.name)
    destination = Path(arguments.destination)
    if destination.is_dir():
        destination = destination / recipe.path.name
    if destination.suffix != ".py":
        raise UsageError(f"'{destination}' must be a folder or end in .py.")
    if destination.exists():
        raise LabError(f"{destination} exists already; nothing was copied.")
    if not destination.parent.is_dir():
        raise LabError(f"there is no folder {destination.parent}.")
    files.write(destination, recipe.path.read_bytes())
    Output().line(f"copied to {destination}; run it: python {destination}")
    return 0


def data(arguments: argparse.Namespace) -> int:
    """`recipes data`."""
    from rich.table import Table

    from recipes.lab.data import cache
    from recipes.lab.data.sets import inventory

    output = Output()
    table = Table(box=None, pad_edge=False)
    for column in ("data set", "kind", "here", "what"):
        table.add_column(column)
    folder, rows = inventory(arguments.data_dir)
    for row in rows:
        table.add_row(*row)
    output.console.print(table)
    output.line(f"\nPrepared sets are looked for in {folder}")
    output.paragraph(
        "Another folder: --data-dir DIR, or TFDS_DATA_DIR=DIR. To fetch a set that "
        "is absent: recipes run NAME --data SET --download"
    )
    output.line(f"Arrays read before are kept in {cache.folder()}")
    output.paragraph("That folder may be deleted; RECIPES_CACHE_DIR moves it.")
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
    "copy": copy,
    "data": data,
    "report": report,
}
