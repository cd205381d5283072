"""Reports: one page for a run, and one for all the latest runs."""

import base64
import csv as csv_module
import html
import io
from collections import Counter
from pathlib import Path

from recipes.lab import catalog, files
from recipes.lab.errors import LabError
from recipes.lab.evidence.verdicts import KINDS

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
    """Returns `report.md` for one run."""
    lines = [f"# {result['title']}", ""]
    if result["smoke"]:
        lines += ["**A smoke run: everything tiny, nothing judged.**", ""]
    lines += [f"Notes: {result['notes']}", "", _how(result), ""]
    lines += ["| claim | verdict | what was seen |", "|---|---|---|"]
    for claim in result["claims"]:
        seen = f"{claim['statement']}<br>{claim['note']}".removesuffix("<br>")
        lines.append(f"| `{claim['id']}` | {claim['verdict']} | {_escape(seen)} |")
    for table in result["tables"]:
        lines += ["", f"## {table['title']}", ""]
        lines += _rows(table["columns"], table["rows"])
    for figure in result["figures"]:
        lines += ["", f"![{figure['caption']}]({figure['file']})", ""]
        lines += [f"*{figure['caption']}*"]
    lines += ["", "## Evidence", ""]
    for claim in result["claims"]:
        evidence = claim.get("evidence", claim.get("numbers"))
        evidence = files.to_json(evidence).strip()
        lines += [f"### {claim['id']}", "", "```json", evidence, "```", ""]
    return "\n".join(lines)


def counts_table(results: list[dict]) -> str:
    """Returns the Markdown table that counts the verdicts of each chapter."""
    chapters: dict[str, list[dict]] = {}
    for result in results:
        chapters.setdefault(result["notes"].rstrip("."), []).append(result)
    rows, total = [], Counter()
    for chapter, parts in chapters.items():
        counts = Counter(claim["verdict"] for part in parts for claim in part["claims"])
        total += counts
        names = ", ".join(f"`{part['recipe']}`" for part in parts)
        rows.append([chapter, names, *_counted(counts)])
    rows.append(["**all**", "", *_counted(total)])
    columns = ["chapter of the notes", "recipes", "claims", *KINDS]
    return "\n".join(_rows(columns, rows, words=2))


def verdicts_page(results: list[dict]) -> str:
    """Returns every verdict so far as one Markdown page."""
    lines = [
        "# Verdicts",
        "",
        "Every claim that a recipe has put to the test, with what its run saw. "
        "Made by `recipes report`; each run's `result.json` has the evidence in full.",
        "",
    ]
    for result in results:
        lines += [f"## {result['title']}", "", f"Notes: {result['notes']}", ""]
        lines += [f"Run: `recipes run {result['recipe']}`. {_how(result)}", ""]
        lines += [
            "| claim | verdict | statement | what was seen |",
            "|---|---|---|---|",
        ]
        for claim in result["claims"]:
            cells = (claim["statement"], claim["note"])
            told = " | ".join(_escape(cell) for cell in cells)
            lines.append(f"| `{claim['id']}` | **{claim['verdict']}** | {told} |")
        lines.append("")
    return "\n".join(lines)


def write_reports(
    out: Path, readme: str | None = None, docs: str | None = None
) -> list[str]:
    """Gathers the latest whole run of every recipe; returns lines to print.

    Raises:
        LabError: There is no run at all, or a file can't be written.
    """
    found, told = [], []
    for root in _roots(out):
        told += [
            f"passed over {run}: result.json is broken" for run in files.broken(root)
        ]
        latest = files.latest(root)
        if latest is not None:
            found.append(latest)
    if not found:
        raise LabError(f"there is no finished run in {out}; `recipes run NAME` first.")
    results = [result for _, result in found]
    files.write(out / "report.html", _page(found))
    files.write(out / "report.md", counts_table(results) + "\n")
    told.append(f"{out / 'report.html'} and {out / 'report.md'}: {len(found)} recipes")
    if readme:
        _refresh(Path(readme), counts_table(results))
        told.append(f"{readme}: table refreshed")
    if docs:
        files.write(Path(docs), verdicts_page(results))
        told.append(f"{docs}: {sum(len(r['claims']) for r in results)} verdicts")
    return told


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


def _how(result: dict) -> str:
    settings = ", ".join(f"{key} {value}" for key, value in result["settings"].items())
    versions, device = result["versions"], result["device"]
    accelerators = ", ".join(device["accelerators"]) or "no accelerator"
    policies = {choice["policy"] for choice in result["precision"].values()}
    precision = ", ".join(sorted(policies)) or "float32"
    count = result.get("processes", 1)  # earlier results know of one
    processes = f" in {count} processes" if count > 1 else ""
    return (
        f"Settings: {settings or 'none'}. Keras {versions.get('keras')} on "
        f"{result['backend']} {versions.get(result['backend'], '')}, {precision}; "
        f"{device['cpu']}, {device['cores']} cores, {accelerators}; "
        f"{result['seconds']:.0f} s{processes}."
    )


def _counted(counts: Counter) -> list[str]:
    return [str(sum(counts.values())), *(str(counts[kind]) for kind in KINDS)]


def _rows(columns: list[str], rows: list[list[str]], words: int = 1) -> list[str]:
    """Formats a table whose first columns hold words, the others numbers."""
    align = ["---" if index < words else "---:" for index in range(len(columns))]
    lines = [columns, align, *rows]
    return ["| " + " | ".join(map(str, line)) + " |" for line in lines]


def _escape(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _page(found: list[tuple[Path, dict]]) -> str:
    parts = []
    for folder, result in found:
        parts.append(f"<h2>{html.escape(result['title'])}</h2>")
        parts.append(
            f"<p>{html.escape(result['notes'])}. {html.escape(_how(result))}</p>"
        )
        parts.append("<table><tr><th>claim<th>verdict<th>what was seen</tr>")
        for claim in result["claims"]:
            kind = html.escape(claim["verdict"])
            parts.append(
                f"<tr><td><code>{html.escape(claim['id'])}</code>"
                f'<td><b class="{kind}">{kind}</b><td>{html.escape(claim["statement"])}'
                f"<br><i>{html.escape(claim['note'])}</i></tr>"
            )
        parts.append("</table>")
        for figure in result["figures"]:
            parts.append(_image(folder, figure))
    return PAGE.replace("BODY", "\n".join(parts))


def _image(folder: Path, figure: dict) -> str:
    caption = html.escape(figure["caption"])
    try:
        data = base64.b64encode((folder / figure["file"]).read_bytes()).decode("ascii")
    except OSError:
        return f"<p>(the figure {html.escape(figure['file'])} is gone)</p>"
    return (
        f'<figure><img alt="{caption}" src="data:image/png;base64,{data}">'
        f"<figcaption>{caption}</figcaption></figure>"
    )


PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Proving Ground: verdicts</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 62rem;
       padding: 0 1rem; color: #111; background: #fff }
table { border-collapse: collapse; width: 100% }
td, th { border-bottom: 1px solid #ddd; padding: .35rem .6rem; text-align: left;
         vertical-align: top }
img { max-width: 100% } figure { margin: 1.5rem 0 } figcaption { color: #444 }
.supported { color: #00664a } .refuted { color: #a33b00 }
.conditional { color: #7a5600 } .inconclusive { color: #00507c }
</style>
<h1>Proving Ground: verdicts</h1>
BODY
</html>
"""
