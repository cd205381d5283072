"""How cost grows: measured at several sizes, with the law that they follow.

Run: python benchmarks/scaling.py
     (--parts trainings,checkpoints,sweeps,reports; --figures DIR)

Trainings and checkpoints: a process for each size, with one thread, as a member of a
sweep has; medians of three. Sweeps: all processes of this machine, warm, by the clock.
Reports: processor seconds. Prints tables, and puts a figure for each part into the
folder. docs/scaling.md says what follows.
"""

import argparse
import math
import os
from pathlib import Path

import _scaling_reports as reports
import _scaling_sweeps as sweeps
import _scaling_trainings as trainings
from _scaling_law import line, panel, power, table

from recipes.lab.evidence import figures
from recipes.lab.running import threads

BATCH, UNITS, LAYERS = trainings.BATCH, 64, 3
ROWS = [8192 * 2**n for n in range(5)]
PARAMETERS = [10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000]
DEPTHS = [4, 8, 16, 32, 64]
KEPT = [10_000, 100_000, 500_000, 1_000_000, 5_000_000, 20_000_000]
# At least as many members as workers: a pool that shrinks starts workers anew.
MEMBERS, WORKERS, EPOCHS = [4, 8, 12, 16, 24], [1, 2, 4], 20
EMPTY = [16, 32, 64, 128, 256]
RUNS = [(n, 9) for n in (13, 52, 104, 208, 416, 832)]
CLAIMS = [(1, n) for n in (120, 480, 960, 1920, 3840, 7680)]
PAGES = [60, 120, 240, 360, 480]
MB = 1e6


def of_trainings() -> list:
    """Rows, parameters and layers, one after the other; each with GradientNorms."""
    by_rows = [trainings.measure(rows=n, units=UNITS, layers=LAYERS) for n in ROWS]
    by_parameters = [
        trainings.measure(rows=30 * BATCH, units=trainings.units_for(n), layers=3)
        for n in PARAMETERS
    ]
    by_layers = [
        trainings.measure(rows=200 * BATCH, units=UNITS, layers=n) for n in DEPTHS
    ]
    figure, axes = figures.new(2, 3, width=13, height=7.5)
    for place, (name, found) in enumerate(
        {"rows": by_rows, "parameters": by_parameters, "layers": by_layers}.items()
    ):
        x = [one[name] for one in found]
        columns = {
            "an epoch (s)": [one["seconds"] for one in found],
            "GradientNorms adds (s)": [o["watched"] - o["seconds"] for o in found],
            "tracing (s)": [one["first"] - one["seconds"] for one in found],
            "memory (MB)": [one["memory"] / MB for one in found],
        }
        epoch, added, traced, memory = columns.values()
        grows = {"fit": (x, epoch)}
        beside = {"memory": (x, memory)}
        if name == "layers":  # tracing takes as long for any rows and units
            grows |= {"GradientNorms adds": (x, added), "tracing": (x, traced)}
        law, of_memory = power(x, epoch), power(x, memory)
        panel(axes[0, place], f"An epoch: {name}^{law.exponent:.2f}", name,
              "processor seconds", grows)  # fmt: skip
        panel(axes[1, place], f"Memory: {name}^{of_memory.exponent:.2f}", name,
              "MB above Keras alone", beside)  # fmt: skip
        rows = [list(one) for one in zip(x, *columns.values(), strict=True)]
        print(table([name, *columns], rows))
        for what, (_, values) in {**grows, **beside}.items():
            print(f"{what}: {power(x, values)}")
        print()
    return [("trainings", figure)]


def of_checkpoints() -> list:
    """Parameters; Adam, so that a checkpoint holds three numbers for each."""
    found = [
        trainings.measure(rows=4 * BATCH, units=trainings.units_for(n), layers=3,
                          saves=12)
        for n in KEPT
    ]  # fmt: skip
    x = [one["parameters"] for one in found]
    parts = {
        name: (x, [one[key] * factor for one in found])
        for name, key, factor in (
            ("save", "seconds", 1000),
            ("of it the processor", "processor", 1000),
            ("read and put back", "read", 1000),
        )
    }
    figure, axes = figures.new(1, 2, width=10, height=4)
    law = power(x, parts["save"][1])
    panel(
        axes[0],
        f"A checkpoint: parameters^{law.exponent:.2f}",
        "parameters",
        "ms",
        parts,
    )
    sizes = {"file": "bytes", "memory": "memory"}
    sizes = {n: (x, [one[key] / MB for one in found]) for n, key in sizes.items()}
    of_file = power(*sizes["file"])
    panel(axes[1], f"File: parameters^{of_file.exponent:.2f}", "parameters", "MB",
          sizes)  # fmt: skip
    rows = [
        [n, 1000 * one["seconds"], 1000 * one["processor"], 1000 * one["read"],
         one["bytes"] / MB, one["memory"] / MB, 20 * one["seconds"]]
        for n, one in zip(x, found, strict=True)
    ]  # fmt: skip
    print(table(["parameters", "save (ms)", "processor (ms)", "read (ms)", "file (MB)",
                 "memory (MB)", "floor (s)"], rows))  # fmt: skip
    print(f"save {law}, read {power(*parts['read and put back'])}\n")
    return [("checkpoints", figure)]


