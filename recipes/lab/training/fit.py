"""`fit`: Keras's own `model.fit`, fast on arrays in memory, without its traps."""

import logging

import numpy as np

from recipes.lab.errors import LabError


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
    resident: bool = True,
    xla: bool | None = None,
    **arguments,
):
    """Trains a compiled model on arrays; the order is a function of seed and epoch.

    With `keras.utils.set_random_seed`, `model.fit` on TensorFlow shuffles every
    epoch into the same order. Here epoch e of seed s has its own order, the same
    on every backend. Silent failures become errors: values that are not finite,
    labels that the output has no place for, weights that turned NaN behind a
    finite loss.

    On TensorFlow and JAX the arrays stay in memory and a compiled program runs many
    steps of the model's own `train_step` (one, where a callback looks at batches);
    on TensorFlow validation data stays, too.
    Data that is no array, or too large, is trained on as `model.fit` does; a line
    in the log says so.

    Args:
        model: A compiled `keras.Model`.
        x: Inputs: an array (samples, ...), or a list or dict of them. A data set of
            another kind goes to `model.fit` as it is.
        y: Targets in the same form, or None.
        batch_size: Samples a step, at least 1.
        epochs: Passes over the data, at least 1.
        seed: Decides the order of the samples.
        shuffle: False keeps the order as given.
        sample_weight: None or one non-negative weight a sample.
        on_divergence: "raise", or "return" for experiments that diverge on
            purpose: the history then holds the values that are not finite.
        resident: False lets Keras bring every batch.
        xla: Whether XLA compiles the steps on TensorFlow. None: as the model was
            compiled (`jit_compile`), and where the layers are dense and the steps
            are many enough to pay for the compilation.
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
    from recipes.lab.training import checks
    from recipes.lab.training import resident as in_memory
    from recipes.lab.training.order import EpochOrder, ShuffledArrays

    arguments = {"verbose": 0, **arguments, "epochs": epochs}
    callbacks = _listed(arguments.pop("callbacks", None))
    if not checks.are_arrays(x):
        _say(f"x is a {type(x).__name__}, not arrays")
        history = model.fit(x, y, callbacks=callbacks, **arguments)
        return _checked(model, history, epochs, on_divergence)
    checks.check(model, x, y, batch_size, epochs, sample_weight)
    given = (arguments.pop(name, None) for name in ("class_weight", "validation_split"))
    tree, held_out = checks.prepare(x, y, sample_weight, *given)
    if held_out:
        arguments.setdefault("validation_data", held_out)
    batches = ShuffledArrays(*tree, batch_size, seed, shuffle)
    reason = in_memory.why_not(model, batches.tree, arguments) if resident else ""
    if resident and not reason:
        history = in_memory.train(model, batches, xla, callbacks, arguments)
    else:
        if reason:
            _say(reason)
        callbacks = [EpochOrder(batches), *callbacks]
        history = model.fit(batches, shuffle=False, callbacks=callbacks, **arguments)
    return _checked(model, history, epochs, on_divergence)


def _say(reason: str) -> None:
    logging.getLogger("recipes").info("fit trains the ordinary way: %s.", reason)


def _listed(callbacks) -> list:
    if callbacks is None:
        return []
    several = getattr(callbacks, "callbacks", callbacks)  # a keras CallbackList too
    return list(several) if isinstance(several, (list, tuple)) else [several]


def _checked(model, history, epochs: int, on_divergence: str):
    """Returns the history, unless training diverged and that is to raise."""
    if on_divergence != "raise":
        return history
    for epoch, loss in enumerate(history.history.get("loss", ()), 1):
        if not np.isfinite(loss):
            raise LabError(
                f"training diverged: the loss of '{model.name}' is {loss} after "
                f"epoch {epoch} of {epochs}; a smaller learning rate may help."
            )
    if not all(np.isfinite(weight).all() for weight in model.get_weights()):
        raise LabError(f"training diverged: '{model.name}' has NaN in its weights.")
    return history
