"""Where a model trains: on one device, or in several replicas.

On JAX a step is one program over all devices: gradients are those of the whole batch
already, and a variable only has to lie where the model's variables lie. Under
`tf.distribute.MirroredStrategy` every replica runs the step on its share of the batch,
so what a callback measures must be summed over the replicas first. Keras divides each
replica's loss by their number, so a sum is right, not a mean.
"""

import contextlib
from typing import Any

import keras


class Replicas:
    """One device; the base of the others.

    Attributes:
        count: Number of programs that run a step side by side.
    """

    count = 1

    def variable_scope(self) -> Any:
        """A scope for making variables, also while TensorFlow traces a step."""
        if keras.backend.backend() != "tensorflow":
            return contextlib.nullcontext()
        import tensorflow as tf

        return tf.init_scope()

    def variable_options(self) -> dict[str, str]:
        """Arguments for `keras.Variable`."""
        return {}

    def place(self, array: Any) -> Any:
        """On JAX: the array where the model's variables are."""
        return array

    def sum(self, values: Any) -> Any:
        """Inside the step: a tensor or a list of them, summed over all replicas."""
        return values


class _Sharded(Replicas):
    """JAX: one program over several devices."""

    def __init__(self, mesh: Any):
        import jax

        self._sharding = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec())

    def place(self, array: Any) -> Any:
        import jax

        return jax.device_put(array, self._sharding)


class _Mirrored(Replicas):
    """TensorFlow: one program for each replica."""

    def __init__(self, strategy: Any):
        self._strategy = strategy
        self.count = strategy.num_replicas_in_sync

    @contextlib.contextmanager
    def _scope(self) -> Any:
        import tensorflow as tf

        with tf.init_scope(), self._strategy.scope():
            yield

    def variable_scope(self) -> Any:
        return self._scope()

    def variable_options(self) -> dict[str, str]:
        # Each replica writes its own copy, which needs no exchange between them.
        return {"synchronization": "on_read", "aggregation": "only_first_replica"}

    def sum(self, values: Any) -> Any:
        import tensorflow as tf

        context = tf.distribute.get_replica_context()
        if not isinstance(values, list):
            return context.all_reduce(tf.distribute.ReduceOp.SUM, values)
        present = [value for value in values if value is not None]
        summed = iter(context.all_reduce(tf.distribute.ReduceOp.SUM, present))
        return [None if value is None else next(summed) for value in values]


def replicas_of(model: Any) -> Replicas:
    """Where the model trains.

    Args:
        model: A compiled model.

    Raises:
        ValueError: Training is distributed in a way in which the numbers would not be
            those of the whole batch.
    """
    backend = keras.backend.backend()
    distribution = keras.distribution.distribution()
    if backend != "jax" and distribution is not None:
        raise ValueError(
            f"keras.distribution works on the JAX backend only; on {backend} Keras "
            f"ignores the {type(distribution).__name__} that is set. Unset it, or use "
            "tf.distribute.MirroredStrategy on TensorFlow."
        )
    if backend == "tensorflow":
        return _tensorflow_replicas(model)
    return _jax_replicas(model, distribution) if backend == "jax" else Replicas()


def _tensorflow_replicas(model: Any) -> Replicas:
    import tensorflow as tf

    strategy = model.distribute_strategy
    if strategy.num_replicas_in_sync == 1:
        return Replicas()
    multi = isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)
    if multi or not isinstance(strategy, tf.distribute.MirroredStrategy):
        raise ValueError(
            f"This callback doesn't know {type(strategy).__name__} with "
            f"{strategy.num_replicas_in_sync} replicas; of tf.distribute it works "
            "under MirroredStrategy."
        )
    optimizer = model.optimizer
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        raise ValueError(
            "This callback doesn't work with a LossScaleOptimizer under several "
            "replicas; train in float32 or bfloat16, or leave the callback out."
        )
    for name in ("clipnorm", "global_clipnorm", "clipvalue"):
        if getattr(optimizer, name, None) is not None:
            raise ValueError(
                f"Keras applies {name} to each replica's share of the gradients, not "
                "to their sum; clip with callbacks.GradientClipping instead."
            )
    return _Mirrored(strategy)


def _jax_replicas(model: Any, distribution: Any) -> Replicas:
    import jax

    variables = model.variables
    sharding = variables[0].value.sharding if variables else None
    several = isinstance(sharding, jax.sharding.NamedSharding)
    if distribution is not None and variables and not several:
        wanted = distribution.device_mesh.devices.size
        if wanted > 1:
            raise ValueError(
                f"{model.name!r} was built on one device, but the distribution that "
                f"is set has {wanted}; build and compile the model inside the "
                "distribution's scope."
            )
    return _Sharded(sharding.mesh) if several else Replicas()
