"""`--cluster local:N`: a scheduler in this process and N workers on this machine.

The workers are started as by hand, with `dask worker`. LocalCluster's own would import
the script that leads the run.
"""

import contextlib
import os
import signal
import subprocess
import sys
from typing import Any

from recipes.lab.catalog.reach import HOME
from recipes.lab.errors import LabError
from recipes.lab.running.cluster import preload
from recipes.lab.running.environment import accelerator_files

DEATHS = 1  # that a member may cause; at the next one it is given up


class LocalWorkers:
    """A context in which workers of this machine can be started.

    Args:
        count: How many; with accelerators at most one for each of them.
    """

    def __init__(self, count: int):
        self.count = count
        self._scheduler: Any = None
        self._started: list[subprocess.Popen] = []

    def __enter__(self) -> "LocalWorkers":
        return self

    def start(self) -> str:
        """Starts a scheduler and workers; returns the scheduler's address.

        Raises:
            LabError: There are fewer accelerators than workers, or the system has no
                groups of processes.
        """
        from distributed import LocalCluster

        if not hasattr(os, "killpg"):
            raise LabError("local:N needs Linux or macOS: use --jobs N.")
        devices = _devices()
        if devices and self.count > len(devices):
            raise LabError(
                f"local:{self.count} needs {self.count} accelerators, one a worker; "
                f"{len(devices)} can be used here."
            )
        self._scheduler = LocalCluster(
            n_workers=0,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            silence_logs=False,
            scheduler_kwargs={"allowed_failures": DEATHS},
        )
        address = self._scheduler.scheduler_address
        if devices:
            for device in devices[: self.count]:
                gpu = {"CUDA_VISIBLE_DEVICES": device}
                self._start(address, gpu, "--resources", "GPU=1")
        else:
            self._start(address, {}, "--nworkers", str(self.count))
        return address

    def _start(self, address: str, variables: dict[str, str], *flags: str) -> None:
        before = os.environ.get("PYTHONPATH")
        ours = {
            "PYTHONPATH": os.pathsep.join([str(HOME), *([before] if before else [])]),
            "PYTHONSAFEPATH": "1",
            preload.LEADER: str(os.getpid()),
        }
        command = [sys.executable, "-P", "-m", "distributed.cli.dask_worker", address]
        command += ["--nthreads", "1", "--memory-limit", "0", "--no-dashboard"]
        command += ["--preload-nanny", preload.__name__, *flags]
        worker = subprocess.Popen(
            command,
            env={**os.environ, **ours, **variables, **_quiet()},
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is the leader's business
        )
        self._started.append(worker)

    def __exit__(self, *_) -> None:
        for worker in self._started:  # with what it has started itself
            with contextlib.suppress(ProcessLookupError):
                os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()
        if self._scheduler is not None:
            self._scheduler.close()


def _devices() -> list[str]:
    """The accelerators that may be used, as CUDA_VISIBLE_DEVICES names them."""
    found = [str(index) for index, _ in enumerate(accelerator_files())]
    chosen = os.environ.get("CUDA_VISIBLE_DEVICES")
    return chosen.split(",") if found and chosen else found


def _quiet() -> dict[str, str]:
    """Variables that keep Dask's logs to itself; what members print is shown."""
    return {"DASK_LOGGING__DISTRIBUTED": "critical"}
