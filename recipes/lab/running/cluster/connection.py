"""The connection to a Dask scheduler: what breaks there becomes one sentence."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from recipes.lab.errors import LabError

CONNECT = 15.0  # seconds in which a scheduler answers
ARRIVE = 60.0  # seconds in which a worker comes, the first or one after a death
LOOK = 120.0  # seconds in which workers say what they have: they may load data
END = 2.0  # seconds in which a connection is closed


class Connection:
    """A client of a scheduler.

    Args:
        scheduler: "tcp://HOST:PORT".

    Raises:
        LabError: None answers there.
    """

    def __init__(self, scheduler: str):
        from distributed import Client

        self.scheduler = scheduler
        self._seen = time.monotonic()  # a worker
        try:
            self.client = Client(
                scheduler, timeout=CONNECT, set_as_default=False, name="recipes"
            )
        except (OSError, TimeoutError, ValueError) as error:
            raise LabError(
                f"no Dask scheduler answers at {scheduler} within {CONNECT:g} seconds "
                f"({first_line(error)}): start it, or correct the address."
            ) from None

    def wait_for_workers(self, count: int) -> None:
        """Waits until so many workers are there.

        Raises:
            LabError: They don't come.
        """
        try:
            self.client.wait_for_workers(count, timeout=ARRIVE)
        except TimeoutError:
            raise LabError(self._no_worker()) from None

    def workers(self) -> dict[str, dict]:
        """Returns each worker's address with what the scheduler knows of it.

        Raises:
            LabError: The scheduler is gone, or has had no worker for long.
        """
        try:
            found = self.client.scheduler_info(n_workers=-1)["workers"]
        except Exception:  # whatever Dask raises where the connection breaks
            raise self.gone() from None
        now = time.monotonic()
        if found:
            self._seen = now
        elif now - self._seen > ARRIVE:
            raise LabError(self._no_worker())
        return found

    def ask(self, workers: Iterable[str], function: Callable, *arguments) -> dict:
        """Returns each worker's address with what a function gives there, or raises.

        Raises:
            LabError: One does not answer.
        """
        asked = list(workers)
        found = within(
            LOOK,
            lambda: self.client.run(
                function, *arguments, workers=asked, on_error="return"
            ),
        )
        if found is None:
            raise LabError(
                f"the workers of {self.scheduler} don't say within {LOOK:g} seconds "
                "what they have: start them anew."
            )
        return found

    def require(self) -> None:
        """Refuses to go on without a scheduler.

        Raises:
            LabError: It is gone.
        """
        if self.client.status != "running":
            raise self.gone()

    def cancel(self, futures: list, function: Callable, *arguments) -> None:
        """Has the scheduler forget what was submitted, if it still answers.

        Args:
            futures: What was submitted.
            function: Called on every worker afterwards.
            *arguments: Of the function.
        """
        if self.client.status != "running":
            return

        def end() -> None:
            self.client.cancel(futures, force=True)
            self.client.run(function, *arguments, on_error="ignore")

        within(END, end)

    def close(self) -> None:
        """Disconnects."""
        within(2 * END, lambda: self.client.close(timeout=END))

    def gone(self) -> LabError:
        """Returns the error that says that the scheduler is gone."""
        return LabError(
            f"the Dask scheduler at {self.scheduler} is gone. Finished trainings are "
            "kept: start it and its workers again, and give the same command."
        )

    def _no_worker(self) -> str:
        return (
            f"the Dask scheduler at {self.scheduler} has had no worker for {ARRIVE:g} "
            f"seconds: dask worker {self.scheduler} --nthreads 1"
        )


def first_line(error: BaseException) -> str:
    """Returns what an error of Dask says, shortly."""
    lines = f"{type(error).__name__}: {error}".strip().splitlines()
    return lines[0].rstrip(": .")


def within(seconds: float, function: Callable[[], Any]) -> Any:
    """Calls a function that may hang; returns None where it takes longer or fails."""
    found: list[Any] = []

    def call() -> None:
        with contextlib.suppress(Exception):
            found.append(function())

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    thread.join(seconds)
    return found[0] if found else None
