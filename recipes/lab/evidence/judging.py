"""From a finding to a verdict: decided together, and the sentence filled in."""

import string
from collections.abc import Mapping
from typing import Any

import numpy as np

from recipes.lab.catalog.claim import Claim
from recipes.lab.errors import LabError
from recipes.lab.evidence.claims import Finding
from recipes.lab.evidence.numbers import readable
from recipes.lab.evidence.stats import Decision
from recipes.lab.evidence.verdicts import rule

MOST_CAN = 6  # conditions of a claim with "can": of many, one holds too easily


def judge(claim: Claim, finding: Finding) -> dict[str, Any]:
    """Decides a claim.

    The Decisions among the conditions get intervals of one level, 1 - 0.05/m for m of
    them, and so do the same Decisions among the numbers: what is shown decides.

    Returns:
        Plain data but for the numbers: verdict, the three lists of conditions, the
        note filled in, decisions by condition, and the numbers.

    Raises:
        LabError: The note names a number that the finding doesn't have, or a claim
            that says "can" has too many conditions.
    """
    if claim.says == "can" and len(finding.conditions) > MOST_CAN:
        raise LabError(
            f"'{claim.id}' says can, which one condition decides: {MOST_CAN} "
            f"conditions at most, not {len(finding.conditions)}."
        )
    chance = [c for c in finding.conditions.values() if isinstance(c, Decision)]
    level = 1 - 0.05 / max(1, len(chance))
    conditions = _at_level(finding.conditions, level)
    numbers = _at_level(finding.numbers, level)
    lists: dict[bool | None, list[str]] = {True: [], False: [], None: []}
    for name, outcome in conditions.items():
        lists[_holds(outcome)].append(name)
    counts = [len(lists[outcome]) for outcome in (True, False, None)]
    return {
        "verdict": rule(claim.says, *counts),
        "holds": lists[True],
        "fails": lists[False],
        "undecided": lists[None],
        "note": _filled(claim.id, finding.note, lists, numbers),
        "decisions": {
            name: outcome.as_dict()
            for name, outcome in conditions.items()
            if isinstance(outcome, Decision)
        },
        "numbers": numbers,
    }


def _holds(outcome) -> bool | None:
    return outcome.holds if isinstance(outcome, Decision) else outcome


def _at_level(value, level: float):
    if isinstance(value, Decision):
        return value.at(level)
    if isinstance(value, Mapping):
        return {name: _at_level(item, level) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_at_level(item, level) for item in value]
    return value


def _filled(claim: str, note: str, lists: dict, numbers: Mapping) -> str:
    names = {"holding": lists[True], "failing": lists[False], "undecided": lists[None]}
    words = {name: "; ".join(found) or "none" for name, found in names.items()}
    try:
        return readable(_Sentence().vformat(note, (), {**words, **numbers}))
    except (KeyError, IndexError, ValueError, AttributeError) as error:
        raise LabError(
            f"the note of '{claim}' can't be filled in: {error!r}."
        ) from None


class _Sentence(string.Formatter):
    """Formats lists item by item, mappings as "name: number", and None as "none"."""

    def format_field(self, value, format_spec):
        if value is None:
            return "none"
        if isinstance(value, Decision):
            return str(value)
        if isinstance(value, np.ndarray):
            value = value.tolist()
        if isinstance(value, Mapping):
            parts = (
                f"{name}: {self.format_field(item, format_spec)}"
                for name, item in value.items()
            )
            return ", ".join(parts)
        if isinstance(value, (list, tuple)):
            return ", ".join(self.format_field(item, format_spec) for item in value)
        return format(value, format_spec)
