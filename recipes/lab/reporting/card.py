"""One plain dictionary for a claim, over which every report is a template."""

from typing import Any

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


def card(result: dict, claim: dict) -> dict[str, Any]:
    """Makes a claim's card.

    Args:
        result: What a run's `result.json` holds.
        claim: One of its claims.

    Returns:
        Plain data: `id`, `statement`, `verdict`, `symbol`, `says`, `hedge`, `notes`,
        `scope`, `recipe`, `lesson`, `chapter`, `holds`, `fails`, `undecided`, `seen`
        (one sentence), `effects` (one sentence for each chance condition),
        `decisions`, `figures` (file and caption) and `command`.
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
        "scope": claim["scope"],
        "recipe": result["recipe"],
        "lesson": claim["lesson"],
        "chapter": result["notes"],
        **lists,
        "seen": claim["note"],
        "effects": [effect(name, one) for name, one in decisions.items()],
        "decisions": decisions,
        "figures": figures,
        "command": claim["command"],
    }


def effect(condition: str, decision: dict) -> str:
    """Returns one sentence: effect, interval, seeds and the smallest that matters."""
    low, high = decision["interval"]
    unit = decision["unit"]
    # A claim with m of these has intervals of 1 - 0.05/m each: together 95 %.
    together = "" if decision["level"] == 0.95 else " with the claim's others"
    name = "" if condition == ALONE else f"{condition}: "
    return (
        f"{name}{_number(decision['effect'])} {unit}, 95 % interval{together} "
        f"{_number(low)} to {_number(high)}, {decision['n']} seeds; the smallest that "
        f"matters is {_number(decision['smallest'])} ({decision['smallest_name']})"
    )


def conditions(card: dict) -> list[tuple[str, str]]:
    """Returns the lines "holds when", "fails when" and "not decided", if any."""
    words = {"holds": "holds when", "fails": "fails when", "undecided": "not decided"}
    return [(word, "; ".join(card[name])) for name, word in words.items() if card[name]]


def _number(value) -> str:
    return value if isinstance(value, str) else f"{value:.3g}"
