"""What a result was computed with: versions, backend, device, commit."""

import functools
import importlib.metadata
import importlib.util
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

from recipes.lab.errors import LabError, UsageError, nearest
from recipes.lab.training import machine

PACKAGES = ("keras", "tensorflow", "jax", "torch", "numpy", "scikit-learn", "scipy")


def backend() -> str:
    """Returns the name of the Keras backend that is active, or would be if loaded."""
    if "keras" in sys.modules:
        import keras

        return keras.backend.backend()
    if chosen := os.environ.get("KERAS_BACKEND"):
        return chosen
    try:
        folder = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
        chosen = json.loads((folder / "keras.json").read_text()).get("backend")
    except (OSError, RuntimeError, ValueError, AttributeError):
        chosen = None
    return chosen or "tensorflow"


BACKENDS = ("tensorflow", "jax", "torch")


def require_backend() -> None:
    """Refuses a backend that the project doesn't know, or that is not installed.

    Raises:
        UsageError: It is another one.
        LabError: It is not installed.
    """
    name = backend()
    if name not in BACKENDS:
        place = "KERAS_BACKEND" if os.environ.get("KERAS_BACKEND") else "keras.json"
        hint = nearest(name, list(BACKENDS))
        raise UsageError(
            f"the backend ({place}) must be one of {', '.join(BACKENDS)}, not "
            f"{name!r}.{hint}"
        )
    if name not in sys.modules and importlib.util.find_spec(name) is None:
        raise LabError(f"the backend {name} is not installed.")


@functools.cache
def versions() -> dict[str, str]:
    """Returns the versions of Python and of the packages that matter."""
    found = {"python": platform.python_version()}
    for name in ("keras-proving-ground", *PACKAGES):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def device() -> dict:
    """Returns the processor, its usable cores and the accelerators."""
    return {**processor(), "accelerators": _accelerators()}


def processor() -> dict:
    """Returns the processor's name and its usable cores; loads no backend."""
    name = machine.cpu_model() or platform.processor() or platform.machine()
    return {"cpu": name, "cores": machine.cores()}


def made() -> dict[str, str]:
    """Returns where a training is made: the machine, and the time."""
    where = f"{platform.node() or 'unknown'} ({processor()['cpu']})"
    return {"where": where, "when": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}


def accelerator_files() -> list[str]:
    """Returns the device files of accelerators; loads no backend."""
    if os.environ.get("CUDA_VISIBLE_DEVICES") in ("", "-1"):
        return []
    patterns = ("nvidia[0-9]*", "kfd", "dxg")
    return sorted(str(path) for name in patterns for path in Path("/dev").glob(name))


def git_commit() -> str | None:
    """Returns the commit of the checkout the code runs from, None outside of one.

    A checkout with uncommitted changes is marked with "+".
    """
    root = Path(__file__).resolve().parents[3]
    if not (root / ".git").exists():
        return None
    try:
        commit = _git(root, "rev-parse", "HEAD")
        return commit + ("+" if _git(root, "status", "--porcelain") else "")
    except (OSError, subprocess.SubprocessError):
        return None


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(root), *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=10,
    )
    return done.stdout.strip()


def _accelerators() -> list[str]:
    if "keras" not in sys.modules:
        return []  # nothing used one
    return machine.accelerators(backend())
