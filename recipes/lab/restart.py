"""A model that is compiled once and trained many times."""

import keras


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
        self._fresh = [
            keras.ops.convert_to_numpy(variable.value).copy()
            for variable in model.optimizer.variables
        ]

    def __call__(self, weights=None) -> None:
        """Starts anew.

        Args:
            weights: As `model.get_weights` returns them; None draws new ones as the
                layers' initializers do, from Keras's random state.
        """
        variables = self.model.optimizer.variables
        for variable, value in zip(variables, self._fresh, strict=True):
            variable.assign(value)
        for variable in self.model.variables:
            if variable.path.endswith("seed_generator_state"):
                # Of dropout and augmentation: drawn anew, as in a new model.
                variable.assign(keras.random.SeedGenerator().state.value)
        if weights is None:
            weights = keras.models.clone_model(self.model).get_weights()
        self.model.set_weights(weights)
