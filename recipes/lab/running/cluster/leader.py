"""The leader's side of a cluster: submit members, take results, tell what is wrong."""

import contextlib
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from recipes.lab.errors import LabError, counted
from recipes.lab.running import environment, threads
from recipes.lab.running.cluster import agreement, logs, on_worker, sent
from recipes.lab.running.cluster.address import Address
from recipes.lab.running.cluster.local import LocalWorkers
from recipes.lab.running.cluster.on_worker import Order, Refusal
from recipes.lab.running.member import Outcome, Task
from recipes.lab.running.sources import Sources

CONNECT = 15.0  # seconds in which a scheduler answers
ARRIVE = 60.0  # seconds in which a worker comes, the first or one after a death
LOOK = 120.0  # seconds in which workers say what they have: they may load data
TICK = 0.01  # seconds between two looks at whether a result has arrived
AGAIN = 1.0  # seconds between two looks at who the workers are
END = 2.0  # seconds in which a connection is closed


class Cluster:
    """Trains the members of sweeps on a Dask cluster; one at a time on each worker.

    As many members are submitted as there are workers. With more, those that wait
    behind one that kills its worker would be blamed with it.

    Args:
        address: Where.
    """

    def __init__(self, address: Address):
        self.address = address
        self.scheduler = address.scheduler
        self._client: Any = None
        self._local: LocalWorkers | None = None
        self._flying: dict[Any, int] = {}
        self._places_known: tuple[int, dict[str, int] | None] = (0, None)
        self._looked = self._seen = 0.0  # at the workers, at one of them
        self._closing = contextlib.ExitStack()

    def begin(self) -> str:
        """Connects, and waits for workers; returns a line that says what is there.

        Raises:
            LabError: No scheduler answers, no worker comes, or one has several threads.
        """
        from distributed import Client

        self._closing.enter_context(logs.silenced())
        if self.address.count:
            self._local = self._closing.enter_context(LocalWorkers(self.address.count))
            self.scheduler = self._local.start()
        try:
            self._client = Client(
                self.scheduler, timeout=CONNECT, set_as_default=False, name="recipes"
            )
        except (OSError, TimeoutError, ValueError) as error:
            raise LabError(
                f"no Dask scheduler answers at {self.scheduler} within {CONNECT:g} "
                f"seconds ({_first_line(error)}): start it, or correct the address."
            ) from None
        self._closing.callback(self._disconnect)
        try:
            self._client.wait_for_workers(self.address.count or 1, timeout=ARRIVE)
        except TimeoutError:
            raise LabError(self._no_worker()) from None
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

        wanted = agreement.with_leader(sources, tasks[0])
        own = sent.own_files(sources)
        self._refuse_others(wanted)
        orders = deque(
            (number, Order(sent.from_the_top(task), wanted, own))
            for number, task in enumerate(tasks)
        )
        # With results: Dask trains again what a worker took with it before it was read.
        arrived = as_completed(
            loop=self._client.loop, with_results=True, raise_errors=False
        )
        try:
            while orders or self._flying:
                for future in self._submit(orders):
                    arrived.add(future)
                if not arrived.has_ready():
                    time.sleep(TICK)
                    continue
                future, found = next(arrived)
                number = self._flying.pop(future)
                outcome = self._outcome(future.status, found)
                for one in self._submit(orders):  # before the result is kept
                    arrived.add(one)
                yield number, outcome
        finally:
            self.stop()

    def stop(self) -> None:
        """Cancels what was submitted; what a worker is training it ends in vain."""
        flying, self._flying = list(self._flying), {}
        if flying and self._answers():
            _within(END, lambda: self._client.cancel(flying, force=True))

    def close(self) -> None:
        """Disconnects, and ends workers of this machine; others stay."""
        self._closing.close()

    def _submit(self, orders: deque) -> Iterator[Any]:
        if not self._answers():
            raise LabError(self._scheduler_gone())
        places, resources = self._places()
        while orders and len(self._flying) < places:
            number, order = orders.popleft()
            future = self._client.submit(
                on_worker.train,
                order,
                key=f"{order.task.function}-{number}-{uuid.uuid4().hex[:8]}",
                pure=False,
                resources=resources,
            )
            self._flying[future] = number
            yield future

    def _outcome(self, status: str, found: Any) -> Outcome:
        from distributed import KilledWorker

        if isinstance(found, Refusal):
            reason = found.reason.rstrip(".")
            raise LabError(f"{_named(found.worker)} can't take part: {reason}.")
        if isinstance(found, Outcome):
            return found
        if status != "error":
            raise LabError(self._scheduler_gone())
        error = found[1] if isinstance(found, tuple) else found
        if isinstance(error, KilledWorker):
            deaths = counted(error.allowed_failures + 1, "worker")
            return Outcome(error=f"it ended {deaths}, one after the other")
        raise LabError(
            f"a worker of the cluster can't train ({_first_line(error)}): every worker "
            "needs this version of the project."
        )

    # -- who the workers are ----------------------------------------------------------

    def _workers(self) -> dict[str, dict]:
        """Worker address to what the scheduler knows of it."""
        try:
            workers = self._client.scheduler_info(n_workers=-1)["workers"]
        except Exception:  # whatever Dask raises where the connection breaks
            raise LabError(self._scheduler_gone()) from None
        for address, one in workers.items():
            if one["nthreads"] != 1:
                reason = on_worker.of_threads(one["nthreads"])
                raise LabError(f"{_named(address)} can't take part: {reason}.")
        if workers:
            self._seen = time.monotonic()
        return workers

    def _places(self) -> tuple[int, dict[str, int] | None]:
        """How many members can be trained at a time, and what each of them needs."""
        if time.monotonic() - self._looked > AGAIN:
            workers = self._workers()
            self._looked = time.monotonic()
            needs = needed(workers, bool(environment.accelerator_files()))
            self._places_known = len(able(workers, needs)), needs
            if not workers and time.monotonic() - self._seen > ARRIVE:
                raise LabError(self._no_worker())
        return self._places_known

    def _refuse_others(self, wanted: agreement.Agreement) -> None:
        """Refuses workers that differ from this process, by name.

        Raises:
            LabError: One does, or does not answer.
        """
        workers = list(self._workers())
        found = _within(
            LOOK,
            lambda: self._client.run(
                on_worker.look, wanted, workers=workers, on_error="return"
            ),
        )
        if found is None:
            raise LabError(
                f"the workers of {self.scheduler} don't say within {LOOK:g} seconds "
                "what they have: start them anew."
            )
        problems = {address: _problem(one) for address, one in found.items()}
        problems = {address: one for address, one in problems.items() if one}
        if problems:
            address, reason = next(iter(problems.items()))
            others = len(problems) - 1
            more = (
                f" {counted(others, 'other worker')} can't, either." if others else ""
            )
            raise LabError(f"{_named(address)} can't take part: {reason}.{more}")

    # -- the connection ---------------------------------------------------------------

    def _answers(self) -> bool:
        return self._client is not None and self._client.status == "running"

    def _disconnect(self) -> None:
        _within(2 * END, lambda: self._client.close(timeout=END))

    def _scheduler_gone(self) -> str:
        return (
            f"the Dask scheduler at {self.scheduler} is gone. Finished trainings are "
            "kept: start it and its workers again, and give the same command."
        )

    def _no_worker(self) -> str:
        return (
            f"the Dask scheduler at {self.scheduler} has had no worker for {ARRIVE:g} "
            f"seconds: dask worker {self.scheduler} --nthreads 1"
        )


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
        return found.rstrip(".")
    told = f"it can't load the project ({_first_line(found)})"
    return f"{told}: install this version of it there"


def _named(address: str) -> str:
    return f"the worker {address}"


def _first_line(error: BaseException) -> str:
    lines = f"{type(error).__name__}: {error}".strip().splitlines()
    return lines[0].rstrip(": .")


def _within(seconds: float, function: Callable[[], Any]) -> Any:
    """Calls a function that may hang; returns None where it takes longer or fails."""
    found: list[Any] = []

    def call() -> None:
        with contextlib.suppress(Exception):
            found.append(function())

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    thread.join(seconds)
    return found[0] if found else None
