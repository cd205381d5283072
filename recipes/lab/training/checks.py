"""Everything that `fit` looks at before a model is trained: clear data, or a sentence.

Options are checked in `options`, the form of arrays in `arrays` and `conversion`,
what goes into a model in `inputs`, what its losses compare in `outputs`, `targets`,
`own_losses` and `probabilities`; data that comes in batches in `streams`.
"""

from typing import Any

import keras
import numpy as np

from recipes.lab.errors import LabError
from recipes.lab.training import arrays, conversion, options
from recipes.lab.training.arrays import Data
from recipes.lab.training.inputs import check_inputs
from recipes.lab.training.outputs import Pair, describe, own_step, pairs
from recipes.lab.training.probabilities import (
    BINARY,
    CATEGORICAL,
    check_activations,
    check_values,
)
from recipes.lab.training.targets import SPARSE, check_targets

VALIDATION = "validation "


def prepare(
    model: keras.Model,
    given: Data,
    class_weight: Any = None,
    validation_split: Any = None,
    validation_data: Any = None,
    outputs: bool = True,
) -> tuple[Data, Any]:
    """Brings arrays into one form and checks them.

    Args:
        model: A compiled model.
        given: What to train on.
        class_weight: None or {class: weight}, in place of sample weights.
        validation_split: The share of the last samples that is kept for validation,
            from 0 to below 1; 0 or None keeps none.
        validation_data: None, or what to validate on, in any form that Keras takes;
            `validation_split` does not count then, as in Keras.
        outputs: Whether to look if logits and probabilities are taken for each other.

    Returns:
        What to train on, and `Data` or a data set to validate on, or None.

    Raises:
        LabError: The model would be trained or judged on something wrong.
    """
    if class_weight is not None and given.sample_weight is not None:
        raise LabError("fit takes class_weight or sample_weight, not both.")
    share = options.share("validation_split", validation_split)
    data, held_out = arrays.checked(given), None
    if validation_data is None:
        data, held_out = arrays.split(data, share)
    data, found = check_data(model, data)
    _check_examples(model, data.x)
    if outputs:
        check_activations(found)
        check_values(model, found, data)
    if class_weight is not None:
        data = _with_class_weights(data, found, class_weight)
    _refuse_zeros(data)
    data = _with_ones(data)
    if held_out is not None:
        held_out, _ = check_data(model, held_out)
        _refuse_zeros(held_out, VALIDATION)
    return data, held_out or prepare_validation(model, validation_data)


def prepare_validation(model: keras.Model, given: Any) -> Any:
    """Checks what to validate on.

    Args:
        model: A compiled model.
        given: None, arrays in a tuple or list (x, y) or (x, y, sample_weight), inputs
            alone, or a data set.

    Returns:
        None, `Data`, or the data set as it is.

    Raises:
        LabError: Something does not fit.
    """
    if given is None or arrays.is_stream(given):
        return given
    if not isinstance(given, (tuple, list)):
        given = (given,)
    if not 1 <= len(given) <= 3:
        raise LabError(
            "validation_data must be (x, y) or (x, y, sample_weight); it has "
            f"{len(given)} parts."
        )
    data = arrays.checked(Data(*given), VALIDATION)
    data = check_data(model, data, VALIDATION)[0]
    _refuse_zeros(data, VALIDATION)
    return data


def check_data(
    model: keras.Model, data: Data, prefix: str = ""
) -> tuple[Data, list[Pair]]:
    """Checks arrays against a model; returns them, and what its losses compare."""
    check_inputs(model, data, prefix)
    found = pairs(model, data, prefix)
    if not found:
        _check_loss(model)
    return check_targets(found, data, prefix), found


def _check_examples(model: keras.Model, x: Any) -> None:
    """Asks a model that knows its examples' range, such as a GAN of the zoo."""
    check = getattr(model, "check_examples", None)
    if check is None:
        return
    try:
        check(x)
    except ValueError as error:
        raise LabError(str(error)) from None


def _check_loss(model: keras.Model) -> None:
    """Refuses a model that has nothing to minimize."""
    own = own_step(model, "train_step", "compute_loss")
    if model.loss is None and not own and model.built and not model.losses:
        raise LabError(f"'{model.name}' has no loss: give compile() one.")


def _with_class_weights(data: Data, found: list[Pair], class_weight: Any) -> Data:
    sparse = len(found) == 1 and describe(found[0].loss)[0] in SPARSE
    for _, y in arrays.leaves(data.y):
        if sparse and np.prod(y.shape[1:]) > 1:
            raise LabError(
                "class_weight needs one class a sample; y has the shape "
                f"{y.shape}. Give sample_weight of this shape."
            )
    weights = arrays.weights_by_class(data.y, class_weight)
    check_classes_named(found, class_weight)
    return data._replace(sample_weight=weights)


def check_classes_named(found: list[Pair], class_weight: Any) -> None:
    """Refuses weights of classes for which a model has no output.

    Args:
        found: What `outputs.pairs` found.
        class_weight: {class: weight}.

    Raises:
        LabError: There is no such class.
    """
    for pair in found:
        (kind, settings), outputs = describe(pair.loss), pair.output.shape[-1]
        classes = 2 if outputs == 1 and kind in BINARY else outputs
        if classes is None or kind not in (*CATEGORICAL, *BINARY):
            continue
        for label in options.checked_class_weight(class_weight):
            if label == settings.get("ignore_class"):
                continue
            if not 0 <= label < classes:
                raise LabError(
                    f"class_weight has the class {options.show(label)}; the model's "
                    f"{outputs} outputs allow 0 to {classes - 1}."
                )


def _with_ones(data: Data) -> Data:
    """Weights of 1 for outputs that were given none, where others were given some."""
    parts = keras.tree.flatten(data.sample_weight)
    if len(parts) < 2 or not any(part is None for part in parts):
        return data
    ones = np.ones(arrays.len_of(data), keras.config.floatx())
    filled = keras.tree.map_structure(
        lambda part: ones if part is None else part, data.sample_weight
    )
    return data._replace(sample_weight=filled)


def _refuse_zeros(data: Data, prefix: str = "") -> None:
    """Refuses weights with which nothing would be learnt; sparse inputs as in Keras."""
    if not all(conversion.is_dense(x) for _, x in arrays.leaves(data.x)):
        return
    weights = [weight for _, weight in arrays.leaves(data.sample_weight)]
    if weights and not any(np.any(weight) for weight in weights):
        which = f"{prefix}sample_weight" if prefix else "sample_weight or class_weight"
        raise LabError(f"{which} is 0 for all samples.")
