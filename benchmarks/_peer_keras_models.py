"""The zoo's networks, compiled as both Keras contenders train them."""

import math

import _peer_works as works
import keras

import zoo


def compiled(name: str, optimizer=None) -> keras.Model:
    """Builds and compiles the model of a work under the policy that is set.

    Args:
        name: Of the work.
        optimizer: None for Adam with Keras's settings, or what the DCGAN brings.
    """
    if name == "dcgan":
        return zoo.dcgan(seed=0)  # comes compiled
    if name == "lstm":
        model = zoo.lstm(
            (works.TOKENS,),
            1,
            units=(64,),
            vocabulary_size=works.VOCABULARY,
            embedding_dim=64,
            task="binary",
        )
        loss: keras.losses.Loss = keras.losses.BinaryCrossentropy(from_logits=True)
    else:
        builders = {"lenet": zoo.lenet, "resnet20": zoo.resnet20}
        model = builders[name]() if name in builders else zoo.mlp((784,), 10)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer or keras.optimizers.Adam(1e-3), loss)
    return model


def trainable(model: keras.Model) -> int:
    """How many numbers of a model are trained."""
    return sum(math.prod(variable.shape) for variable in model.trainable_variables)


def targets(name: str, y):
    """What `fit` gets as y: a GAN has no targets."""
    return None if name == "dcgan" else y
