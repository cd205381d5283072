"""The worker's side: build and warm up, then one round whenever the parent says go.

Lines of JSON go to the parent: first what was built, then seconds, loss and peak
memory of each round.
"""

import argparse
import importlib.util
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import _peer_works as works


@dataclass
class Contestant:
    """Something that can be trained for a round.

    Attributes:
        train: `train(seed)` trains a round and returns its mean loss.
        describe: Gives "parameters", how many numbers it trains, and "detail", what
            the table says beside the name; may be empty before the first round.
        notes: Anything else for the JSON file.
        others: Gives the peak memory in bytes of processes that it has started.
    """

    train: Callable[[int], float]
    describe: Callable[[], dict]
    notes: dict = field(default_factory=dict)
    others: Callable[[], int] = lambda: 0


def serve(package: str, build: Callable[[works.Work], Contestant]) -> None:
    """Runs a worker until the parent closes the pipe.

    Args:
        package: What must be installed, or the worker says that it is missing.
        build: Makes the contestant; everything heavy is imported in it.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("work", choices=[work.name for work in works.WORKS])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--gpu", action="store_true")
    flags = parser.parse_args()
    work = works.named(flags.work, flags.quick, flags.gpu)
    # Libraries may print; the parent's pipe is ours alone.
    pipe = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def say(**message) -> None:
        print(json.dumps(message), file=pipe, flush=True)

    if importlib.util.find_spec(package) is None:
        say(missing=package)
        return
    try:
        _rounds(work, build, say)
    except Exception as error:
        words = " ".join(str(error).split())
        say(failed=f"{type(error).__name__}: {words}"[:300])
        raise


def _rounds(work: works.Work, build: Callable, say: Callable) -> None:
    contestant = build(work)
    ready = {"notes": contestant.notes}
    if work.unit != "total":  # there the first round is a part of what is measured
        start = time.perf_counter()
        ready["loss"] = float(contestant.train(0))
        ready["first"] = time.perf_counter() - start
    say(**ready, **contestant.describe())
    for line in sys.stdin:
        if not line.startswith("go"):
            break
        start = time.perf_counter()
        loss = float(contestant.train(int(line.split()[1])))
        seconds = time.perf_counter() - start
        peak = _peak() + contestant.others()
        told = {"seconds": seconds, "loss": loss, "peak": peak}
        say(**told, **contestant.describe())


def _peak() -> int:
    """Peak resident memory of this process in bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