def of_sweeps() -> list:
    """Members by processes; then what a member costs the leader."""
    os.environ |= dict.fromkeys(threads.VARIABLES, "1")
    found, empty = sweeps.measure(MEMBERS, WORKERS, EPOCHS, EMPTY)
    figure, axes = figures.new(1, 2, width=10, height=4)
    by_workers = {f"{n} processes" if n > 1 else "1 process": (MEMBERS, one["seconds"])
                  for n, one in found.items()}  # fmt: skip
    cores = len(os.sched_getaffinity(0))
    panel(axes[0], f"Sweeps on {cores} cores", "members", "seconds", by_workers)
    clock, leader = map(list, zip(*empty, strict=True))
    law = power(EMPTY, leader)
    panel(axes[1], f"Members that train nothing: members^{law.exponent:.2f}", "members",
          "seconds", {"by the clock": (EMPTY, clock),
                      "of the leader's processor": (EMPTY, leader)})  # fmt: skip
    rows, member = [], 0.0
    for jobs, one in found.items():
        fixed, each = line(MEMBERS, one["seconds"])
        member = member or each
        rows.append([str(jobs), one["start"], fixed, each, member / each,
                     one["memory"] / MB])  # fmt: skip
    print(table(["processes", "first run (s)", "fixed (s)", "a member (s)", "speed",
                 "memory of all (MB)"], rows))  # fmt: skip
    for name, (x, y) in by_workers.items():
        print(f"{name}: seconds {power(x, y)}: {[round(s, 2) for s in y]}")
    for name, values in (("leader", leader), ("by the clock", clock)):
        fixed, each = line(EMPTY, values)
        print(f"empty, {name}: {power(EMPTY, values)}; fixed {fixed:.2f} s, a member "
              f"{1000 * each:.1f} ms; {[round(one, 2) for one in values]}")  # fmt: skip
    start = max(one["start"] for one in found.values())
    rows = []
    for seconds in (1, 10, 60, 600):
        trained, led = math.ceil(1000 / 100) * seconds, 1000 * each
        whole = start + max(trained, led)
        rows.append([f"{seconds} s", 1000.0 * seconds, float(trained), led, whole,
                     1000 * seconds / whole])  # fmt: skip
    print("\n1,000 members on 100 workers")
    print(table(["a member", "in turn (s)", "workers (s)", "leader (s)", "in all (s)",
                 "speed"], rows), "\n")  # fmt: skip
    return [("sweeps", figure)]


def of_reports() -> list:
    """`recipes report` by runs and by claims; the site's pages by claims."""
    by_runs, by_claims = reports.report(RUNS), reports.report(CLAIMS)
    pages = reports.site(PAGES)
    figure, axes = figures.new(1, 2, width=10, height=4)
    runs = [runs * claims for runs, claims in RUNS]
    claims = [claims for _, claims in CLAIMS]
    curves = {"many runs of 9": (runs, [one["seconds"] for one in by_runs]),
              "one run": (claims, [one["seconds"] for one in by_claims])}  # fmt: skip
    law = power(*curves["many runs of 9"])
    panel(axes[0], f"recipes report: claims^{law.exponent:.2f}", "claims",
          "processor seconds", curves)  # fmt: skip
    x = [one["claims"] for one in pages]
    parts = {"Sphinx": (x, [one["sphinx"] for one in pages]),
             "pages of claims": (x, [one["pages"] for one in pages])}  # fmt: skip
    law = power(*parts["Sphinx"])
    panel(axes[1], f"The site's claims: claims^{law.exponent:.2f}", "claims",
          "processor seconds", parts)  # fmt: skip
    rows = [[one["runs"], one["runs"] * one["claims"], one["seconds"],
             one["bytes"] / MB] for one in [*by_runs, *by_claims]]  # fmt: skip
    print(table(["runs", "claims", "report (s)", "file (MB)"], rows))
    for name, (places, values) in curves.items():
        print(f"{name}: {power(places, values)}")
    rows = [[one["claims"], one["pages"], one["sphinx"]] for one in pages]
    print(table(["claims", "pages (s)", "Sphinx (s)"], rows))
    for name, (places, values) in parts.items():
        print(f"{name}: {power(places, values)}")
    return [("reports", figure)]


PARTS = {"trainings": of_trainings, "checkpoints": of_checkpoints,
         "sweeps": of_sweeps, "reports": of_reports}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--figures", type=Path)
    given = parser.parse_args()
    print(f"{threads.environment.processor()}; load {os.getloadavg()[0]:.1f}\n")
    for part in given.parts.split(","):
        for name, figure in PARTS[part]():
            if given.figures:
                path = given.figures / f"scaling_{name}.png"
                path.write_bytes(figures.png(figure, dpi=80))


if __name__ == "__main__":
    main()
