"""`fit`: Keras's own `model.fit`, fast on arrays in memory, without its traps."""

import functools
import logging

import numpy as np

from recipes.lab.errors import LabError


def fit(
    model,
    x,
    y=None,
    *,
    batch_size: int | None = None,
    epochs: int = 1,
    seed: int = 0,
    shuffle: bool = True,
    sample_weight=None,
    on_divergence: str = "raise",
    check_outputs: bool = True,
    resident: bool = True,
    xla: bool | None = None,
    checkpoint=None,
    every: int | str = "epoch",
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

    Under `keras.distribution.DataParallel` on JAX, or `tf.distribute.MirroredStrategy`,
    every device has an equal share of each batch. Several processes on JAX each give
    all rows, and take their own of each batch; what differs between them is refused.

    Args:
        model: A compiled `keras.Model`.
        x: Inputs: an array (samples, ...), or a list or dict of them; sparse and
            ragged ones, too. A data set that brings its own batches goes to
            `model.fit`, without y, weights, batch size and seed; each batch is looked
            at when it is drawn.
        y: Targets in the same form, or None.
        batch_size: Samples a step over all devices, at least 1; None: 32.
        epochs: Passes over the data, at least 1.
        seed: Decides the order of the samples; from 0.
        shuffle: False keeps the order as given.
        sample_weight: None or one non-negative weight a sample; for several outputs
            also in the form of y.
        on_divergence: "raise", or "return" for experiments that diverge on
            purpose: the history then holds the values that are not finite.
        check_outputs: False also trains with logits that the loss takes for
            probabilities, or the reverse, for experiments that show what comes of it.
        resident: False lets Keras bring every batch.
        xla: Whether XLA compiles the steps on TensorFlow. None: as the model was
            compiled (`jit_compile`), and where the layers are dense and the steps
            pay for the compilation: 4,000 in this call, or 900 where the optimizer
            has made steps before. XLA compiles for the second call beside the first.
        checkpoint: A folder in which the training is kept; on one device only. The
            same call goes on from there after any death, and ends with the same bits
            as if nothing had happened; given again after its end it does no step. One
            folder, one training: another one is refused by what differs.
        every: When to save: "epoch", at the end of epochs, as often as costs at most
            5 % of the time; a number of steps; or seconds, such as "30 s". The last
            epoch's end is always saved.
        **arguments: Anything else that `model.fit` takes (`callbacks`,
            `validation_data`, `class_weight`, ...). `verbose` is 0 by default.

    Returns:
        The `keras.callbacks.History` of the run; `first_call_seconds` is what tracing
        and compiling took, where arrays were in memory.

    Raises:
        LabError: The model, the data or an option would train wrong or not at all;
            that is found before training, but for data sets and train steps of one's
            own. Or training diverged.

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
    from recipes.lab.training import arrays, checks, hooks, options, streams
    from recipes.lab.training.order import ShuffledArrays
    from recipes.lab.training.own_steps import labels_in_range
    from recipes.lab.training.parallel import prepare, spread

    options.check_model(model)
    options.check_names(model, fit, arguments)
    over = spread.of(model)
    with over.training():
        arguments = options.checked_arguments(arguments, epochs)
        seed = options.check_fit_options(seed, on_divergence, xla)
        for name, flag in (("shuffle", shuffle), ("resident", resident),
                           ("check_outputs", check_outputs)):  # fmt: skip
            options.check_flag(name, flag)
        size = options.batch_size_of(batch_size)
        callbacks = hooks.listed(arguments.pop("callbacks", None))
        keeper = _keeper(checkpoint, every, x, arguments, over)
        options.check_optimizers(model)
        split = arguments.pop("validation_split", None)
        split = options.share("validation_split", split)
        validation = arguments.pop("validation_data", None)
        prepare.refuse_streams(over, x=x, validation_data=validation)
        if arrays.is_stream(x):
            arguments["validation_data"] = checks.prepare_validation(model, validation)
            own = {"y": y, "sample_weight": sample_weight, "batch_size": batch_size,
                   "validation_split": split or None, "seed": seed or None}  # fmt: skip
            _say(f"x is a {type(x).__name__}, not arrays")
            train = functools.partial(
                streams.fit, model, x, own, bool(shuffle), callbacks, arguments,
                bool(check_outputs), over,
            )  # fmt: skip
        else:
            classes = arguments.pop("class_weight", None)
            given = arrays.Data(x, y, sample_weight)
            data, held_out = checks.prepare(
                model, given, classes, split, validation, bool(check_outputs)
            )
            arguments["validation_data"] = held_out
            steps = _steps(model, arguments, data, size, bool(shuffle))
            share = over.own_rows if over.is_several else None
            batches = ShuffledArrays(*data, size, seed, bool(shuffle), steps, share)
            options.check_optimizers(model, batches.num_batches * arguments["epochs"])
            callbacks, arguments = prepare.prepare(
                over, model, batches, callbacks, arguments
            )
            train = functools.partial(
                _fit_arrays, model, batches, resident, xla, callbacks, arguments,
                keeper, over,
            )  # fmt: skip
        with labels_in_range(model):
            history = train()
        return _checked(model, history, arguments["epochs"], on_divergence)


def _steps(model, arguments: dict, data, batch_size: int, shuffle: bool) -> int | None:
    """The steps an epoch that were asked for, if any; they must be there.

    Validation data in arrays gets its batch size: as in Keras, that of training.
    """
    from recipes.lab.training import arrays, inputs, options

    held_out, validated = arguments["validation_data"], None
    if isinstance(held_out, arrays.Data):
        size = arguments.get("validation_batch_size") or batch_size
        arguments["validation_batch_size"] = size
        validated = -(-arrays.len_of(held_out) // size)
        inputs.check_batches(model, arrays.len_of(held_out), size, "validation ")
    inputs.check_batches(model, arrays.len_of(data), batch_size)
    batches = -(-arrays.len_of(data) // batch_size)
    return options.checked_steps(arguments, batches, validated, shuffle)


def _keeper(checkpoint, every, x, arguments, over):
    """What keeps the training in a folder; None where that was not asked for."""
    from recipes.lab.training import arrays, options
    from recipes.lab.training.checkpoint import members

    if checkpoint is None:
        if every != "epoch":
            raise LabError(f"every={options.show(every)} needs checkpoint=FOLDER.")
        folder = members.next_folder()
        if folder is None:
            return None
        from recipes.lab.training.checkpoint.keeper import MemberKeeper

        return MemberKeeper(folder)
    from recipes.lab.training.checkpoint.keeper import Keeper

    if over.shares > 1 or over.is_several:
        raise LabError(
            f"checkpoint= keeps a training on one device; over {over.shares} "
            f"{over.noun}, save with keras.callbacks.ModelCheckpoint."
        )
    for name, data in (("x", x), ("validation_data", arguments.get("validation_data"))):
        if data is not None and arrays.is_stream(data):
            raise LabError(
                f"checkpoint= takes arrays; {name} is a {type(data).__name__}, which "
                "can't be put back to where it was."
            )
    return Keeper(checkpoint, every)


def _fit_arrays(model, batches, resident, xla, callbacks, arguments, keeper, over):
    """Trains on arrays: in memory where that can be, else batch by batch."""
    from recipes.lab.training import resident as in_memory
    from recipes.lab.training import streams
    from recipes.lab.training.building import build_state
    from recipes.lab.training.order import EpochOrder

    if over.shares == 1:
        build_state(model, batches)
    reason = in_memory.why_not(model, batches.tree)
    with streams.watched(model, arguments, over) as (_, arguments):
        if resident and not reason:
            return in_memory.train(model, batches, xla, callbacks, arguments, keeper)
        if resident:
            _say(reason)
        batches.check_parts()
        callbacks = [EpochOrder(batches, batches.num_batches), *callbacks]
        plain = in_memory.as_keras_takes_it(arguments)
        if keeper is None:
            return model.fit(batches, shuffle=False, callbacks=callbacks, **plain)
        from recipes.lab.training.checkpoint.calls import Calls

        calls = Calls(batches.num_batches, model.steps_per_execution)
        with keeper.training(model, batches, callbacks, arguments, calls) as callbacks:
            return model.fit(batches, shuffle=False, callbacks=callbacks, **plain)


def _say(reason: str) -> None:
    logging.getLogger("recipes").info("fit trains the ordinary way: %s.", reason)


def _checked(model, history, epochs: int, on_divergence: str):
    """Returns the history, unless training diverged and that is to raise."""
    from recipes.lab.training import options

    options.check_optimizers(model)  # a callback may have set a rate
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
