"""What one example costs a network: multiplications with an addition each."""

import math

import keras
from keras import layers


def multiply_adds(model: keras.Model) -> int:
    """Multiply-adds of kernels for one example; a GAN's are those of one sample.

    Left out are biases, activations, normalization and pooling, which are no products
    with a kernel; an embedding is a look-up. A sequence of any length counts as one
    step.
    """
    network = getattr(model, "generator", model)
    return sum(_of_layer(layer) for layer in network.layers)


def _of_layer(layer: keras.Layer) -> int:
    if isinstance(layer, layers.RNN):
        kernels = (layer.cell.kernel, layer.cell.recurrent_kernel)
        sequence = keras.tree.flatten(layer.input)[0]  # a mask may stand behind it
        return (sequence.shape[1] or 1) * sum(map(_size, kernels))
    if isinstance(layer, layers.Embedding) or not hasattr(layer, "kernel"):
        return 0
    # Every place of a convolution's output, or of a transposed one's input.
    places = layer.output.shape[1:-1]
    if isinstance(layer, layers.Conv2DTranspose):
        places = layer.input.shape[1:-1]
    return math.prod(place or 1 for place in places) * _size(layer.kernel)


def _size(variable) -> int:
    return math.prod(variable.shape)
