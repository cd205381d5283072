"""The published verdicts: `recipes/verdicts.json`, one row a claim, kept up to date.

A row holds what the default run of its recipe found, and under `runs` one entry for
each data set that was run.
"""

import json
from pathlib import Path
from typing import Any

from recipes.lab import catalog, files
from recipes.lab.catalog.renamed_claims import current_id
from recipes.lab.errors import LabError
from recipes.lab.reporting.card import card

PATH = catalog.ROOT / "verdicts.json"
SCHEMA = 1
NONE = "-"  # the data set of a recipe that has no such setting


def verdicts() -> list[dict[str, Any]]:
    """Returns the published verdicts, one plain dictionary for each claim.

    Keys: `id`, `chapter`, `recipe`, `lesson`, `statement`, `says`, `hedge`, `notes`,
    `scope`, `verdict`, `holds`, `fails`, `undecided`, `seen`, `decisions` (condition
    to effect, interval, n, threshold), `command`, and `runs`: the data sets tried, each
    with its verdict, conditions and command.
    """
    return read()["claims"]


def read(path: Path = PATH) -> dict:
    """Returns the published file; an empty one where there is none.

    Raises:
        LabError: It is broken.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(found["claims"], list) or not isinstance(found["runs"], list):
            raise ValueError("claims and runs must be lists")
    except FileNotFoundError:
        return {"schema": SCHEMA, "runs": [], "claims": []}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LabError(f"cannot read {path}: {error}.") from None
    return found


def refresh(published: dict, results: list[dict]) -> tuple[dict, list[str]]:
    """Puts results into the published verdicts; other rows stay.

    Args:
        published: As `read` returns it.
        results: Of whole runs.

    Returns:
        The new table, and lines that say what changed.
    """
    rows = {current_id(r["id"]): r for r in published["claims"]}
    rows = {id: {**row, "id": id} for id, row in rows.items()}
    runs = {(run["recipe"], run["data"]): run for run in published["runs"]}
    lines = []
    recipes, broken = catalog.recipes(), catalog.broken()
    for result in results:
        if result["recipe"] not in recipes or not result["topic"]:
            name = result["recipe"]
            known = (
                "can't be read" if name in broken else "not a recipe of this package"
            )
            ids = ", ".join(c["id"] for c in result["claims"] if c["id"] in rows)
            also = f" (its {ids} stays as it was published)" if ids else ""
            lines.append(f"{name}: {known}, left out{also}")
            continue
        runs[result["recipe"], _data(result)] = _run(result)
        for claim in result["claims"]:
            row = _row(result, claim)
            before = rows.get(row["id"])
            entries = {run["data"]: run for run in (before or {}).get("runs", [])}
            entries[_data(result)] = _entry(result, claim)
            if not is_default(result) and before:
                row = before
            elif before and before["verdict"] != row["verdict"]:
                change = f"{before['verdict']} before, now {row['verdict']}"
                lines.append(f"{row['id']}: {change}")
            rows[row["id"]] = {**row, "runs": list(entries.values())}
    known = [id for recipe in recipes.values() for id in recipe.claims]
    gone = [id for id, row in rows.items() if id not in known and row["topic"]]
    for id in [id for id in gone if rows[id]["recipe"] not in broken]:
        lines.append(f"{id}: no recipe states this claim any more; its row is dropped")
        del rows[id]
    ordered = [rows[id] for id in known if id in rows]
    ordered += [row for id, row in rows.items() if id not in known]
    order = list(recipes)
    kept = sorted(
        runs.values(),
        key=lambda run: order.index(run["recipe"]) if run["recipe"] in order else 999,
    )
    return {"schema": SCHEMA, "runs": kept, "claims": ordered}, lines


def write(table: dict, path: Path = PATH) -> None:
    """Writes the published verdicts."""
    files.write(path, files.to_json(table))


def _data(result: dict) -> str:
    return str(result["settings"].get("data", NONE))


def is_default(result: dict) -> bool:
    """Whether a run is on the recipe's default data."""
    recipe = catalog.recipes().get(result["recipe"])
    fields = {field.name: field.default for field in recipe.fields} if recipe else {}
    return fields.get("data", NONE) == _data(result)


def _row(result: dict, claim: dict) -> dict:
    made = card(result, claim)
    names = ("id", "recipe", "lesson", "statement", "hedge", "notes", "scope",
             "verdict", "holds", "fails", "undecided", "seen", "decisions",
             "command")  # fmt: skip
    row = {name: made[name] for name in names}
    return {
        **row,
        "chapter": made["chapter"].rstrip("."),
        "topic": result["topic"],
        "says": claim["says"],
        "figures": [
            {
                **figure,
                "file": f"figures/{result['recipe']}/{Path(figure['file']).name}",
            }
            for figure in made["figures"]
        ],
    }


def _entry(result: dict, claim: dict) -> dict:
    made = card(result, claim)
    names = ("verdict", "holds", "fails", "undecided", "seen", "decisions", "command")
    return {"data": _data(result), **{name: made[name] for name in names}}


def _run(result: dict) -> dict:
    return {
        "recipe": result["recipe"],
        "data": _data(result),
        "settings": result["settings"],
        "seeds": len(result["seeds"]),
        "seconds": result["seconds"],
        "backend": result["backend"],
        "versions": result["versions"],
        "device": result["device"],
        "started": result["started"],
    }
