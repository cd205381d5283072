"""The catalog: what recipes there are, read from their source with `ast`.

Nothing of a recipe is imported here, so listing and describing recipes costs
neither TensorFlow nor Keras.
"""

import ast
from dataclasses import dataclass
from pathlib import Path

from recipes.lab.catalog.settings import Field, read_fields
from recipes.lab.errors import LabError, UsageError, nearest

ROOT = Path(__file__).resolve().parents[2]
HEADER_KEYS = ("Notes", "Data", "Run", "References")


@dataclass(frozen=True)
class Recipe:
    """One recipe as its file describes it.

    Attributes:
        name: The file's name without `.py`.
        path: The file.
        topic: The folder it is in (`optimization`), "" for a file elsewhere.
        title: The first line of the docstring.
        about: The docstring's free text after the title, may be "".
        header: The docstring's `Notes`, `Data`, `Run` and `References`.
        claims: Claim id to statement, in the file's order.
        fields: The settings, which become flags.
        smoke: Settings that a smoke run replaces.
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


def read(path: Path, topic: str = "") -> Recipe | None:
    """Reads a recipe's description from its source.

    Args:
        path: A Python file.
        topic: The topic to record.

    Returns:
        The recipe, or None for a file that states no `CLAIMS`.

    Raises:
        LabError: The file can't be read, or its `CLAIMS` or `SMOKE` is not a
            literal dictionary.
    """
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, SyntaxError) as error:
        raise LabError(f"cannot read the recipe {path}: {error}.") from None
    literals = {"CLAIMS": None, "SMOKE": {}}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if name in literals:
                literals[name] = _literal(node.value, name, path)
    if literals["CLAIMS"] is None:
        return None
    title, about, header = _split(ast.get_docstring(tree) or "")
    return Recipe(
        name=path.stem,
        path=path,
        topic=topic,
        title=title,
        about=about,
        header=header,
        claims=literals["CLAIMS"],
        fields=read_fields(tree, path),
        smoke=literals["SMOKE"],
    )


def recipes() -> dict[str, Recipe]:
    """Returns every recipe of the package by name, in the order of the notes."""
    found = {}
    for path in sorted(ROOT.glob("*/*.py")):
        if path.parent.name == "lab" or path.name.startswith("_"):
            continue
        recipe = read(path, topic=path.parent.name)
        if recipe is not None:
            found[recipe.name] = recipe
    return dict(sorted(found.items(), key=lambda item: item[1].order))


def find(name: str) -> Recipe:
    """Returns the recipe of that name, or the one in that `.py` file.

    Raises:
        UsageError: There is none; the message names the nearest one.
    """
    if name.endswith(".py"):
        path = Path(name)
        recipe = read(path) if path.is_file() else None
        if recipe is None:
            raise UsageError(f"'{name}' is not a recipe: no such file with CLAIMS.")
        return recipe
    known = recipes()
    if name not in known:
        hint = nearest(name, list(known)) or f" There are: {', '.join(known)}."
        raise UsageError(f"there is no recipe '{name}'.{hint}")
    return known[name]


def _literal(node: ast.expr, name: str, path: Path) -> dict:
    try:
        value = ast.literal_eval(node)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise LabError(f"{path}: {name} must be a literal dictionary.")
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
