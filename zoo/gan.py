"""Two networks that train against each other under plain `fit`, on any backend."""

from typing import Any

import keras
import numpy as np
from keras import ops

from zoo import _blocks, _checks, _ranges
from zoo._gan_data import ExamplesOnly, refuse
from zoo._gan_settings import GENERATOR_LOSSES as GENERATOR_LOSSES
from zoo._gan_settings import GANSettings as GANSettings
from zoo._gan_settings import Loss
from zoo._judging import judge_generated
from zoo._turns import Turns
from zoo.normalization import fuse


@keras.saving.register_keras_serializable(package="zoo")
class GAN(ExamplesOnly):
    """A generator and a discriminator as one model for `fit(examples)`.

    One scalar trains both: the discriminator's loss on real and generated examples
    plus the generator's loss. Stopped gradients keep the two apart: the
    discriminator's loss sees generated examples as constants, the generator's loss
    sees the discriminator's weights as constants. Nothing is ever frozen by
    `trainable`, and Keras's own train step runs on every backend.

    Real and generated examples pass the discriminator in batches of their own, so
    batch normalization never mixes them; its moving statistics, used outside
    training only, take up both in turn. The generator's loss leaves them alone. On
    TensorFlow one pass over the generated examples serves both losses.

    Shapes:
        examples (batch, ...) float -> dict of logits (batch, 1): "real", "fake" and,
        with a gradient to the generator, "generated"

    Metrics: `d_loss`, `g_loss`, `d_real` (mean D(x)), `d_fake` (mean D(G(z))), and
    Keras's `loss`, the sum that is minimized.

    Args:
        generator: Latents (batch, latent_dim) -> examples; a built keras.Model.
        discriminator: Examples -> logits (batch, 1); a built keras.Model.
        generator_loss: "non_saturating", "minimax", or a function of the logits on
            generated examples; its mean is minimized.
        discriminator_loss: "cross_entropy", or a function of the logits on real and
            on generated examples; its mean is minimized.
        updates: "simultaneous" steps both networks on every batch, from gradients
            at the same weights. "alternating" gives the discriminator
            `discriminator_steps` batches, then the generator one, each against the
            other's newest weights; a batch then updates one network only.
        discriminator_steps: Batches in a row for the discriminator, at least 1;
            above 1 only with updates="alternating".
        smoothing: One-sided label smoothing of the real examples, in [0, 0.5); only
            with "cross_entropy".
        value_range: (low, high) of the examples; None takes the generator's range
            where it ends in a bounded activation. `fit` and `evaluate` refuse
            examples outside of it.
        seed: Integer seed of the latents drawn in training, or None.
        name: Name of the model.

    Raises:
        ValueError: An argument is out of its range, or the networks do not fit, or
            the discriminator ends in a sigmoid: the losses take logits.

    Example:
        >>> from zoo import mlp
        >>> line = {"task": "regression", "units": (8,)}
        >>> gan = GAN(mlp((2,), 1, **line), mlp((1,), 1, **line), seed=0)
        >>> gan.compile(generator_optimizer="adam", discriminator_optimizer="sgd")
        >>> gan.generate(3, seed=0).shape
        (3, 1)

        The hinge losses of Lim and Ye (2017), and the least squares of Mao et al.
        (2017), as functions of logits:

        >>> from keras import ops
        >>> hinge = {
        ...     "discriminator_loss": lambda real, fake: (
        ...         ops.relu(1 - real) + ops.relu(1 + fake)
        ...     ),
        ...     "generator_loss": lambda fake: -fake,
        ... }
        >>> squares = {
        ...     "discriminator_loss": lambda real, fake: (
        ...         ops.square(real - 1) / 2 + ops.square(fake) / 2
        ...     ),
        ...     "generator_loss": lambda fake: ops.square(fake - 1) / 2,
        ... }
        >>> gan = GAN(mlp((2,), 1, **line), mlp((1,), 1, **line), **hinge)
        >>> gan = GAN(mlp((2,), 1, **line), mlp((1,), 1, **line), **squares)

        Saving such a model needs functions that are registered with Keras
        (`keras.saving.register_keras_serializable`).

    References:
        Goodfellow et al., Generative Adversarial Networks (2014); Salimans et al.,
        Improved Techniques for Training GANs (2016) for one-sided smoothing.
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        generator_loss: Loss = "non_saturating",
        discriminator_loss: Loss = "cross_entropy",
        updates: str = "simultaneous",
        discriminator_steps: int = 1,
        smoothing: float = 0.0,
        value_range: tuple[float, float] | None = None,
        seed: int | None = None,
        name: str = "gan",
    ):
        given = (
            generator_loss,
            discriminator_loss,
            updates,
            discriminator_steps,
            smoothing,
            value_range,
            seed,
        )
        settings = GANSettings(*map(_checks.plain, given))
        _check_networks(generator, discriminator)
        _checks.text("name", name)
        # The networks keep their own policies. This wrapper reads the weights as
        # they are: under a mixed policy of its own it would round them first.
        super().__init__(name=name, dtype=_blocks.precise())
        self.generator = generator
        self.discriminator = discriminator
        self.settings = settings
        self.value_range = _examples_range(generator, settings.value_range)
        self.latent_dim = int(generator.input_shape[-1])
        self.latents = keras.random.SeedGenerator(settings.seed)
        self.trackers = {
            key: keras.metrics.Mean(name=key)
            for key in ("d_loss", "g_loss", "d_real", "d_fake")
        }
        self.built = True

    def call(self, inputs, training=None):
        """The discriminator's logits, see the class."""
        generated = self.generator(self._draw(ops.shape(inputs)[0]), training=training)
        real = self.discriminator(inputs, training=training)
        fake, judged = judge_generated(self.discriminator, generated, training)
        return {"real": real, "fake": fake, "generated": judged}

    def _draw(self, n: Any) -> Any:
        """Latents for n examples; replicas share out what one device would draw."""
        replicas, own = _replicas()
        shape = (n * replicas, self.latent_dim)
        latents = keras.random.normal(shape, seed=self.latents)
        return latents if replicas == 1 else latents[own * n : (own + 1) * n]

    def compute_loss(
        self, x=None, y=None, y_pred=None, sample_weight=None, training=True
    ):
        """Both networks' losses, summed; each reaches its own weights only."""
        refuse(y=y, sample_weight=sample_weight)
        real, fake, judged = y_pred["real"], y_pred["fake"], y_pred["generated"]
        d_loss, g_loss = self.settings.losses(real, fake, judged)
        examples = ops.shape(real)[0]
        for key, value in (("d_loss", d_loss), ("g_loss", g_loss)):
            self.trackers[key].update_state(ops.stop_gradient(value), examples)
        for key, logits in (("d_real", real), ("d_fake", fake)):
            self.trackers[key].update_state(ops.sigmoid(ops.stop_gradient(logits)))
        loss = sum(self.losses, start=d_loss + g_loss)
        # Gradients of replicas are summed, so each takes its share of the mean.
        replicas, _ = _replicas()
        return loss if replicas == 1 else loss / replicas

    def export(self, filepath: Any, *args: Any, **kw: Any) -> Any:
        """Exports the generator, latents (batch, latent_dim) -> examples.

        It is what is left of a GAN after training. `gan.discriminator.export`
        exports the other network.

        Args:
            filepath: As in `keras.Model.export`.
            *args: Likewise.
            **kw: Likewise, such as `format`.
        """
        self.generate(1)  # Keras exports only a network that was called
        return self.generator.export(filepath, *args, **kw)

    def compile(
        self,
        generator_optimizer: Any = None,
        discriminator_optimizer: Any = None,
        *,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: str | bool = "auto",
    ) -> None:
        """Sets how each network is updated; everything else is the model's own.

        Args:
            generator_optimizer: An optimizer, its name, or None for Adam with
                learning rate 2e-4 and beta_1 0.5.
            discriminator_optimizer: The same for the discriminator.
            run_eagerly: As in `keras.Model.compile`.
            steps_per_execution: As in `keras.Model.compile`.
            jit_compile: As in `keras.Model.compile`.

        Raises:
            ValueError: An optimizer's name is unknown, or both are one object.
        """
        optimizers = {
            "generator": _optimizer("generator_optimizer", generator_optimizer),
            "discriminator": _optimizer(
                "discriminator_optimizer", discriminator_optimizer
            ),
        }
        if optimizers["generator"] is optimizers["discriminator"]:
            raise ValueError(
                "discriminator_optimizer must be another object than "
                f"generator_optimizer; got {discriminator_optimizer!r} for both."
            )
        alternating = self.settings.updates == "alternating"
        optimizer: Any = Turns(
            {key: getattr(self, key).trainable_variables for key in optimizers},
            optimizers,
            self.settings.discriminator_steps if alternating else None,
        )
        if self.generator.dtype_policy.name == "mixed_float16":
            optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
        self.generator_optimizer = optimizers["generator"]
        self.discriminator_optimizer = optimizers["discriminator"]
        self._compile_flags = {
            "run_eagerly": run_eagerly,
            "steps_per_execution": steps_per_execution,
            "jit_compile": jit_compile,
        }
        super().compile(optimizer=optimizer, **self._compile_flags)

    def generate(self, n: int, seed: int | None = None, batch_size: int = 256) -> Any:
        """Samples of the generator as it predicts, equal for equal seeds.

        Args:
            n: How many, at least 1.
            seed: Integer seed of the latents, or None. It gives the same latents on
                every backend.
            batch_size: Samples computed at a time, at least 1.

        Returns:
            A NumPy array (n, ...), float32, or float64 under that policy.

        Raises:
            ValueError: n, seed or batch_size is out of its range.
        """
        _checks.integer("n", n)
        _checks.integer("batch_size", batch_size)
        if seed is not None:
            _checks.integer("seed", seed, low=0)
        draws = np.random.default_rng(seed).standard_normal((n, self.latent_dim))
        latents = draws.astype(self.compute_dtype)
        parts = [
            self.generator(latents[start : start + batch_size], training=False)
            for start in range(0, n, batch_size)
        ]
        arrays = [ops.convert_to_numpy(ops.stop_gradient(part)) for part in parts]
        return np.concatenate(arrays).astype(self.compute_dtype)

    def save_own_variables(self, store):
        """The state of the latents' generator, so that training resumes exactly."""
        super().save_own_variables(store)
        store["latents"] = ops.convert_to_numpy(self.latents.state)

    def load_own_variables(self, store):
        """The inverse of save_own_variables."""
        self.latents.state.assign(store["latents"][...])
        super().load_own_variables(
            {key: store[key] for key in store.keys() if key != "latents"}  # noqa: SIM118
        )

    def get_config(self):
        """The networks and the settings."""
        networks = {"generator": self.generator, "discriminator": self.discriminator}
        serialized = {
            key: keras.saving.serialize_keras_object(network)
            for key, network in networks.items()
        }
        return {**serialized, **self.settings.to_config(), "name": self.name}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """The inverse of get_config."""
        networks = {
            key: keras.saving.deserialize_keras_object(config[key], custom_objects)
            for key in ("generator", "discriminator")
        }
        for network in networks.values():
            fuse(network)
        fields = {key: config[key] for key in vars(GANSettings()) if key in config}
        settings = GANSettings.from_config(fields, custom_objects)
        return cls(**networks, **vars(settings), name=config["name"])

    def get_compile_config(self):
        """Both optimizers and the flags of `compile`."""
        if not self.compiled:
            return None
        return keras.saving.serialize_keras_object(
            {
                "generator_optimizer": self.generator_optimizer,
                "discriminator_optimizer": self.discriminator_optimizer,
                **self._compile_flags,
                "trained": self.optimizer.built,
            }
        )

    def compile_from_config(self, config):
        """The inverse of get_compile_config, with built optimizers where they were."""
        settings = keras.saving.deserialize_keras_object(config)
        # Optimizers that are built for a file without their state make Keras warn.
        trained = settings.pop("trained", True)
        self.compile(**settings)
        if trained:
            self.optimizer.build(self.trainable_variables)


