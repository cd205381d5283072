"""The pages of the site that are made from the published verdicts and the lessons.

Sphinx calls `write_pages` when it builds; nothing written here is kept in the
repository. A card's statement and sentence are text of the page, so that its search
finds them; what surrounds them is the template that the report has, too.
"""

from collections import Counter
from pathlib import Path
from typing import Any

from recipes.lab import catalog, files
from recipes.lab.catalog.renamed_claims import earlier_ids
from recipes.lab.evidence.verdicts import KINDS
from recipes.lab.reporting import published
from recipes.lab.reporting.card import SAYS, SYMBOLS, effect
from recipes.lab.reporting.page import bars, elsewhere, environment, note_numbers


def write_pages(docs: Path, repository: str = "") -> list[Path]:
    """Writes the pages of claims, lessons and figures below the folder of the docs.

    Args:
        docs: The folder; `figures/<recipe>/` in it holds the published figures.
        repository: The address of the repository's files, for links to code; "" has
            them lead to the site's own copy.

    Returns:
        The files written.
    """
    table = published.read()
    rows: dict[str, list[dict]] = {}
    for row in table["claims"]:
        rows.setdefault(row["recipe"], []).append(row)
    recipes = catalog.recipes()
    made = {
        docs / "claims" / "index.md": _index(table["claims"]),
        docs / "gallery.md": _gallery(docs, rows),
    }
    for name, found in rows.items():
        recipe = recipes.get(name)
        if recipe is None:
            continue
        made[docs / "claims" / f"{name}.md"] = _recipe(docs, recipe, found, repository)
        for lesson in recipe.lessons:
            made[docs / "code" / name / f"{lesson.name}.md"] = _code(lesson)
    for path, text in made.items():
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            files.write(path, text)
    for folder in ("claims", "code"):
        for path in (docs / folder).rglob("*.md"):
            if path not in made:
                path.unlink()
    return list(made)


def _index(claims: list[dict]) -> str:
    template = environment().get_template("claims_index.html")
    counts = Counter(row["verdict"] for row in claims)
    html = template.render(
        claims=[{**row, "symbol": SYMBOLS[row["verdict"]]} for row in claims],
        counts=counts,
        kinds=KINDS,
        symbols=SYMBOLS,
        chapters=list(dict.fromkeys(row["chapter"] for row in claims)),
        notes=note_numbers(claims),
    )
    recipes = dict.fromkeys(row["recipe"] for row in claims)
    listed = "\n".join(recipes)
    return (
        "# Claims\n\nEvery sentence of the notes that was put to the test. "
        "[How a claim is judged](../judging.md) has the rules.\n\n"
        f"{_raw(html)}\n```{{toctree}}\n:hidden:\n\n{listed}\n```\n"
    )


def _recipe(docs: Path, recipe, rows: list[dict], repository: str) -> str:
    lines = [f"# {_text(recipe.title.rstrip('.'))}", ""]
    lines += [f"{_text(paragraph)}\n" for paragraph in recipe.about.split("\n\n")]
    lines += [f"Notes: {_text(rows[0]['chapter'])}. Run: `recipes run {recipe.name}`."]
    legend = environment().get_template("card.html").module.legend
    if any(bars(row) for row in rows):
        lines += ["", _raw(f'<div class="pg">{legend([{"bars": True}])}</div>')]
    shown: set[str] = set()
    for row in rows:
        figures = [one for one in row.get("figures", []) if one["file"] not in shown]
        shown |= {one["file"] for one in figures}
        lines += ["", *_claim(docs, row, figures, repository)]
    return "\n".join(lines) + "\n"


def _claim(docs: Path, row: dict, figures: list[dict], repository: str) -> list[str]:
    parts = environment().get_template("claim_parts.html").module
    path = f"recipes/{row['topic']}/{row['recipe']}/{row['lesson']}.py"
    own = f"../code/{row['recipe']}/{row['lesson']}.html"
    shown = published.shown(row)
    one: dict[str, Any] = {
        **shown,
        "symbol": SYMBOLS[row["verdict"]],
        "says": SAYS.get(row["says"], ""),
        "effects": [effect(name, found) for name, found in row["decisions"].items()],
        "elsewhere": elsewhere(shown),
        "code": {
            "path": path,
            "address": f"{repository}/{path}" if repository else own,
        },
    }
    one["bars"] = bars(one)
    lines = [f"({id})=" for id in earlier_ids(row["id"])]
    lines += [f"({row['id']})=", f"## {_text(row['statement'])}", ""]
    lines += [
        _raw(parts.opening(one)),
        _text(row["seen"]),
        "",
        _raw(parts.details(one)),
    ]
    for figure in figures:
        if (docs / figure["file"]).is_file():
            caption = _text(figure["caption"])
            lines += [f"![{caption}](../{figure['file']})", "", f"*{caption}*", ""]
    return [*lines, _raw("</article></div>")]


def _code(lesson) -> str:
    path = "/".join(lesson.path.relative_to(catalog.ROOT.parent).parts)
    return (
        f"---\norphan: true\n---\n\n# `{path}`\n\n"
        f"```{{literalinclude}} ../../../{path}\n:language: python\n```\n"
    )


def _gallery(docs: Path, rows: dict[str, list[dict]]) -> str:
    lines = ["# Gallery", "", "Every figure, with the claims that it stands with.", ""]
    for name, found in rows.items():
        figures: dict[str, tuple[str, list[str]]] = {}
        for row in found:
            for one in row.get("figures", []):
                if (docs / one["file"]).is_file():
                    figures.setdefault(one["file"], (one["caption"], []))[1].append(
                        row["id"]
                    )
        if figures:
            lines += [f"## {name}", ""]
        for file, (caption, ids) in figures.items():
            claims = ", ".join(f"[`{id}`](#{id})" for id in ids)
            lines += [f"![{_text(caption)}]({file})", "", f"{_text(caption)} {claims}"]
            lines += [""]
    return "\n".join(lines) + "\n"


def _raw(html: str) -> str:
    return f"````{{raw}} html\n{html}\n````\n"


def _text(text: str) -> str:
    """Keeps text text in MyST: no markup of its own."""
    special = {c: f"\\{c}" for c in "\\`*_{}[]<>#|$~^@"}
    return "".join(special.get(character, character) for character in text)
