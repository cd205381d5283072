"""Results that stay: one JSON file a script, and what changed since the last ones.

    kept = Kept("callbacks_overhead")
    kept.row("MLP 64, GradientNorms", cpu=1.04, wall=1.05)  # after each row
    kept.end()

A row holds its ratios, the machine, the versions, the commit, the date, and how many
cores other programs kept busy while it was measured. Where that is more than `OTHERS`
the row says that it isn't to be trusted, and it doesn't take the place of a trusted row
of the same machine and versions. Rows that were not measured again stay as they are.
"""

import contextlib
import json
import os
import time
from pathlib import Path

import numpy as np
import psutil

from recipes.lab import files
from recipes.lab.running import environment
from recipes.lab.training.precision import cpu_flags

FOLDER = Path(__file__).resolve().parent / "results"
# Cores that others may keep busy while a row is measured.
OTHERS = 0.2
UNITS = ("amx_bf16", "avx512_bf16", "avx512f", "avx2")


class Kept:
    """The rows that one script measures.

    Args:
        script: Name of the file, without ".json".
        folder: Where the file is.
        accelerators: Names of those that are used; by default those of the backend,
            where this process has loaded it. Their results have a file of their own.
    """

    def __init__(
        self,
        script: str,
        folder: Path = FOLDER,
        accelerators: list[str] | None = None,
    ):
        if accelerators is None:
            accelerators = environment.device()["accelerators"]
        if accelerators:
            script += "-gpu"
        self.path = folder / f"{script}.json"
        self.rows: dict[str, dict] = {}
        self._before = read(self.path)
        self._where = where(accelerators)
        self._since = Others()

    def row(self, name: str, **ratios: float) -> None:
        """Keeps a row, measured since the row before it or since the beginning.

        Args:
            name: What tells it apart in its file.
            **ratios: The numbers, by what they are; below 1 the first one is faster.
        """
        others = self._since.cores()
        self.rows[name] = {
            "ratios": {key: round(float(value), 3) for key, value in ratios.items()},
            "others": round(others, 2),
            "trusted": others <= OTHERS,
            "date": time.strftime("%Y-%m-%d", time.gmtime()),
            **self._where,
        }
        # Written at once: a run that is cut short keeps what is done.
        kept = {**self._before, **replacing(self._before, self.rows)}
        files.write(self.path, files.to_json(kept))
        self._since = Others()

    def end(self) -> None:
        """Prints a comparison with the rows that were kept before."""
        for line in compare(self._before, self.rows):
            print(line)


def where(accelerators: list[str]) -> dict:
    """What numbers belong to: no name of a host, and no path."""
    cores = f"{environment.processor()['cores']} cores"
    return {
        "machine": ", ".join([processor(), cores, *accelerators]),
        "backend": environment.backend(),
        "versions": environment.versions(),
        "commit": environment.git_commit(),
    }


def processor() -> str:
    """The processor's name, with the fastest unit that networks use."""
    unit = next((flag for flag in UNITS if flag in cpu_flags()), "")
    return environment.processor()["cpu"] + (f" ({unit})" if unit else "")


def read(path: Path) -> dict[str, dict]:
    """The rows that are kept; none where there is no file."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def compare(before: dict[str, dict], now: dict[str, dict]) -> list[str]:
    """Lines for a reader: each new row, what it was, and whether to trust either."""
    lines = ["", "Beside the kept results:"] if now else []
    for name, row in now.items():
        old = before.get(name)
        words = [_change(old, key, value) for key, value in row["ratios"].items()]
        lines.append(f"  {name}: {', '.join(words)}")
        if old is not None:
            for key in ("machine", "backend", "versions"):
                if old[key] != row[key]:
                    lines.append(f"    not comparable: other {key}")
            lines += [f"    the kept row: {doubt}" for doubt in _doubt(old)]
        lines += [f"    {doubt}" for doubt in _doubt(row)]
        if old is not None and name not in replacing(before, {name: row}):
            lines.append("    not kept: the kept row is to be trusted.")
    return lines


def replacing(before: dict[str, dict], now: dict[str, dict]) -> dict[str, dict]:
    """The new rows that are to be kept."""
    return {name: row for name, row in now.items() if _replaces(before.get(name), row)}


def _replaces(old: dict | None, row: dict) -> bool:
    if old is None or row["trusted"] or not old["trusted"]:
        return True
    return any(old[key] != row[key] for key in ("machine", "backend", "versions"))


def _change(old: dict | None, key: str, value: float) -> str:
    known = None if old is None else old["ratios"].get(key)
    return f"{key} {value:.2f}" + (" (new)" if known is None else f" (was {known:.2f})")


def _doubt(row: dict) -> list[str]:
    if row["trusted"]:
        return []
    busy = f"others kept {row['others']:.1f} cores busy meanwhile"
    return [f"not to be trusted: {busy}, allowed are {OTHERS}."]


class Others:
    """How many cores other programs keep busy from now on."""

    def __init__(self):
        self.began = self.measure()

    def cores(self) -> float:
        """Their mean since the beginning."""
        seconds, busy, own = self.measure() - self.began
        return max(0.0, (busy - own) / max(seconds, 1e-9))

    @staticmethod
    def measure() -> np.ndarray:
        """Seconds by the clock, of all cores together, and of this program's."""
        times = psutil.cpu_times()._asdict()
        # A guest's time is in the user's. What the host takes away ("steal") is busy.
        idle = ("idle", "iowait", "guest", "guest_nice")
        busy = sum(seconds for kind, seconds in times.items() if kind not in idle)
        own = sum(os.times()[:4])
        for child in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):  # it has ended
                own += sum(child.cpu_times()[:4])
        return np.array([time.perf_counter(), busy, own])