def _optimizer(name: str, given: Any) -> keras.optimizers.Optimizer:
    if given is None:
        return keras.optimizers.Adam(2e-4, beta_1=0.5)
    if isinstance(given, (str, keras.optimizers.Optimizer)):
        try:
            return keras.optimizers.get(given)
        except ValueError:
            pass
    raise _checks.fail(name, given, "a Keras optimizer, the name of one, or None")


def _replicas() -> tuple[int, Any]:
    """How many replicas train this model at once, and which one this is."""
    if keras.backend.backend() != "tensorflow":
        return 1, 0
    import tensorflow as tf

    context = tf.distribute.get_replica_context()
    if context is None:
        return 1, 0
    return context.num_replicas_in_sync, context.replica_id_in_sync_group


def _examples_range(
    generator: keras.Model, given: tuple[float, float] | None
) -> tuple[float, float] | None:
    """The given range, or that of the generator, which has to reach all of it."""
    own = _ranges.output_range(generator)
    if given is None or own is None:
        return given or own
    slack = 1e-5 * (own[1] - own[0])
    if given[0] < own[0] - slack or given[1] > own[1] + slack:
        allowed = f"inside of the generator's range {own}"
        raise _checks.fail("value_range", given, allowed)
    return given


def _is_shape(shape: Any) -> bool:
    """Whether it is that of one tensor, not of several."""
    return isinstance(shape, tuple) and not any(isinstance(s, tuple) for s in shape)


