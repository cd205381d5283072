"""Two networks that train against each other under plain `fit`, on any backend."""

from typing import Any

import keras
import numpy as np
from keras import ops

from zoo import _checks
from zoo._turns import Turns
from zoo.losses import (
    discriminator_loss,
    minimax_generator_loss,
    non_saturating_generator_loss,
)

GENERATOR_LOSSES = {
    "non_saturating": non_saturating_generator_loss,
    "minimax": minimax_generator_loss,
}
UPDATES = ("simultaneous", "alternating")


@keras.saving.register_keras_serializable(package="zoo")
class GAN(keras.Model):
    """A generator and a discriminator as one model for `fit(examples)`.

    One scalar trains both: the discriminator's loss on real and generated examples
    plus the generator's loss. Stopped gradients keep the two apart: the
    discriminator's loss sees generated examples as constants, the generator's loss
    sees the discriminator's weights as constants. Nothing is ever frozen by
    `trainable`, and Keras's own train step runs on every backend.

    Real and generated examples pass the discriminator in batches of their own, so
    batch normalization never mixes them; its moving statistics, used outside
    training only, take up both in turn. The generator's pass through the
    discriminator leaves them alone.

    Shapes:
        examples (batch, ...) float -> dict of logits (batch, 1): "real", "fake" and,
        with a gradient to the generator, "generated"

    Metrics: `d_loss`, `g_loss`, `d_real` (mean D(x)), `d_fake` (mean D(G(z))), and
    Keras's `loss`, the sum that is minimized.

    Args:
        generator: Latents (batch, latent_dim) -> examples; a built keras.Model.
        discriminator: Examples -> logits (batch, 1); a built keras.Model.
        generator_loss: "non_saturating" or "minimax".
        updates: "simultaneous" steps both networks on every batch, from gradients
            at the same weights. "alternating" gives the discriminator
            `discriminator_steps` batches, then the generator one, each against the
            other's newest weights; a batch then updates one network only.
        discriminator_steps: Batches in a row for the discriminator, at least 1;
            above 1 only with updates="alternating".
        smoothing: One-sided label smoothing of the real examples, in [0, 0.5).
        seed: Integer seed of the latents drawn in training, or None.
        name: Name of the model.

    Raises:
        ValueError: An argument is out of its range, or the networks do not fit.

    Example:
        >>> from zoo import mlp
        >>> line = {"task": "regression", "units": (8,)}
        >>> gan = GAN(mlp((2,), 1, **line), mlp((1,), 1, **line), seed=0)
        >>> gan.compile(generator_optimizer="adam", discriminator_optimizer="sgd")
        >>> gan.generate(3, seed=0).shape
        (3, 1)

    References:
        Goodfellow et al., Generative Adversarial Networks (2014); Salimans et al.,
        Improved Techniques for Training GANs (2016) for one-sided smoothing.
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        generator_loss: str = "non_saturating",
        updates: str = "simultaneous",
        discriminator_steps: int = 1,
        smoothing: float = 0.0,
        seed: int | None = None,
        name: str = "gan",
    ):
        _check_settings(generator_loss, updates, discriminator_steps, smoothing, seed)
        _check_networks(generator, discriminator)
        _checks.text("name", name)
        # The networks keep their own policies. This wrapper reads the weights as
        # they are: under a mixed policy of its own it would round them first.
        super().__init__(name=name, dtype="float32")
        self.generator = generator
        self.discriminator = discriminator
        self.settings = {
            "generator_loss": generator_loss,
            "updates": updates,
            "discriminator_steps": discriminator_steps,
            "smoothing": smoothing,
            "seed": seed,
        }
        self.latent_dim = int(generator.input_shape[-1])
        self.latents = keras.random.SeedGenerator(seed)
        self.trackers = {
            key: keras.metrics.Mean(name=key)
            for key in ("d_loss", "g_loss", "d_real", "d_fake")
        }
        self.built = True

    def call(self, inputs, training=None):
        """The discriminator's logits, see the class."""
        shape = (ops.shape(inputs)[0], self.latent_dim)
        latents = keras.random.normal(shape, seed=self.latents)
        generated = self.generator(latents, training=training)
        real = self.discriminator(inputs, training=training)
        fake = self.discriminator(ops.stop_gradient(generated), training=training)
        network = self.discriminator
        judged = network.stateless_call(
            [ops.stop_gradient(v.value) for v in network.trainable_variables],
            [v.value for v in network.non_trainable_variables],
            generated,
            training=training,
        )[0]
        return {"real": real, "fake": fake, "generated": judged}

    def compute_loss(
        self, x=None, y=None, y_pred=None, sample_weight=None, training=True
    ):
        """Both networks' losses, summed; each reaches its own weights only."""
        real, fake, judged = y_pred["real"], y_pred["fake"], y_pred["generated"]
        d_loss = discriminator_loss(real, fake, self.settings["smoothing"])
        g_loss = GENERATOR_LOSSES[self.settings["generator_loss"]](judged)
        examples = ops.shape(real)[0]
        for key, value in (("d_loss", d_loss), ("g_loss", g_loss)):
            self.trackers[key].update_state(ops.stop_gradient(value), examples)
        for key, logits in (("d_real", real), ("d_fake", fake)):
            self.trackers[key].update_state(ops.sigmoid(ops.stop_gradient(logits)))
        return sum(self.losses, start=d_loss + g_loss)

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
        alternating = self.settings["updates"] == "alternating"
        optimizer: Any = Turns(
            {key: getattr(self, key).trainable_variables for key in optimizers},
            optimizers,
            self.settings["discriminator_steps"] if alternating else None,
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
            A float32 NumPy array (n, ...).

        Raises:
            ValueError: n, seed or batch_size is out of its range.
        """
        _checks.integer("n", n)
        _checks.integer("batch_size", batch_size)
        if seed is not None:
            _checks.integer("seed", seed, low=0)
        draws = np.random.default_rng(seed).standard_normal((n, self.latent_dim))
        latents = draws.astype("float32")
        parts = [
            self.generator(latents[start : start + batch_size], training=False)
            for start in range(0, n, batch_size)
        ]
        arrays = [ops.convert_to_numpy(ops.stop_gradient(part)) for part in parts]
        return np.concatenate(arrays).astype("float32")

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
        return {**serialized, **self.settings, "name": self.name}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """The inverse of get_config."""
        networks = {
            key: keras.saving.deserialize_keras_object(config[key], custom_objects)
            for key in ("generator", "discriminator")
        }
        return cls(**{**config, **networks})

    def get_compile_config(self):
        """Both optimizers and the flags of `compile`."""
        if not self.compiled:
            return None
        return keras.saving.serialize_keras_object(
            {
                "generator_optimizer": self.generator_optimizer,
                "discriminator_optimizer": self.discriminator_optimizer,
                **self._compile_flags,
            }
        )

    def compile_from_config(self, config):
        """The inverse of get_compile_config, with built optimizers."""
        self.compile(**keras.saving.deserialize_keras_object(config))
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


def _check_settings(
    generator_loss: object, updates: object, steps: object, smoothing: object, seed: Any
) -> None:
    _checks.choice("generator_loss", generator_loss, GENERATOR_LOSSES)
    _checks.choice("updates", updates, UPDATES)
    _checks.integer("discriminator_steps", steps)
    if steps != 1 and updates == "simultaneous":
        raise _checks.fail("discriminator_steps", steps, "1 for simultaneous updates")
    _checks.number("smoothing", smoothing, 0.0, 0.5, open_high=True)
    if seed is not None:
        _checks.integer("seed", seed, low=0)


def _check_networks(generator: Any, discriminator: Any) -> None:
    for name, network in (("generator", generator), ("discriminator", discriminator)):
        if not isinstance(network, keras.Model) or not network.built:
            raise _checks.fail(name, network, "a built keras.Model")
    made, seen = generator.output_shape, discriminator.input_shape
    if tuple(made[1:]) != tuple(seen[1:]):
        raise _checks.fail("discriminator", seen, f"a network for inputs {made}")
    if tuple(discriminator.output_shape[1:]) != (1,):
        shape = discriminator.output_shape
        raise _checks.fail(
            "discriminator", shape, "a network with one output, (None, 1)"
        )
