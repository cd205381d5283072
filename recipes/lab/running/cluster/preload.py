"""For `dask worker --preload-nanny`: ends the workers of a leader that is gone."""

import os

from recipes.lab.running import workers

LEADER = "RECIPES_LEADER"  # the variable with the leader's process id


def dask_setup(_nanny) -> None:
    """Called by Dask when it has started the process that keeps workers."""
    workers.end_with(int(os.environ[LEADER]))
