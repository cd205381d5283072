"""Plain data as JSON, with its arrays beside it; the way back gives the same types.

JSON has no tuples, bytes, NumPy numbers or keys that are no text. Each becomes an
object with the key "~". Python writes a float so that it reads the same one.
"""

from typing import Any

import numpy as np

Tensors = dict[str, np.ndarray]


def pack(value: Any, tensors: Tensors, name: str) -> Any:
    """Returns the value as JSON; its arrays go to `tensors`.

    Args:
        value: None, bool, int, float, str, bytes, NumPy's arrays and numbers, and
            lists, tuples and dicts of such.
        tensors: Takes the arrays in.
        name: What the arrays' names begin with.

    Raises:
        TypeError: The value is something else.
    """
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, np.str_):
        return str(value)
    if isinstance(value, np.generic):
        array = np.array(value)
        return {"~": "scalar", "dtype": array.dtype.name, "of": array.tobytes().hex()}
    if isinstance(value, np.ndarray):
        if value.dtype.hasobject:
            raise TypeError(f"{name} is an array of objects")
        tensors[name] = storable(value)
        return {"~": "array", "name": name, "dtype": value.dtype.name}
    if isinstance(value, bytes):
        tensors[name] = np.frombuffer(value, "uint8")
        return {"~": "bytes", "name": name}
    if isinstance(value, (list, tuple)) and type(value) in (list, tuple):
        items = [pack(v, tensors, f"{name}/{i}") for i, v in enumerate(value)]
        return items if isinstance(value, list) else {"~": "tuple", "of": items}
    if isinstance(value, dict):
        items = [
            [pack(k, tensors, f"{name}/{i}/key"), pack(v, tensors, f"{name}/{i}")]
            for i, (k, v) in enumerate(value.items())
        ]
        if all(type(key) is str and key != "~" for key in value):
            return dict(items)
        return {"~": "dict", "of": items}
    raise TypeError(f"{name} is a {type(value).__name__}")


def unpack(value: Any, tensors: Tensors) -> Any:
    """Returns what `pack` was given."""
    if isinstance(value, list):
        return [unpack(item, tensors) for item in value]
    if not isinstance(value, dict):
        return value
    kind = value.get("~")
    if kind is None:
        return {key: unpack(item, tensors) for key, item in value.items()}
    if kind == "scalar":
        return np.frombuffer(bytes.fromhex(value["of"]), _dtype(value["dtype"]))[0]
    if kind == "array":
        return tensors[value["name"]].view(_dtype(value["dtype"]))
    if kind == "bytes":
        return tensors[value["name"]].tobytes()
    if kind == "tuple":
        return tuple(unpack(item, tensors) for item in value["of"])
    if kind == "dict":
        return {unpack(k, tensors): unpack(v, tensors) for k, v in value["of"]}
    raise ValueError(f"unknown kind {kind!r}")


def storable(array: np.ndarray) -> np.ndarray:
    """The same bits in a type that every reader of the files knows."""
    if array.dtype.kind in "fiub" and array.dtype.name in NATIVE:
        return array
    return array.view(f"uint{8 * array.dtype.itemsize}")


# NumPy's name to that of safetensors.
NATIVE = {
    "bool": "BOOL", "uint8": "U8", "uint16": "U16", "uint32": "U32", "uint64": "U64",
    "int8": "I8", "int16": "I16", "int32": "I32", "int64": "I64",
    "float16": "F16", "float32": "F32", "float64": "F64",
}  # fmt: skip


def _dtype(name: str) -> np.dtype:
    if name not in NATIVE:
        import ml_dtypes

        return np.dtype(getattr(ml_dtypes, name))
    return np.dtype(name)
