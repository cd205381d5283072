"""Starts runs in processes of their own, and says which are there: from /proc."""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]


def start(lesson: Path, cache: str, *flags: str, module: bool = True):
    """Starts `recipes run LESSON` in a session of its own."""
    words = ["-m", "recipes", "run", lesson.name] if module else [lesson.name]
    return subprocess.Popen(
        [sys.executable, *words, "--out", "runs", *flags],
        cwd=lesson.parent,
        env={**os.environ, "RECIPES_CACHE_DIR": cache, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def newest(lesson: Path) -> Path:
    """The folder of the newest run."""
    return max(lesson.parent.glob("runs/toy/2*"), key=lambda path: path.stat().st_mtime)


def ours(cache: str) -> list[int]:
    """The processes that run with this cache: leaders, workers, trackers."""
    found = []
    mark = f"RECIPES_CACHE_DIR={cache}".encode()
    for place in Path("/proc").glob("[0-9]*"):
        try:
            marked = mark in (place / "environ").read_bytes().split(b"\0")
            state = (place / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if marked and state != "Z":
            found.append(int(place.name))
    return found


def wait_for(condition, seconds: float = 60.0) -> bool:
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if condition():
            return True
        time.sleep(0.02)
    return False
