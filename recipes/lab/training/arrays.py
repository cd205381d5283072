"""Arrays as `fit` takes them: in one form, of one length, finite."""

import copy
import re
import types
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import keras
import numpy as np

from recipes.lab.errors import LabError
from recipes.lab.training.conversion import as_array, check_values
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


def change_named(function: Callable, tree: Any, name: str = "") -> Any:
    """Applies a function of a name and a part to each part; None stays.

    By name and not by order: on PyTorch Keras goes through a dict in one order to
    change it and in another to list its parts.
    """
    if tree is None:
        return None
    if isinstance(tree, dict):
        changed = copy.copy(tree)
        for key, part in tree.items():
            changed[key] = change_named(function, part, f"{name}[{key!r}]")
        return changed
    if isinstance(tree, (list, tuple)):
        parts = [
            change_named(function, part, f"{name}[{place}]")
            for place, part in enumerate(tree)
        ]
        return type(tree)(*parts) if hasattr(tree, "_fields") else type(tree)(parts)
    return function(name, tree)


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
    weight = data.sample_weight
    alone = isinstance(weight, (list, tuple)) and len(weight) == 1
    if alone and hasattr(data.y, "shape") and np.ndim(weight[0]):
        data = data._replace(sample_weight=weight[0])
    converted, lengths = [], {}
    for field, tree in zip(data._fields, data, strict=True):
        name = prefix + field
        found = list(leaves(tree, name))
        if field == "x" and not found:
            raise LabError(f"{name} is {show(tree)}; fit takes arrays or a data set.")
        refuse_lists(tree, name)
        for part, leaf in found:
            check_form(leaf, part)
        tree = change_named(
            lambda part, leaf, numbers=field != "x": as_array(leaf, part, numbers),
            tree,
            name,
        )
        lengths.update({part: array.shape[0] for part, array in leaves(tree, name)})
        converted.append(tree)
    _check_lengths(lengths)
    for field, tree in zip(data._fields, converted, strict=True):
        for part, array in leaves(tree, prefix + field):
            check_values(array, part, least=0 if field == "sample_weight" else None)
    return Data(*converted)


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


def refuse_lists(tree: Any, name: str) -> None:
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


def check_form(leaf: Any, name: str) -> None:
    """Refuses what is no array, and arrays without rows or values."""
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
