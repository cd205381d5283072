"""TensorFlow's strategies: what Keras would train wrong under them is refused."""

import warnings
from typing import Any

import keras

from recipes.lab.errors import LabError
from recipes.lab.training.options import optimizers_of

CLIPPING = ("clipnorm", "global_clipnorm", "clipvalue")


def replicas_of(model: keras.Model) -> int:
    """The number of replicas that a model trains in.

    Args:
        model: A compiled model, on TensorFlow.

    Raises:
        LabError: Keras can't train it under its strategy, or would train it wrong.
    """
    import tensorflow as tf

    strategy = model.distribute_strategy
    workers = isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)
    if workers and strategy.num_replicas_in_sync > 1:
        raise LabError(
            "Keras 3 can't train under MultiWorkerMirroredStrategy (keras#20585): use "
            "MirroredStrategy on one host, or the JAX backend for several."
        )
    count = strategy.num_replicas_in_sync
    if count == 1:
        return 1
    if not isinstance(strategy, tf.distribute.MirroredStrategy):
        raise LabError(
            f"fit doesn't know {type(strategy).__name__} with {count} replicas; of "
            "tf.distribute it works under MirroredStrategy."
        )
    for optimizer in optimizers_of(model):
        _check(optimizer)
    _warn_of_equal_draws(model, count)
    return count


def _check(optimizer: Any) -> None:
    for name in CLIPPING:
        if getattr(optimizer, name, None) is not None:
            raise LabError(
                f"the optimizer '{optimizer.name}' has {name}, which Keras applies to "
                "each replica's share of the gradients, not to their sum: clip with "
                "callbacks.GradientClipping instead."
            )
    if getattr(optimizer, "gradient_accumulation_steps", None):
        raise LabError(
            f"the optimizer '{optimizer.name}' has gradient_accumulation_steps, with "
            "which Keras can't train in several replicas: leave it out."
        )


def _warn_of_equal_draws(model: keras.Model, count: int) -> None:
    """Warns of layers that draw the same numbers in every replica."""
    layers = list(model._flatten_layers(include_self=False))
    drawing = [layer.name for layer in layers if layer._seed_generators]
    if drawing:
        warnings.warn(
            f"'{drawing[0]}' draws the same random numbers in all {count} replicas: "
            "a batch has each mask so many times. One device, or JAX, has as many "
            "masks as samples.",
            stacklevel=2,
        )
