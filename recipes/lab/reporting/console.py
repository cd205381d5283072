"""What a person sees while a recipe runs: progress, tables, verdicts."""

import contextlib
import re
import textwrap
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from recipes.lab.errors import counted
from recipes.lab.evidence import verdicts
from recipes.lab.evidence.numbers import thousands
from recipes.lab.reporting.card import (
    SYMBOLS,
    beside,
    conditions,
    effects_once,
    leeway,
)
from recipes.lab.reporting.card import card as make_card

COLORS = {
    verdicts.SUPPORTED: "green",
    verdicts.REFUTED: "red",
    verdicts.CONDITIONAL: "yellow",
    verdicts.INCONCLUSIVE: "cyan",
}
NARROWEST = 20  # columns that a line is made for
# What no line is broken in: an interval in brackets, and a formula such as (1 − β).
TOGETHER = re.compile(r"\[[^\[\] ]+, [^\[\] ]+\]|\S+(?: [−+×·] \S+)+")
FEW = 5  # claims whose cards are seen together on a screen


class Output:
    """Prints to a terminal with colors and progress, to a pipe as plain text."""

    def __init__(self, console: Console | None = None, *, silent: bool = False):
        self.console = console or Console(highlight=False, quiet=silent)
        if self.console.width < NARROWEST:  # "COLUMNS=0" says that nobody knows
            self.console.width = 80

    @property
    def live(self) -> bool:
        """Whether a person at a terminal is looking."""
        return self.console.is_terminal

    def line(self, text: str = "", style: str = "") -> None:
        """Prints a line of text; long ones are wrapped at the width."""
        self.console.print(Text(text, style), soft_wrap=not self.live)

    def paragraph(self, text: str, indent: int = 0, style: str = "") -> None:
        """Prints text wrapped at the width, 100 columns at most, and indented."""
        width = min(self.console.width, 100) - indent
        # Python breaks no line at a space of this kind.
        text = TOGETHER.sub(lambda found: found[0].replace(" ", "\xa0"), text)
        for part in textwrap.wrap(text, width, break_long_words=False):
            self.line(" " * indent + part.replace("\xa0", " "), style)

    def heading(self, recipe, settings: dict, smoke: bool) -> None:
        """Prints what is run, with which settings."""
        self.line(recipe.title or recipe.name, "bold")
        chosen = ", ".join(f"{name} {value}" for name, value in settings.items())
        if chosen:
            self.paragraph(f"Settings: {chosen}")
        if smoke:
            self.line("Smoke run: everything tiny, no verdict is earned.", "yellow")

    def table(self, title: str, columns, rows) -> None:
        """Prints a table; its first column is text, the others are numbers."""
        table = Table(box=None, pad_edge=False)
        for index, column in enumerate(columns):
            table.add_column(
                column, justify="right" if index else "left", overflow="fold"
            )
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        self.line()
        self.paragraph(title, style="bold")  # a title of the table's is as narrow as it
        self.console.print(table)

    @contextlib.contextmanager
    def progress(self, title: str, total: int, kept: int = 0):
        """Shows progress with the time left; a pipe gets one line at the start.

        Args:
            title: What is done.
            total: How many trainings it has.
            kept: How many of them need not run.
        """
        if not self.live:
            known = f", {'all' if kept == total else kept} kept" if kept else ""
            if total > 1:
                self.line(f"{title}: {counted(total, 'training')}{known}")
            yield _Silent()
            return
        bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=self.console,
            transient=True,
        )
        with bar:
            yield _Bar(bar, bar.add_task(title, total=total), title)

    @contextlib.contextmanager
    def status(self, text: str):
        """Shows a line for as long as something takes, to a person at a terminal."""
        if not self.live:
            yield
            return
        with self.console.status(Text(text)):
            yield

    def result(self, result: dict) -> None:
        """Prints every claim's card, then their ids by verdict, then the counts."""
        claims = result["claims"]
        if result["smoke"]:
            told = counted(len(claims), "claim")
            self.line(f"Smoke run: {told} exercised, none judged.")
            return
        from recipes.lab.reporting import published

        self.line()
        others = published.others(result)
        for claim in claims:
            self._card(make_card(result, claim, others.get(claim["id"], ())))
        self.line()
        if any(others.get(claim["id"]) for claim in claims):
            self.paragraph("What is told of other data is published, not run here.")
            self.line()
        if len(claims) > FEW:
            self._ids(claims)
        counts = Counter(claim["verdict"] for claim in claims)
        parts = [f"{counts[kind]} {kind}" for kind in verdicts.KINDS if counts[kind]]
        self.line(f"{counted(len(claims), 'claim')}: {', '.join(parts)}.", "bold")

    def published(self, row: dict) -> None:
        """Prints a published verdict, and what other data sets showed."""
        from recipes.lab.reporting import published

        row = published.shown(row)
        self.line("Published verdict", "bold")
        self._card({**row, "symbol": SYMBOLS[row["verdict"]]})

    def next(self, out: Path, *, by_id: bool = True) -> None:
        """Names the commands that show what was found in a folder of runs.

        Args:
            out: The folder.
            by_id: Whether `recipes show` knows the claims.
        """
        where = "" if str(out) == "runs" else f" --out {out}"
        self.line(f"next: recipes report{where} (a page of this run)")
        if by_id:
            self.line("      recipes show ID (the published verdict)")

    def _ids(self, claims: list[dict]) -> None:
        """Prints the ids of claims in columns, a block for each verdict."""
        width = min(self.console.width, 100) - 2
        for kind in verdicts.KINDS:
            ids = [claim["id"] for claim in claims if claim["verdict"] == kind]
            if not ids:
                continue
            self.line(f"{SYMBOLS[kind]} {kind}", COLORS[kind])
            cell = max(map(len, ids)) + 2
            count = max(1, width // cell)
            for start in range(0, len(ids), count):
                row = "".join(id.ljust(cell) for id in ids[start : start + count])
                self.line(f"  {row}".rstrip())
        self.line()

    def _card(self, card: dict) -> None:
        kind = card["verdict"]
        line = Text(f"{card['symbol']} {kind:<13}", COLORS[kind])
        line.append(card["id"], "bold")
        if word := leeway(card):
            line.append(f"  {word}")
        self.console.print(line)
        self.paragraph(card["statement"], indent=4)
        for word, names in conditions(card):
            self.paragraph(f"{word}: {names}", indent=4)
        self.paragraph(thousands(card["seen"]), indent=4)
        for sentence in effects_once(card["decisions"], card["seen"]):
            self.paragraph(sentence, indent=6)
        for where, seen in beside(card):
            self.paragraph(thousands(f"{where}: {seen}"), indent=4)
        if card["scope"]:
            self.paragraph(f"Scope: {card['scope']}.", indent=4)


class _Bar:
    def __init__(self, bar, task, title):
        self._bar, self._task, self._title = bar, task, title

    def start(self, what: str) -> None:
        room = max(20, self._bar.console.width - 60)
        self._bar.update(self._task, description=f"{self._title}: {what}"[:room])

    def done(self, count: int) -> None:
        self._bar.update(self._task, completed=count)


class _Silent:
    def start(self, what: str) -> None:
        pass

    def done(self, count: int) -> None:
        pass
