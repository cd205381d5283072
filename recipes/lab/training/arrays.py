"""Arrays as `fit` takes them: in one form, of one length, finite."""

import re
import types
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import keras
import numpy as np

from recipes.lab.errors import LabError
from recipes.lab.training.options import checked_class_weight, show


class Data(NamedTuple):
    """What a model is trained or evaluated on; each part may have a structure.

    Attributes:
        x: Inputs: an array (samples, ...), or a list, tuple or dict of arrays.
        y: Targets in the same forms, or None.
        sample_weight: None, one weight a sample, or such weights for each output.
    """

    x: Any
    y: Any = None
    sample_weight: Any = None


def is_stream(x: Any) -> bool:
    """Whether it gives batches by itself: a data set, a generator, a loader."""
    from keras.src.trainers import data_adapters
    from keras.src.trainers.data_adapters.data_adapter import DataAdapter

    return (
        isinstance(x, (DataAdapter, keras.utils.PyDataset, types.GeneratorType))
        or data_adapters.is_tf_dataset(x)
        or data_adapters.is_torch_dataloader(x)
        or data_adapters.is_grain_dataset(x)
    )


def leaves(tree: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Goes through the parts of a structure, without its None.

    Yields:
        The part's name, such as "x", "x['age']" or "y[1]", and the part.
    """
    for path, leaf in keras.tree.flatten_with_path(tree):
        if leaf is not None:
            yield name + "".join(f"[{step!r}]" for step in path), leaf


def change(function: Callable, tree: Any) -> Any:
    """Applies a function to each part of a structure; None stays."""
    return keras.tree.map_structure(
        lambda leaf: None if leaf is None else function(leaf), tree
    )


def checked(data: Data, prefix: str = "") -> Data:
    """Brings data into arrays that can be trained on.

    Args:
        data: As it was given.
        prefix: Stands before x, y and sample_weight in an error.

    Raises:
        LabError: Something is no array, is empty or not finite, or the parts have
            different lengths.
    """
    if data.sample_weight is not None and data.y is None:
        raise LabError(f"{prefix}sample_weight needs targets; {prefix}y is None.")
    converted, lengths = [], {}
    for field, tree in zip(data._fields, data, strict=True):
        name = prefix + field
        found = list(leaves(tree, name))
        if field == "x" and not found:
            raise LabError(f"{name} is {show(tree)}; fit takes arrays or a data set.")
        _refuse_lists(tree, name)
        for part, leaf in found:
            _check_form(leaf, part)
        arrays = dict(zip((n for n, _ in found), (as_array(leaf, part, field != "x")
                      for part, leaf in found), strict=True))  # fmt: skip
        lengths.update({part: array.shape[0] for part, array in arrays.items()})
        rest = iter(arrays.values())
        converted.append(change(lambda _, rest=rest: next(rest), tree))
    _check_lengths(lengths)
    for field, tree in zip(data._fields, converted, strict=True):
        for part, array in leaves(tree, prefix + field):
            check_values(array, part, least=0 if field == "sample_weight" else None)
    return Data(*converted)


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


def split(data: Data, share: float) -> tuple[Data, Data | None]:
    """Splits off the share of the last samples, as Keras's `validation_split` does.

    Args:
        data: Checked arrays.
        share: From 0 to below 1; 0 splits nothing off.

    Returns:
        The first samples, and the last ones or None.

    Raises:
        LabError: Nothing would be left on one side.
    """
    if not share:
        return data, None
    samples = len_of(data)
    first = int(samples * (1 - share))
    if not 0 < first < samples:
        raise LabError(
            f"validation_split={share} leaves nothing to train on or to validate with: "
            f"there are {samples} samples."
        )
    return (
        Data(*change(lambda array: array[:first], tuple(data))),
        Data(*change(lambda array: array[first:], tuple(data))),
    )


def len_of(data: Data) -> int:
    """The number of samples."""
    return next(leaves(data.x))[1].shape[0]


def weights_by_class(y: Any, class_weight: Any) -> np.ndarray:
    """One weight a sample; a class that is not named has the weight 1, as in Keras.

    Args:
        y: One checked array of classes (samples,) or (samples, 1), or of one-hot or
            soft classes (samples, classes).
        class_weight: {class: weight}.

    Raises:
        LabError: There is not one class a sample.
    """
    weights = checked_class_weight(class_weight)
    targets = list(leaves(y))
    if len(targets) != 1:
        told = "y is None" if not targets else f"y has {len(targets)} parts"
        raise LabError(
            f"class_weight needs one target, with one class a sample; {told}."
        )
    labels = targets[0][1]
    if labels.ndim > 1 and labels.shape[-1] > 1:
        if labels.ndim > 2 or labels.min() < 0 or not np.allclose(labels.sum(-1), 1):
            raise LabError(
                "class_weight needs one class a sample: y of shape (samples,) or "
                f"one-hot rows; y has the shape {labels.shape}. Give sample_weight."
            )
        labels = labels.argmax(-1)
    labels = labels.reshape(len(labels), -1)[:, 0]
    if (
        labels != np.round(labels)
    ).any() and not 0 <= labels.min() <= labels.max() <= 1:
        raise LabError(
            "class_weight needs classes; y holds "
            f"{show(labels[labels != np.round(labels)][0])}."
        )
    labels = np.round(labels).astype(int)
    by_sample = np.ones(len(labels), keras.config.floatx())
    for label, weight in weights.items():
        by_sample[labels == label] = weight
    return by_sample


def as_array(values: Any, name: str, numbers: bool = True) -> Any:
    """The values in a type that the backend has.

    Numbers with a point become floatx, as in `model.fit`; JAX has no int64 and would
    cut it down with a warning. SciPy's sparse matrices become CSR, other sparse
    tensors too where they have two axes; ragged tensors stay.

    Args:
        values: An array or tensor of some library.
        name: What it is called in an error.
        numbers: Whether it must hold numbers; inputs may hold text.
    """
    if is_ragged(values):
        return values
    if is_sparse(values):
        return _typed(values.tocsr(), name)
    if type(values).__name__ in ("SparseTensor", "BCOO"):
        return _from_sparse_tensor(values, name)
    if hasattr(values, "detach"):
        values = values.detach().cpu()
        values = values.float() if "bfloat16" in str(values.dtype) else values
    if isinstance(values, np.ma.MaskedArray):
        if np.ma.is_masked(values):
            raise LabError(f"{name} is a masked array; fit would use what is masked.")
        values = values.data
    array = np.asarray(values)
    if array.dtype.kind in "OSU":
        array = _from_objects(array, name, numbers)
    if array.dtype.kind in "cMmV" and "float" not in str(array.dtype):
        raise LabError(f"{name} holds {array.dtype}; fit takes real numbers.")
    return _typed(array, name)


def _refuse_lists(tree: Any, name: str) -> None:
    """A list of numbers is one array to a reader, many inputs to Keras."""
    if isinstance(tree, (list, tuple)) and tree:
        first = keras.tree.flatten(tree)[0]
        if isinstance(first, (bool, int, float, complex, str, bytes, np.generic)):
            nested = any(isinstance(part, (list, tuple)) for part in tree)
            what = "lists" if nested else "numbers or words"
            raise LabError(
                f"{name} is a {type(tree).__name__} of {what}; give an array: "
                f"numpy.asarray({name.split()[-1]})."
            )


def _check_form(leaf: Any, name: str) -> None:
    if is_stream(leaf):
        raise LabError(
            f"{name} is a {type(leaf).__name__}; a data set stands alone, as x."
        )
    tensor = hasattr(leaf, "dtype") or hasattr(leaf, "__array__")  # a DataFrame, too
    if not hasattr(leaf, "shape") or not tensor:
        place = re.sub(r"(\[\d+\])+$", "", name)
        what = f"{show(leaf)}, a {type(leaf).__name__}"
        told = f"is {what}" if place == name else f"is a list that holds {what}"
        raise LabError(f"{place} {told}; fit takes arrays or a data set.")
    shape = tuple(leaf.shape)
    if not shape:
        raise LabError(f"{name} has no rows: it is a single value, {show(leaf)}.")
    if 0 in shape:
        raise LabError(f"{name} is empty: its shape is {shape}.")


def _check_lengths(lengths: dict[str, int]) -> None:
    if len(set(lengths.values())) < 2:
        return
    (first, rows), *others = lengths.items()
    name, other = next((n, count) for n, count in others if count != rows)
    raise LabError(
        f"{first} has {rows} rows and {name} has {other}: all need the same number, "
        "one row for each sample."
    )


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
