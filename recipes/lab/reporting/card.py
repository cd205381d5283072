"""One plain dictionary for a claim, over which every report is a template."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from recipes.lab.errors import counted
from recipes.lab.evidence.stats import ANY, METHODS

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


def effect(condition: str, decision: dict) -> str:
    """Returns one sentence: effect, interval, seeds and the smallest that matters."""
    unit, name = decision["unit"], "" if condition == ALONE else f"{condition}: "
    if decision["smallest_name"] == ANY.name:
        matters = "any difference matters"
    else:
        size = f"{_number(decision['smallest'])} {unit}"
        matters = f"the smallest that matters is {decision['smallest_name']} ({size})"
    return (
        f"{name}{_number(decision['effect'])} {unit}, {_interval(decision)}; {matters}"
    )


def _interval(decision: dict) -> str:
    """Says what is known of the effect, and from how many seeds."""
    low, high = map(_number, decision["interval"])
    # A claim with m of these has intervals of 1 - 0.05/m each: together 95 %.
    level = "95 %" if decision["level"] == 0.95 else "95 % (with the claim's others)"
    seeds = counted(decision["n"], "seed")
    least = "0" if decision["method"] == METHODS["log"] else "-inf"
    if decision["n"] == 1:
        return "one seed: not decided"
    if (low, high) == (least, "inf"):
        return f"{seeds} give no {level} interval: not decided"
    if high == "inf":
        return f"{level} interval from {low} up, {seeds}"
    if low == "-inf":
        return f"{level} interval up to {high}, {seeds}"
    return f"{level} interval {low} to {high}, {seeds}"


def took(seconds: float) -> str:
    """Returns a time in words."""
    return "under 1 s" if seconds < 1 else f"{seconds:.0f} s"


def conditions(card: dict) -> list[tuple[str, str]]:
    """Returns the lines "holds when", "fails when" and "not decided", if any."""
    words = {"holds": "holds when", "fails": "fails when", "undecided": "not decided"}
    return [(word, "; ".join(card[name])) for name, word in words.items() if card[name]]


def _number(value) -> str:
    """Three digits; a number that is not finite is text in a kept result."""
    return f"{float(value):.3g}"
