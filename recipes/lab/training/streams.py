"""Training on data that comes in batches, each looked at when it is drawn."""

import contextlib
from collections.abc import Iterator
from typing import Any

import keras
from keras.src.trainers import data_adapters

from recipes.lab.errors import LabError
from recipes.lab.training import arrays
from recipes.lab.training.batch_checks import BatchChecks, Passes
from recipes.lab.training.options import checked_class_weight
from recipes.lab.training.order import ShuffledArrays
from recipes.lab.training.outputs import graph_of
from recipes.lab.training.parallel.spread import Spread


def fit(
    model: keras.Model,
    x: Any,
    own: dict[str, Any],
    shuffle: bool,
    callbacks: list,
    arguments: dict[str, Any],
    outputs: bool,
    over: Spread,
) -> keras.callbacks.History:
    """Runs `model.fit` over a data set that brings its own batches.

    Args:
        model: A compiled model.
        x: The data set.
        own: Arguments that only arrays take, by name; None was not given.
        shuffle: Whether Keras shuffles the batches of a `PyDataset`.
        callbacks: For `fit`.
        arguments: Further arguments of `model.fit`.
        outputs: Whether to look if logits and probabilities are taken for each other.
        over: The devices that share each batch.

    Raises:
        LabError: An argument would be dropped, or a batch is wrong.
    """
    is_tensorflow = data_adapters.is_tf_dataset(x)
    is_keras = isinstance(x, keras.utils.PyDataset)
    if not is_tensorflow and not is_keras:  # Keras can't weigh these
        own = {**own, "class_weight": arguments.pop("class_weight", None)}
    for name, value in own.items():
        if value is not None:
            raise LabError(
                f"{name} goes with arrays; x is a {type(x).__name__}, which brings its "
                f"own batches: leave {name} out."
            )
    if arguments.get("class_weight") is not None:
        weights = checked_class_weight(arguments["class_weight"])
        graph = graph_of(model)
        classes = graph.outputs[0].shape[-1] if graph is not None else 0
        # TensorFlow's data sets know no class beyond the last one named.
        every = dict.fromkeys(range(classes or 0), 1.0)
        arguments = {**arguments, "class_weight": {**every, **weights}}
    with watched(model, arguments, over, x, outputs) as (batches, arguments):
        return model.fit(
            batches, shuffle=shuffle and is_keras, callbacks=callbacks, **arguments
        )


@contextlib.contextmanager
def watched(
    model: keras.Model,
    arguments: dict[str, Any],
    over: Spread,
    x: Any = None,
    outputs: bool = False,
) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Lets batches of data sets be looked at while a model draws them.

    Args:
        model: A compiled model.
        arguments: Those of `model.fit`; `validation_data` may be a data set.
        over: The devices that share each batch.
        x: The data set to train on, or None where that is in arrays.
        outputs: Whether to look at activations, too.

    Yields:
        The data set, and the arguments, with the validation data as Keras takes it.

    Raises:
        LabError: Something was wrong with a batch.
    """
    checks = []
    epochs = range(arguments.get("initial_epoch", 0) + 1, arguments["epochs"] + 1)
    if x is not None:
        weights = arguments.get("class_weight")
        checks.append(BatchChecks(model, over, "", outputs, weights))
        steps = arguments.get("steps_per_epoch")
        x = checks[-1].watch(x, Passes("steps_per_epoch", len(epochs), steps))
    held_out = arguments.get("validation_data")
    own = isinstance(held_out, ShuffledArrays)  # arrays, and looked at
    if held_out is not None and arrays.is_stream(held_out) and not own:
        checks.append(BatchChecks(model, over, "validation "))
        every = arguments.get("validation_freq", 1)
        listed = every if isinstance(every, list) else range(every, epochs.stop, every)
        times = len(set(listed) & set(epochs))
        passes = Passes("validation_steps", times, arguments.get("validation_steps"))
        held_out = checks[-1].watch(held_out, passes)
        arguments = {**arguments, "validation_data": held_out}
        checks[-1].watching &= times > 0
    elif x is not None and held_out is not None:
        arguments = {**arguments, "validation_data": tuple(held_out)}
    try:
        yield x, arguments
    except Exception as error:
        for one in checks:
            reason = one.reason(error)
            if reason is not None:
                raise reason from None
        raise
    for one in checks:
        one.finish()
