"""The catalog: what recipes there are, and the one that a name means.

Nothing of a recipe is imported here, so listing and describing recipes costs
neither TensorFlow nor Keras.
"""

import contextlib
import json
from pathlib import Path

from recipes.lab.catalog import kept
from recipes.lab.catalog.reader import Recipe, name_of, read
from recipes.lab.catalog.renamed_claims import current_id
from recipes.lab.errors import LabError, UsageError, nearest

ROOT = Path(__file__).resolve().parents[2]


def recipes() -> dict[str, Recipe]:
    """Returns every recipe that can be read, by name, in the order of the notes."""
    return _all()[0]


def named(name: str) -> Recipe | None:
    """Returns the package's recipe of a name, or None; no other one is read."""
    for path in [*ROOT.glob(f"*/{name}.py"), *ROOT.glob(f"*/{name}/__init__.py")]:
        topic = path.relative_to(ROOT).parts[0]
        if topic != "lab" and not name.startswith("_"):
            with contextlib.suppress(LabError):
                return read(path, topic=topic)
    return None


def broken() -> dict[str, str]:
    """Returns what is wrong with the recipes that can't be read, by name."""
    return _all()[1]


def _all() -> tuple[dict[str, Recipe], dict[str, str]]:
    """The package's recipes, and what is wrong with those that can't be read."""
    return kept.catalog(ROOT, _read_all)


def _read_all() -> tuple[dict[str, Recipe], dict[str, str]]:
    found: dict[str, Recipe] = {}
    wrong: dict[str, str] = {}
    for path in sorted([*ROOT.glob("*/*.py"), *ROOT.glob("*/*/__init__.py")]):
        topic = path.relative_to(ROOT).parts[0]
        if topic == "lab" or (path.name.startswith("_") and path.parent.name == topic):
            continue
        try:
            recipe = read(path, topic=topic)
        except LabError as error:
            wrong[name_of(path)] = str(error)
            continue
        if recipe is not None:
            found[recipe.name] = recipe
    for name, problem in _refused_ids(found).items():
        del found[name]
        wrong[name] = problem
    return dict(sorted(found.items(), key=lambda item: item[1].order)), wrong


def _refused_ids(found: dict[str, Recipe]) -> dict[str, str]:
    """What is wrong with recipes that state a claim of another one.

    An id names one claim: `run --claim` and the published verdicts rest on it. The
    recipe whose verdict of it is published keeps the id.
    """
    stated: dict[str, list[str]] = {}
    for name, recipe in found.items():
        for id in recipe.claims:
            stated.setdefault(id, []).append(name)
    twice = {id: names for id, names in stated.items() if len(names) > 1}
    owners = _published_owners() if twice else {}
    wrong = {}
    for id, names in twice.items():
        for name in names:
            if owners.get(id) == name:
                continue
            lesson = next(one for one in found[name].lessons if id in one.claims)
            other = next(
                one for one in (owners.get(id), *names) if one not in (name, None)
            )
            wrong[name] = (
                f"{lesson.path}: the claim '{id}' is one of the recipe {other}: an id "
                "names one claim, so give this one another."
            )
    return wrong


def _published_owners() -> dict[str, str]:
    """Claim id to the recipe whose verdict of it is published."""
    try:
        rows = json.loads((ROOT / "verdicts.json").read_text(encoding="utf-8"))[
            "claims"
        ]
        return {row["id"]: row["recipe"] for row in rows}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def find(name: str) -> Recipe:
    """Returns a recipe, or one of its lessons alone.

    Args:
        name: A recipe ("momentum"), a lesson ("momentum/ravine"), or the path of a
            `.py` file or of a recipe's folder.

    Raises:
        UsageError: There is none; the message names the nearest one.
        LabError: It can't be read.
    """
    path = Path(name)
    if name.endswith(".py"):
        return _at_path(path, name)
    recipe, _, lesson = name.partition("/")
    known, wrong = _all()
    if recipe in wrong:
        raise LabError(wrong[recipe])
    if recipe not in known:
        if (path / "__init__.py").is_file():
            return _at_path(path, name)
        raise UsageError(f"there is no recipe '{recipe}'.{_hint(name, known)}")
    return known[recipe].only(lesson) if lesson else known[recipe]


def _hint(name: str, known: dict[str, Recipe]) -> str:
    """What a name that is no recipe's may have meant."""
    if Path(f"{name}.py").is_file():
        return f" Did you mean '{name}.py'?"
    for recipe in known.values():
        for lesson in recipe.lessons:
            if current_id(name) in lesson.claims:
                where = f"{recipe.name}/{lesson.name}"
                return f" It is a claim of {where}. It alone: --claim {name}."
    close = nearest(name.partition("/")[0].lower(), list(known))
    return close or f" There are: {', '.join(known)}."


def find_claim(id: str) -> Recipe:
    """Returns the recipe that decides a claim, with that claim alone.

    A claim is also found by the id that it had once.

    Raises:
        UsageError: There is no such claim; the message names the nearest one.
        LabError: The recipe that decides it can't be read.
    """
    found, wrong = _all()
    known = {claim: recipe for recipe in found.values() for claim in recipe.claims}
    id = current_id(id)
    if id not in known:
        hint = nearest(id, list(known))
        owner = _published_owners().get(id) if wrong else None
        if owner in wrong:
            raise LabError(wrong[owner])
        if wrong:
            hint += f" These recipes can't be read: {', '.join(wrong)}."
        raise UsageError(f"there is no claim '{id}'.{hint}")
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
    if not path.exists():
        raise UsageError(f"there is no file '{name}'.")
    recipe = read(path)
    if recipe is None:
        raise UsageError(f"'{name}' is not a recipe: it states no claim.")
    return recipe
