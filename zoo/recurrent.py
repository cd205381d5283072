"""Recurrent networks over token ids or feature sequences."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from zoo import _blocks, _checks
from zoo.layers import ForgetBias

CELLS = {"lstm": layers.LSTM, "gru": layers.GRU, "simple_rnn": layers.SimpleRNN}


def recurrent(
    input_shape: Sequence[int | None],
    num_classes: int,
    *,
    cell: str = "lstm",
    units: Sequence[int] = (128,),
    vocabulary_size: int | None = None,
    embedding_dim: int = 64,
    mask_zero: bool = False,
    return_sequences: bool = False,
    bidirectional: bool = False,
    forget_bias: float | None = None,
    activation: str = "tanh",
    dropout: float = 0.0,
    recurrent_dropout: float = 0.0,
    normalization: str | None = None,
    l2: float = 0.0,
    task: str = "classification",
    name: str = "recurrent",
) -> keras.Model:
    """Stacked recurrent layers over a sequence: one output, or one a step.

    Shapes:
        token ids (batch, timesteps) int, with vocabulary_size, or
        features (batch, timesteps, features) float
        -> logits (batch, num_classes), or (batch, timesteps, num_classes) with
        return_sequences

    Args:
        input_shape: (timesteps,) for token ids, (timesteps, features) for features;
            timesteps None takes sequences of any length.
        num_classes: Number of outputs: at least 2 classes for a softmax; 1 or more
            for the other tasks.
        cell: "lstm", "gru" or "simple_rnn".
        units: Width of each stacked layer, at least 1.
        vocabulary_size: Token ids are 0 to vocabulary_size - 1, at least 2; None for
            features.
        embedding_dim: Size of a token's vector, at least 1; unused for features.
        mask_zero: Whether token 0 is padding to skip.
        return_sequences: One output a step, not one for the whole sequence.
        bidirectional: Reads each layer's input in both orders and joins the two,
            which doubles a layer's width.
        forget_bias: Initial bias of an LSTM's forget gate, any finite number: 1, as
            for None, keeps sigmoid(1) = 0.73 of the cell state a step, 0 half of it.
        activation: The activation of the candidate state and, in an LSTM, of the
            cell state; any Keras activation by name.
        dropout: Share of each layer's outputs to drop, in [0, 1).
        recurrent_dropout: Share of the state to drop inside a layer, in [0, 1).
        normalization: "layer" or None; behind each layer.
        l2: Strength of an L2 penalty on the input kernels, at least 0.
        task: "classification" (softmax), "binary" (sigmoid) or "regression".
        name: Name of the model.

    Returns:
        An uncompiled Functional `keras.Model`.

    Raises:
        ValueError: An argument is out of its range, or input_shape has the wrong
            rank.

    Example:
        >>> recurrent((None, 8), 10, units=(32,)).count_params()  # 5248 + 330
        5578

    References:
        As at `lstm`, `gru` and `simple_rnn`.
    """
    _checks.choice("cell", cell, CELLS)
    tokens = vocabulary_size is not None
    shape = _sequence_shape(input_shape, tokens)
    outputs = _checks.outputs(num_classes, task)
    widths = _checks.integers("units", units)
    if tokens:
        _checks.integer("vocabulary_size", vocabulary_size, low=2)
    _checks.integer("embedding_dim", embedding_dim)
    if _checks.flag("mask_zero", mask_zero) and not tokens:
        raise _checks.fail("mask_zero", mask_zero, "False without vocabulary_size")
    _checks.flag("return_sequences", return_sequences)
    _checks.flag("bidirectional", bidirectional)
    usable = [n for n in _blocks.activations() if n not in ("maxout", "prelu")]
    _checks.choice("activation", activation, usable)
    arguments = _cell_arguments(cell, forget_bias)
    _checks.rate("dropout", dropout)
    _checks.rate("recurrent_dropout", recurrent_dropout)
    _checks.choice("normalization", normalization, ("layer", None))
    _checks.number("l2", l2, 0.0)
    _checks.text("name", name)

    inputs = keras.Input(
        shape,
        name="tokens" if tokens else "features",
        dtype="int32" if tokens else None,
    )
    x = inputs
    if tokens:
        x = layers.Embedding(
            vocabulary_size, embedding_dim, mask_zero=mask_zero, name="embedding"
        )(x)
    for depth, width in enumerate(widths, start=1):
        title = f"{cell}_{depth}"
        layer = CELLS[cell](
            width,
            return_sequences=return_sequences or depth < len(widths),
            kernel_regularizer=_blocks.penalty(0.0, l2, 0.0, 1.0),
            activation=activation,
            recurrent_dropout=recurrent_dropout,
            name=title,
            **arguments,
        )
        if bidirectional:
            layer = layers.Bidirectional(layer, name=f"{title}_both_ways")
        x = layer(x)
        x = _blocks.normalize(x, normalization, f"{title}_normalization")
        if dropout:
            x = layers.Dropout(dropout, name=f"{title}_dropout")(x)
    return keras.Model(inputs, _blocks.head(x, outputs, task), name=name)


def _sequence_shape(input_shape: object, tokens: bool) -> tuple[int | None, ...]:
    """(timesteps,) for token ids, (timesteps, features) for features."""
    allowed = "(timesteps, features) without vocabulary_size"
    if tokens:
        allowed = "(timesteps,) with vocabulary_size"
    allowed += ", where timesteps is an integer of at least 1 or None"
    if not isinstance(input_shape, (list, tuple)):
        raise _checks.fail("input_shape", input_shape, allowed)
    if len(input_shape) != (1 if tokens else 2):
        raise _checks.fail("input_shape", tuple(input_shape), allowed)
    timesteps, *features = input_shape
    if timesteps is not None:
        _checks.integer("input_shape[0]", timesteps)
    for size in features:
        _checks.integer("input_shape[1]", size)
    return tuple(input_shape)


def _cell_arguments(cell: str, forget_bias: object) -> dict[str, Any]:
    if forget_bias is None:
        return {}
    bias = _checks.number("forget_bias", forget_bias)
    if cell != "lstm":
        raise _checks.fail("forget_bias", forget_bias, f"None for cell={cell!r}")
    # Keras's own initializer where it has one, so that its saved form stays plain.
    if bias in (0.0, 1.0):
        return {"unit_forget_bias": bias == 1.0}
    return {"unit_forget_bias": False, "bias_initializer": ForgetBias(bias)}


def lstm(
    input_shape: Sequence[int | None], num_classes: int, **settings: Any
) -> keras.Model:
    """Long short-term memory: `recurrent` with cell="lstm", the same settings.

    Example:
        >>> lstm((20,), 1, vocabulary_size=50, units=(8,), task="binary").output_shape
        (None, 1)

    References:
        Hochreiter and Schmidhuber, Long Short-Term Memory (1997); Gers et al.,
        Learning to Forget (2000); Jozefowicz et al., An Empirical Exploration of
        Recurrent Network Architectures (2015) for the bias of the forget gate.
    """
    settings = {"name": "lstm", **settings, "cell": "lstm"}
    return recurrent(input_shape, num_classes, **settings)


def gru(
    input_shape: Sequence[int | None], num_classes: int, **settings: Any
) -> keras.Model:
    """Gated recurrent units: `recurrent` with cell="gru", the same settings.

    Example:
        >>> gru((None, 8), 10, units=(32,)).count_params()  # 4032 + 330
        4362

    References:
        Cho et al., Learning Phrase Representations using RNN Encoder-Decoder (2014).
        Keras's form resets behind the recurrent product and has two biases.
    """
    settings = {"name": "gru", **settings, "cell": "gru"}
    return recurrent(input_shape, num_classes, **settings)


def simple_rnn(
    input_shape: Sequence[int | None], num_classes: int, **settings: Any
) -> keras.Model:
    """Elman's network: `recurrent` with cell="simple_rnn", the same settings.

    Example:
        >>> simple_rnn((None, 8), 10, units=(32,)).count_params()  # 1312 + 330
        1642

    References:
        Elman, Finding Structure in Time (1990).
    """
    settings = {"name": "simple_rnn", **settings, "cell": "simple_rnn"}
    return recurrent(input_shape, num_classes, **settings)
