"""A character language model, and sampling from it."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from zoo import _checks, _ranges
from zoo.pretrained import loads_weights
from zoo.recurrent import recurrent


@loads_weights
def char_lm(
    vocabulary_size: int,
    timesteps: int | None = None,
    *,
    cell: str = "lstm",
    units: Sequence[int] = (128,),
    embedding_dim: int = 32,
    mask_zero: bool = False,
    return_sequences: bool = True,
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
    name: str = "char_lm",
) -> keras.Model:
    """A many-to-many recurrent network: the next character at every step.

    Shapes:
        token ids (batch, timesteps) int
        -> logits (batch, timesteps, vocabulary_size), where those of step t are for
        token t + 1

    Args:
        vocabulary_size: Number of different characters, at least 2.
        timesteps: Length of the sequences, at least 1, or None for any.
        cell: "lstm", "gru" or "simple_rnn".
        units: Width of each stacked layer, at least 1.
        embedding_dim: Size of a character's vector, at least 1.
        mask_zero: Whether token 0 is padding to skip; `sample` skips it as well.
        return_sequences: True: there is an output at every step.
        bidirectional: False: no step may see the characters behind it.
        forget_bias: As in `recurrent`, like all that follow.
        activation: Any Keras activation by name.
        dropout: Share of each layer's outputs to drop, in [0, 1).
        recurrent_dropout: Share of the state to drop inside a layer, in [0, 1).
        normalization: "layer" or None.
        l2: Strength of an L2 penalty on the input kernels, at least 0.
        use_cudnn: "auto", True or False.
        stateful: Whether each batch goes on where the one before it ended.
        unroll: Whether the loop over the steps is written out.
        batch_size: A fixed number of sequences in every batch, or None.
        task: "classification".
        weights: None draws them. A name loads those of `zoo.list_weights()` for this
            builder; arguments that are not given are then the trained network's.
        name: Name of the model.

    Returns:
        An uncompiled Functional `keras.Model`.

    Raises:
        ValueError: An argument is out of its range.

    Example:
        >>> char_lm(65, units=(64,)).count_params()  # 2080 + 24832 + 4225
        31137

    References:
        Sutskever et al., Generating Text with Recurrent Neural Networks (2011).
    """
    given = {
        "bidirectional": (bidirectional, False),
        "return_sequences": (return_sequences, True),
        "task": (task, "classification"),
    }
    for key, (value, needed) in given.items():
        if value != needed:
            raise _checks.fail(key, value, f"{needed!r} in a language model")
    _checks.integer("vocabulary_size", vocabulary_size, low=2)
    if timesteps is not None:
        _checks.integer("timesteps", timesteps)
    return recurrent(
        (timesteps,),
        vocabulary_size,
        cell=cell,
        units=units,
        vocabulary_size=vocabulary_size,
        embedding_dim=embedding_dim,
        mask_zero=mask_zero,
        return_sequences=return_sequences,
        bidirectional=bidirectional,
        forget_bias=forget_bias,
        activation=activation,
        dropout=dropout,
        recurrent_dropout=recurrent_dropout,
        normalization=normalization,
        l2=l2,
        use_cudnn=use_cudnn,
        stateful=stateful,
        unroll=unroll,
        batch_size=batch_size,
        task=task,
        name=name,
    )


def sample(
    model: keras.Model,
    prompt: Sequence[int],
    length: int,
    *,
    temperature: float = 1.0,
    seed: int | None = None,
) -> np.ndarray:
    """Continues a sequence of tokens with a recurrent language model.

    The states are carried from step to step, so that the whole past counts and each
    new token costs one step, however long the text is. A model built with mask_zero
    skips token 0, as in `predict`.

    Shapes: prompt (n,) int -> tokens (length,) int32, without the prompt

    Args:
        model: A model of `char_lm`.
        prompt: Token ids to start from, at least one.
        length: How many tokens to draw, at least 1.
        temperature: What the logits are divided by, at least 0: 1 draws from the
            model's distribution, below 1 sharpens it, above 1 flattens it, 0 takes
            the most likely token each time.
        seed: Integer seed of the draws, or None.

    Returns:
        The drawn tokens.

    Raises:
        ValueError: An argument is out of its range, or the model is no stack of
            recurrent layers over tokens.

    Example:
        >>> model = char_lm(5, units=(4,))
        >>> sample(model, [0, 1], 3, seed=0).shape
        (3,)

    References:
        Ackley et al., A Learning Algorithm for Boltzmann Machines (1985) for the
        temperature.
    """
    stack = _stack(model)
    vocabulary = int(model.output_shape[-1])
    tokens = _checks.integers("prompt", _plain(prompt), low=0)
    for position, token in enumerate(tokens):
        _checks.integer(f"prompt[{position}]", token, low=0, high=vocabulary - 1)
    _checks.integer("length", length)
    _checks.number("temperature", temperature, 0.0)
    if seed is not None:
        _checks.integer("seed", seed, low=0)

    rng = np.random.default_rng(seed)
    memory: dict[str, Any] = {}
    logits = np.zeros(vocabulary)
    for token in tokens:
        logits = _step(stack, token, memory)
    drawn = []
    for _ in range(length):
        token = _draw(logits, temperature, rng)
        drawn.append(token)
        if len(drawn) < length:
            logits = _step(stack, token, memory)
    return np.array(drawn, "int32")


def _plain(prompt: Any) -> Any:
    return prompt.tolist() if isinstance(prompt, np.ndarray) else prompt


def _stack(model: Any) -> list[Any]:
    """The model's layers in order, if one step of each makes one step of all."""
    stepwise = (layers.Embedding, layers.RNN, layers.Dense, layers.LayerNormalization)
    known = (*stepwise, layers.InputLayer, layers.Dropout)
    found = model.layers if isinstance(model, keras.Model) else []
    fits = [isinstance(layer, known) for layer in found]
    kinds: Iterable[Any] = (layers.Embedding, layers.RNN, layers.Dense)
    complete = all(any(isinstance(layer, kind) for layer in found) for kind in kinds)
    backwards = any(getattr(layer, "go_backwards", False) for layer in found)
    end = _ranges.last_activation(model) if complete else None
    logits = end is None or _ranges.bounds(end[1]) is None
    shaped = complete and all(fits) and len(model.output_shape) == 3
    if not shaped or backwards or not logits:
        raise _checks.fail("model", model, "a language model such as char_lm builds")
    return [layer for layer in found if isinstance(layer, stepwise)]


