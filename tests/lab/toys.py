"""Small lessons in folders of their own, and runs of them in this process."""

import json
from pathlib import Path

from recipes.lab import catalog
from recipes.lab.reporting.console import Output
from recipes.lab.running.execute import execute
from recipes.lab.running.plan import Finished, Options

LESSON = '''
"""Toy: numbers that are drawn and added.

Notes: 9.9 Nothing in particular
"""

from dataclasses import dataclass

import numpy as np

from recipes.lab import Finding, claim, main, stats
from _shared import offset

RATE = 0.5
LABELS = {"a": "first", "b": "second"}


@dataclass(frozen=True)
class Settings:
    seeds: int = 2
    "Repetitions."


def scaled(x):
    """Scales."""
    return RATE * x


def train(case, seed, data):
    """Draws and adds."""
    draws = np.random.default_rng(seed).normal(size=3)
    return {"value": float(scaled(draws.sum()) + case["add"] + offset())}


def draw(lab):
    lab.table("A title", ["name"], [[LABELS["a"]]])


@claim("toy-adds", "Adding adds.", scope="nothing")
def adds(lab):
    """One is added."""
    runs = lab.sweep(train, {"a": {"add": 0}, "b": {"add": 1}})
    a, b = ([run["value"] for run in runs[name]] for name in "ab")
    gain = stats.greater(b, a, by=stats.ANY)
    return Finding(gain, "Gain {gain}.", gain=gain, values=runs, figure=draw)


if __name__ == "__main__":
    main(__file__)
'''.lstrip()

SHARED = '''
"""What the toy shares."""

from beside import BASE

UNUSED = 3


def offset():
    """Returns the offset."""
    return BASE
'''.lstrip()

BESIDE = "BASE = 0.25\n"


def write_toy(folder: Path, train: str | None = None) -> Path:
    """Writes the toy lesson and what it imports; returns its file.

    Args:
        folder: Where.
        train: Source of another training function, and of what it needs.
    """
    text = LESSON
    if train is not None:
        start, end = text.index("def train("), text.index("def draw(")
        text = f"{text[:start]}{train}\n\n\n{text[end:]}"
    (folder / "_shared.py").write_text(SHARED)
    (folder / "beside.py").write_text(BESIDE)
    lesson = folder / "toy.py"
    lesson.write_text(text)
    return lesson


def edit(path: Path, old: str, new: str) -> None:
    """Replaces a piece of a file that occurs exactly once."""
    text = path.read_text()
    assert text.count(old) == 1, old
    path.write_text(text.replace(old, new))


def run_toy(lesson: Path, *, given: dict | None = None, **options) -> Finished:
    """Runs a lesson in this process, with a store beside it."""
    place = {"out": lesson.parent / "runs", "store": lesson.parent / "store"}
    options = Options(**{**place, **options})
    return execute(catalog.find(str(lesson)), given or {}, options, Output(silent=True))


def trained(lesson: Path, **options) -> int:
    """Runs a lesson and returns how many trainings ran, of those not kept before."""
    before = set(lesson.parent.glob("runs/*/*/result.json"))
    finished = run_toy(lesson, **options)
    if finished.folder / "result.json" in before:
        return 0
    return finished.result["trainings"]["new"]


def evidence(folder: Path) -> str:
    """Returns what a run found, as text: times and places of its making left out."""
    result = json.loads((folder / "result.json").read_text())
    kept = {name: result[name] for name in ("claims", "tables", "figures", "seeds")}
    return json.dumps(kept, sort_keys=True)
