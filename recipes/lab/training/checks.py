"""What `fit` is given: arrays that can be trained on, or a clear sentence."""

import keras
import numpy as np

from recipes.lab.errors import LabError


def are_arrays(x) -> bool:
    """Whether rows can be drawn from it: an array, or a list or dict of them."""
    leaves = keras.tree.flatten(x)
    return bool(leaves) and all(
        hasattr(leaf, "shape") and hasattr(leaf, "__array__") for leaf in leaves
    )


def prepare(x, y, sample_weight, class_weight, validation_split) -> tuple:
    """Brings arrays into one form.

    Args:
        x: Inputs: an array (samples, ...), or a list or dict of them.
        y: Targets in the same form, or None.
        sample_weight: None or one weight a sample.
        class_weight: None or {class: weight}, in place of sample weights.
        validation_split: The share of the last samples that is kept for validation,
            from 0 to below 1; 0 keeps none.

    Returns:
        The arrays (x, y, sample_weight) to train on, and those for validation or
        None.

    Raises:
        LabError: The arguments exclude each other.
    """
    if class_weight is not None:
        if sample_weight is not None:
            raise LabError("fit takes class_weight or sample_weight, not both.")
        sample_weight = _weights_by_class(y, class_weight)
    if sample_weight is not None and y is None:
        raise LabError("sample_weight needs targets; y is None.")
    tree = _each(_array, (x, y, sample_weight))
    if not validation_split:
        return tree, None
    samples = len(keras.tree.flatten(tree)[0])
    first = int(samples * (1 - validation_split))
    if not 0 < validation_split < 1 or not 0 < first < samples:
        raise LabError(
            f"validation_split={validation_split} leaves nothing to train on or to "
            f"validate with: there are {samples} samples."
        )
    parts = (slice(None, first), slice(first, None))
    train, held_out = (
        _each(lambda array, part=part: array[part], tree) for part in parts
    )
    return train, held_out


def check(model, x, y, batch_size: int, epochs: int, sample_weight=None) -> None:
    """Raises LabError for data that would train silently wrong."""
    for name, value in (("batch_size", batch_size), ("epochs", epochs)):
        if not isinstance(value, (int, np.integer)) or value < 1:
            raise LabError(f"{name} must be a whole number from 1, not {value!r}.")
    for name, tree in (("x", x), ("y", y), ("sample_weight", sample_weight)):
        for array in leaves(tree):
            array = np.asarray(array)
            if not array.size:
                raise LabError(f"{name} is empty: its shape is {array.shape}.")
            if not _finite(array):
                raise LabError(f"{name} holds values that are NaN or infinite.")
    for weights in leaves(sample_weight):
        if np.min(weights) < 0:
            raise LabError(f"sample_weight holds {np.min(weights)}; 0 is the least.")
    _check_labels(model, y)


def leaves(tree) -> list:
    """The arrays of a structure, without its None."""
    return [leaf for leaf in keras.tree.flatten(tree) if leaf is not None]


def _each(function, tree):
    return keras.tree.map_structure(
        lambda leaf: None if leaf is None else function(leaf), tree
    )


def _array(values) -> np.ndarray:
    """The values as an array of a type that the backend has.

    Numbers with a point become floatx, as in `model.fit`; JAX has no int64 and would
    cut it down with a warning.
    """
    array = np.asarray(values)
    if array.dtype.kind == "f":
        return array.astype(keras.config.floatx(), copy=False)
    if array.dtype == "int64" and keras.backend.backend() == "jax":
        import jax

        return array if jax.config.jax_enable_x64 else array.astype("int32")
    return array


def _finite(array: np.ndarray) -> bool:
    if array.dtype.kind != "f":
        return True
    with np.errstate(all="ignore"):  # a sum is fast, but may overflow by itself
        return bool(np.isfinite(array.sum()) or np.isfinite(array).all())


def _check_labels(model, y) -> None:
    loss = getattr(model, "loss", None)
    name = loss if isinstance(loss, str) else type(loss).__name__
    sparse = name.lower().replace("_", "") == "sparsecategoricalcrossentropy"
    if not sparse or len(leaves(y)) != 1 or not getattr(model, "built", False):
        return
    labels, classes = np.asarray(leaves(y)[0]), model.output_shape[-1]
    if (labels != np.round(labels)).any():
        raise LabError("y holds labels that are not whole numbers.")
    if labels.min() < 0 or labels.max() >= classes:
        raise LabError(
            f"y holds labels from {labels.min()} to {labels.max()}; the model's "
            f"{classes} outputs allow 0 to {classes - 1}."
        )


def _weights_by_class(y, class_weight: dict) -> np.ndarray:
    """One weight a sample; a class that is not named has the weight 1, as in Keras."""
    targets = leaves(y)
    if len(targets) != 1:
        raise LabError("class_weight needs one target, with one class a sample.")
    labels = np.asarray(targets[0])
    if labels.ndim > 1 and labels.shape[-1] > 1:
        labels = labels.argmax(-1)
    labels = np.round(labels.reshape(len(labels))).astype(int)
    strange = [key for key in class_weight if not isinstance(key, (int, np.integer))]
    if strange:  # Keras would ignore them without a word
        raise LabError(f"class_weight has the key {strange[0]!r}; classes are numbers.")
    weights = np.ones(len(labels), keras.config.floatx())
    for label, weight in class_weight.items():
        weights[labels == label] = weight
    return weights
