"""How many processes share the trainings of a run, and each one's part of the cores."""

import os
import sys
from pathlib import Path

from recipes.lab.running import environment

# What TensorFlow, PyTorch, NumPy and JAX read when they are loaded.
VARIABLES = (
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NPROC",
)
ACCELERATORS = ("/dev/nvidia0", "/dev/kfd", "/dev/dxg")


def default(smoke: bool) -> int:
    """Returns 2 where two processes pay, else 1.

    Their trainings took 0.44 to 0.71 of the time of one with all cores
    (benchmarks/sweep.py). An accelerator serves one process best, and threads can't
    be shared out any more where a backend is loaded.

    Args:
        smoke: Whether this is a smoke run, which is over too soon.
    """
    alone = (
        smoke
        or "keras" in sys.modules
        or sys.platform != "linux"  # elsewhere accelerators are no files to look for
        or environment.processor()["cores"] < 2
        or any(Path(device).exists() for device in ACCELERATORS)
    )
    return 1 if alone else 2


def threads(processes: int) -> dict[str, str]:
    """Returns the environment variables that give a process its part of the cores."""
    part = max(1, environment.processor()["cores"] // processes)
    return dict.fromkeys(VARIABLES, str(part))


def share_cores(processes: int) -> None:
    """Leaves this process its part, if a backend is yet to be loaded.

    What a person has set in the environment stays.
    """
    if processes > 1:
        for name, value in threads(processes).items():
            os.environ.setdefault(name, value)
