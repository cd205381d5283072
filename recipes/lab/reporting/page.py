"""HTML: a card for a notebook, and one page for all the latest runs."""

import base64
import functools
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from recipes.lab.evidence.verdicts import KINDS
from recipes.lab.reporting import pictures
from recipes.lab.reporting.card import (
    ALONE,
    SYMBOLS,
    card,
    effect_in_short,
    new_sentences,
    titled,
)
from recipes.lab.reporting.interval import interval_svg
from recipes.lab.reporting.results import data_of, part_of


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


def cards_html(
    result: dict,
    images: Mapping[str, bytes],
    others: Mapping[str, Sequence[dict]] = MappingProxyType({}),
) -> str:
    """Returns a result's cards as HTML that stands alone, for a notebook's cell.

    Args:
        result: What `result.json` holds.
        images: File to PNG bytes, for the figures that are shown.
        others: As `published.others` returns them.
    """
    template = environment().from_string(
        '{% from "card.html" import card, legend %}'
        '<style>{% include "style.css" %}</style>'
        '<div class="pg"><h3>{{ title }}</h3>{{ legend(cards) }}'
        "{% for one in cards %}{{ card(one) }}{% endfor %}</div>"
    )
    cards = _cards(result, images.get, others)
    return template.render(title=result["title"], cards=cards)


def report_html(
    found: list[tuple[Path, dict]],
    how: Callable[[dict], str],
    others: Sequence[Mapping[str, Sequence[dict]]],
    partial: Sequence[tuple[Path, dict]] = (),
    others_of_partial: Sequence[Mapping[str, Sequence[dict]]] = (),
) -> str:
    """Returns one page for runs.

    Args:
        found: Folders and results; of a recipe, the one on the default data set first.
            Of those that follow, the claims that rest on the data are shown.
        how: Says with what a result was made.
        others: For each result, as `published.others` returns them.
        partial: Folders and results of partial runs, which stand after the others and
            are not counted.
        others_of_partial: As `others`, for those.
    """
    parts: list[dict] = []
    counts: Counter[str] = Counter()  # of what a recipe found first
    for (folder, result), beside_it in zip(found, others, strict=True):
        first = result["recipe"] not in {part["recipe"] for part in parts}
        if first:
            counts.update(claim["verdict"] for claim in result["claims"])
        parts.append(_part(folder, result, how, beside_it, first))
    alone = [
        _partial(number, folder, result, how, beside_it)
        for number, ((folder, result), beside_it) in enumerate(
            zip(partial, others_of_partial, strict=True), 1
        )
    ]
    both = [*parts, *alone]
    dates = sorted({result["started"][:10] for _, result in [*found, *partial]})
    return (
        environment()
        .get_template("report.html")
        .render(
            parts=parts,
            counts=counts,
            total=sum(counts.values()),
            kinds=KINDS,
            symbols=SYMBOLS,
            partial=alone,
            chapters=list(dict.fromkeys(part["notes"] for part in both)),
            notes=note_numbers(one for part in both for one in part["cards"]),
            made=f"Run {' to '.join(dict.fromkeys((dates[0], dates[-1])))}.",
        )
    )


def _partial(number: int, folder: Path, result: dict, how: Callable, others) -> dict:
    """The section of a partial run: its claims may stand on the page already."""
    made = _part(folder, result, how, others, first=True)
    told = part_of(result)
    cards = [
        {**one, "again": f"{one['id']}-partial-{number}", "partial": True}
        for one in made["cards"]
    ]
    return {
        **made,
        "cards": cards,
        "place": f"partial-{number}",
        "told": told,
        "title": f"Partial run of {result['recipe']}: {told}",
    }


def _part(folder: Path, result: dict, how: Callable, others, first: bool) -> dict:
    def read(name: str) -> bytes | None:
        return image(folder, name)

    place, on = result["recipe"], ""
    if not first:
        claims = [one for one in result["claims"] if one.get("uses_data", True)]
        result, data = {**result, "claims": claims}, data_of(result)
        place, on = f"{place}-{data}", f" On {data}."
    cards = _cards(result, read, others)
    if not first:
        cards = [{**one, "again": f"{one['id']}-{data_of(result)}"} for one in cards]
    shown = {figure["source"] for one in cards for figure in one["images"]}
    rest = [
        one for one in _images(result["figures"], read) if one["source"] not in shown
    ]
    return {
        "recipe": result["recipe"],
        "place": place,
        "title": f"{result['title']}{on}",
        "notes": result["notes"].rstrip("."),
        "how": how(result),
        "cards": cards,
        "tables": [{**one, "title": titled(one)} for one in result["tables"]],
        "images": rest,
    }


def _cards(
    result: dict,
    read: Callable[[str], bytes | None],
    others: Mapping[str, Sequence[dict]],
) -> list[dict]:
    """The cards; a figure stands with the first claim that shows it."""
    made, seen = [], set()
    for claim in result["claims"]:
        one = card(result, claim, others.get(claim["id"], ()))
        fresh = [f for f in one["figures"] if f["file"] not in seen]
        seen |= {figure["file"] for figure in fresh}
        more = {"bars": bars(one), "images": _images(fresh, read)}
        made.append({**one, **more, "elsewhere": elsewhere(one)})
    return made


def elsewhere(one: Mapping[str, Any]) -> list[dict[str, str]]:
    """Returns what other data sets showed of a card's claim, in short."""
    return [
        {
            "data": run["data"],
            "verdict": run["verdict"],
            "symbol": SYMBOLS.get(run["verdict"], ""),
            "seen": seen,
        }
        for run, seen in zip(one["others"], new_sentences(one), strict=True)
    ]


def bars(one: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Returns a card's effects: the condition's name, a picture and its numbers."""
    drawn = [
        (
            "" if name == ALONE else name,
            interval_svg(decision),
            effect_in_short(decision),
        )
        for name, decision in one["decisions"].items()
    ]
    return [one for one in drawn if one[1]]


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
