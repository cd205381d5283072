"""The leader's side of a cluster: submit members, take results, tell what is wrong."""

import contextlib
import time
import uuid
from collections import deque
from collections.abc import Iterator
from typing import Any

from recipes.lab.errors import LabError, counted
from recipes.lab.running import environment, threads
from recipes.lab.running.cluster import agreement, logs, on_worker, sent
from recipes.lab.running.cluster.address import Address
from recipes.lab.running.cluster.connection import Connection, first_line
from recipes.lab.running.cluster.local import LocalWorkers
from recipes.lab.running.cluster.on_worker import Order, Refusal
from recipes.lab.running.member import Outcome, Task
from recipes.lab.running.sources import Sources

TICK = 0.01  # seconds between two looks at whether a result has arrived
AGAIN = 1.0  # seconds between two looks at who the workers are


class Cluster:
    """Trains the members of sweeps on a Dask cluster; one at a time on each worker.

    As many members are submitted as there are workers. With more, those that wait
    behind one that kills its worker would be blamed with it.

    Args:
        address: Where.

    Attributes:
        scheduler: "tcp://HOST:PORT"; "" where `begin` is to start one.
    """

    def __init__(self, address: Address):
        self.scheduler = address.scheduler
        self._count = address.count
        self._connection: Connection | None = None
        self._flying: dict[Any, int] = {}
        self._sweep = ""
        self._places_known: tuple[int, dict[str, int] | None] = (0, None)
        self._looked = 0.0  # when the workers were counted
        self._closing = contextlib.ExitStack()

    @property
    def connection(self) -> Connection:
        """To the scheduler, from `begin` on."""
        if self._connection is None:
            raise RuntimeError("the cluster is used before it began")
        return self._connection

    def begin(self) -> str:
        """Connects, and waits for workers; returns a line that says what is there.

        Raises:
            LabError: No scheduler answers, no worker comes, or one has several threads.
        """
        self._closing.enter_context(logs.silenced())
        if self._count:
            local = self._closing.enter_context(LocalWorkers(self._count))
            self.scheduler = local.start()
        self._connection = Connection(self.scheduler)
        self._closing.callback(self._connection.close)
        self._connection.wait_for_workers(self._count or 1)
        workers = counted(len(self._workers()), "worker")
        return f"Cluster {self.scheduler}: {workers}, one training each."

    def threads(self) -> int:
        """Returns 1: every worker has one thread."""
        return threads.of_a_training(jobs=2)

    def train(
        self, tasks: list[Task], sources: Sources
    ) -> Iterator[tuple[int, Outcome]]:
        """Yields a task's index with what became of it, as it ends.

        Raises:
            LabError: The scheduler is gone, no worker is left, or one differs from this
                process.
        """
        from distributed import as_completed

        tasks = [sent.from_the_top(task) for task in tasks]
        wanted = agreement.with_leader(sources, tasks[0])
        own = sent.own_files(sources)
        self._refuse_others(wanted)
        self._sweep = uuid.uuid4().hex
        orders = deque(
            (number, Order(task, wanted, own, self._sweep))
            for number, task in enumerate(tasks)
        )
        # With results: Dask trains again what a worker took with it before it was read.
        arrived = as_completed(
            loop=self.connection.client.loop, with_results=True, raise_errors=False
        )
        try:
            arrived.update(self._submit(orders))
            while orders or self._flying:
                if not arrived.has_ready():
                    time.sleep(TICK)
                    arrived.update(self._submit(orders))  # workers may have come
                    continue
                future, found = next(arrived)
                number = self._flying.pop(future)
                outcome = self._outcome(future.status, found)
                future.release()  # when it is collected, Ctrl-C would go unheard
                arrived.update(self._submit(orders))  # before the result is kept
                yield number, outcome
        finally:
            self.stop()

    def stop(self) -> None:
        """Cancels what was submitted, and ends what workers are training of it."""
        flying, self._flying = list(self._flying), {}
        if flying:
            self.connection.cancel(flying, on_worker.stop, self._sweep)

    def close(self) -> None:
        """Disconnects, and ends workers of this machine; others stay."""
        self._closing.close()

    def _submit(self, orders: deque) -> list:
        """Submits a member for every worker that has none."""
        self.connection.require()
        places, resources = self._places()
        submitted = []
        while orders and len(self._flying) < places:
            number, order = orders.popleft()
            future = self.connection.client.submit(
                on_worker.train,
                order,
                key=f"{order.task.function}-{number}-{uuid.uuid4().hex[:8]}",
                pure=False,
                resources=resources,
            )
            self._flying[future] = number
            submitted.append(future)
        return submitted

    def _outcome(self, status: str, found: Any) -> Outcome:
        from distributed import KilledWorker

        if isinstance(found, Refusal):
            raise _cannot(found.worker, found.reason)
        if isinstance(found, Outcome):
            return found
        if status != "error":
            raise self.connection.gone()
        error = found[1] if isinstance(found, tuple) else found
        if isinstance(error, KilledWorker):
            deaths = counted(error.allowed_failures + 1, "worker")
            return Outcome(error=f"it ended {deaths}, one after the other")
        raise LabError(
            f"a worker of the cluster can't train ({first_line(error)}): every worker "
            "needs this version of the project."
        )

    def _places(self) -> tuple[int, dict[str, int] | None]:
        """How many members can be trained at a time, and what each of them needs."""
        if time.monotonic() - self._looked > AGAIN:
            workers = self._workers()
            self._looked = time.monotonic()
            needs = needed(workers, bool(environment.accelerator_files()))
            self._places_known = len(able(workers, needs)), needs
        return self._places_known

    def _workers(self) -> dict[str, dict]:
        """The workers, each with one thread."""
        workers = self.connection.workers()
        for address, one in workers.items():
            if one["nthreads"] != 1:
                raise _cannot(address, on_worker.of_threads(one["nthreads"]))
        return workers

    def _refuse_others(self, wanted: agreement.Agreement) -> None:
        """Refuses workers that differ from this process, by name.

        Raises:
            LabError: One does, or does not answer.
        """
        found = self.connection.ask(self._workers(), on_worker.look, wanted)
        here = self._workers()  # one may have died before it answered
        problems = {address: _problem(one) for address, one in found.items()}
        problems = {a: one for a, one in problems.items() if one and a in here}
        if problems:
            raise _cannot(*next(iter(problems.items())), others=len(problems) - 1)


