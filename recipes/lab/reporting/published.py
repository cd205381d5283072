"""The published verdicts: `recipes/verdicts.json`, one row a claim, kept up to date.

A row holds what the default run of its recipe found, and under `runs` one entry for
each data set that was run, the default first. A claim that does not rest on the data
has the default's entry alone.
"""

import json
from pathlib import Path
from typing import Any

from recipes.lab import catalog, files
from recipes.lab.catalog.renamed_claims import current_id
from recipes.lab.errors import LabError
from recipes.lab.reporting.card import card, with_others
from recipes.lab.reporting.results import NONE, data_of, default_data

PATH = catalog.ROOT / "verdicts.json"
SCHEMA = 1
# What the entry of a data set tells.
ENTRY = ("verdict", "holds", "fails", "undecided", "seen", "decisions", "scope",
         "command")  # fmt: skip


def verdicts() -> list[dict[str, Any]]:
    """Returns the published verdicts, one plain dictionary for each claim.

    Keys: `id`, `chapter`, `recipe`, `lesson`, `statement`, `says`, `hedge`, `notes`,
    `scope`, `verdict`, `holds`, `fails`, `undecided`, `seen`, `decisions` (condition
    to effect, interval, n, threshold), `command`, and `runs`: the data sets tried, each
    with its verdict, conditions, decisions and command.
    """
    return read()["claims"]


def shown(row: dict) -> dict[str, Any]:
    """Returns a row with `others` and a scope that heeds them, as a card has them."""
    default = default_data(row["recipe"])
    found = [run for run in row["runs"] if run["data"] not in (default, NONE)]
    return {
        **row,
        "scope": with_others(row["scope"], row["verdict"], found),
        "others": found,
    }


def others(result: dict, table: dict | None = None) -> dict[str, list[dict]]:
    """Returns the published verdicts of a result's claims on other data sets.

    Args:
        result: What `result.json` holds.
        table: As `read` returns it; None reads it, and shows none where it can't.

    Returns:
        Claim id to the entries of other data sets. Nothing for a smoke run, which has
        no verdict, and for a recipe that is not of the package.
    """
    if result["smoke"] or not result["topic"]:
        return {}
    if table is None:
        try:
            table = read()
        except LabError:  # a run is no worse for it
            return {}
    rows = {row["id"]: row for row in table["claims"]}
    data, found = data_of(result), {}
    default = default_data(result["recipe"])
    for claim in result["claims"]:
        if claim["id"] in rows and _uses_data(claim):
            runs = _named(rows[claim["id"]]["runs"], default)
            found[claim["id"]] = [run for run in runs if run["data"] != data]
    return found


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
    return {**found, "claims": [_whole(row) for row in found["claims"]]}


def _whole(row: dict) -> dict:
    """A row whose entries have all keys: the file leaves away what is the row's own."""
    own = {name: row[name] for name in ENTRY if name in row}
    return {**row, "runs": [{**own, **run} for run in row["runs"]]}


def refresh(published: dict, results: list[dict]) -> tuple[dict, list[str]]:
    """Puts results into the published verdicts; other rows stay.

    Args:
        published: As `read` returns it.
        results: Of whole runs.

    Returns:
        The new table, and lines that say what changed. Entries of other data sets
        stay, too.
    """
    rows = {current_id(r["id"]): r for r in published["claims"]}
    rows = {id: {**row, "id": id} for id, row in rows.items()}
    runs = {
        (recipe, run["data"]): run
        for recipe in dict.fromkeys(run["recipe"] for run in published["runs"])
        for run in _named(
            [run for run in published["runs"] if run["recipe"] == recipe],
            default_data(recipe),
        )
    }
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
        data, default = data_of(result), default_data(result["recipe"])
        runs[result["recipe"], data] = _run(result)
        for claim in result["claims"]:
            row = _row(result, claim)
            before = rows.get(row["id"])
            kept = _named(before["runs"], default) if before else []
            entries = {run["data"]: run for run in kept}
            if _uses_data(claim):
                entries[data] = _entry(result, claim)
            elif data == default:  # it is what it is, whatever the data
                entries = {data: _entry(result, claim)}
            else:
                entries.pop(data, None)
            if data != default and before:
                row = before
            elif before and before["verdict"] != row["verdict"]:
                change = f"{before['verdict']} before, now {row['verdict']}"
                lines.append(f"{row['id']}: {change}")
            ordered = sorted(entries.values(), key=lambda run: run["data"] != default)
            rows[row["id"]] = {**row, "runs": ordered}
    known = [id for recipe in recipes.values() for id in recipe.claims]
    gone = [id for id, row in rows.items() if id not in known and row["topic"]]
    for id in [id for id in gone if rows[id]["recipe"] not in broken]:
        lines.append(f"{id}: no recipe states this claim any more; its row is dropped")
        del rows[id]
    ordered = [rows[id] for id in known if id in rows]
    ordered += [row for id, row in rows.items() if id not in known]
    order = list(recipes)

    def place(run: dict) -> tuple[int, bool]:
        recipe = run["recipe"]
        at = order.index(recipe) if recipe in order else len(order)
        return at, run["data"] != default_data(recipe)

    kept = sorted(runs.values(), key=place)
    return {"schema": SCHEMA, "runs": kept, "claims": ordered}, lines


def write(table: dict, path: Path = PATH) -> None:
    """Writes the published verdicts: a line a run and a claim, numbers of six digits.

    The package carries the file, so what is told twice is left away: the reason of a
    threshold, and what of a data set's entry is the row's own.
    """
    claims = [
        {
            **row,
            "runs": [
                {k: run[k] for k in ("data", *ENTRY) if k == "data" or run[k] != row[k]}
                for run in row["runs"]
            ],
        }
        for row in table["claims"]
    ]
    table = _rounded({**table, "claims": claims})
    parts = [f'"schema":{table["schema"]}']
    for name in ("runs", "claims"):
        rows = json.loads(files.to_json(table[name]))
        lines = ",\n".join(
            json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows
        )
        parts.append(f'"{name}":[\n{lines}\n]')
    files.write(path, "{" + ",\n".join(parts) + "}\n")


def _rounded(value: Any) -> Any:
    """Plain data with six digits a number, and decisions without their reasons."""
    if isinstance(value, dict):
        return {k: _rounded(v) for k, v in value.items() if k != "why"}
    if isinstance(value, list):
        return [_rounded(one) for one in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


def _named(runs: list[dict], default: str) -> list[dict]:
    """Entries by their data set: one without had what is the default since then."""
    named = [{**one, "data": default if one["data"] == NONE else one["data"]}
             for one in runs]  # fmt: skip
    # Where both are there, the one that was named when it was made counts.
    whole = {run["data"] for run in runs}
    return [
        new
        for old, new in zip(runs, named, strict=True)
        if old["data"] == new["data"] or new["data"] not in whole
    ]


def _uses_data(claim: dict) -> bool:
    """Whether a claim rests on the run's data set; True where that isn't known."""
    return claim.get("uses_data", True)


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
    return {"data": data_of(result), **{name: made[name] for name in ENTRY}}


def _run(result: dict) -> dict:
    return {
        "recipe": result["recipe"],
        "data": data_of(result),
        "settings": result["settings"],
        "seeds": len(result["seeds"]),
        "seconds": result["seconds"],
        "backend": result["backend"],
        "versions": result["versions"],
        "device": result["device"],
        "started": result["started"],
    }
