"""Several networks as one: late and early fusion."""

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import layers, ops

from zoo import _blocks, _checks


def late_fusion(
    models: Sequence[keras.Model],
    *,
    task: str = "classification",
    shared_input: bool = True,
    name: str = "late_fusion",
) -> keras.Model:
    """The average of several networks' predictions, as one network.

    What is averaged are probabilities, not logits; the output is their logarithm,
    which is a logit again: every loss with `from_logits=True` reads it. The networks
    are shared with the given models, not copied.

    Shapes:
        inputs as the models have them: one for all, or a list, one a model
        -> logits (batch, num_classes), or predictions (batch, num_outputs)

    Args:
        models: At least two networks with equal output shapes, which put out logits.
        task: "classification" (mean of softmax probabilities), "binary" or "ordinal"
            (of sigmoid ones) or "regression" (mean of the outputs).
        shared_input: Whether all models see the same input; False makes an input for
            each.
        name: Name of the model.

    Returns:
        An uncompiled Functional `keras.Model`.

    Raises:
        ValueError: An argument is out of its range, or shapes differ.

    Example:
        >>> from zoo import mlp
        >>> members = [mlp((4,), 3, units=(8,)) for _ in range(5)]
        >>> late_fusion(members).count_params()  # five times 67
        335

    References:
        Hansen and Salamon, Neural Network Ensembles (1990); Lakshminarayanan et al.,
        Simple and Scalable Predictive Uncertainty Estimation using Deep Ensembles
        (2017).
    """
    members = _members("models", models, least=2)
    _checks.choice("task", task, _checks.TASKS)
    _checks.flag("shared_input", shared_input)
    _checks.text("name", name)
    _same("models", [member.output_shape for member in members], "output shapes")
    if shared_input:
        _same("models", [member.input_shape for member in members], "input shapes")
        inputs: Any = keras.Input(members[0].input_shape[1:], name="inputs")
        fed = [inputs] * len(members)
    else:
        fed = inputs = [
            keras.Input(member.input_shape[1:], name=f"inputs_{number}")
            for number, member in enumerate(members, 1)
        ]
    outputs = [_part(m, f"member_{k}")(x) for k, (m, x) in
               enumerate(zip(members, fed, strict=True), 1)]  # fmt: skip
    return keras.Model(inputs, _averaged(outputs, task), name=name)


def early_fusion(
    encoders: Sequence[keras.Model],
    num_classes: int,
    *,
    units: Sequence[int] = (),
    activation: str = "relu",
    task: str = "classification",
    name: str = "early_fusion",
) -> keras.Model:
    """One network on several inputs, whose features are joined before the head.

    The encoders are built without their top, or are no more than an input each:
    `keras.Sequential([keras.Input((3,))])` or `mlp((3,), 2, units=(),
    include_top=False)` joins the raw inputs. They are shared, not copied.

    Shapes:
        a list of inputs, one an encoder -> logits (batch, num_classes)

    Args:
        encoders: At least two models; feature maps are averaged over their pixels.
        num_classes: Number of outputs, as at every builder.
        units: Widths of hidden layers behind the joint, each at least 1.
        activation: Of these layers, as at `mlp`.
        task: "classification", "binary", "ordinal" or "regression".
        name: Name of the model.

    Returns:
        An uncompiled Functional `keras.Model`.

    Raises:
        ValueError: An argument is out of its range.

    Example:
        >>> from zoo import mlp
        >>> left, right = (
        ...     mlp((8, 4, 1), 10, units=(16,), include_top=False) for _ in range(2)
        ... )
        >>> early_fusion([left, right], 10, units=(32,)).count_params()
        2442

    References:
        Ngiam et al., Multimodal Deep Learning (2011).
    """
    members = _members("encoders", encoders, least=2)
    outputs = _checks.outputs(_checks.plain(num_classes), task)
    widths = _checks.integers("units", units, empty=True)
    _checks.choice("activation", activation, _blocks.activations())
    _checks.text("name", name)
    inputs = [
        keras.Input(member.input_shape[1:], name=f"inputs_{number}")
        for number, member in enumerate(members, 1)
    ]
    features = []
    for number, (member, given) in enumerate(zip(members, inputs, strict=True), 1):
        x: Any = _part(member, f"encoder_{number}")(given)
        if len(x.shape) == 4:
            x = layers.GlobalAveragePooling2D(
                name=f"global_average_{number}", **_blocks.IMAGES
            )(x)
        features.append(x)
    x = layers.Concatenate(name="fused")(features)
    kernel = _blocks.fitting_initializer(activation)
    for depth, width in enumerate(widths, 1):
        dense = {"kernel_initializer": kernel, "name": f"fused_{depth}"}
        x = layers.Dense(_blocks.widened(width, activation), **dense)(x)
        x = _blocks.activate(x, activation, f"fused_{depth}_activation")
    return keras.Model(inputs, _blocks.head(x, outputs, task), name=name)


def _averaged(outputs: list, task: str) -> Any:
    """The mean of predictions; of classifiers as logits."""
    if task == "regression":
        return layers.Average(name="mean")(outputs)
    stacked = ops.stack(outputs, axis=0)
    log_count = math.log(len(outputs))
    if task in ("binary", "ordinal"):
        yes, no = (
            ops.logsumexp(ops.log_sigmoid(sign * stacked), axis=0) for sign in (1, -1)
        )
        return yes - no
    return ops.logsumexp(ops.log_softmax(stacked, axis=-1), axis=0) - log_count


def _part(model: keras.Model, name: str) -> keras.Model:
    """The same network under a name of its own: Keras takes each name once."""
    return keras.Model(model.input, model.output, name=name)


def _members(argument: str, models: Any, least: int) -> list[keras.Model]:
    found = list(models) if isinstance(models, (list, tuple)) else [models]
    for member in found:
        if not isinstance(member, keras.Model) or not getattr(member, "inputs", None):
            raise _checks.fail(argument, member, "a built keras.Model")
        if len(member.inputs) != 1 or len(member.outputs) != 1:
            raise _checks.fail(argument, member.name, "a model of one input and output")
    if len(found) < least:
        raise _checks.fail(argument, len(found), f"at least {least} models")
    return found


def _same(argument: str, shapes: list, what: str) -> None:
    if len({str(shape) for shape in shapes}) > 1:
        raise _checks.fail(argument, shapes, f"models of equal {what}")
