"""The table of all trained weights in docs/zoo.md, made from their cards."""

import json
from pathlib import Path
from typing import Any

from recipes.lab import files

BEGIN, END = "<!-- weights: begin -->\n", "<!-- weights: end -->\n"
DOCS = Path(__file__).resolve().parents[2] / "docs" / "zoo.md"
EPOCHS = DOCS.parents[1] / "benchmarks" / "results" / "epochs.json"
HEAD = """\
| builder | parameters | multiply-adds | an epoch | on test data: mean over seeds | file | kB |
| --- | ---: | ---: | ---: | --- | ---: | ---: |
"""  # noqa: E501


def table(cards: list[dict[str, Any]]) -> str:
    """One row for each card, in Markdown, with the seconds an epoch that are kept."""
    known = json.loads(EPOCHS.read_text("utf-8")) if EPOCHS.is_file() else {}
    seconds = {name: row["ratios"]["seconds"] for name, row in known.items()}
    return HEAD + "".join(_row(card, seconds.get(card["name"])) for card in cards)


def refresh(cards: list[dict[str, Any]], path: Path = DOCS) -> None:
    """Puts the table between its marks, where there are docs."""
    if path.is_file():
        before, begin, rest = path.read_text("utf-8").partition(BEGIN)
        _, end, after = rest.partition(END)
        files.write(path, "".join([before, begin, table(cards), end, after]))


def _row(card: dict[str, Any], epoch: float | None) -> str:
    metric = card["metric"]
    digits = 2 if metric["unit"] == "%" else 3
    mean, low, high, own = (
        f"{metric[key]:.{digits}f}" for key in ("mean", "low", "high", "file")
    )
    seeds = f"{mean} {metric['unit']} ({low} to {high}, {len(metric['seeds'])} seeds)"
    cells = [
        f'`{card["builder"]}(weights="{card["weights"]}")`',
        f"{card['parameters']:,}",
        f"{card['multiply_adds']:,}",
        "not measured"
        if epoch is None
        else f"{epoch:.2g} s"
        if epoch < 10
        else f"{epoch:.0f} s",
        f"{_short(metric['name'])} {seeds}",
        own,
        f"{card['bytes'] / 1000:.0f}",
    ]
    return f"| {' | '.join(cells)} |\n"


def _short(name: str) -> str:
    """The metric without what it is measured on."""
    return name.partition(" on ")[0].partition(" of ")[0]
