"""Sweeps on a Dask cluster: a run's leader submits members and keeps their results.

    leader          submits members, takes results, refuses workers
      ├─ connection what breaks there is one sentence
      ├─ address    what `--cluster` says
      ├─ local      a scheduler and workers of this machine; `preload` ends them
      ├─ agreement  what a worker must have in common with the leader
      ├─ sent       the user's own files, for workers that lack them
      └─ on_worker  what runs there; `apart` has a `child` train, a process by itself

Dask is imported when a cluster is used, never before.
"""

import contextlib
from collections.abc import Iterator

from recipes.lab.running.cluster import address
from recipes.lab.running.cluster.leader import Cluster


def of(text: str | None) -> Cluster | None:
    """Returns the cluster of `--cluster`, not yet connected; None where none is given.

    Args:
        text: "tcp://HOST:PORT" or "local:N".

    Raises:
        UsageError: It is neither.
        LabError: Dask is not installed.
    """
    return None if text is None else Cluster(address.parse(text))


@contextlib.contextmanager
def shared(text: str | None) -> Iterator[str | None]:
    """Yields the address of a cluster that several leaders use.

    Workers of this machine are started, and ended at the end.

    Args:
        text: "tcp://HOST:PORT" or "local:N"; None yields None.

    Raises:
        LabError: The cluster can't be used.
    """
    cluster = of(text)
    if cluster is None:
        yield None
        return
    with contextlib.closing(cluster):
        cluster.begin()
        yield cluster.scheduler
