"""A generator and a discriminator that are trained many times, with either loss."""

from collections.abc import Callable

import keras
import numpy as np
from keras import ops

from recipes.lab import fit, gradients
from zoo.gan import GAN, GENERATOR_LOSSES

LOSSES = ("non_saturating", "minimax")
BATCH_SIZE = 64


class Pair:
    """One generator and one discriminator, compiled once for every way to train.

    The same two networks stand behind three models: one for each generator loss,
    and one whose turns are the discriminator's alone. A seed decides the weights and
    the latents, whichever loss is trained, so that two losses with one seed start
    from the same place.

    Args:
        build: Returns a new generator and a new discriminator.
        optimizer: Returns a new optimizer; every network gets one of its own.
    """

    def __init__(self, build: Callable, optimizer: Callable):
        self.build = build
        self.generator, self.discriminator = build()
        self.latent_dim = self.generator.input_shape[-1]
        ways = {loss: {"generator_loss": loss} for loss in LOSSES}
        # A million turns for the discriminator before one for the generator.
        ways["lead"] = {"updates": "alternating", "discriminator_steps": 10**6}
        self.models, self._fresh = {}, {}
        for name, way in ways.items():
            model = GAN(self.generator, self.discriminator, seed=0, **way)
            model.compile(optimizer(), optimizer())
            model.optimizer.build(model.trainable_variables)
            self.models[name] = model
            self._fresh[name] = _values(model.optimizer.variables)

    def start(self, seed: int) -> None:
        """Puts weights, optimizers and latents back to where the seed begins."""
        keras.utils.set_random_seed(seed)
        for network, new in zip(
            (self.generator, self.discriminator), self.build(), strict=True
        ):
            network.set_weights(new.get_weights())
        for name, model in self.models.items():
            model.latents.state.assign(keras.random.SeedGenerator(seed).state)
            variables = model.optimizer.variables
            for variable, value in zip(variables, self._fresh[name], strict=True):
                variable.assign(value)

    def lead(self, examples: np.ndarray, seed: int) -> None:
        """Trains the discriminator alone, one step on every batch of the examples."""
        fit(self.models["lead"], examples, batch_size=BATCH_SIZE, seed=seed)

    def look(self, latents: np.ndarray) -> dict[str, float]:
        """Measures what the generator is told at its present weights.

        Both losses are differentiated at the same weights and latents, whichever of
        them is trained, and nothing is changed: the networks run statelessly.

        Args:
            latents: A batch (n, latent_dim), in training mode as one batch.

        Returns:
            `d_fake`, the mean D(G(z)), and for each loss the norm of its gradient
            in all weights of the generator.
        """
        found = {"d_fake": float(np.mean(_sigmoid(self._logits(latents))))}
        weights = _values(self.generator.trainable_variables)
        for name in LOSSES:

            def loss(weights, function=GENERATOR_LOSSES[name]):
                return function(self._logits(latents, weights))

            squares = [
                np.sum(g.astype("float64") ** 2) for g in gradients(loss, weights)
            ]
            found[name] = float(np.sqrt(np.sum(squares)))
        return found

    def _logits(self, latents: np.ndarray, weights: list | None = None):
        """D's logits on G's samples, both in training mode."""
        x = ops.convert_to_tensor(latents)
        for network in (self.generator, self.discriminator):
            trainable = [variable.value for variable in network.trainable_variables]
            if network is self.generator and weights is not None:
                trainable = weights
            others = [variable.value for variable in network.non_trainable_variables]
            x, _ = network.stateless_call(trainable, others, x, training=True)
        return x


def _values(variables) -> list[np.ndarray]:
    return [ops.convert_to_numpy(variable) for variable in variables]


def _sigmoid(logits) -> np.ndarray:
    return ops.convert_to_numpy(ops.stop_gradient(ops.sigmoid(logits)))
