"""The catalog: what recipes there are, read from their source with `ast`.

Nothing of a recipe is imported here, so listing and describing recipes costs
neither TensorFlow nor Keras.
"""

import ast
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from recipes.lab.catalog.claim import Claim
from recipes.lab.catalog.imports import parse
from recipes.lab.catalog.lessons import Lesson, read_lesson
from recipes.lab.catalog.settings import Field, read_fields
from recipes.lab.errors import LabError, UsageError, nearest

ROOT = Path(__file__).resolve().parents[2]
HEADER_KEYS = ("Notes", "Data", "Run", "References")


@dataclass(frozen=True)
class Recipe:
    """One recipe as its folder or file describes it.

    Attributes:
        name: The folder's name, or the file's without `.py`.
        path: The file with the header: the folder's `__init__.py`, or the file.
        topic: The folder it is in (`optimization`), "" for one elsewhere.
        title: The first line of the docstring.
        about: The docstring's free text after the title, may be "".
        header: The docstring's `Notes`, `Data`, `Run` and `References`.
        claims: Claim id to statement, in the order of the lessons.
        fields: The settings, which become flags.
        smoke: Settings that a smoke run replaces.
        lessons: Its lessons in order.
    """

    name: str
    path: Path
    topic: str
    title: str
    about: str
    header: dict[str, str]
    claims: dict[str, str]
    fields: tuple[Field, ...]
    smoke: dict[str, object]
    lessons: tuple[Lesson, ...] = ()

    @property
    def chapter(self) -> str:
        """The chapter of the notes ("1.8"), "" where the header names none."""
        first = self.header.get("Notes", "").split(" ")[0]
        return first if first[:1].isdigit() else ""

    @property
    def order(self) -> tuple:
        """Sorts by chapter: 1.2 comes before 1.10, no chapter last."""
        numbers = [int(part) for part in self.chapter.split(".") if part.isdigit()]
        return not numbers, numbers, self.topic, self.name

    def claim(self, id: str) -> Claim:
        """Returns what the lesson says of a claim."""
        for lesson in self.lessons:
            if id in lesson.claims:
                return lesson.claims[id]
        return Claim(id, self.claims[id])

    def only(self, lesson: str | None = None, claim: str | None = None) -> "Recipe":
        """Returns the recipe with one lesson, or one claim, alone.

        Raises:
            UsageError: There is no such lesson.
        """
        chosen = self.lessons
        if lesson is not None:
            chosen = tuple(one for one in chosen if one.name == lesson)
            if not chosen:
                names = [one.name for one in self.lessons]
                hint = nearest(lesson, names) or f" There are: {', '.join(names)}."
                raise UsageError(f"{self.name} has no lesson '{lesson}'.{hint}")
        if claim is not None:
            chosen = tuple(
                replace(one, claims={claim: one.claims[claim]})
                for one in chosen
                if claim in one.claims
            )
        return replace(self, lessons=chosen, claims=_statements(chosen))


def read(path: Path, topic: str = "") -> Recipe | None:
    """Reads a recipe's description from its source.

    Args:
        path: A Python file, or a recipe's folder.
        topic: The topic to record.

    Returns:
        The recipe, or None for a file that states no claim.

    Raises:
        LabError: A file can't be read, or what must be a literal is none.
    """
    if path.is_dir():
        path = path / "__init__.py"
    _, tree = parse(path)
    found: dict[str, Any] = {"SMOKE": {}, "LESSONS": None}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if name in found:
                found[name] = _literal(node.value, name, path)
    if found["LESSONS"] is not None:
        files = [path.with_name(f"{name}.py") for name in found["LESSONS"]]
        lessons = tuple(read_lesson(file, parse(file)[1]) for file in files)
        _refuse_unlisted(path, found["LESSONS"])
    else:
        lessons = (read_lesson(path, tree),)
        if not lessons[0].claims:
            return None
    title, about, header = _split(ast.get_docstring(tree) or "")
    return Recipe(
        name=path.parent.name if path.name == "__init__.py" else path.stem,
        path=path,
        topic=topic,
        title=title,
        about=about,
        header=header,
        claims=_statements(lessons, path),
        fields=read_fields(tree, path),
        smoke=found["SMOKE"],
        lessons=lessons,
    )