def _check_networks(generator: Any, discriminator: Any) -> None:
    for name, network in (("generator", generator), ("discriminator", discriminator)):
        if not isinstance(network, keras.Model) or not network.built:
            raise _checks.fail(name, network, "a built keras.Model")
    latents, ends = generator.input_shape, generator.output_shape
    if not _is_shape(latents) or len(latents) != 2 or not _is_shape(ends):
        shape = f"{latents} -> {ends}"
        raise _checks.fail("generator", shape, "(None, latent_dim) -> one output")
    if not _is_shape(discriminator.input_shape):
        shape = discriminator.input_shape
        raise _checks.fail("discriminator", shape, "a network with one input")
    theirs = {id(variable) for variable in generator.weights}
    if any(id(variable) in theirs for variable in discriminator.weights):
        raise _checks.fail(
            "discriminator",
            discriminator.name,
            "one that shares no weight with the generator",
        )
    made, seen = generator.output_shape, discriminator.input_shape
    if tuple(made[1:]) != tuple(seen[1:]):
        raise _checks.fail("discriminator", seen, f"a network for inputs {made}")
    if tuple(discriminator.output_shape[1:]) != (1,):
        shape = discriminator.output_shape
        raise _checks.fail(
            "discriminator", shape, "a network with one output, (None, 1)"
        )
    end = _ranges.last_activation(discriminator)
    if end is not None and (_ranges.bounds(end[1]) or _ranges.saturates(end[0])):
        raise _checks.fail(
            "discriminator",
            end[1],
            "a network that ends in logits, without a bounded activation",
        )
