"""Networks that are normalized by the batch, by a reference batch, or not at all."""

from collections.abc import Sequence

import keras
from keras import layers, ops


class Reference(layers.Layer):
    """Holds the reference batch, whatever it is given."""

    def __init__(self, rows: int, **arguments):
        super().__init__(**arguments)
        self.count = rows

    def build(self, input_shape):
        """Makes room for the rows, which are set with the weights."""
        shape = (self.count, *input_shape[1:])
        self.rows = self.add_weight(
            shape=shape, initializer="zeros", trainable=False, name="rows"
        )

    def call(self, inputs):
        """The reference batch."""
        return ops.convert_to_tensor(self.rows)


class ReferenceNormalization(layers.Layer):
    """Normalizes images and reference by the moments of the reference alone."""

    def build(self, input_shape):
        """γ and β, as batch normalization has them."""
        units = (input_shape[-1],)
        self.gamma = self.add_weight(shape=units, initializer="ones", name="gamma")
        self.beta = self.add_weight(shape=units, initializer="zeros", name="beta")

    def call(self, images, reference):
        """Both, normalized; in inference nothing changes, as there is no batch."""
        mean, variance = ops.mean(reference, 0), ops.var(reference, 0)
        scale = self.gamma / ops.sqrt(variance + 1e-3)
        return (
            (images - mean) * scale + self.beta,
            (reference - mean) * scale + self.beta,
        )


def two_streams(
    input_shape, classes: int, units: Sequence[int], rows: int, normalize: bool = True
):
    """A ReLU network whose normalization looks at a reference batch of `rows`.

    With no rows it is the usual network with batch normalization; where that is not
    wanted either, hidden units have a bias instead.
    """
    inputs = keras.Input(input_shape)
    x = layers.Flatten()(inputs)
    reference = Reference(rows)(x) if rows else None
    for width in units:
        dense = layers.Dense(width, use_bias=not normalize)
        if rows:
            x, reference = ReferenceNormalization()(dense(x), dense(reference))
            reference = layers.Activation("relu")(reference)
        elif normalize:
            x = layers.BatchNormalization(momentum=0.9)(dense(x))
        else:
            x = dense(x)
        x = layers.Activation("relu")(x)
    return keras.Model(inputs, layers.Dense(classes)(x))
