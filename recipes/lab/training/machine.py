"""What a machine and its libraries contribute to a training's last digits."""

import importlib.metadata
import os
import platform
import statistics
import time
from pathlib import Path
from typing import Any

# Variables that choose kernels or rules of arithmetic begin like this ...
PREFIXES = ("ATEN_", "CUBLAS_", "CUDNN_", "DNNL_", "FLAGS_", "HIP_", "JAX_", "KMP_",
            "MIOPEN_", "MKL_", "NPY_", "ONEDNN_", "OPENBLAS_", "PYTORCH_", "ROCM_",
            "TF_", "TORCH_", "XLA_")  # fmt: skip
# ... but for logs and places.
HARMLESS = {"JAX_COMPILATION_CACHE_DIR", "JAX_ENABLE_COMPILATION_CACHE",
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS",
            "KMP_DUPLICATE_LIB_OK", "KMP_INIT_AT_FORK", "TF_CLI_CONFIG_FILE",
            "TF_CPP_MAX_VLOG_LEVEL", "TF_CPP_MIN_LOG_LEVEL", "TF_CPP_MIN_VLOG_LEVEL",
            "TF_FORCE_GPU_ALLOW_GROWTH", "TORCH_HOME"}  # fmt: skip
PACKAGES = ("keras", "numpy", "keras-proving-ground")
OF_BACKEND = {"tensorflow": ("tensorflow",), "jax": ("jax", "jaxlib"),
              "torch": ("torch",)}  # fmt: skip


def describe(backend: str) -> dict[str, Any]:
    """Returns versions, processor, threads, accelerators and variables, by name."""
    found: dict[str, Any] = {"the version of Python": platform.python_version()}
    for name in (*PACKAGES, *OF_BACKEND.get(backend, ())):
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            version = "none"
        found[f"the version of {name}"] = version
    return {
        **found,
        "the backend": backend,
        "the processor": cpu_model()
        or f"{platform.system()} {platform.processor() or platform.machine()}",
        "the number of cores": cores(),
        "the number of threads": _threads(backend),
        "the accelerators": accelerators(backend),
        "the environment": variables(
            ("NPROC", "NVIDIA_TF32", "OMP_"),
            {"JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"},
        ),
    }


def variables(prefixes: tuple[str, ...], harmless: set[str]) -> dict[str, str]:
    """The environment's variables that choose other kernels or rules of arithmetic.

    Args:
        prefixes: Beginnings of names that count besides PREFIXES.
        harmless: Names that don't count, besides HARMLESS.
    """
    return {
        name: value
        for name, value in sorted(os.environ.items())
        if name.startswith((*PREFIXES, *prefixes)) and name not in HARMLESS | harmless
    }


def cpu_model() -> str:
    """The processor's name as Linux tells it; empty elsewhere."""
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        return ""
    named = (line for line in lines if line.startswith("model name"))
    return next(named, "").partition(":")[2].strip()


def cores() -> int:
    """How many of the processor's cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def running_beside() -> float:
    """How many threads of the whole machine run beside this one, now.

    The middle of five looks in 5 ms, on Linux; elsewhere the mean of the last minute,
    in which this process has its part.
    """
    looks = []
    for _ in range(5):
        time.sleep(0.001)
        try:
            running = Path("/proc/loadavg").read_text().split()[3].partition("/")[0]
        except (OSError, IndexError):
            return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
        looks.append(int(running) - 1)
    return float(statistics.median(looks))


def _threads(backend: str) -> int:
    """What was asked for in code; 0 is the backend's own choice."""
    if backend == "torch":
        import torch

        return torch.get_num_threads()
    if backend == "tensorflow":
        import tensorflow as tf

        return tf.config.threading.get_intra_op_parallelism_threads()
    return 0


def accelerators(backend: str) -> list[str]:
    """Returns the names of the accelerators that a backend finds; loads it."""
    if backend == "tensorflow":
        import tensorflow as tf

        gpus = tf.config.list_physical_devices("GPU")
        details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
        return [str(detail.get("device_name", "GPU")) for detail in details]
    if backend == "jax":
        import jax

        return [d.device_kind for d in jax.devices() if d.platform != "cpu"]
    import torch

    return [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
