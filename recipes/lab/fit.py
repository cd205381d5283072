"""`fit`: Keras's own `model.fit` with the traps of a seeded run taken out."""

from recipes.lab.errors import LabError

import numpy as np

STEPS_A_CALL = 32


def fit(
    model,
    x,
    y=None,
    *,
    batch_size: int = 32,
    epochs: int = 1,
    seed: int = 0,
    shuffle: bool = True,
    sample_weight=None,
    on_divergence: str = "raise",
    **arguments,
):
    """Trains a compiled model on arrays; the order is a function of seed and epoch.

    With `keras.utils.set_random_seed`, `model.fit` on TensorFlow shuffles every
    epoch into the same order. Here epoch e of seed s has its own order, the same
    on every backend. Silent failures become errors: values that are not finite,
    labels that the output has no place for, weights that turned NaN behind a
    finite loss.

    Args:
        model: A compiled `keras.Model`.
        x: Inputs: an array (samples, ...), or a list or dict of them.
        y: Targets in the same form, or None.
        batch_size: Samples a step, at least 1.
        epochs: Passes over the data, at least 1.
        seed: Decides the order of the samples.
        shuffle: False keeps the order as given.
        sample_weight: None or one non-negative weight a sample.
        on_divergence: "raise", or "return" for experiments that diverge on
            purpose: the history then holds the values that are not finite.
        **arguments: Anything else that `model.fit` takes (`callbacks`,
            `validation_data`, `class_weight`, ...). `verbose` is 0 by default.

    Returns:
        The `keras.callbacks.History` of the run.

    Raises:
        LabError: The data can't be trained on, or training diverged.

    Example:
        >>> import keras, numpy as np
        >>> from recipes.lab import fit
        >>> model = keras.Sequential([keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> x = np.ones((8, 2), "float32")
        >>> history = fit(model, x, x[:, :1], batch_size=4, epochs=3)
        >>> len(history.history["loss"])
        3
    """
    from recipes.lab.batches import EpochOrder, ShuffledArrays

    check(model, x, y, batch_size, epochs, sample_weight)
    batches = ShuffledArrays(x, y, sample_weight, batch_size, seed, shuffle)
    arguments.setdefault("verbose", 0)
    callbacks = _listed(arguments.pop("callbacks", None))
    if not arguments["verbose"] and not any(map(_looks_at_batches, callbacks)):
        _join_steps(model, batches.num_batches)
    callbacks = [EpochOrder(batches), *callbacks]
    history = model.fit(
        batches, epochs=epochs, shuffle=False, callbacks=callbacks, **arguments
    )
    if on_divergence == "raise":
        _refuse_divergence(model, history, epochs)
    return history


def _join_steps(model, batches: int) -> None:
    """Runs several steps in one call where nothing looks between them."""
    import keras

    steps = 1 if keras.backend.backend() == "torch" else min(STEPS_A_CALL, batches)
    if model.steps_per_execution == 1 and steps > 1:
        model.steps_per_execution = steps
        model.train_function = None  # made for one step a call, if it exists


def _listed(callbacks) -> list:
    if callbacks is None:
        return []
    several = getattr(callbacks, "callbacks", callbacks)  # a keras CallbackList too
    return list(several) if isinstance(several, (list, tuple)) else [several]


def _looks_at_batches(callback) -> bool:
    from keras.callbacks import Callback

    hooks = ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin",
             "on_batch_end")  # fmt: skip
    return any(
        getattr(type(callback), hook) is not getattr(Callback, hook) for hook in hooks
    )


def check(model, x, y, batch_size: int, epochs: int, sample_weight=None) -> None:
    """Raises LabError for data that would train silently wrong."""
    for name, value in (("batch_size", batch_size), ("epochs", epochs)):
        if not isinstance(value, (int, np.integer)) or value < 1:
            raise LabError(f"{name} must be a whole number from 1, not {value!r}.")
    for name, tree in (("x", x), ("y", y), ("sample_weight", sample_weight)):
        for array in _leaves(tree):
            array = np.asarray(array)
            if not array.size:
                raise LabError(f"{name} is empty: its shape is {array.shape}.")
            if array.dtype.kind == "f" and not np.isfinite(array).all():
                raise LabError(f"{name} holds values that are NaN or infinite.")
    if sample_weight is not None and np.min(sample_weight) < 0:
        raise LabError(f"sample_weight holds {np.min(sample_weight)}; 0 is the least.")
    _check_labels(model, y)


def _check_labels(model, y) -> None:
    loss = getattr(model, "loss", None)
    name = loss if isinstance(loss, str) else type(loss).__name__
    sparse = name.lower().replace("_", "") == "sparsecategoricalcrossentropy"
    if not sparse or len(_leaves(y)) != 1 or not getattr(model, "built", False):
        return
    labels, classes = np.asarray(_leaves(y)[0]), model.output_shape[-1]
    if (labels != np.round(labels)).any():
        raise LabError("y holds labels that are not whole numbers.")
    if labels.min() < 0 or labels.max() >= classes:
        raise LabError(
            f"y holds labels from {labels.min()} to {labels.max()}; the model's "
            f"{classes} outputs allow 0 to {classes - 1}."
        )


def _refuse_divergence(model, history, epochs: int) -> None:
    for epoch, loss in enumerate(history.history.get("loss", ()), 1):
        if not np.isfinite(loss):
            raise LabError(
                f"training diverged: the loss of '{model.name}' is {loss} after "
                f"epoch {epoch} of {epochs}; a smaller learning rate may help."
            )
    if not all(np.isfinite(weight).all() for weight in model.get_weights()):
        raise LabError(f"training diverged: '{model.name}' has NaN in its weights.")


def _leaves(tree) -> list:
    if tree is None:
        return []
    if isinstance(tree, dict):
        return list(tree.values())
    return list(tree) if isinstance(tree, (list, tuple)) else [tree]
