"""What `--cluster` names: the address of a scheduler, or workers of this machine."""

import importlib.util
import re
from dataclasses import dataclass

from recipes.lab.catalog.settings import MOST_JOBS
from recipes.lab.errors import LabError, UsageError

SCHEDULER = re.compile(r"tcp://([\w.-]+|\[[0-9a-fA-F:.%]+\]):(\d{1,5})")
LOCAL = re.compile(r"local:(\d{1,5})")


@dataclass(frozen=True)
class Address:
    """Where members are trained.

    Attributes:
        scheduler: "tcp://HOST:PORT"; "" for workers of this machine.
        count: How many workers of this machine; 0 for a scheduler.
    """

    scheduler: str = ""
    count: int = 0


def parse(text: str) -> Address:
    """Reads "tcp://HOST:PORT" or "local:N".

    Raises:
        UsageError: It is neither.
        LabError: Dask is not installed.
    """
    found = SCHEDULER.fullmatch(text)
    local = LOCAL.fullmatch(text)
    if found and 0 < int(found[2]) < 2**16:
        address = Address(scheduler=text)
    elif local and 0 < int(local[1]) <= MOST_JOBS:
        address = Address(count=int(local[1]))
    else:
        raise UsageError(
            "the cluster must be tcp://HOST:PORT, the address of a Dask scheduler, or "
            f"local:N for N processes from 1 to {MOST_JOBS:,}, not '{text}'."
        )
    if importlib.util.find_spec("distributed") is None:
        raise LabError(
            "a cluster needs Dask, which is not installed: install the extra "
            "'cluster', or pip install dask distributed"
        )
    return address
