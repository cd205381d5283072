"""How many threads and processes a run has."""

import os
import sys

from recipes.lab.running import environment

# What TensorFlow, PyTorch, NumPy and JAX read when they are loaded or first used.
VARIABLES = (
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NPROC",
)
MOST = 4  # workers by default: each holds a backend and the data, about 0.7 GB


def default_jobs() -> int:
    """Returns how many processes train by default: one a core, or one a device."""
    devices = len(environment.accelerator_files())
    return 1 if devices else min(environment.processor()["cores"], MOST)


def limit() -> None:
    """Gives this process one thread for each library; before the first operation.

    Every training has one thread, so that its last digits don't depend on how many
    processes share the machine. An accelerator's host keeps its threads.
    """
    if environment.accelerator_files():
        return
    for name in VARIABLES:
        os.environ[name] = "1"
    if "numpy" in sys.modules:
        import threadpoolctl

        threadpoolctl.threadpool_limits(1)
    if "torch" in sys.modules:
        import torch

        torch.set_num_threads(1)
