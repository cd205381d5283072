"""Sweeps of real trainings and of empty ones, by members and by processes."""

import contextlib
import os
import tempfile
import time
from pathlib import Path

LESSON = '''
"""Members: as many trainings as are asked for.

Notes: 0 None
"""

from dataclasses import dataclass

import numpy as np

from recipes.lab import Finding, Study, claim, main
from zoo import mlp

STUDY = Study(mlp, "mse", "adam")


@dataclass(frozen=True)
class Settings:
    seeds: int = 1
    "Trainings."
    epochs: int = 1
    "Passes of each."
    idle: bool = False
    "Whether they train nothing."


def train(case, seed, data):
    if case["idle"]:
        return {"loss": 0.0}
    x = np.random.default_rng(seed).normal(size=(4096, 32)).astype("float32")
    network = {"num_classes": 1, "units": [64, 64], "task": "regression"}
    given = {"epochs": case["epochs"], "batch_size": 64, "network": network}
    run = STUDY.train((x, x[:, :1]), seed, **given)
    return {"loss": run["history"]["loss"][-1]}


@claim("members", "They train.", notes="ours", scope="nothing")
def members(lab):
    case = {"epochs": lab.settings.epochs, "idle": lab.settings.idle}
    runs = lab.sweep(train, {"a": case}, precision="float32")
    return Finding(bool(runs), "Members.")


if __name__ == "__main__":
    main(__file__)
'''.lstrip()


def run(lesson: Path, jobs: int, seeds: int, epochs: int) -> tuple[float, float]:
    """Seconds of a run of which nothing was kept; 0 epochs train nothing.

    Returns:
        By the clock, and of this process alone, which leads.
    """
    from recipes.lab import catalog
    from recipes.lab.reporting.console import Output
    from recipes.lab.running.execute import execute
    from recipes.lab.running.plan import Options

    place = Path(tempfile.mkdtemp(dir=lesson.parent))
    options = Options(out=place / "runs", store=place / "store", jobs=jobs)
    began, used = time.perf_counter(), time.process_time()
    given = {"seeds": seeds, "epochs": max(1, epochs), "idle": not epochs}
    execute(catalog.find(str(lesson)), given, options, Output(silent=True))
    return time.perf_counter() - began, time.process_time() - used


def memory() -> float:
    """Bytes of this process and its children, what they share counted once."""
    total = 0
    for pid in [os.getpid(), *_children(os.getpid())]:
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1]) * 1024
    return float(total)


def _children(pid: int) -> list[int]:
    found = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, path.read_text().split()):
            found += [child, *_children(child)]
    return found


def measure(members: list[int], workers: list[int], epochs: int, empty: list[int]):
    """Seconds of sweeps.

    Args:
        members: How many trainings.
        workers: By how many processes.
        epochs: Of each training.
        empty: How many trainings that do nothing.

    Returns:
        The processes to the start of a sweep and to the seconds of each size, with
        the memory of all processes; and both seconds of the empty ones.
    """
    from recipes.lab.running import workers as pool

    lesson = Path(tempfile.mkdtemp()) / "members.py"
    lesson.write_text(LESSON)
    run(lesson, 1, 1, 1)  # the leader has loaded and compiled all
    found = {}
    for jobs in workers:
        pool.stop()
        start = run(lesson, jobs, jobs, 1)[0]
        seconds = [run(lesson, jobs, count, epochs)[0] for count in members]
        found[jobs] = {"start": start, "seconds": seconds, "memory": memory()}
    pool.stop()
    run(lesson, 2, 2, 0)
    return found, [run(lesson, 2, count, 0) for count in empty]
