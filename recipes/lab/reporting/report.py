"""Reports in Markdown, and `recipes report`: the latest runs gathered."""

import csv as csv_module
import io
from collections import Counter
from pathlib import Path

from recipes.lab import catalog, files
from recipes.lab.catalog.renamed_claims import earlier_ids
from recipes.lab.errors import LabError, counted
from recipes.lab.evidence.verdicts import KINDS
from recipes.lab.reporting import page, pictures, published, results
from recipes.lab.reporting.card import (
    beside,
    card,
    conditions,
    effects_once,
    first_sentence,
    titled,
    took,
)

BEGIN, END = (
    "<!-- verdicts: begin (made by `recipes report`) -->",
    "<!-- verdicts: end -->",
)


def csv(rows: list[dict]) -> str:
    """Returns rows as CSV; columns in the order in which they first appear."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    buffer = io.StringIO()
    writer = csv_module.DictWriter(buffer, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue()


def markdown(result: dict) -> str:
    """Returns `report.md` for one run: a section for each claim, then the tables."""
    lines = [f"# {_escape(result['title'])}", ""]
    if result["smoke"]:
        lines += ["**A smoke run: everything tiny, nothing judged.**", ""]
    elif result["partial"]:
        told = f"A partial run ({_escape(results.part_of(result))})"
        lines += [f"**{told}: no verdicts of the recipe.**", ""]
    lines += [f"Notes: {_escape(result['notes'])}", "", _escape(how(result)), ""]
    shown: set[str] = set()
    others = published.others(result)
    for claim in result["claims"]:
        one = card(result, claim, others.get(claim["id"], ()))
        lines += [f"## {one['symbol']} {one['verdict']}: `{one['id']}`", ""]
        lines += [*_card_lines(one), ""]
        for figure in one["figures"]:
            if figure["file"] not in shown:
                caption = _escape(figure["caption"])
                lines += [f"![{caption}]({figure['file']})", "", f"*{caption}*", ""]
                shown.add(figure["file"])
    for table in result["tables"]:
        lines += [f"## {_escape(titled(table))}", ""]
        lines += [*_rows(table["columns"], table["rows"]), ""]
    lines += ["All numbers: `result.json`.", ""]
    return "\n".join(lines)


def _card_lines(one: dict) -> list[str]:
    lines = [f"**{_escape(one['statement'])}**", "", _escape(one["seen"]), ""]
    lines += [f"- {word}: {_escape(names)}" for word, names in conditions(one)]
    effects = effects_once(one["decisions"], one["seen"])
    lines += [f"- {_escape(effect)}" for effect in effects]
    lines += [f"- {where}: {_escape(seen)}" for where, seen in beside(one)]
    if one["scope"]:
        lines.append(f"- scope: {_escape(one['scope'])}")
    if one["notes"]:
        hedge = f', "{one["hedge"]}"' if one["hedge"] else ""
        lines.append(f"- notes {one['notes']}: {one['says']}{hedge}")
    return [*lines, f"- `{one['command']}`"]


def counts_table(rows: list[dict]) -> str:
    """Returns the Markdown table that counts the published verdicts by chapter.

    Args:
        rows: Of `published.read`.
    """
    chapters: dict[str, list[dict]] = {}
    for row in rows:
        chapters.setdefault(row["chapter"], []).append(row)
    lines, total = [], Counter()
    for chapter, claims in chapters.items():
        counts = Counter(claim["verdict"] for claim in claims)
        total += counts
        names = dict.fromkeys(f"`{claim['recipe']}`" for claim in claims)
        lines.append([chapter, ", ".join(names), *_counted(counts)])
    lines.append(["**all**", "", *_counted(total)])
    columns = ["chapter of the notes", "recipes", "claims", *KINDS]
    return "\n".join(_rows(columns, lines, words=2))


def verdicts_page(table: dict) -> str:
    """Returns the published verdicts as one Markdown page."""
    lines = [
        "# Verdicts",
        "",
        "Every claim of the notes that a recipe has put to the test. Made by `recipes "
        "report`; the same, with all that was seen, for programs: "
        "`recipes/verdicts.json`, or `recipes.lab.verdicts()`.",
        "",
    ]
    titles = {name: recipe.title for name, recipe in catalog.recipes().items()}
    made = {(run["recipe"], run["data"]): run for run in table["runs"]}
    recipe = None
    for row in table["claims"]:
        if row["recipe"] != recipe:
            recipe = row["recipe"]
            lines += [
                f"## {titles.get(recipe, recipe)}",
                "",
                f"Notes: {row['chapter']}.",
            ]
            runs = [run for (name, _), run in made.items() if name == recipe]
            lines += [line for run in runs for line in (how(run), "")]
        one = published.shown(row)
        ids = [row["id"], *earlier_ids(row["id"])]
        lines += [*(f'<a id="{id}"></a>' for id in ids), ""]
        lines += [f"### `{row['id']}`: {row['verdict']}", ""]
        seen = first_sentence(row["seen"])
        lines += [f"**{_escape(row['statement'])}**", "", _escape(seen), ""]
        lines += [f"- {word}: {_escape(names)}" for word, names in conditions(one)]
        lines += [f"- {where}: {_escape(seen)}" for where, seen in beside(one)]
        if one["scope"]:
            lines.append(f"- scope: {_escape(one['scope'])}")
        if row["lesson"]:
            place = f"recipes/{row['topic']}/{row['recipe']}/{row['lesson']}.py"
            lines.append(f"- code: [{place}](../{place})")
        lines += [f"- `{row['command']}`", ""]
    return "\n".join(lines)


def write_reports(
    out: Path,
    readme: str | None = None,
    docs: str | None = None,
    publish: str | None = None,
    figures: str | None = None,
) -> list[str]:
    """Gathers the latest runs; returns lines to print.

    Partial runs are shown on the page, marked as such; no other file tells of them.

    Args:
        out: The folder of runs.
        readme: A file whose table of counts is refreshed from the published verdicts.
        docs: A file that gets all published verdicts.
        publish: The published verdicts, refreshed with these runs.
        figures: A folder that gets the figures of these runs, a folder a recipe.

    Raises:
        LabError: There is no run at all, or a file can't be written.
    """
    roots = [results.found(root) for root in _roots(out)]
    found = [run for root in roots for run in root.whole]
    partial = [run for root in roots for run in root.partial]
    lines = [line for root in roots for line in root.complaints]
    wanted = any((readme, docs, publish, figures))
    if not found and (wanted or not partial):
        smoke = sum(root.smoke for root in roots)
        numbers = {"partial run": len(partial), "smoke run": smoke}
        seen = [counted(n, what) for what, n in numbers.items() if n] + lines
        only = f", only {'; '.join(seen)}" if seen else ""
        raise LabError(
            f"there is no whole run of a recipe in {out}{only}. `recipes run NAME` "
            "makes one."
        )
    recipes = {result["recipe"] for _, result in found}
    table = published.read(Path(publish)) if publish else published.read()
    fresh, changes = published.refresh(table, [result for _, result in found])
    others = [published.others(result, fresh) for _, result in found]
    beside_parts = [published.others(result, fresh) for _, result in partial]
    shown = page.report_html(found, how, others, partial, beside_parts)
    files.write(out / "report.html", shown)
    told = [counted(len(recipes), "recipe")] if recipes else []
    told += [counted(len(partial), "partial run")] if partial else []
    if included := sum(root.included for root in roots):
        told.append(f"{counted(included, 'partial run')} in newer whole ones")
    if older := sum(root.older for root in roots):
        told.append(f"{counted(older, 'older run')} with other settings left out")
    lines.append(f"{out / 'report.html'}: {', '.join(told)}")
    if publish:
        table = fresh
        published.write(table, Path(publish))
        kept = len({row["recipe"] for row in table["claims"]} - recipes)
        lines += changes
        lines.append(
            f"{publish}: {counted(len(table['claims']), 'claim')}; rows of "
            f"{counted(kept, 'recipe')} not run were kept"
        )
    if figures:
        count = sum(_figures(Path(figures), *run) for run in found)
        lines.append(f"{figures}: {counted(count, 'figure')}")
    if readme:
        _refresh(Path(readme), counts_table(table["claims"]))
        lines.append(f"{readme}: table refreshed")
    if docs:
        files.write(Path(docs), verdicts_page(table))
        lines.append(f"{docs}: {counted(len(table['claims']), 'verdict')}")
    return lines


def _figures(place: Path, folder: Path, result: dict) -> int:
    """Puts a default run's figures into a folder of its recipe; returns how many."""
    if results.data_of(result) != results.default_data(result["recipe"]):
        return 0
    made = {}
    for figure in result["figures"]:
        data = page.image(folder, figure["file"])
        picture = None if data is None else pictures.small(data)
        if picture:
            made[place / result["recipe"] / Path(figure["file"]).name] = picture.data
    for path in (place / result["recipe"]).glob("*.png"):
        if path not in made:
            path.unlink()
    for path, data in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_bytes() != data:
            files.write(path, data)
    return len(made)


