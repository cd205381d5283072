"""How sure a network is: many predictions with dropout left on."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np

from zoo import _checks
from zoo.layers import DropConnect

_DROPOUT = (
    keras.layers.Dropout,  # and its spatial kinds
    keras.layers.AlphaDropout,
    keras.layers.GaussianDropout,
    DropConnect,
)
_RECURRENT = (keras.layers.LSTM, keras.layers.GRU, keras.layers.SimpleRNN)


def monte_carlo_predictions(
    model: keras.Model,
    x: Any,
    *,
    samples: int = 50,
    seed: int | None = None,
    batch_size: int = 128,
    activation: str | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Predicts many times with dropout on: the mean, and how far predictions differ.

    Only what drops is stochastic: Dropout, SpatialDropout, AlphaDropout,
    GaussianDropout, DropConnect, and the dropout inside LSTM, GRU and SimpleRNN. All
    other layers predict, so that batch normalization keeps to its moving averages; a
    plain `model(x, training=True)` would normalize by the batch and move them. No
    weight changes.

    Args:
        model: Any built model with dropout and one output.
        x: An array of inputs; a list or dict of arrays where the model has several.
        samples: How many passes, at least 2.
        seed: Decides the masks, from 0, and leaves the layers' own random states as
            they were. None goes on with those states.
        batch_size: Examples a pass handles at once, at least 1.
        activation: What is done to the outputs before they are averaged: "softmax" or
            "sigmoid" for the logits of this package's builders, whose probabilities
            are what one averages; None for nothing.

    Returns:
        The mean over the passes and their standard deviation (with samples - 1 in the
        denominator), two float64 arrays of the shape of the model's output.

    Raises:
        ValueError: An argument is out of its range, or nothing in the model drops.

    Example:
        >>> from zoo import mlp
        >>> model = mlp((4,), 3, units=(8,), dropout=0.5)
        >>> x = np.ones((2, 4), "float32")
        >>> mean, deviation = monte_carlo_predictions(model, x, samples=10, seed=0)
        >>> mean.shape, bool((deviation > 0).any())
        ((2, 3), True)

    References:
        Gal and Ghahramani, Dropout as a Bayesian Approximation (2016).
    """
    if not isinstance(model, keras.Model) or not model.built:
        raise _checks.fail("model", model, "a built keras.Model")
    _checks.integer("samples", samples, low=2)
    _checks.integer("batch_size", batch_size)
    if seed is not None:
        _checks.integer("seed", seed, low=0)
    _checks.choice("activation", activation, (None, "softmax", "sigmoid"))
    dropping = [layer for layer in model._flatten_layers() if _drops(layer)]
    if not dropping:
        raise _checks.fail(
            "model", model.name, "a model with dropout; nothing in it drops anything"
        )
    parts = keras.tree.flatten(x)
    if not parts or not all(hasattr(part, "shape") and part.shape for part in parts):
        raise _checks.fail("x", type(x).__name__, "an array of inputs, or several")
    examples = int(parts[0].shape[0])
    if not examples:
        raise ValueError("x must hold at least one example; it is empty.")
    outputs = []
    with _dropout_on(dropping), _seeded(dropping, seed):
        for start in range(0, examples, batch_size):
            batch = keras.tree.map_structure(
                lambda part, at=start: part[at : at + batch_size], x
            )
            outputs.append(_moments(model, batch, samples, activation))
    mean, deviation = zip(*outputs, strict=True)
    return np.concatenate(mean), np.concatenate(deviation)


def _drops(layer: Any) -> bool:
    if isinstance(layer, _RECURRENT):
        return layer.dropout > 0 or layer.recurrent_dropout > 0
    return isinstance(layer, _DROPOUT) and layer.rate > 0


def _moments(model: Any, batch: Any, samples: int, activation: str | None):
    """Mean and standard deviation of one batch's outputs, in one go (Welford)."""
    act = keras.activations.get(activation)
    mean = squares = np.zeros(())
    for count in range(1, samples + 1):
        outputs = model(batch, training=False)
        if not keras.ops.is_tensor(outputs):
            raise _checks.fail("model", model.name, "a model with one output")
        now = keras.ops.convert_to_numpy(keras.ops.cast(act(outputs), "float32"))
        change = now.astype("float64") - mean
        mean = mean + change / count
        squares = squares + change * (now - mean)
    return mean, np.sqrt(squares / (samples - 1))


@contextmanager
def _dropout_on(layers: list[Any]) -> Iterator[None]:
    """Has these layers, and no other, act as in training."""
    own = [vars(layer).get("call") for layer in layers]
    try:
        for layer in layers:
            layer.call = _InTraining(layer.call)
        yield
    finally:
        for layer, call in zip(layers, own, strict=True):
            if call is None:
                vars(layer).pop("call", None)
            else:
                layer.call = call


class _InTraining:
    """A layer's call with training=True, whatever the model says."""

    def __init__(self, call: Any):
        self.call = call

    def __call__(self, inputs: Any, *arguments: Any, **keywords: Any) -> Any:
        return self.call(inputs, *arguments, **{**keywords, "training": True})


@contextmanager
def _seeded(layers: list[Any], seed: int | None) -> Iterator[None]:
    """Puts the layers' random states where the seed says, and back afterwards."""
    if seed is None:
        yield
        return
    owners = [one.cell if isinstance(one, _RECURRENT) else one for one in layers]
    states = [owner.seed_generator.state for owner in owners]
    before = [keras.ops.convert_to_numpy(state.value).copy() for state in states]
    # Below 2**31, which every backend's state holds.
    drawn = np.random.default_rng(seed).integers(2**31, size=(len(states), 2))
    try:
        for state, one in zip(states, drawn.astype("uint32"), strict=True):
            state.assign(one)
        with _torch_seeded(int(drawn[0, 0])):
            yield
    finally:
        for state, one in zip(states, before, strict=True):
            state.assign(one)


@contextmanager
def _torch_seeded(seed: int) -> Iterator[None]:
    """A Dropout made without a seed asks PyTorch's own generator there, not its own."""
    if keras.backend.backend() != "torch":
        yield
        return
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(seed)
        yield
