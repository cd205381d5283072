"""One process of a training over several: joins the others, then runs a script.

`python -m recipes.lab.running.rank SCRIPT ...`, as `recipes launch` starts it. On any
exception the process ends at once: JAX's own end would wait for the other ranks.
"""

import inspect
import os
import runpy
import secrets
import signal
import sys
import threading
import time
from pathlib import Path

from recipes.lab.errors import LabError
from recipes.lab.running import ranks, traces
from recipes.lab.training.seeding import reseed

HEARTBEAT = 30  # seconds after which ranks of other hosts hear of a death
PATIENCE = 24 * 3600  # seconds that a rank which is ready waits for one that is not


def main() -> None:
    """Runs the script of the command line as this rank; ends the process on failure."""
    script, *arguments = sys.argv[1:]
    rank = int(os.environ[ranks.RANK])
    _end_with_launcher()
    sys.argv = [script, *arguments]
    sys.path.insert(0, str(Path(script).resolve().parent))
    code: object = 1
    try:
        _join(rank)
        runpy.run_path(script, run_name="__main__")
        code = 0
    except SystemExit as stop:
        code = stop.code
        if isinstance(code, str):
            print(code, file=sys.stderr)
    except LabError as error:
        print(f"rank {rank}: {error}", file=sys.stderr, flush=True)
        code = ranks.GAVE_UP
        if rank == 0:  # it keeps what it told the others: let them hear it
            time.sleep(ranks.GRACE / 2)
    except BaseException as error:
        print(f"rank {rank}:", traces.told(error), sep="\n", file=sys.stderr)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    if code not in (0, None):
        os._exit(code if isinstance(code, int) else 1)


def _join(rank: int) -> None:
    """Connects to the other ranks, before Keras touches a device; one seed for all."""
    import jax

    world, count = int(os.environ[ranks.WORLD]), int(os.environ[ranks.LOCAL])
    if world > 1:
        address = os.environ[ranks.COORDINATOR]
        options = {
            # One accelerator for each of several ranks; a single one has all.
            "local_device_ids": [rank % count] if count > 1 else None,
            "heartbeat_timeout_seconds": HEARTBEAT,
            "shutdown_timeout_seconds": PATIENCE,
        }
        known = inspect.signature(jax.distributed.initialize).parameters
        options = {name: value for name, value in options.items() if name in known}
        try:
            jax.distributed.initialize(address, world, rank, **options)
        except RuntimeError as error:
            words = " ".join(str(error).split())
            raise LabError(f"the ranks did not meet at {address}: {words}") from None
    seed = secrets.randbits(31)
    if world > 1:
        import numpy as np
        from jax.experimental import multihost_utils

        # Now that all are here: the first exchange between CPUs waits 30 seconds only,
        # and later ones as long as it takes one to read its data.
        seed = int(multihost_utils.broadcast_one_to_all(np.uint32(seed)))
    import keras  # noqa: F401 - so that it is reseeded

    reseed(seed)  # the script may set its own


def _end_with_launcher() -> None:
    """Ends this process and what it has started when the launcher is gone."""
    launcher = os.environ.get(ranks.LAUNCHER)
    if launcher is None:
        return

    def watch():
        while os.getppid() == int(launcher):
            time.sleep(0.5)
        os.killpg(0, signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    main()
