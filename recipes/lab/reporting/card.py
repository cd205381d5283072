"""One plain dictionary for a claim, over which every report is a template."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from recipes.lab.errors import counted
from recipes.lab.evidence.brackets import METHODS, in_brackets
from recipes.lab.evidence.numbers import digits, thousands
from recipes.lab.evidence.numbers import times as ratio
from recipes.lab.evidence.thresholds import ANY
from recipes.lab.evidence.verdicts import REFUTED, SUPPORTED

SYMBOLS = {
    "supported": "✓",
    "conditional": "◐",
    "refuted": "✗",
    "inconclusive": "?",
    "not judged": "·",
}
SAYS = {
    "is": "a definition, formula, number or ranking",
    "always": "stated without a hedge",
    "often": "often",
    "can": "can",
    "advice": "advice",
}
SAID = {
    "is": "The notes state it as a definition, formula, number or ranking",
    "always": "The notes say it without a hedge",
    "often": "The notes hedge it as what is often so",
    "can": "The notes hedge it as what can be so",
    "advice": "The notes advise it",
}
ALONE = "as stated"  # the name of a condition that has none


def card(result: dict, claim: dict, others: Sequence[dict] = ()) -> dict[str, Any]:
    """Makes a claim's card.

    Args:
        result: What a run's `result.json` holds.
        claim: One of its claims.
        others: The published verdicts of the claim on other data sets, as
            `published.others` returns them.

    Returns:
        Plain data: `id`, `statement`, `verdict`, `symbol`, `says`, `hedge`, `notes`,
        `scope`, `recipe`, `lesson`, `chapter`, `holds`, `fails`, `undecided`, `seen`
        (one sentence), `effects` (one sentence for each chance condition),
        `decisions`, `figures` (file and caption), `command` and `others`. The scope
        says on which other data sets the verdict is another one.
    """
    lists = {name: list(claim[name]) for name in ("holds", "fails", "undecided")}
    if [one for found in lists.values() for one in found] == [ALONE]:
        lists = {name: [] for name in lists}
    decisions = claim["decisions"]
    figures = [
        {"file": figure["file"], "caption": figure["caption"]}
        for figure in result["figures"]
        if figure["name"] in claim["figures"]
    ]
    return {
        "id": claim["id"],
        "statement": claim["statement"],
        "verdict": claim["verdict"],
        "symbol": SYMBOLS.get(claim["verdict"], "·"),
        "says": SAYS.get(claim["says"], ""),
        "hedge": claim["hedge"],
        "notes": claim["notes"],
        "scope": with_others(claim["scope"], claim["verdict"], others),
        "recipe": result["recipe"],
        "lesson": claim["lesson"],
        "chapter": result["notes"].rstrip("."),
        **lists,
        "seen": claim["note"],
        "effects": [effect(name, one) for name, one in decisions.items()],
        "decisions": decisions,
        "figures": figures,
        "command": claim["command"],
        "others": list(others),
    }


def with_others(scope: str, verdict: str, others: Sequence[dict]) -> str:
    """Returns a scope that says where the verdict does not carry over."""
    differing = [one for one in others if one["verdict"] != verdict]
    said = [f"on {one['data']}: {one['verdict']}" for one in differing]
    return "; ".join([part for part in (scope, *said) if part])


def beside(card: dict) -> list[tuple[str, str]]:
    """Returns a line for each other data set: "on mnist", its verdict and a sentence.

    Args:
        card: As `card` or `published.shown` returns it.
    """
    return [
        (f"on {one['data']}", ". ".join(filter(None, (one["verdict"], seen))))
        for one, seen in zip(card["others"], new_sentences(card), strict=True)
    ]


def new_sentences(card: Mapping[str, Any]) -> list[str]:
    """Returns what each other data set showed first; "" where it is no news."""
    here = first_sentence(card["seen"])
    found = [first_sentence(one["seen"]) for one in card["others"]]
    return ["" if seen == here else seen for seen in found]


def first_sentence(text: str) -> str:
    """Returns what a finding says first; its details stand with all the numbers."""
    return re.split(r"(?<=[.!?]) +(?=[^a-z])", " ".join(text.split()), maxsplit=1)[0]


def source(claim: Mapping[str, Any]) -> str:
    """Says which notes make a claim, and with which word; "" where none is named.

    Args:
        claim: With `says`, `hedge` and `notes`, as a row or the catalog has them.
    """
    if claim["notes"] == "ours":
        return "No note says it: the claim is ours."
    hedge = f': "{claim["hedge"]}"' if claim["hedge"] else ""
    numbers = ", ".join(claim["notes"].split())
    return f"{SAID[claim['says']]}{hedge}{f' ({numbers})' if numbers else ''}."


def leeway(card: Mapping[str, Any]) -> str:
    """Returns the word of the notes where a verdict can't be understood without it.

    That is where one of the conditions goes against the verdict, because the notes say
    "can" or "often"; elsewhere it is "".
    """
    against = {SUPPORTED: card["fails"], REFUTED: card["holds"]}
    if card["says"] not in ("can", "often") or not against.get(card["verdict"]):
        return ""
    return f'the notes say "{card["says"]}"'


def effect(condition: str, decision: dict) -> str:
    """Returns one sentence: effect, interval, seeds and the smallest that matters."""
    name = "" if condition == ALONE else f"{condition}: "
    told = f"{_number(decision, 'effect')} {decision['unit']}"
    return f"{name}{told}, {_interval(decision)}; {_matters(decision)}"


def effects_once(decisions: Mapping[str, dict], seen: str) -> list[str]:
    """Returns one sentence for each effect, without what a finding's sentence tells.

    Of an effect that stands in the sentence only the smallest that matters is told.

    Args:
        decisions: Condition to decision, as a result keeps it.
        seen: The finding's sentence.
    """
    seen, lines = thousands(seen), []
    for name, decision in decisions.items():
        told = in_brackets(decision)
        if told in seen and "[" in told:
            lines.append(f"in brackets the {_level(decision)}; {_matters(decision)}")
        else:
            lines.append(effect(name, decision))
    return list(dict.fromkeys(lines))


def effect_in_short(decision: dict) -> str:
    """Returns an effect and its interval, for beside its picture."""
    ends = _ends(decision) or "no interval"
    return f"{_number(decision, 'effect')} {decision['unit']} ({ends})"


def _ends(decision: dict) -> str:
    """Says where an interval begins and ends; "" where it holds every value."""
    low, high = (digits(float(end)) for end in decision["interval"])
    least = "0" if decision["method"] == METHODS["log"] else "-inf"
    return {
        (False, False): f"{low} to {high}",
        (False, True): f"from {low} up",
        (True, False): f"up to {high}",
        (True, True): "",
    }[low == least, high == "inf"]


def _matters(decision: dict) -> str:
    """Says which effect is the smallest that matters."""
    if decision["smallest_name"] == ANY.name:
        return "any difference matters"
    none = 1 if decision["method"] == METHODS["log"] else 0
    if float(decision["smallest"]) == none:  # the name says where nothing lies
        return f"what matters: {decision['smallest_name']}"
    size = f"{_number(decision, 'smallest')} {decision['unit']}"
    return f"the smallest that matters is {decision['smallest_name']} ({size})"


def _interval(decision: dict) -> str:
    """Says what is known of the effect, and from how many seeds."""
    level, seeds = _level(decision), counted(decision["n"], "seed")
    if decision["n"] == 1:
        return "one seed: not decided"
    ends = _ends(decision)
    return (
        f"{level} {ends}, {seeds}" if ends else f"{seeds} give no {level}: not decided"
    )


def _level(decision: dict) -> str:
    """A claim with m of these has intervals of 1 - 0.05/m each: together 95 %."""
    others = "" if decision["level"] == 0.95 else " (with the claim's others)"
    return f"95 % interval{others}"


def took(seconds: float) -> str:
    """Returns a time in words."""
    return "under 1 s" if seconds < 1 else f"{seconds:.0f} s"


def conditions(card: dict) -> list[tuple[str, str]]:
    """Returns the lines "holds when", "fails when" and "not decided", if any."""
    words = {"holds": "holds when", "fails": "fails when", "undecided": "not decided"}
    return [(word, "; ".join(card[name])) for name, word in words.items() if card[name]]


def titled(table: Mapping[str, Any]) -> str:
    """Returns a table's title with the lesson that made it."""
    lesson = table.get("lesson", "")
    return f"{table['title']} (lesson {lesson})" if lesson else table["title"]


def _number(decision: dict, name: str) -> str:
    """Three digits; a number that is not finite is text in a kept result."""
    value = float(decision[name])
    return ratio(value) if decision["method"] == METHODS["log"] else digits(value)
