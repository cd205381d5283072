"""What runs on a cluster's workers: a look at what they have, and members of sweeps."""

from dataclasses import dataclass, replace
from pathlib import Path

from recipes.lab.errors import LabError
from recipes.lab.running.cluster.agreement import Agreement
from recipes.lab.running.cluster.apart import THE_CHILD
from recipes.lab.running.cluster.sent import Own
from recipes.lab.running.member import Outcome, Task
from recipes.lab.running.store import Store


@dataclass(frozen=True)
class Order:
    """A member of a sweep, with what the worker must have: plain data."""

    task: Task
    agreement: Agreement
    own: Own
    sweep: str


@dataclass(frozen=True)
class Refusal:
    """Why a worker takes no member."""

    worker: str
    reason: str


_AGREED: set[str] = set()  # digests of what this process has found equal


def look(agreement: Agreement) -> str:
    """Says why this worker may take no member, "" where it may; changes nothing."""
    try:
        return agreement.difference()
    except LabError as error:
        return str(error)


def train(order: Order) -> Outcome | Refusal:
    """Trains a member, if this worker may: it can have come after the others."""
    from distributed import get_worker

    worker = get_worker()
    try:
        reason = _reason(worker.state.nthreads, order.agreement)
        if reason:
            return Refusal(worker.address, reason)
        task = order.own.placed(order.task, Path(worker.local_directory))
    except LabError as error:
        return Refusal(worker.address, str(error))
    if task.unfinished is not None:  # in the cache that this machine has
        name = Path(task.unfinished).name
        task = replace(task, unfinished=str(Store().unfinished(name)))
    found = THE_CHILD.train(task, order.sweep)
    return Refusal(worker.address, found) if isinstance(found, str) else found


def stop(sweep: str) -> None:
    """Ends the training of a member of this sweep, whose leader no longer wants it."""
    THE_CHILD.stop(sweep)


def _reason(threads: int, agreement: Agreement) -> str:
    if threads != 1:
        return of_threads(threads)
    if agreement.digest in _AGREED:
        return ""
    reason = agreement.difference()
    if not reason:
        _AGREED.add(agreement.digest)
    return reason


def of_threads(count: int) -> str:
    """Says why a worker with several threads takes no member."""
    return (
        f"it has {count} threads, not 1: a worker trains one member at a time; start "
        "one for each core, with --nthreads 1 and --nworkers"
    )
