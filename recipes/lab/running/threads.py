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
_limited = False  # whether this process has one thread for each library
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
    global _limited
    if environment.accelerator_files():
        return
    _limited = _limited or not _fixed()
    for name in VARIABLES:
        os.environ[name] = "1"
    if "numpy" in sys.modules:
        import threadpoolctl

        threadpoolctl.threadpool_limits(1)
    if "torch" in sys.modules:
        import torch

        torch.set_num_threads(1)


def of_a_training(jobs: int) -> int:
    """Returns how many threads a training has, which its last digits can depend on.

    Args:
        jobs: How many processes train; with 1 it is this process.
    """
    if jobs > 1 or _limited or environment.accelerator_files():
        return 1
    return environment.processor()["cores"]


def _fixed() -> bool:
    """Whether a backend has run an operation, and so has its threads for good."""
    context = sys.modules.get("tensorflow.python.eager.context")
    if context is not None and context.context()._context_handle is not None:
        return True
    bridge = sys.modules.get("jax._src.xla_bridge")
    return bridge is not None and bridge.backends_are_initialized()