def how(result: dict) -> str:
    """Says with which settings, versions and machine a run was made."""
    settings = ", ".join(f"{key} {value}" for key, value in result["settings"].items())
    versions, device = result["versions"], result["device"]
    accelerators = ", ".join(device.get("accelerators", [])) or "no accelerator"
    choices = result.get("precision", {}).values()
    precision = ", ".join(sorted({choice["policy"] for choice in choices})) or "float32"
    made = result.get("trainings", {}).get("made", [])
    elsewhere = f" Trainings made on: {'; '.join(made)}." if len(made) > 1 else ""
    return (
        f"Settings: {settings or 'none'}. Keras {versions.get('keras')} on "
        f"{result['backend']} {versions.get(result['backend'], '')}, {precision}; "
        f"{device.get('cpu')}, {device.get('cores')} cores, {accelerators}; "
        f"{took(result['seconds'])}.{elsewhere}"
    )


def _roots(out: Path) -> list[Path]:
    """The recipes' folders: the package's in its order, then any others."""
    if not out.is_dir():
        return []
    known = {name: index for index, name in enumerate(catalog.recipes())}
    roots = [path for path in out.iterdir() if path.is_dir()]
    return sorted(roots, key=lambda path: (known.get(path.name, len(known)), path.name))


def _refresh(path: Path, table: str) -> None:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise LabError(f"cannot read {path}: {error.strerror}.") from None
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise LabError(f"{path} has no lines '{BEGIN}' and '{END}'.")
    files.write(path, f"{head}{BEGIN}\n{table}\n{END}{tail}")


def _counted(counts: Counter) -> list[str]:
    return [str(sum(counts.values())), *(str(counts[kind]) for kind in KINDS)]


def _rows(columns: list[str], rows: list[list[str]], words: int = 1) -> list[str]:
    """Formats a table whose first columns hold words, the others numbers."""
    align = ["---" if index < words else "---:" for index in range(len(columns))]
    lines = [columns, align, *rows]
    return ["| " + " | ".join(_escape(str(c)) for c in line) + " |" for line in lines]


def _escape(text: str) -> str:
    """Keeps text text in Markdown: no tags, no cells, no lines of its own."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|")
    return " ".join(text.split())
