"""Starts the processes of one training, and ends all of them as soon as one fails."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from recipes.lab.errors import LabError, UsageError

POLL = 0.01  # seconds between two looks: the first to fail is named
GAVE_UP = 75  # the exit code of a rank that has said in one sentence why it ended
GRACE = 1.0  # seconds in which the others may say so, too, before they are ended
# For several hosts: the whole number of ranks, the first one here, and where rank 0 is.
WORLD, RANK, COORDINATOR = "RECIPES_WORLD", "RECIPES_RANK", "RECIPES_COORDINATOR"
LOCAL, LAUNCHER = "RECIPES_LOCAL_RANKS", "RECIPES_LAUNCHER"  # for the ranks only


class Group(NamedTuple):
    """The ranks of a training, as far as they run on this host.

    Attributes:
        world: How many there are on all hosts.
        first: The number of the first one here.
        count: How many run here.
        address: HOST:PORT where rank 0 listens.
    """

    world: int
    first: int
    count: int
    address: str


def group(count: int) -> Group:
    """Reads what the environment says of other hosts; without that there is one.

    Args:
        count: Ranks on this host, at least 1.

    Raises:
        UsageError: A variable is missing or out of range.
    """
    given = {name: os.environ.get(name) for name in (WORLD, RANK, COORDINATOR)}
    missing = [name for name, value in given.items() if value is None]
    if len(missing) == len(given):
        return Group(count, 0, count, f"127.0.0.1:{_free_port()}")
    if missing:
        raise UsageError(
            f"several hosts need {WORLD}, {RANK} and {COORDINATOR} in the environment; "
            f"{missing[0]} is not set."
        )
    world = _number(WORLD, given[WORLD], count)
    first = _number(RANK, given[RANK], 0, world - count)
    host, colon, port = (given[COORDINATOR] or "").rpartition(":")
    if not (host and colon and port.isdecimal() and 0 < int(port) < 65536):
        raise UsageError(
            f"{COORDINATOR} must be HOST:PORT of the host of rank 0, not "
            f"{given[COORDINATOR]!r}."
        )
    return Group(world, first, count, f"{host}:{port}")


def launch(script: Path, arguments: Sequence[str], ranks: Group) -> None:
    """Runs a script in as many processes as there are ranks here, until all ended.

    Args:
        script: A file of Python.
        arguments: For the script.
        ranks: Which ones.

    Raises:
        LabError: A rank failed; the others were ended.
    """
    processes: dict[int, subprocess.Popen] = {}
    try:
        for rank in range(ranks.first, ranks.first + ranks.count):
            processes[rank] = _start(script, arguments, ranks, rank)
        failed = _wait(processes)
    finally:
        _end(processes.values())
    if failed:
        told = [f"rank {rank} {_words(code)}" for rank, code in failed.items()]
        if len(told) > 1 and len({*failed.values()}) == 1:
            named = ", ".join(map(str, failed))
            told = [f"ranks {named} {_words(next(iter(failed.values())))}"]
        others = "; the others were ended" if ranks.count > len(failed) else ""
        raise LabError(f"{', '.join(told)}{others}.")


def _start(
    script: Path, arguments: Sequence[str], ranks: Group, rank: int
) -> subprocess.Popen:
    own = {WORLD: ranks.world, RANK: rank, COORDINATOR: ranks.address,
           LOCAL: ranks.count, LAUNCHER: os.getpid()}  # fmt: skip
    place = str(Path(__file__).parents[3])  # where this package is
    paths = [place, *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {
        **os.environ,
        **{name: str(value) for name, value in own.items()},
        "KERAS_BACKEND": "jax",
        "TF_CPP_MIN_LOG_LEVEL": os.environ.get("TF_CPP_MIN_LOG_LEVEL", "2"),
        "PYTHONPATH": os.pathsep.join(paths),
    }
    command = [sys.executable, "-P", "-m", "recipes.lab.running.rank", str(script)]
    return subprocess.Popen(
        [*command, *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        start_new_session=True,  # a signal of the terminal is the launcher's business
    )


def _wait(processes: dict[int, subprocess.Popen]) -> dict[int, int]:
    """Waits until all ended or one failed; returns the codes of those that did."""
    limit = None
    while True:
        codes = {rank: process.poll() for rank, process in processes.items()}
        failed = {rank: code for rank, code in codes.items() if code}
        if None not in codes.values() or (limit and time.monotonic() > limit):
            return failed
        if failed and limit is None:
            # Rank 0 has waited for them, and without it JAX ends them with a trace.
            speak = set(failed.values()) == {GAVE_UP} and 0 not in failed
            limit = time.monotonic() + (GRACE if speak else 0.0)
        time.sleep(POLL)


def _words(code: int) -> str:
    if code == GAVE_UP:
        return "gave up"
    if code > 0:
        return f"ended with exit code {code}"
    with contextlib.suppress(ValueError):
        return f"was ended by {signal.Signals(-code).name}"
    return f"was ended by signal {-code}"


def _end(processes: Collection[subprocess.Popen]) -> None:
    """Ends ranks and what they have started; SIGTERM would wait for a blocked step."""
    for process in processes:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    for process in processes:
        process.wait()


def _number(name: str, text: str | None, least: int, most: int | None = None) -> int:
    number = int(text) if text and text.isdecimal() else -1
    if number < least or (most is not None and number > most):
        limits = f"from {least}" if most is None else f"from {least} to {most}"
        raise UsageError(f"{name} must be a whole number {limits}, not {text!r}.")
    return number


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]
