"""What a recipe's files say of it, read with `ast`: nothing of it is imported."""

import ast
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from recipes.lab.catalog.claim import Claim
from recipes.lab.catalog.imports import parse
from recipes.lab.catalog.lessons import Lesson, lesson_at, read_lesson
from recipes.lab.catalog.settings import Field, read_fields
from recipes.lab.errors import LabError, UsageError, nearest

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
                found[name] = _literal(node, name, path)
    if found["LESSONS"] is not None:
        files = [path.with_name(f"{name}.py") for name in found["LESSONS"]]
        lessons = tuple(map(lesson_at, files))
        _refuse_unlisted(path, found["LESSONS"])
    else:
        lessons = (read_lesson(path, tree),)
        if not lessons[0].claims:
            return None
    title, about, header = _split(ast.get_docstring(tree) or "")
    fields = read_fields(tree, path)
    for name in found["SMOKE"]:
        if name not in [field.name for field in fields]:
            raise LabError(f"{path}: SMOKE sets '{name}', which is no setting.")
    return Recipe(
        name=name_of(path),
        path=path,
        topic=topic,
        title=title,
        about=about,
        header=header,
        claims=_statements(lessons, path),
        fields=fields,
        smoke=found["SMOKE"],
        lessons=lessons,
    )


def name_of(path: Path) -> str:
    """Returns the name of the recipe with this header: its folder's, or the file's."""
    return path.parent.name if path.name == "__init__.py" else path.stem


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


def _literal(node: ast.Assign, name: str, path: Path):
    kind, words = (dict, "dictionary")
    if name == "LESSONS":
        kind, words = (tuple, "tuple of names")
    try:
        value = ast.literal_eval(node.value)
    except (ValueError, TypeError):
        value = None
    names = value if isinstance(value, (tuple, dict)) else ()
    if not isinstance(value, kind) or not all(isinstance(one, str) for one in names):
        raise LabError(f"{path}, line {node.lineno}: {name} must be a literal {words}.")
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
