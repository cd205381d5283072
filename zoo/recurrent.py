"""Recurrent networks over token ids or feature sequences."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import layers

from zoo import _blocks, _checks
from zoo._variants import variant
from zoo.embedding import dense_embedding
from zoo.pretrained import loads_weights

CELLS = {"lstm": layers.LSTM, "gru": layers.GRU, "simple_rnn": layers.SimpleRNN}


@loads_weights
def recurrent(
    input_shape: Sequence[int | None],
    num_classes: int,
    *,
    cell: str = "lstm",
    units: Sequence[int] = (128,),
    vocabulary_size: int | None = None,
    embedding_dim: int = 64,
    mask_zero: bool = False,
    mask_value: float | None = None,
    return_sequences: bool = False,
    bidirectional: bool = False,
    forget_bias: float | None = None,
    activation: str = "tanh",
    dropout: float = 0.0,
    recurrent_dropout: float = 0.0,
    normalization: str | None = None,
    l2: float = 0.0,
    use_cudnn: bool | str = "auto",
    stateful: bool = False,
    unroll: bool = False,
    batch_size: int | None = None,
    task: str = "classification",
    weights: str | None = None,
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
        mask_value: A step whose features all have this value is padding to skip;
            None skips nothing. For features only.
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
        use_cudnn: "auto", True or False, for "lstm" and "gru" on a GPU: True insists
            on cuDNN's kernels, which on TensorFlow take no padding on the left and
            no sequence of padding alone; False does without them. Keras keeps it in
            no file.
        stateful: Whether each batch goes on where the one before it ended
            (`reset_state()` of each recurrent layer begins anew); needs batch_size.
            On PyTorch, Keras's stateful layers predict, but don't train.
        unroll: Whether the loop over the steps is written out, which LiteRT and some
            other converters need; needs timesteps.
        batch_size: A fixed number of sequences in every batch, at least 1, or None.
        task: "classification" (softmax), "binary" (sigmoid; its accuracy is that of
            threshold 0, `zoo.metrics_for`), "ordinal" (num_classes - 1 logits, each
            for "above this grade") or "regression".
        weights: None draws them. A name loads those of `zoo.list_weights()` for this
            builder; arguments that are not given are then the trained network's.
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
    if mask_value is not None:
        _checks.number("mask_value", mask_value)
        if tokens:
            raise _checks.fail("mask_value", mask_value, "None with vocabulary_size")
    _checks.flag("return_sequences", return_sequences)
    _checks.flag("bidirectional", bidirectional)
    usable = [n for n in _blocks.activations() if n not in ("maxout", "prelu")]
    _checks.choice("activation", activation, usable)
    _check_forget_bias(cell, forget_bias)
    _checks.rate("dropout", dropout)
    _checks.rate("recurrent_dropout", recurrent_dropout)
    _checks.choice("normalization", normalization, ("layer", None))
    _checks.number("l2", l2, 0.0)
    _check_policy()
    running = _running(cell, use_cudnn, stateful, unroll, batch_size, shape[0])
    _checks.text("name", name)

    inputs = keras.Input(
        shape,
        batch_size=batch_size,
        name="tokens" if tokens else "features",
        dtype="int32" if tokens else None,
    )
    x = inputs
    if tokens:
        x = dense_embedding(
            int(vocabulary_size),  # type: ignore[arg-type]
            int(embedding_dim),
            mask_zero=mask_zero,
            name="embedding",
        )(x)
    elif mask_value is not None:
        x = layers.Masking(mask_value, name="mask")(x)
    normalize = _blocks.Normalization(normalization)
    for depth, width in enumerate(widths, start=1):
        title = f"{cell}_{depth}"
        layer = CELLS[cell](
            width,
            return_sequences=return_sequences or depth < len(widths),
            kernel_regularizer=_blocks.penalty(0.0, l2, 0.0, 1.0),
            activation=activation,
            recurrent_dropout=recurrent_dropout,
            name=title,
            **_forget_bias(forget_bias, width),
            **running,
        )
        if bidirectional:
            layer = layers.Bidirectional(layer, name=f"{title}_both_ways")
            if "use_cudnn" in running:  # Keras copies the layer without it
                layer.forward_layer.use_cudnn = running["use_cudnn"]
                layer.backward_layer.use_cudnn = running["use_cudnn"]
        x = layer(x)
        x = normalize(x, f"{title}_normalization")
        if dropout:
            x = layers.Dropout(dropout, name=f"{title}_dropout")(x)
    return keras.Model(inputs, _blocks.head(x, outputs, task), name=name)


def _sequence_shape(input_shape: object, tokens: bool) -> tuple[int | None, ...]:
    """(timesteps,) for token ids, (timesteps, features) for features."""
    allowed = "(timesteps, features) without vocabulary_size"
    if tokens:
        allowed = "(timesteps,) with vocabulary_size"
    allowed += ", where timesteps is an integer of at least 1 or None"
    input_shape = _checks.plain_shape(input_shape)
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


def _check_policy() -> None:
    policy = keras.config.dtype_policy()
    on_tensorflow = keras.backend.backend() == "tensorflow"
    if on_tensorflow and policy.variable_dtype == "bfloat16":
        raise ValueError(
            f"dtype policy {policy.name!r} is none for recurrent weights: TensorFlow "
            "draws no orthogonal matrix in bfloat16; use 'mixed_bfloat16'."
        )


def _check_forget_bias(cell: str, forget_bias: object) -> None:
    if forget_bias is None:
        return
    _checks.number("forget_bias", forget_bias)
    if cell != "lstm":
        raise _checks.fail("forget_bias", forget_bias, f"None for cell={cell!r}")


def _forget_bias(value: float | None, units: int) -> dict[str, Any]:
    """Keras's own initializers only, so that a saved model needs nothing of ours."""
    if value is None:
        return {}
    if value in (0.0, 1.0):
        return {"unit_forget_bias": value == 1.0}
    # In Keras's order: input, forget, candidate, output.
    biases = [0.0] * units + [float(value)] * units + [0.0] * (2 * units)
    constant = keras.initializers.Constant(biases)
    return {"unit_forget_bias": False, "bias_initializer": constant}


