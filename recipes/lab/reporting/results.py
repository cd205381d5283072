"""The results of earlier runs: read, checked, and passed over where they are no use."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from recipes.lab import catalog, files

SCHEMA = 2  # of result.json
NONE = "-"  # the data set of a recipe that has no such setting
_TEXTS = ("recipe", "topic", "title", "notes", "key", "backend", "started")
_LISTS = ("seeds", "claims", "tables", "figures")
_MAPPINGS = ("settings", "data", "precision", "versions", "device", "trainings")
_CLAIM_TEXTS = ("id", "statement", "says", "hedge", "notes", "scope", "verdict",
                "note", "command", "lesson")  # fmt: skip
_CLAIM_LISTS = ("holds", "fails", "undecided", "figures")


def read(folder: Path) -> tuple[dict | None, str]:
    """Reads a run's result.

    Returns:
        The result and "", or None and the reason why it can't be used.
    """
    try:
        found = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    except OSError as error:
        return None, f"result.json can't be read ({error.strerror})"
    except (ValueError, RecursionError):
        return None, "result.json is broken"
    if not isinstance(found, dict):
        return None, "result.json is no result of a run"
    if found.get("schema") != SCHEMA:
        return None, "it was made by another version of this program; run it again"
    if problem := _problem(found):
        return None, f"result.json is no result of a run ({problem})"
    return found, ""


def default_data(recipe: str) -> str:
    """The data set of a recipe of the package where none is chosen."""
    known = catalog.named(recipe)
    fields = {one.name: one.default for one in known.fields} if known else {}
    return str(fields.get("data", NONE))


def data_of(result: dict) -> str:
    """The data set that a run had.

    A run from before its recipe let one choose had what is the default now.
    """
    chosen = result["settings"].get("data")
    if chosen is None:
        return default_data(result["recipe"]) if result["topic"] else NONE
    return str(chosen)


Run = tuple[Path, dict]  # its folder and its result


@dataclass
class Found:
    """What a recipe's folder of runs holds.

    Attributes:
        whole: The newest whole run for each data set, the default's first. A recipe of
            one's own that has the name of one of the package is another recipe.
        partial: The newest run of each choice of claims, settings and seeds that is
            not a whole recipe's; without those that a newer whole run includes.
        included: How many partial runs a newer whole run includes.
        older: How many choices of settings and seeds only older whole runs have.
        smoke: How many smoke runs there are.
        complaints: A line for each reason why runs were passed over.
    """

    whole: list[Run] = field(default_factory=list)
    partial: list[Run] = field(default_factory=list)
    included: int = 0
    older: int = 0
    smoke: int = 0
    complaints: list[str] = field(default_factory=list)


def found(root: Path) -> Found:
    """Reads a recipe's folder of runs."""
    whole: dict[tuple[str, str], Run] = {}
    partial: dict[str, Run] = {}
    circumstances: set[str] = set()  # of whole runs
    smoke, lines, reasons = 0, [], {}
    for folder in sorted(files.runs(root), reverse=True):
        if folder.name.startswith(".") or not (folder / "result.json").exists():
            continue
        result, reason = read(folder)
        if result is None:
            reasons.setdefault(reason, []).append(folder)
            continue
        if result["recipe"] != root.name:
            reasons.setdefault("it is a run of another recipe", []).append(folder)
            continue
        if result["smoke"]:
            smoke += 1
        elif result["partial"]:
            ids = [claim["id"] for claim in result["claims"]]
            asked = [*_circumstances(result), result["precision"], ids]
            partial.setdefault(files.canonical(asked), (folder, result))
        else:
            whole.setdefault((result["topic"], data_of(result)), (folder, result))
            circumstances.add(files.canonical(_circumstances(result)))
    for reason, folders in reasons.items():
        more = f" and {len(folders) - 1} more" if len(folders) > 1 else ""
        lines.append(f"passed over {folders[0]}{more}: {reason}")
    ordered = sorted(
        whole.items(), key=lambda one: one[0][1] != default_data(root.name)
    )
    runs = [run for _, run in ordered]
    alone = [part for part in partial.values() if not _is_included(part, runs)]
    included, older = len(partial) - len(alone), len(circumstances) - len(runs)
    return Found(runs, alone, included, older, smoke, lines)


def part_of(result: dict) -> str:
    """Says what a partial run ran: its lesson or claims, and the settings given."""
    ids = [claim["id"] for claim in result["claims"]]
    known = catalog.named(result["recipe"]) if result["topic"] else None
    lessons = {one.name: list(one.claims) for one in known.lessons} if known else {}
    whole = [name for name, claims in lessons.items() if claims == ids]
    claims = f"claim{'s' if len(ids) > 1 else ''} {', '.join(ids)}"
    parts = [f"lesson {whole[0]}" if whole else claims]
    command = result["claims"][0]["command"] if ids else ""
    given = re.search(r" (--(?!claim ).*)", command)
    return ", ".join([*parts, *([given[1]] if given else [])])


def _circumstances(result: dict) -> list:
    return [result[name] for name in ("topic", "settings", "seeds", "backend")]


def _is_included(part: Run, whole: list[Run]) -> bool:
    """Whether a newer whole run tells what a partial one does."""
    folder, result = part
    return any(
        newer.name >= folder.name
        and _circumstances(other) == _circumstances(result)
        and result["precision"].items() <= other["precision"].items()
        for newer, other in whole
    )


def _problem(found: dict) -> str:
    """Says what a result lacks; "" where it is whole."""
    for names, kind in (
        (_TEXTS, str),
        (_LISTS, list),
        (_MAPPINGS, Mapping),
        (("smoke", "partial"), bool),
    ):
        for name in names:
            if not isinstance(found.get(name), kind):
                return f"'{name}' is missing or of another kind"
    if not isinstance(found.get("seconds"), (int, float)):
        return "'seconds' is missing or of another kind"
    for claim in found["claims"]:
        if not isinstance(claim, dict):
            return "a claim is of another kind"
        for name in _CLAIM_TEXTS:
            if not isinstance(claim.get(name), str):
                return f"'{name}' of a claim is missing or of another kind"
        for name in _CLAIM_LISTS:
            texts = claim.get(name)
            if not isinstance(texts, list) or not all(
                isinstance(t, str) for t in texts
            ):
                return f"'{name}' of a claim is missing or of another kind"
        if claim["verdict"] not in VERDICTS:
            return f"'{claim['verdict']}' is no verdict"
        if not isinstance(claim.get("decisions"), dict):
            return "'decisions' of a claim is missing or of another kind"
    for figure in found["figures"]:
        if not isinstance(figure, dict) or not all(
            isinstance(figure.get(name), str) for name in ("name", "file", "caption")
        ):
            return "a figure is of another kind"
    for table in found["tables"]:
        if not isinstance(table, dict) or not isinstance(table.get("rows"), list):
            return "a table is of another kind"
    return ""


VERDICTS = ("supported", "conditional", "refuted", "inconclusive", "not judged")