def needed(workers: dict[str, dict], on_accelerators: bool) -> dict[str, int] | None:
    """Returns the resources that a member needs: a GPU where workers offer them.

    Args:
        workers: Address to what the scheduler knows of a worker.
        on_accelerators: Whether the leader, whom workers equal, has accelerators.

    Raises:
        LabError: A GPU is needed, and no worker offers one.
    """
    if any(one.get("resources", {}).get("GPU", 0) >= 1 for one in workers.values()):
        return {"GPU": 1}
    if on_accelerators and workers:
        raise LabError(
            "members train on GPUs, and no worker offers one: start a worker for each, "
            "with CUDA_VISIBLE_DEVICES=0 (1, 2, ...) and --resources GPU=1."
        )
    return None


def able(workers: dict[str, dict], needs: dict[str, int] | None) -> list[str]:
    """Returns the addresses of the workers that offer what a member needs."""
    return [
        address
        for address, one in workers.items()
        if all(
            one.get("resources", {}).get(name, 0) >= count
            for name, count in (needs or {}).items()
        )
    ]


def _problem(found: Any) -> str:
    """Why a worker can't take part, "" where it can."""
    if isinstance(found, str):
        return found
    told = f"it can't load the project ({first_line(found)})"
    return f"{told}: install this version of it there"


def _cannot(worker: str, reason: str, others: int = 0) -> LabError:
    told = f"the worker {worker} can't take part: {reason.rstrip('.')}."
    if others:
        told += f" Nor can {counted(others, 'other worker')}."
    return LabError(told)
