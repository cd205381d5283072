"""Chooses the floating-point policy that pays on the machine at hand."""

import re
from dataclasses import dataclass
from pathlib import Path

POLICIES = ("float32", "mixed_bfloat16", "mixed_float16")
REQUESTS = ("auto", *POLICIES)
FAMILIES = ("dense", "convolutional", "recurrent")

# Step time in mixed_bfloat16 over float32 (benchmarks/zoo_precision.py):
#                             LeNet  ResNet-20   MLP   LSTM   GRU
#   AMX, TensorFlow, 2 cores   0.43       0.88    -    2.03    -
#   AVX-512 only, TensorFlow   0.63       0.93   0.96  1.26   1.18
#   AVX-512 only, JAX          1.20       0.94   1.20  2.71   2.65
#   AVX-512 only, PyTorch      0.69       0.81   0.95  0.80    -     (1 thread)
# So convolutions gain, except with JAX; nothing else does on more than one backend.
_GAINS_ON_CPU = ("tensorflow", "torch")
_CPU_UNITS = (
    ("amx_bf16", "a bfloat16 matrix unit (AMX)"),
    ("avx512_bf16", "bfloat16 instructions (AVX-512)"),
)


@dataclass(frozen=True)
class Precision:
    """A policy for `keras.config.set_dtype_policy`, and why it was taken."""

    policy: str
    reason: str


@dataclass(frozen=True)
class Hardware:
    """What the choice depends on.

    Attributes:
        backend: The active Keras backend.
        capability: Compute capability (major, minor) of the weakest GPU that the
            backend uses; None without one.
        flags: The processor's features as Linux names them; empty where unknown.
    """

    backend: str = "tensorflow"
    capability: tuple[int, int] | None = None
    flags: frozenset[str] = frozenset()


def choose(requested: str, family: str, hardware: Hardware | None = None) -> Precision:
    """The policy for one family of models on this machine.

    Logits and losses are float32 under every policy, because the zoo's heads are;
    Keras scales the loss by itself under mixed_float16.

    Args:
        requested: "auto" or the policy that somebody insists on.
        family: "dense", "convolutional" or "recurrent".
        hardware: What to choose for; None looks at this machine, and only for
            "auto".

    Returns:
        The policy, with one sentence of reason.

    Raises:
        ValueError: requested or family is unknown.

    Example:
        >>> choose("float32", "dense")
        Precision(policy='float32', reason='It was asked for.')
        >>> choose("auto", "dense", Hardware(capability=(9, 0))).policy
        'mixed_bfloat16'
    """
    for name, value, allowed in (
        ("requested", requested, REQUESTS),
        ("family", family, FAMILIES),
    ):
        if value not in allowed:
            options = ", ".join(map(repr, allowed))
            raise ValueError(f"{name} must be one of {options}; got {value!r}.")
    if requested != "auto":
        return Precision(requested, "It was asked for.")
    hardware = detect() if hardware is None else hardware
    if hardware.capability is not None:
        return _for_gpu(hardware.capability)
    return _for_cpu(family, hardware)


def _for_gpu(capability: tuple[int, int]) -> Precision:
    version = ".".join(map(str, capability))
    has = f"The GPU's compute capability is {version}"
    if capability >= (8, 0):
        return Precision("mixed_bfloat16", f"{has}: its tensor cores take bfloat16.")
    if capability >= (7, 0):
        return Precision(
            "mixed_float16",
            f"{has}: its tensor cores take float16, with the loss scaled.",
        )
    return Precision("float32", f"{has}: it has no tensor cores.")


def _for_cpu(family: str, hardware: Hardware) -> Precision:
    unit = next((words for flag, words in _CPU_UNITS if flag in hardware.flags), None)
    if not hardware.flags:
        reason = "There is no GPU, and the CPU's features are unknown."
    elif unit is None:
        reason = "There is no GPU, and the CPU computes bfloat16 no faster."
    elif hardware.backend not in _GAINS_ON_CPU:
        reason = f"The CPU has {unit}, but {hardware.backend} does not gain from it."
    elif family == "recurrent":
        reason = f"The CPU has {unit}, yet recurrent steps can be slower in bfloat16."
    elif family == "dense":
        reason = f"The CPU has {unit}, yet a dense step gains next to nothing from it."
    else:
        return Precision(
            "mixed_bfloat16", f"The CPU has {unit}, and convolutions gain from it."
        )
    return Precision("float32", reason)


def detect() -> Hardware:
    """Looks at the GPU through the active Keras backend, and at the CPU's flags."""
    import keras

    backend = keras.backend.backend()
    return Hardware(backend, _capability(backend), cpu_flags())


def cpu_flags(path: str | Path = "/proc/cpuinfo") -> frozenset[str]:
    """The processor's features, as far as this system tells.

    Args:
        path: The file that Linux lists them in.

    Returns:
        The words behind "flags" of the first processor; empty where there is no such
        file or line, as on macOS, Windows and ARM.
    """
    try:
        lines = Path(path).read_text(errors="replace").splitlines()
    except OSError:
        return frozenset()
    for line in lines:
        key, _, value = line.partition(":")
        if key.strip() == "flags":
            return frozenset(value.split())
    return frozenset()


def _capability(backend: str) -> tuple[int, int] | None:
    """The compute capability of the weakest NVIDIA GPU in use, None without one."""
    probe = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}.get(backend)
    found = probe() if probe else []
    return min(found) if found else None


def _tensorflow() -> list[tuple[int, int]]:
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
    found = [detail.get("compute_capability") for detail in details]
    return [(int(pair[0]), int(pair[1])) for pair in found if pair]


def _jax() -> list[tuple[int, int]]:
    import jax

    # NVIDIA's are "9.0"; another maker's name for a generation is no number.
    names = [str(getattr(device, "compute_capability", "")) for device in jax.devices()]
    matches = [re.fullmatch(r"(\d+)\.(\d+)", name) for name in names]
    return [(int(match[1]), int(match[2])) for match in matches if match]


def _torch() -> list[tuple[int, int]]:
    import torch

    if not torch.cuda.is_available() or torch.version.cuda is None:
        return []
    count = torch.cuda.device_count()
    return [torch.cuda.get_device_capability(index) for index in range(count)]
