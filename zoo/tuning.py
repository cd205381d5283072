"""Fine-tuning: named endpoints, new heads, and freezing without Keras's traps."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import keras

from zoo import _blocks, _checks
from zoo.ordinal import GradeError

# A family is known by its input and its first layer with weights; in it, the name of a
# layer says which part it belongs to. Elsewhere a name says nothing: Keras itself calls
# layers dense_1, lstm_1 and embedding.
_FAMILIES = (
    ("images", "stem", {r"(stem|stage\d+|final)(_.*)?": "{0}"}),
    ("images", "discriminator_down1", {r"discriminator_(down\d+)(_.*)?": "{0}"}),
    ("images", "down1_conv1", {r"((?:down|up)\d+)(_.*)?": "{0}"}),
    ("inputs", "hidden_1", {r"(hidden_\d+)(_.*)?": "{0}"}),
    ("images", "conv_1", {r"(?:conv|pool|pointwise)_(\d+)(_.*)?": "block{0}"}),
    (
        "tokens|features",
        r"embedding|(lstm|gru|simple_rnn)_1(_both_ways)?",
        {r"(embedding|(?:lstm|gru|simple_rnn)_\d+)(_.*)?": "{0}"},
    ),
)
# Behind the blocks of a LeNet, and never without a head of ours.
_HIDDEN = {r"(dense_\d+)(_.*)?": "{0}"}


def endpoints(model: keras.Model) -> dict[str, Any]:
    """The outputs of a network's parts by name, from the input to the head.

    A residual network has "stem", "stage1", "stage2", ..., and "final" where it
    normalizes last; a LeNet "block1", ...; an MLP "hidden_1", ...; a recurrent
    network "embedding", "lstm_1", ... A network is known by the names of its input
    and first layer, a part by those of its layers; layers that were added to a network
    are no parts.

    Args:
        model: A model that a builder of this package made, or a copy of one.

    Returns:
        Symbolic tensors, for instance for `keras.Model(model.input, tensors)`.

    Raises:
        ValueError: No part is found.

    Example:
        >>> from zoo import resnet20
        >>> list(endpoints(resnet20()))
        ['stem', 'stage1', 'stage2', 'stage3']
    """
    parts = _parts(model)
    return {part: model.get_layer(name).output for name, part in parts.items()}


def with_head(
    model: keras.Model, num_classes: int, *, task: str = "classification"
) -> keras.Model:
    """The same network with a new linear output, for other classes.

    Everything below the head is shared with the given model, not copied: training
    one trains both. Feature maps are averaged over their pixels first.

    Args:
        model: A model whose last layer is its head, or one without a top.
        num_classes: Number of outputs of the new head, as at every builder.
        task: "classification", "binary", "ordinal" or "regression".

    Returns:
        An uncompiled Functional `keras.Model`.

    Raises:
        ValueError: An argument is out of its range.

    Example:
        >>> from zoo import resnet20
        >>> with_head(resnet20(), 3).output_shape
        (None, 3)
    """
    x = _below_the_head(model)
    outputs = _checks.outputs(_checks.plain(num_classes), task)
    if isinstance(model, keras.Sequential):
        return keras.Model(model.inputs[0], _blocks.head(x, outputs, task))
    return keras.Model(model.input, _blocks.head(x, outputs, task), name=model.name)


def with_heads(
    model: keras.Model, heads: Mapping[str, int | tuple[int, str]]
) -> keras.Model:
    """The same network with several linear outputs, one a task.

    Everything below the heads is shared by the tasks, and with the given model, not
    copied. Feature maps are averaged over their pixels first. Compile with one loss,
    one list of metrics and, if asked for, one loss weight under each task's name.

    Args:
        model: A model whose last layer is its head, or one without a top.
        heads: For each task's name the number of its outputs, as at every builder, or
            (number, task) where the task is not "classification".

    Returns:
        An uncompiled Functional `keras.Model` whose outputs are a dictionary.

    Raises:
        ValueError: An argument is out of its range.

    Example:
        >>> from zoo import mlp
        >>> trunk = mlp((10,), 2, units=(64,), include_top=False)
        >>> model = with_heads(trunk, {"kind": 3, "size": (1, "regression")})
        >>> {task: logits.shape for task, logits in model.output.items()}
        {'kind': (None, 3), 'size': (None, 1)}

    References:
        Caruana, Multitask Learning (1997).
    """
    if not isinstance(heads, Mapping) or not heads:
        raise _checks.fail("heads", heads, "a dictionary of at least one task")
    x, planned = _below_the_head(model), {}
    taken = {layer.name for layer in model.layers if not _is_head(layer)}
    for name, head in heads.items():
        _checks.text("a name of heads", name)
        if name in taken:
            raise _checks.fail("a name of heads", name, "no layer's of the model")
        paired = isinstance(head, (tuple, list))
        entry = head if paired else (head, "classification")
        if len(entry) != 2:
            raise _checks.fail(f"heads[{name!r}]", head, "a number, or (number, task)")
        outputs, task = _checks.plain(entry[0]), entry[1]
        planned[name] = (_checks.outputs(outputs, task), task)
    ends = {
        name: _blocks.head(x, outputs, task, name=name)
        for name, (outputs, task) in planned.items()
    }
    if isinstance(model, keras.Sequential):
        return keras.Model(model.inputs[0], ends)
    return keras.Model(model.input, ends, name=model.name)


def freeze(
    model: keras.Model, until: str | None = None, *, normalization: bool = True
) -> None:
    """Freezes what lies in front of one part of a network, and lets the rest train.

    A compiled model is compiled again with the same settings, because Keras else
    keeps training as before; its optimizer starts anew. Frozen batch normalization
    predicts with its moving averages and leaves them alone.

    Args:
        model: A model with `endpoints`.
        until: Name of the first part that trains; None freezes all but the head.
        normalization: Whether the batch normalization of the parts that train does
            so too; False keeps its averages, which suits small batches.

    Raises:
        ValueError: There is no such part.

    Example:
        >>> from zoo import resnet20
        >>> model = resnet20()
        >>> freeze(model, until="stage3")
        >>> model.get_layer("stage2_block1_conv1").trainable
        False
    """
    _check_model(model)
    _checks.flag("normalization", normalization)
    parts = list(endpoints(model))
    if until is not None:
        _checks.choice("until", until, parts)
    frozen = set(parts if until is None else parts[: parts.index(until)])
    part_of = _parts(model)
    for layer in model.layers:
        layer.trainable = part_of.get(layer.name) not in frozen
        if isinstance(layer, keras.layers.BatchNormalization) and not normalization:
            layer.trainable = False
    _compile_again(model)


def unfreeze_gradually(
    model: keras.Model, *, normalization: bool = True
) -> Iterator[str]:
    """Yields one part after the other, from the head to the input, once it trains.

    First the head alone trains ("head"), then with the last part, and so on; fit the
    model in the loop, as long and with what rate you like.

    Args:
        model: A model with `endpoints`, compiled or not.
        normalization: As in `freeze`.

    Yields:
        "head", then the names of the parts from the last to the first.

    Raises:
        ValueError: As in `freeze`.

    Example:
        >>> from zoo import mlp
        >>> for part in unfreeze_gradually(mlp((4,), 2, units=(3, 3))):
        ...     print(part)  # and model.fit(...)
        head
        hidden_2
        hidden_1

    References:
        Howard and Ruder, Universal Language Model Fine-tuning for Text
        Classification (2018).
    """
    freeze(model, normalization=normalization)
    yield "head"
    for part in reversed(list(endpoints(model))):
        freeze(model, until=part, normalization=normalization)
        yield part


def metrics_for(model: keras.Model, task: str | None = None) -> list[Any]:
    """The metrics that read a network's outputs right, for `compile`.

    Classifiers put out logits. `metrics=["accuracy"]` compares a binary logit with
    0.5, where it must be 0: a probability of one half.

    Args:
        model: A model that a builder of this package made.
        task: "classification", "binary", "ordinal" or "regression"; None asks the
            head, where one logit means "binary" and several mean "classification".

    Returns:
        New metrics: the accuracy, the mean distance in grades, or the mean absolute
        error.

    Raises:
        ValueError: The task is unknown, or the model has no head to ask.

    Example:
        >>> from zoo import mlp_binary
        >>> metrics_for(mlp_binary())[0].name
        'accuracy'
    """
    if task is None:
        _check_model(model)
        head = model.layers[-1]
        if not _is_head(head):
            raise _checks.fail("task", task, "given for a model without a head of ours")
        task = "binary" if head.units == 1 else "classification"
        task = "regression" if head.name == "prediction" else task
    _checks.choice("task", task, _checks.TASKS)
    if task == "regression":
        return [keras.metrics.MeanAbsoluteError()]
    if task == "ordinal":
        return [GradeError()]
    if task == "binary":
        return [keras.metrics.BinaryAccuracy("accuracy", threshold=0.0)]
    return [keras.metrics.SparseCategoricalAccuracy("accuracy")]


def _parts(model: Any) -> dict[str, str]:
    """The name of each layer of a part, and that of its part, in the model's order."""
    layers = getattr(model, "layers", [])
    names = [layer.name for layer in layers]
    weighted = [layer.name for layer in layers if layer.weights]
    patterns: dict[str, str] = {}
    for input_name, first, own in _FAMILIES:
        ours = any(re.fullmatch(input_name, name) for name in names[:1])
        if ours and weighted and re.fullmatch(first, weighted[0]):
            patterns = own
    if any(map(_is_head, layers)) and "conv_1" in names:
        patterns = {**patterns, **_HIDDEN}
    found = {}
    for name in names:
        for pattern, part in patterns.items():
            match = re.fullmatch(pattern, name)
            if match is not None:
                found[name] = part.format(match.group(1))
    if not found:
        name = getattr(model, "name", model)
        raise _checks.fail("model", name, "a network of this package; it has no parts")
    return found


