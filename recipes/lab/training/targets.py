"""Targets that a loss can compare with the outputs, or a clear sentence."""

import math
from typing import Any

import numpy as np

from recipes.lab.errors import LabError
from recipes.lab.training.arrays import Data, change_named, leaves
from recipes.lab.training.conversion import is_dense
from recipes.lab.training.options import show
from recipes.lab.training.outputs import Pair, describe
from recipes.lab.training.own_losses import check_by_calling, check_classes, samples
from recipes.lab.training.probabilities import activation_of

SPARSE = ("sparse_categorical_crossentropy", "categorical_generalized_cross_entropy")
ROWS_OF_SHARES = ("categorical_crossentropy", "categorical_focal_crossentropy")
UP_TO_ONE = (*ROWS_OF_SHARES, "binary_crossentropy", "binary_focal_crossentropy",
             "kl_divergence", "dice", "tversky", "categorical_hinge")  # fmt: skip
FROM_ZERO = ("poisson", "mean_squared_logarithmic_error")
SIGNS = ("hinge", "squared_hinge")
ELEMENTWISE = (*UP_TO_ONE, *FROM_ZERO, *SIGNS, "mean_squared_error",
               "mean_absolute_error", "mean_absolute_percentage_error", "huber",
               "log_cosh", "cosine_similarity")  # fmt: skip


def check_targets(found: list[Pair], data: Data, prefix: str = "") -> Data:
    """Refuses targets that their losses would compare wrongly, without a word.

    Args:
        found: What `outputs.pairs` found.
        data: Checked arrays.
        prefix: Stands before y and sample_weight in an error.

    Returns:
        The data; weights have as many axes as Keras needs to meet the right ones.

    Raises:
        LabError: A target or a weight does not fit.
    """
    targets = list(leaves(data.y, f"{prefix}y"))
    weights = list(leaves(data.sample_weight, f"{prefix}sample_weight"))
    shapes: dict[int, set] = {}
    for pair in found:
        name, array = targets[pair.target]
        if not is_dense(array):
            continue
        kind, settings = describe(pair.loss)
        _check_target(kind, settings, pair, array, name)
        if pair.weight is not None:
            weight = weights[pair.weight]
            shape = _weight_shape(kind, settings, pair, *weight)
            shapes.setdefault(pair.weight, set()).add(shape)
    return data._replace(sample_weight=_reshaped(data.sample_weight, shapes, prefix))


def _check_target(kind: str, settings: dict, pair: Pair, array, name: str) -> None:
    shape = tuple(pair.output.shape)
    smoothing = settings.get("label_smoothing") or 0
    if not 0 <= smoothing <= 1:
        raise LabError(
            f"{kind} has label_smoothing={show(smoothing)}; it must be a number from 0 "
            "to 1."
        )
    if kind in SPARSE:
        _check_exact(array, pair.loss, name)
        check_labels(array, shape, settings, name, kind)
    elif kind in ELEMENTWISE:
        _check_shape(array, shape, name, kind)
        _check_range(kind, settings, array, name)
        _check_sums(kind, settings, pair, array, name)
    elif kind == "ctc":
        _check_ctc(array, shape, name)
    elif not kind:
        check_by_calling(pair.loss, array, shape, name)


def _check_exact(array: np.ndarray, loss: Any, name: str) -> None:
    """Refuses labels that Keras would round: it hands them on in the loss's type."""
    exact = {"bfloat16": 2**8, "float16": 2**11}.get(str(loss.dtype), math.inf)
    if array.max() > exact or array.min() < -exact:
        raise LabError(
            f"{name} holds labels to {show(array.max())}; the loss '{loss.name}' has "
            f"the type {loss.dtype}, which holds whole numbers to {exact}. Give the "
            "loss dtype='float32'."
        )


def check_labels(
    array: np.ndarray, shape: tuple, settings: dict, name: str, kind: str
) -> None:
    """Refuses labels that are no whole numbers, or that no output stands for."""
    axis = settings.get("axis", -1)
    classes = shape[axis]
    rows = [size for place, size in enumerate(shape) if place != axis % len(shape)]
    fits = _same(array.shape, rows) or (
        _same(array.shape[:-1], rows) and array.shape[-1] == 1
    )
    if not fits:
        hint = ""
        if _same(array.shape, shape) and kind == SPARSE[0]:
            hint = " For one-hot rows there is categorical_crossentropy."
        raise LabError(
            f"{name} has the shape {array.shape}; {kind} takes one label, a class's "
            f"number, for each row of {classes} outputs: {samples(rows)}.{hint}"
        )
    if classes == 1:
        raise LabError(
            f"{kind} needs two or more outputs, one for each class; the model has 1. "
            "For one output there is binary_crossentropy."
        )
    if array.dtype.kind not in "iub" and (array != np.round(array)).any():
        odd = show(array[array != np.round(array)][0])
        raise LabError(
            f"{name} holds labels that are not whole numbers, such as {odd}."
        )
    ignored = settings.get("ignore_class")
    if ignored is not None:
        array = array[array != ignored]
    if array.size and classes is not None:
        check_classes(array.min(), array.max(), classes, name, ignored)


