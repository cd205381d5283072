"""Arrays as a safetensors file, its checksum, and the way back."""

import hashlib
import json
from pathlib import Path

import numpy as np

from recipes.lab.training.checkpoint.packing import NATIVE, Tensors

HEADER = 100 << 20  # bytes of a header, at most


def parts_of(tensors: Tensors) -> list[bytes | memoryview]:
    """Returns what a file of these arrays consists of; nothing is copied.

    The library's own `save_file` gives no checksum and copies everything once more.
    """
    header, place = {}, 0
    for name, array in tensors.items():
        header[name] = {
            "dtype": NATIVE[array.dtype.name],
            "shape": list(array.shape),
            "data_offsets": [place, place + array.nbytes],
        }
        place += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    arrays = [
        np.ascontiguousarray(array).reshape(-1).view("uint8").data
        for array in tensors.values()
        if array.nbytes
    ]
    return [len(text).to_bytes(8, "little"), text, *arrays]


def checksum_of(parts: list[bytes | memoryview]) -> str:
    """The sha256 of a file that consists of these."""
    total = hashlib.sha256()
    for part in parts:
        total.update(part)
    return total.hexdigest()


def checksum(path: Path) -> str:
    """The sha256 of a file, read piece by piece."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read(path: Path, shapes: dict[str, tuple[int, ...]]) -> Tensors:
    """Reads all arrays of a file.

    Args:
        path: A file whose checksum was found right.
        shapes: Arrays that must be there, with their shapes; that is looked at before
            anything is read.

    Raises:
        ValueError: The file is no such file.
    """
    from safetensors import SafetensorError, safe_open

    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
    if length > min(HEADER, path.stat().st_size):
        raise ValueError("its header is longer than the file")
    try:
        with safe_open(path, framework="numpy") as file:
            names = set(file.keys())
            for name, shape in shapes.items():
                if name not in names:
                    raise ValueError(f"it has no array {name!r}")
                found = tuple(file.get_slice(name).get_shape())
                if found != shape:
                    raise ValueError(f"{name!r} has the shape {found}, not {shape}")
            return {name: file.get_tensor(name) for name in names}
    except SafetensorError as error:
        raise ValueError(str(error)) from None