def _below_the_head(model: Any) -> Any:
    """What a new head reads: one row of features an example."""
    _check_model(model)
    ends = getattr(model, "outputs", None) or []
    if len(ends) != 1:
        raise _checks.fail("model", model.name, "a built model of layers, one output")
    last = model.layers[-1]
    x = last.input if _is_head(last) else ends[0]
    return _blocks.pooled(x, "avg") if len(x.shape) == 4 else x


def _is_head(layer: Any) -> bool:
    named = layer.name in ("logits", "prediction")
    return named and isinstance(layer, keras.layers.Dense)


def _check_model(model: Any) -> None:
    if not isinstance(model, keras.Model) or not getattr(model, "layers", None):
        raise _checks.fail("model", model, "a built keras.Model")


def _compile_again(model: keras.Model) -> None:
    """Compiles with the same settings, and with the optimizer as it is now.

    What `compile` got is handed over, not its config: losses, metrics and optimizers
    of one's own need not be registered with Keras.
    """
    if not model.compiled:
        return
    settings = getattr(model, "_compile_config", None)
    if settings is None:
        model.compile_from_config(model.get_compile_config())
        return
    optimizer = _anew(model.optimizer)
    model.compile(**{**settings.config, "optimizer": optimizer})


def _anew(optimizer: Any) -> Any:
    """The same kind of optimizer with the same settings, and no state."""
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        return keras.optimizers.LossScaleOptimizer(
            _anew(optimizer.inner_optimizer),
            initial_scale=optimizer.initial_scale,
            dynamic_growth_steps=optimizer.dynamic_growth_steps,
        )
    rate = getattr(optimizer, "_learning_rate", None)
    if not isinstance(rate, keras.optimizers.schedules.LearningRateSchedule):
        return type(optimizer).from_config(optimizer.get_config())
    # A schedule is handed over as it is, since one's own may have no config. A copy
    # gives the other settings, so that the optimizer itself stays untouched.
    plain = object.__new__(type(optimizer))
    vars(plain).update(vars(optimizer), _learning_rate=None)
    return type(optimizer).from_config({**plain.get_config(), "learning_rate": rate})
