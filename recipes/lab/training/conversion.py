"""Arrays of other libraries as NumPy arrays of a type that the backend has."""

from typing import Any

import keras
import numpy as np

from recipes.lab.errors import LabError
from recipes.lab.training.options import show


def as_array(values: Any, name: str, numbers: bool = True) -> Any:
    """The values in a type that the backend has.

    Numbers with a point become floatx, as in `model.fit`; JAX has no int64 and would
    cut it down with a warning. SciPy's sparse matrices become CSR, other sparse
    tensors too where they have two axes; ragged tensors stay. Targets become dense.

    Args:
        values: An array or tensor of some library.
        name: What it is called in an error.
        numbers: Whether it must hold numbers; inputs may hold text.
    """
    if is_ragged(values):
        return values
    if type(values).__name__ in ("SparseTensor", "BCOO"):
        values = _from_sparse_tensor(values, name)
    if is_sparse(values):
        return _typed(values.toarray() if numbers else values.tocsr(), name)
    if hasattr(values, "detach"):
        values = values.detach().cpu()
        values = values.to_dense() if "sparse" in str(values.layout) else values
        values = values.float() if "bfloat16" in str(values.dtype) else values
    if isinstance(values, np.ma.MaskedArray):
        if np.ma.is_masked(values):
            raise LabError(f"{name} is a masked array; fit would use what is masked.")
        values = values.data
    array = np.asarray(values)
    if not array.dtype.isnative:  # as files of other machines have it
        array = array.astype(array.dtype.newbyteorder("="))
    if array.dtype.kind in "OSU":
        array = _from_objects(array, name, numbers)
    if array.dtype.kind in "cMmV" and "float" not in str(array.dtype):
        raise LabError(f"{name} holds {array.dtype}; fit takes real numbers.")
    return _typed(array, name)


def check_values(array: Any, name: str, least: float | None = None) -> None:
    """Refuses values that are not finite, and those below the least."""
    for values in _stored(array):
        if not _finite(values):
            raise LabError(f"{name} holds values that are NaN or infinite.")
        if least is not None and values.size and values.min() < least:
            raise LabError(f"{name} holds {show(values.min())}; {least} is the least.")


def is_sparse(array: Any) -> bool:
    """Whether it is one of SciPy's sparse matrices."""
    return hasattr(array, "tocsr")


def is_ragged(array: Any) -> bool:
    """Whether it is a tensor of TensorFlow with rows of different lengths."""
    return type(array).__name__ == "RaggedTensor"


def is_dense(array: Any) -> bool:
    """Whether it is a NumPy array."""
    return isinstance(array, np.ndarray)


def _typed(array: Any, name: str) -> Any:
    kind = array.dtype.kind
    if kind == "f" or (kind == "V" and "float" in str(array.dtype)):
        floatx = keras.config.floatx()
        with np.errstate(over="ignore"):
            narrow = array.astype(floatx, copy=False)
        if not _all_finite(narrow) and _all_finite(array):
            large = show(np.abs(_stored(array)[0]).max())
            raise LabError(f"{name} holds {large}, more than {floatx} can hold.")
        return narrow
    if kind in "iu" and array.dtype.itemsize == 8 and _has_32_bits():
        stored = _stored(array)[0]
        low, high = (stored.min(), stored.max()) if stored.size else (0, 0)
        if low < -(2**31) or high >= 2**31:
            far = high if high >= 2**31 else low
            raise LabError(
                f"{name} holds {show(far)}; JAX has whole numbers of 32 bits, from "
                f"{-(2**31)} to {2**31 - 1}."
            )
        return array.astype("int32")
    if array.dtype == "uint64":  # which PyTorch does not have
        most = _stored(array)[0].max(initial=0)
        if most >= 2**63:
            raise LabError(f"{name} holds {show(most)}, more than int64 can hold.")
        return array.astype("int64")
    return array


def _has_32_bits() -> bool:
    if keras.backend.backend() != "jax":
        return False
    import jax

    return not jax.config.jax_enable_x64


def _from_objects(array: np.ndarray, name: str, numbers: bool) -> np.ndarray:
    """Text stays text where it may; Python's numbers become an array of numbers."""
    if array.dtype.kind == "O":
        flat = array.ravel()
        text = next((v for v in flat if isinstance(v, (str, bytes))), None)
        if text is None:
            allowed = (bool, int, float, np.number, np.bool_)
            other = next((v for v in flat if not isinstance(v, allowed)), 0)
            if not isinstance(other, allowed):
                raise LabError(
                    f"{name} is an array of objects, such as {show(other)}; fit takes "
                    "arrays of numbers in which all samples have one shape."
                )
            plain = np.array(flat.tolist()).reshape(array.shape)
            if plain.dtype.kind in "fiub":
                return plain
            raise LabError(f"{name} holds numbers that no type of NumPy can hold.")
    else:
        text = array.ravel()[0]
    if numbers:
        raise LabError(
            f"{name} holds text, such as {show(text)}; fit takes numbers. "
            f"numpy.unique({name.split()[-1].split('[')[0]}, return_inverse=True) "
            "numbers the words."
        )
    return array


def _from_sparse_tensor(tensor: Any, name: str) -> Any:
    """TensorFlow's and JAX's sparse tensors, as CSR or as an array."""
    import scipy.sparse

    values = np.asarray(tensor.values if hasattr(tensor, "values") else tensor.data)
    indices = np.asarray(tensor.indices)
    shape = tuple(int(size) for size in tensor.shape)
    if len(shape) == 2:
        matrix = scipy.sparse.coo_matrix((values, indices.T), shape=shape)
        return _typed(matrix.tocsr(), name)
    dense = np.zeros(shape, values.dtype)
    np.add.at(dense, tuple(indices.T), values)
    return _typed(dense, name)


def _stored(array: Any) -> list[np.ndarray]:
    """The numbers that an array holds, as arrays."""
    if is_ragged(array):
        return [np.asarray(array.flat_values)]
    return [array.data] if is_sparse(array) else [array]


def _finite(array: np.ndarray) -> bool:
    if array.dtype.kind != "f":
        return True
    with np.errstate(all="ignore"):  # a sum is fast, but may overflow by itself
        return bool(np.isfinite(array.sum()) or np.isfinite(array).all())


def _all_finite(array: Any) -> bool:
    return all(_finite(values) for values in _stored(array))