def _step(stack: list[Any], token: int, memory: dict[str, Any]) -> np.ndarray:
    """Logits after one more token; replaces what each layer remembers."""
    x = ops.convert_to_tensor(np.array([token], "int32"))
    skipped = token == 0 and any(getattr(layer, "mask_zero", False) for layer in stack)
    for layer in stack:
        if isinstance(layer, layers.RNN):
            x = _recurrent_step(layer, x, memory, skipped)
        else:
            # A new tensor without the mask, which the cells have no use for.
            x = ops.copy(layer(x))
    return ops.convert_to_numpy(ops.stop_gradient(x))[0].astype("float64")


def _recurrent_step(layer: Any, x: Any, memory: dict[str, Any], skipped: bool) -> Any:
    """The layer's output after one step. A skipped one repeats the last, or zeros."""
    output, state = memory.get(layer.name) or (None, layer.get_initial_state(1))
    if skipped:
        if output is None:
            output = ops.zeros((1, layer.units), layer.compute_dtype)
        return output
    output, new = layer.cell(x, state, training=False)
    memory[layer.name] = output, [ops.stop_gradient(part) for part in new]
    return output


def _draw(logits: np.ndarray, temperature: float, rng: np.random.Generator) -> int:
    if not np.isfinite(logits).all():
        raise ValueError("model must have finite logits; its weights give NaN or inf.")
    if temperature == 0:
        return int(np.argmax(logits))
    # Shifted to a largest logit of 0, so that exp overflows at no temperature.
    scaled = (logits - logits.max()) / max(temperature, math.ulp(0.0))
    shares = np.exp(np.maximum(scaled, -745.0))
    return int(rng.choice(len(shares), p=shares / shares.sum()))
