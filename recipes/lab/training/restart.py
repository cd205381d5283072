"""A model that is compiled once and trained many times."""

import weakref

import keras
import numpy as np
from keras.src.utils.rng_utils import get_random_seed

from recipes.lab.training.initial_weights import InitialWeights
from recipes.lab.training.seeding import reseed

RESTARTED: weakref.WeakSet = weakref.WeakSet()  # models: each training begins anew


class Restart:
    """Puts a compiled model back to its start: weights, optimizer, random layers.

    Compiling costs more than many a training of a sweep; this keeps the program and
    renews the state.

    Args:
        model: A compiled, built `keras.Model`. Its optimizer's settings of now,
            the learning rate among them, are what it returns to.
    """

    def __init__(self, model: keras.Model):
        model.optimizer.build(model.trainable_variables)
        self.model = model
        RESTARTED.add(model)
        self._initial = InitialWeights(model)
        self._fresh = [
            # Under MirroredStrategy `variable.value` is no array where it is a number.
            np.array(variable.numpy())
            for variable in model.optimizer.variables
        ]

    def __call__(self, weights=None) -> None:
        """Starts anew.

        Args:
            weights: As `model.get_weights` returns them; None draws new ones as the
                layers' initializers do: what Keras's seed decides, whatever was
                drawn before, or at random where no seed was set.
        """
        variables = self.model.optimizer.variables
        for variable, value in zip(variables, self._fresh, strict=True):
            variable.assign(value)
        self._renew_random_layers()
        if weights is None:
            seed = get_random_seed()
            if seed is not None:
                reseed(seed)
            weights = self._initial.draw()
        self.model.set_weights(weights)

    def _renew_random_layers(self) -> None:
        """Dropout and augmentation draw what the seed decides, whatever ran before."""
        seed = get_random_seed()
        rng = np.random.default_rng(None if seed is None else [seed, 7])
        for variable in self.model.variables:
            if variable.path.endswith("seed_generator_state"):
                variable.assign(rng.integers(2**31, size=2).astype(variable.dtype))
