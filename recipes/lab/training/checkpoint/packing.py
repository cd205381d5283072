"""Plain data as JSON, with its arrays beside it; the way back gives the same types.

JSON has no tuples, bytes, NumPy numbers or keys that are no text. Each becomes an
object with the key "~". Python writes a float so that it reads the same one.
"""

from typing import Any

import numpy as np

Tensors = dict[str, np.ndarray]


def pack(value: Any, tensors: Tensors, name: str, where: str = "it") -> Any:
    """Returns the value as JSON; its arrays go to `tensors`.

    Args:
        value: None, bool, int, float, str, bytes, NumPy's arrays and numbers, and
            lists, tuples and dicts of such. Types are taken exactly: a `Counter` is
            no dict.
        tensors: Takes the arrays in.
        name: What the arrays' names begin with.
        where: What an error calls the value.

    Raises:
        TypeError: The value is something else.
    """
    kind = type(value)
    if value is None or kind in (bool, int, float, str):
        return value
    if kind is np.ndarray or isinstance(value, np.generic):
        return _packed_array(value, tensors, name, where)
    if kind is bytes:
        tensors[name] = np.frombuffer(value, "uint8")
        return {"~": "bytes", "name": name}
    if kind in (list, tuple):
        items = [
            pack(v, tensors, f"{name}/{i}", f"{where}[{i}]")
            for i, v in enumerate(value)
        ]
        return items if kind is list else {"~": "tuple", "of": items}
    if kind is dict:
        items = [
            [pack(k, tensors, f"{name}/{i}/key", f"the key {k!r} of {where}"),
             pack(v, tensors, f"{name}/{i}", f"{where}[{k!r}]")]
            for i, (k, v) in enumerate(value.items())
        ]  # fmt: skip
        if all(type(key) is str and key != "~" for key in value):
            return dict(items)
        return {"~": "dict", "of": items}
    raise TypeError(f"{where} is of the type {kind.__name__}")


def _packed_array(value: Any, tensors: Tensors, name: str, where: str) -> Any:
    """Returns what stands for an array or a number of NumPy."""
    dtype = value.dtype
    if not is_storable(dtype):
        noun = "an array" if isinstance(value, np.ndarray) else "a number"
        raise TypeError(f"{where} is {noun} of the type {dtype}")
    if isinstance(value, np.generic):
        content = np.array(value).tobytes().hex()
        return {"~": "scalar", "dtype": dtype.name, "of": content}
    tensors[name] = storable(value.astype(dtype.newbyteorder("="), copy=False))
    found = {"~": "array", "name": name, "dtype": dtype.name}
    return found if dtype.isnative else {**found, "order": dtype.byteorder}


def unpack(value: Any, tensors: Tensors) -> Any:
    """Returns what `pack` was given; its arrays are copies."""
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
        array = tensors[value["name"]].view(_dtype(value["dtype"]))
        return array.astype(array.dtype.newbyteorder(value.get("order", "=")))
    if kind == "bytes":
        return tensors[value["name"]].tobytes()
    if kind == "tuple":
        return tuple(unpack(item, tensors) for item in value["of"])
    if kind == "dict":
        return {unpack(k, tensors): unpack(v, tensors) for k, v in value["of"]}
    raise ValueError(f"unknown kind {kind!r}")


def is_storable(dtype: np.dtype) -> bool:
    """Whether arrays of this type can be kept: real numbers and truth values."""
    if dtype.type.__module__ == "ml_dtypes":
        return dtype.itemsize in (1, 2)
    return dtype.name in NATIVE


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
