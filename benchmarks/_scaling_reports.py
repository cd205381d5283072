"""`recipes report` and the site's pages, by claims and by runs."""

import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROUNDS = 3  # the fastest counts: other load only adds
CONF = """
extensions = ["myst_nb"]
source_suffix = {".md": "myst-nb"}
exclude_patterns = ["code"]
html_theme = "furo"
nb_execution_mode = "off"
suppress_warnings = ["myst", "toc", "ref"]
"""


def report(counts: list[tuple[int, int]]) -> list[dict]:
    """Processor seconds of `recipes report`.

    Args:
        counts: Runs, and claims of each.
    """
    from recipes.lab.reporting.report import write_reports

    found = []
    for runs, claims in [(1, 1), *counts]:  # the first one loads what is needed
        out = Path(tempfile.mkdtemp())
        for number in range(runs):
            result = _result(f"recipe_{number}", claims)
            folder = out / result["recipe"] / "2026-01-01_000000"
            folder.mkdir(parents=True)
            (folder / "result.json").write_text(json.dumps(result))
        took = []
        for _ in range(ROUNDS):
            began = time.process_time()
            write_reports(out)
            took.append(time.process_time() - began)
        size = (out / "report.html").stat().st_size
        found.append(
            {"runs": runs, "claims": claims, "seconds": min(took), "bytes": size}
        )
        shutil.rmtree(out)
    return found[1:]


def _result(recipe: str, claims: int) -> dict:
    """A run as `result.json` has it, with the published claims over and over."""
    from recipes.lab import verdicts

    rows = verdicts()
    made = []
    for number in range(claims):
        row = rows[number % len(rows)]
        kept = ("statement", "says", "hedge", "notes", "scope", "verdict", "holds",
                "fails", "undecided", "decisions", "command", "lesson")  # fmt: skip
        one = {name: row[name] for name in kept}
        made.append({**one, "id": f"claim-{number}", "note": row["seen"],
                     "figures": [], "numbers": {}})  # fmt: skip
    texts = dict.fromkeys(("title", "notes", "key", "started"), "text")
    return {
        **texts, "schema": 2, "recipe": recipe, "topic": "", "backend": "tensorflow",
        "seeds": [0], "claims": made, "tables": [], "figures": [], "settings": {},
        "data": {}, "precision": {}, "versions": {}, "device": {}, "trainings": {},
        "smoke": False, "partial": False, "seconds": 1.0,
    }  # fmt: skip


def site(counts: list[int]) -> list[dict]:
    """Processor seconds of the pages of claims: written, and made to HTML by Sphinx.

    Args:
        counts: Claims, at least; whole recipes are taken.
    """
    from recipes.lab.reporting import published
    from recipes.lab.reporting import site as pages

    table, read = published.read(), published.read
    found = []
    for count in [counts[0], *counts]:  # the first one loads what is needed
        last = table["claims"][min(count, len(table["claims"])) - 1]["recipe"]
        names = list(dict.fromkeys(row["recipe"] for row in table["claims"]))
        names = names[: names.index(last) + 1]
        rows = [row for row in table["claims"] if row["recipe"] in names]
        docs = Path(tempfile.mkdtemp())
        published.read = lambda rows=rows: {**table, "claims": rows}
        try:
            began = time.process_time()
            pages.write_pages(docs)
            wrote = time.process_time() - began
        finally:
            published.read = read
        (docs / "conf.py").write_text(CONF)
        (docs / "index.md").write_text("# Claims\n\n```{toctree}\nclaims/index\n```\n")
        before = _of_children()
        command = [sys.executable, "-m", "sphinx", "-q", "-b", "html", docs, docs / "o"]
        subprocess.run(command, check=True, capture_output=True)
        built = _of_children() - before
        found.append({"claims": len(rows), "pages": wrote, "sphinx": built})
        shutil.rmtree(docs)
    return found[1:]


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
