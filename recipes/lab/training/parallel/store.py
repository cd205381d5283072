"""Plain data between the processes of one training, without a step on a device.

JAX's own service for starting processes keeps texts by name. Unlike an exchange between
devices, it waits no longer than it is told to, and it says who did not come.
"""

import json
import time
from collections.abc import Callable
from typing import Any

from recipes.lab.errors import LabError

LIMIT = 600.0  # seconds that processes may be apart


class Store:
    """Exchanges plain data between the same processes again and again.

    Args:
        name: Of what they do together; each use has a name of its own.
        processes: Their numbers.
        own: The number of this one.
    """

    def __init__(self, name: str, processes: tuple[int, ...], own: int):
        self.name, self.processes, self.own = name, processes, own
        self._count = 0

    def refuse(self, why: str) -> None:
        """Tells the others, who will come to the next exchange, that this one won't."""
        self._say({"refused": why})

    def exchange(self, value: Any, what: str) -> dict[int, Any]:
        """Gives every process the values of all.

        Args:
            value: JSON.
            what: The place that all come to, for an error.

        Raises:
            LabError: A process refused, or did not come in time.
        """
        self._say({"value": value})
        limit = time.monotonic() + LIMIT
        found = {}
        for process in self.processes:
            said = self._wait(
                process,
                what,
                _client().blocking_key_value_get,
                self._key(process),
                _milliseconds(limit),
            )
            found[process] = json.loads(said)
        for process, one in found.items():
            if "refused" in one:
                raise LabError(f"rank {process} refuses {what}: {one['refused']}")
        # The first process keeps what was said: none may end before all have read it.
        self._wait(
            None, what, _client().wait_at_barrier, self._key("read"),
            _milliseconds(limit), [*self.processes],
        )  # fmt: skip
        _client().key_value_delete(self._key(self.own))
        self._count += 1
        return {process: one["value"] for process, one in found.items()}

    def _say(self, value: Any) -> None:
        _client().key_value_set(self._key(self.own), json.dumps(value))

    def _wait(self, process: Any, what: str, call: Callable, *values: Any) -> Any:
        try:
            return call(*values)
        except Exception as error:
            if "DEADLINE_EXCEEDED" not in str(error):
                raise
        who = "a rank" if process is None else f"rank {process}"
        raise LabError(
            f"{who} did not come to {what} within {LIMIT:g} seconds of rank "
            f"{self.own}: every rank must make the same calls."
        )

    def _key(self, last: Any) -> str:
        return f"recipes/{self.name}/{self._count}/{last}"


def _milliseconds(limit: float) -> int:
    return max(int(1000 * (limit - time.monotonic())), 1)


def _client() -> Any:
    from jax._src import distributed

    return distributed.global_state.client