def _running(
    cell: str,
    use_cudnn: object,
    stateful: object,
    unroll: object,
    batch_size: object,
    timesteps: int | None,
) -> dict[str, Any]:
    """How a layer runs through its steps, as arguments of a Keras layer."""
    if use_cudnn != "auto" and not isinstance(use_cudnn, bool):
        raise _checks.fail("use_cudnn", use_cudnn, "'auto', True or False")
    if batch_size is not None:
        _checks.integer("batch_size", batch_size)
    if _checks.flag("stateful", stateful) and batch_size is None:
        raise _checks.fail("stateful", stateful, "False without batch_size")
    if _checks.flag("unroll", unroll) and timesteps is None:
        raise _checks.fail("unroll", unroll, "False for sequences of any length")
    running: dict[str, Any] = {"stateful": stateful, "unroll": unroll}
    if cell == "simple_rnn":
        if use_cudnn != "auto":
            raise _checks.fail("use_cudnn", use_cudnn, f"'auto' for cell={cell!r}")
        return running
    # JAX's call of cuDNN knows no half precision, and Keras 3.15 makes it all the same.
    half = keras.config.dtype_policy().compute_dtype in ("bfloat16", "float16")
    if half and keras.backend.backend() == "jax":
        if use_cudnn is True:
            raise _checks.fail(
                "use_cudnn", use_cudnn, "'auto' in half precision on JAX"
            )
        use_cudnn = False
    return {**running, "use_cudnn": use_cudnn}


lstm = variant(
    recurrent,
    "lstm",
    """Long short-term memory.

    Example:
        >>> lstm((20,), 1, vocabulary_size=50, units=(8,), task="binary").output_shape
        (None, 1)

    References:
        Hochreiter and Schmidhuber, Long Short-Term Memory (1997); Gers et al.,
        Learning to Forget (2000); Jozefowicz et al., An Empirical Exploration of
        Recurrent Network Architectures (2015) for the bias of the forget gate.
    """,
    fixed=("cell",),
    cell="lstm",
)
gru = variant(
    recurrent,
    "gru",
    """Gated recurrent units.

    Example:
        >>> gru((None, 8), 10, units=(32,)).count_params()  # 4032 + 330
        4362

    References:
        Cho et al., Learning Phrase Representations using RNN Encoder-Decoder (2014).
        Keras's form resets behind the recurrent product and has two biases.
    """,
    fixed=("cell",),
    cell="gru",
)
simple_rnn = variant(
    recurrent,
    "simple_rnn",
    """Elman's network.

    Example:
        >>> simple_rnn((None, 8), 10, units=(32,)).count_params()  # 1312 + 330
        1642

    References:
        Elman, Finding Structure in Time (1990).
    """,
    fixed=("cell",),
    cell="simple_rnn",
)
