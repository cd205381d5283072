"""Training speed on this machine: ours, Keras as people write it, PyTorch, JAX.

Run: python benchmarks/peers.py   (10 to 15 minutes on 2 quiet CPU cores)
     [--only WORD] [--rounds N] [--seeds S] [--quick] [--gpu] [--out DIR]

Ratios are kept in benchmarks/results/peers.json (those of another backend than
TensorFlow, and of an accelerator, in files of their own), all else in --out.

Each contender of a row is a process of its own that warms up and then waits. They
take turns, round by round, so that other load on the machine falls on all alike;
ratios are taken within a round. The table is printed, and written as markdown and
JSON after every row; Ctrl-C keeps what is done. PyTorch and JAX are used where they
are installed. Everything runs on the processor, or with --gpu on the accelerator, where
rows that count steps take eight times as many.
"""

import argparse
import json
import platform
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import _peer_table as table
import _peer_works as works
from _kept import OTHERS, Kept, Others, processor
from _peer_children import HERE, Child
from rich.console import Console

from recipes.lab import files
from recipes.lab.errors import LabError
from recipes.lab.running import environment


def measure(
    work: works.Work, rounds: int, small: bool, gpu: bool, say
) -> tuple[dict, bool]:
    """Runs one row.

    Args:
        work: The row.
        rounds: Turns of each contender.
        small: Whether the work is the quick one.
        gpu: Whether contenders use the accelerator.
        say: Is told what is being done.

    Returns:
        The row as plain data, and whether it was interrupted.
    """
    children: dict[str, Child] = {}
    interrupted = False
    try:
        for name in work.contenders:
            say(f"{work.label}: {table.NAMES[name]} starts")
            children[name] = Child(name, work, small, gpu)
            children[name].wait_until_ready()
        for number in range(1, rounds + 1):
            say(f"{work.label}: round {number} of {rounds}")
            _take_turns(children, number)
    except KeyboardInterrupt:
        interrupted = True
    finally:
        for child in children.values():
            child.end()
    return table.summarize(work, children), interrupted


def _take_turns(children: dict[str, Child], number: int) -> None:
    """One round, begun by another contender each time."""
    names = [name for name, child in children.items() if not child.problem]
    shift = number % max(len(names), 1)
    for name in names[shift:] + names[:shift]:
        children[name].train(number)


def seen() -> list[str]:
    """The accelerators that the backend finds, asked in a process that ends."""
    code = "import json, keras; from recipes.lab.running import environment as e; "
    code += "print(json.dumps(e.device()['accelerators']))"
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE)
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else []


def machine(accelerators: list[str]) -> dict:
    """What the numbers belong to."""
    cores = environment.processor()["cores"]
    others = Others()
    time.sleep(1.0)
    share = others.cores()
    busy = f"others kept {share:.1f} of {cores} cores busy when the run began."
    return {
        "cpu": ", ".join([processor(), *accelerators]),
        "cores": cores,
        "system": platform.platform(),
        "versions": environment.versions(),
        "commit": environment.git_commit(),
        "date": time.strftime("%Y-%m-%d %H:%M"),
        "others": share,
        "busy": busy if share > OTHERS else "",
    }


def run(flags: argparse.Namespace, console: Console) -> int:
    """Measures the chosen rows; returns the exit status."""
    chosen = [work for work in works.WORKS if flags.only.lower() in _words(work)]
    if not chosen:
        names = ", ".join(work.name for work in works.WORKS)
        print(f"--only {flags.only}: no such row; there are {names}.", file=sys.stderr)
        return 2
    # A part of the table doesn't overwrite the whole one.
    kind = ["peers", *["gpu"] * flags.gpu, *["quick"] * flags.quick]
    stem = "-".join([*kind, *flags.only.split()])
    accelerators = seen() if flags.gpu else []
    if flags.gpu and not accelerators:
        print(f"--gpu: {environment.backend()} finds no accelerator.", file=sys.stderr)
        return 2
    about, rows, interrupted = machine(accelerators), [], False
    try:  # before minutes are spent
        flags.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LabError(f"cannot write {flags.out}: {error.strerror}.") from None
    if about["busy"]:
        console.print(f"Don't trust these times: {about['busy']}", style="yellow")
    backend = environment.backend()
    name = "peers" if backend == "tensorflow" else f"peers-{backend}"
    kept = Kept(name, accelerators=accelerators)
    for work in chosen:
        work = works.named(work.name, flags.quick, flags.gpu)
        rounds = flags.seeds if work.unit == "total" else flags.rounds
        if not console.is_terminal:
            print(f"{work.label} ...", file=sys.stderr, flush=True)
        with console.status(work.label) as status:
            row, interrupted = measure(
                work, rounds, flags.quick, flags.gpu, status.update
            )
        rows.append(row)
        if not flags.quick:
            kept.row(row["label"], **table.ratios(row))
        _write(flags.out, stem, rows, {**about, "quick": flags.quick})
        if interrupted:
            break
    console.print(table.text(rows), highlight=False)
    for paragraph in table.notes(rows, about):
        width = min(console.width, 100)
        console.print(textwrap.fill(paragraph, width), markup=False, highlight=False)
    console.print(f"Written: {flags.out / stem}.md and .json", highlight=False)
    kept.end()
    return 130 if interrupted else int(any(map(_went_wrong, rows)))


def _went_wrong(row: dict) -> bool:
    """Whether ours failed, or contenders trained different networks."""
    return bool(row.get("problem") or row["contenders"]["ours"]["problem"])


def _words(work: works.Work) -> str:
    return f"{work.name} {work.label}".lower()


def _write(folder: Path, stem: str, rows: list[dict], about: dict) -> None:
    told = {"machine": about, "rows": rows}
    files.write(folder / f"{stem}.json", files.to_json(told))
    files.write(folder / f"{stem}.md", table.markdown(rows, about))


def _at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1; got {text!r}")
    return int(text)


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    count = {"type": _at_least_one, "metavar": "N"}
    parser.add_argument(
        "--only", default="", metavar="WORD", help="rows with this word"
    )
    parser.add_argument("--rounds", default=7, help="turns of each contender", **count)
    parser.add_argument(
        "--seeds", default=3, help="seeds of the optimizer experiment", **count
    )
    parser.add_argument("--quick", action="store_true", help="tiny, to see it run")
    parser.add_argument("--gpu", action="store_true", help="on the accelerator")
    parser.add_argument(
        "--out", type=Path, default=HERE / "runs", help="where files are written"
    )
    flags = parser.parse_args(arguments)
    # At least 80 and at most 100 columns, also into a file.
    console = Console(width=max(80, min(Console().width, 100)))
    try:
        return run(flags, console)
    except LabError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # between two rows, which are written
        return 130


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C
    sys.exit(main())
