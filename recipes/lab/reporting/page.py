"""HTML: a card for a notebook, and one page for all the latest runs."""

import base64
import functools
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from recipes.lab.evidence.judging import KINDS
from recipes.lab.reporting import pictures
from recipes.lab.reporting.card import ALONE, SYMBOLS, card
from recipes.lab.reporting.interval import interval_svg


@functools.cache
def environment():
    """The templates, which escape what they are given."""
    import jinja2

    folder = Path(__file__).with_name("templates")
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=lambda name: not str(name).endswith((".css", ".js")),
        trim_blocks=True,
    )


def cards_html(result: dict, images: Mapping[str, bytes]) -> str:
    """Returns a result's cards as HTML that stands alone, for a notebook's cell.

    Args:
        result: What `result.json` holds.
        images: File to PNG bytes, for the figures that are shown.
    """
    template = environment().from_string(
        '{% from "card.html" import card %}<style>{% include "style.css" %}</style>'
        '<div class="pg"><h3>{{ title }}</h3>'
        "{% for one in cards %}{{ card(one) }}{% endfor %}</div>"
    )
    return template.render(title=result["title"], cards=_cards(result, images.get))


def report_html(found: list[tuple[Path, dict]], how: Callable[[dict], str]) -> str:
    """Returns one page for runs.

    Args:
        found: Folders and results.
        how: Says with what a result was made.
    """
    counts = Counter(c["verdict"] for _, result in found for c in result["claims"])
    parts = [_part(folder, result, how) for folder, result in found]
    dates = sorted(result["started"][:10] for _, result in found)
    return (
        environment()
        .get_template("report.html")
        .render(
            parts=parts,
            counts=counts,
            total=sum(counts.values()),
            kinds=KINDS,
            symbols=SYMBOLS,
            chapters=list(dict.fromkeys(part["notes"] for part in parts)),
            notes=note_numbers(one for part in parts for one in part["cards"]),
            made=f"Run {dates[0]} to {dates[-1]}.",
        )
    )


def _part(folder: Path, result: dict, how: Callable) -> dict:
    def read(name: str) -> bytes | None:
        return image(folder, name)

    cards = _cards(result, read)
    shown = {figure["source"] for one in cards for figure in one["images"]}
    rest = [
        one for one in _images(result["figures"], read) if one["source"] not in shown
    ]
    return {
        "recipe": result["recipe"],
        "title": result["title"],
        "notes": result["notes"].rstrip("."),
        "how": how(result),
        "cards": cards,
        "tables": result["tables"],
        "images": rest,
    }


def _cards(result: dict, read: Callable[[str], bytes | None]) -> list[dict]:
    """The cards; a figure stands with the first claim that shows it."""
    made, seen = [], set()
    for claim in result["claims"]:
        one = card(result, claim)
        fresh = [f for f in one["figures"] if f["file"] not in seen]
        seen |= {figure["file"] for figure in fresh}
        made.append({**one, "bars": bars(one), "images": _images(fresh, read)})
    return made


def bars(one: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Returns a card's effects as pictures, each with the name of its condition."""
    drawn = [
        ("" if name == ALONE else name, interval_svg(decision))
        for name, decision in one["decisions"].items()
    ]
    return [(name, picture) for name, picture in drawn if picture]


def note_numbers(cards: Iterable[Mapping[str, Any]]) -> list[str]:
    """Returns the numbers of the notes that cards name, in order."""
    return sorted({number for one in cards for number in one["notes"].split()})


def _images(figures: list[dict], read: Callable) -> list[dict]:
    images: list[dict[str, Any]] = []
    for figure in figures:
        data = read(figure["file"])
        picture = None if data is None else pictures.small(data)
        if picture:
            text = base64.b64encode(picture.data).decode("ascii")
            images.append(
                {
                    "caption": figure["caption"],
                    "source": f"data:image/png;base64,{text}",
                    "width": picture.width,
                    "height": picture.height,
                }
            )
    return images


def image(folder: Path, name: str) -> bytes | None:
    """Returns a figure's bytes; None where it is gone, or lies outside its run."""
    try:
        path = (folder / name).resolve()
        inside = path.is_relative_to(folder.resolve()) and path.suffix == ".png"
        return path.read_bytes() if inside else None
    except (OSError, ValueError):
        return None