def recipes() -> dict[str, Recipe]:
    """Returns every recipe of the package by name, in the order of the notes."""
    found = {}
    for path in sorted([*ROOT.glob("*/*.py"), *ROOT.glob("*/*/__init__.py")]):
        topic = path.relative_to(ROOT).parts[0]
        if topic == "lab" or (path.name.startswith("_") and path.parent.name == topic):
            continue
        recipe = read(path, topic=topic)
        if recipe is not None:
            found[recipe.name] = recipe
    return dict(sorted(found.items(), key=lambda item: item[1].order))


def find(name: str) -> Recipe:
    """Returns a recipe, or one of its lessons alone.

    Args:
        name: A recipe ("momentum"), a lesson ("momentum/ravine"), or the path of a
            `.py` file or of a recipe's folder.

    Raises:
        UsageError: There is none; the message names the nearest one.
    """
    path = Path(name)
    if name.endswith(".py"):
        return _at_path(path, name)
    recipe, _, lesson = name.partition("/")
    known = recipes()
    if recipe not in known:
        if (path / "__init__.py").is_file():
            return _at_path(path, name)
        hint = nearest(recipe, list(known)) or f" There are: {', '.join(known)}."
        raise UsageError(f"there is no recipe '{recipe}'.{hint}")
    return known[recipe].only(lesson) if lesson else known[recipe]


def find_claim(id: str) -> Recipe:
    """Returns the recipe that decides a claim, with that claim alone.

    Raises:
        UsageError: There is no such claim; the message names the nearest one.
    """
    known = {claim: recipe for recipe in recipes().values() for claim in recipe.claims}
    if id not in known:
        raise UsageError(f"there is no claim '{id}'.{nearest(id, list(known))}")
    recipe = known[id]
    return recipe.only(claim=id)


def _at_path(path: Path, name: str) -> Recipe:
    """The recipe in a file or folder; a lesson of the package as that lesson."""
    place = path.resolve()
    for recipe in recipes().values() if place.is_relative_to(ROOT) else ():
        if place in (recipe.path, recipe.path.parent):
            return recipe
        for lesson in recipe.lessons:
            if lesson.path == place:
                return recipe.only(lesson.name)
    header = path.with_name("__init__.py")
    if path.is_file() and path.name != "__init__.py" and header.is_file():
        recipe = read(header)  # a lesson of a recipe's folder elsewhere
        if recipe and any(one.path.resolve() == place for one in recipe.lessons):
            return recipe.only(path.stem)
    recipe = read(path) if path.exists() else None
    if recipe is None:
        raise UsageError(f"'{name}' is not a recipe: no such file with claims.")
    return recipe


def _statements(lessons: tuple[Lesson, ...], path: Path | None = None) -> dict:
    found: dict[str, str] = {}
    for lesson in lessons:
        for id, claim in lesson.claims.items():
            if id in found:
                raise LabError(f"{path}: two lessons state the claim '{id}'.")
            found[id] = claim.statement
    return found


def _refuse_unlisted(header: Path, names: tuple) -> None:
    """A lesson that the header doesn't list would silently never run."""
    for path in header.parent.glob("[!_]*.py"):
        if path.stem not in names and read_lesson(path, parse(path)[1]).claims:
            raise LabError(f"{header}: LESSONS doesn't list '{path.stem}'.")


def _literal(node: ast.expr, name: str, path: Path):
    kind, words = (tuple, "tuple") if name == "LESSONS" else (dict, "dictionary")
    try:
        value = ast.literal_eval(node)
    except ValueError:
        value = None
    if not isinstance(value, kind):
        raise LabError(f"{path}: {name} must be a literal {words}.")
    return value


def _split(docstring: str) -> tuple[str, str, dict[str, str]]:
    title, _, rest = docstring.partition("\n")
    about, header, key = [], {}, None
    for line in rest.splitlines():
        word = line.partition(":")[0]
        if word in HEADER_KEYS:
            key, line = word, line.partition(":")[2]
            header[key] = ""
        if key is None:
            about.append(line)
        else:
            header[key] = f"{header[key]} {line.strip()}".strip()
    return title.strip(), "\n".join(about).strip(), header