def _check_shape(array: np.ndarray, shape: tuple, name: str, kind: str) -> None:
    """Refuses what NumPy's rules would stretch; one trailing axis of 1 may differ."""
    sizes = list(shape)
    forms = [sizes]
    if len(sizes) > 1 and sizes[-1] == 1:
        forms.append(sizes[:-1])
    if array.shape[-1] == 1 and array.ndim == len(sizes) + 1:
        forms.append([*sizes, 1])
    if not any(_same(array.shape, form) for form in forms):
        hint = ""
        if kind in ROWS_OF_SHARES and _same(array.shape[:1], sizes[:1]):
            hint = " For labels there is sparse_categorical_crossentropy."
        raise LabError(
            f"{name} has the shape {array.shape}, the output {samples(sizes)}: for "
            f"{kind} both must be equal.{hint}"
        )


def _check_range(kind: str, settings: dict, array: np.ndarray, name: str) -> None:
    low, high = array.min(), array.max()
    if kind in UP_TO_ONE and (low < 0 or high > 1):
        raise LabError(
            f"{name} holds values from {show(low)} to {show(high)}; {kind} takes 0 to "
            "1."
        )
    if kind in FROM_ZERO and low < 0:
        raise LabError(f"{name} holds {show(low)}; {kind} takes values from 0.")
    if kind in SIGNS and not (
        np.isin(array, (-1, 1)).all() or np.isin(array, (0, 1)).all()
    ):
        raise LabError(
            f"{name} holds values from {show(low)} to {show(high)} that are not all -1 "
            f"and 1, or all 0 and 1; {kind} takes one of these pairs."
        )


def _check_sums(kind: str, settings: dict, pair: Pair, array, name: str) -> None:
    """Refuses rows that are no shares of 1, where the loss is one of shares."""
    if kind in ROWS_OF_SHARES and array.shape[-1] == 1:
        raise LabError(
            f"{kind} needs two or more outputs, one for each class; the model has 1. "
            "For one output there is binary_crossentropy."
        )
    shares = kind == "kl_divergence" and activation_of(pair.output) == "softmax"
    if kind in (*ROWS_OF_SHARES, "categorical_hinge") or shares:
        sums = array.sum(settings.get("axis", -1), dtype="float64")
        wrong = np.abs(sums - 1) > 0.01
        if wrong.any():
            raise LabError(
                f"{name} has a row that sums to {show(float(sums[wrong][0]))}; {kind} "
                "takes shares that sum to 1. sample_weight weighs rows or leaves them "
                "out."
            )


def _check_ctc(array: np.ndarray, shape: tuple, name: str) -> None:
    """Refuses labels without an output, and more of them than there are steps."""
    if array.ndim != 2 or len(shape) != 3:
        raise LabError(
            f"{name} has the shape {array.shape}, the output {samples(shape)}: ctc "
            "takes rows of labels and an output for each step and class."
        )
    if (array != np.round(array)).any():
        odd = show(array[array != np.round(array)][0])
        raise LabError(
            f"{name} holds labels that are not whole numbers, such as {odd}."
        )
    _, steps, classes = shape
    if classes is not None:
        check_classes(array.min(), array.max(), classes, name)
    repeated = (array[:, 1:] == array[:, :-1]) & (array[:, 1:] != 0)
    needed = int(((array != 0).sum(1) + repeated.sum(1)).max())
    if steps is not None and needed > steps:
        raise LabError(
            f"{name} has a row of labels that takes {needed} steps; the output has "
            f"{steps}."
        )


def _weight_shape(
    kind: str, settings: dict, pair: Pair, name: str, weight: np.ndarray
) -> tuple:
    """The shape with which weights meet the losses of their own samples."""
    if kind not in SPARSE and kind not in ELEMENTWISE:
        return weight.shape
    losses = list(pair.output.shape)
    del losses[settings.get("axis", -1) if kind in SPARSE else -1]
    if kind in ("dice", "tversky") or not losses:
        return weight.shape
    if weight.ndim == len(losses) + 1 and weight.shape[-1] == 1:
        weight = weight[..., 0]
    if weight.ndim <= len(losses) and all(
        given in (1, wanted) or wanted is None or place == 0
        for place, (given, wanted) in enumerate(zip(weight.shape, losses, strict=False))
    ):
        return (*weight.shape, *[1] * (len(losses) - weight.ndim))
    raise LabError(
        f"{name} has the shape {weight.shape}; for {kind} of outputs "
        f"{samples(pair.output.shape)} it takes one weight a sample, (samples,)"
        f"{f', or {samples(losses)}' if len(losses) > 1 else ''}."
    )


def _reshaped(weights: Any, shapes: dict[int, set], prefix: str) -> Any:
    for found in shapes.values():
        if len(found) > 1:
            raise LabError(
                f"{prefix}sample_weight can't be one for all outputs, which differ in "
                "their number of axes; give one for each output."
            )
    names = [name for name, _ in leaves(weights)]
    wanted = {names[place]: found for place, found in shapes.items()}

    def reshape(name, array):
        (shape,) = wanted.get(name, {array.shape})
        return array if shape == array.shape else array.reshape(shape)

    return change_named(reshape, weights)


def _same(shape: tuple, sizes: list) -> bool:
    """Whether shapes agree, but for the number of samples and what isn't known."""
    return len(shape) == len(sizes) and all(
        wanted is None or given == wanted
        for given, wanted in zip(shape[1:], sizes[1:], strict=True)
    )
