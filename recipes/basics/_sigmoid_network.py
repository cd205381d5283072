"""A dense network in NumPy: forward, backward, update.

A network is a list of layers (W, b), W (units, inputs) and b (units, 1). Samples
are columns, so that z = W a + b reads as in the notes; a Keras `Dense` layer has
samples as rows and the transposed kernel. The cost is ½ Σ (y - a)² over outputs
and samples. Every function also takes a stack of networks along leading axes.
"""

import itertools

import numpy as np


def sigmoid(z):
    """Returns 1 / (1 + e^-z), also where e^-z overflows."""
    return np.exp(-np.logaddexp(0, -z))


# An activation is the function and its slope, the latter from the function's value.
SIGMOID = (sigmoid, lambda a: a * (1 - a))
LINEAR = (lambda z: z, np.ones_like)


def random_layers(sizes, seed: int) -> list:
    """Returns layers of these sizes, weights and biases uniform in [-1, 1]."""
    rng = np.random.default_rng(seed)
    return [
        (rng.uniform(-1, 1, (units, inputs)), rng.uniform(-1, 1, (units, 1)))
        for inputs, units in itertools.pairwise(sizes)
    ]


def stack(networks: list) -> list:
    """Returns networks of one shape as one network with a leading axis."""
    layers = zip(*networks, strict=True)
    return [tuple(map(np.stack, zip(*layer, strict=True))) for layer in layers]


def forward(layers, x, hidden=SIGMOID, output=SIGMOID) -> list:
    """Returns the activations of every layer, the inputs first."""
    activations = [x]
    for index, (W, b) in enumerate(layers):
        function, _ = output if index == len(layers) - 1 else hidden
        activations.append(function(W @ activations[-1] + b))
    return activations


def cost(a, y):
    """Returns ½ Σ (y - a)² over outputs and samples."""
    return 0.5 * ((y - a) ** 2).sum((-2, -1))


def backward(layers, activations, y, hidden=SIGMOID, output=SIGMOID) -> list:
    """Returns (dC/dW, dC/db) of every layer, from the last layer to the first.

    With δ = dC/dz: dC/dW = δ aᵀ with the layer's input a, dC/db = δ, and for the
    layer below δ = (Wᵀ δ) ∘ slope.
    """
    delta = (activations[-1] - y) * output[1](activations[-1])
    gradients = []
    for (W, _), a in zip(reversed(layers), reversed(activations[:-1]), strict=True):
        gradients.append((delta @ a.mT, delta.sum(-1, keepdims=True)))
        delta = (W.mT @ delta) * hidden[1](a)
    return gradients[::-1]


def step(layers, gradients, rate: float) -> list:
    """Returns the layers after one update by -rate times the gradients."""
    return [
        (W - rate * dW, b - rate * db)
        for (W, b), (dW, db) in zip(layers, gradients, strict=True)
    ]


def train(layers, x, y, *, rate, passes, hidden=SIGMOID, output=SIGMOID):
    """Repeats forward, cost, backward, update with all samples at once.

    Returns:
        The layers, and the costs (passes + 1, ...) from before the first pass on.
    """
    costs = []
    for _ in range(passes):
        activations = forward(layers, x, hidden, output)
        costs.append(cost(activations[-1], y))
        gradients = backward(layers, activations, y, hidden, output)
        layers = step(layers, gradients, rate)
    costs.append(cost(forward(layers, x, hidden, output)[-1], y))
    return layers, np.array(costs)


def pack(layers) -> np.ndarray:
    """Returns all weights and biases as one vector."""
    return np.concatenate([array.ravel() for layer in layers for array in layer])


def unpack(vector, like) -> list:
    """Returns the vector as layers with the shapes of `like`."""
    arrays = [array for layer in like for array in layer]
    ends = np.cumsum([array.size for array in arrays])[:-1]
    parts = np.split(vector, ends)
    shaped = [
        part.reshape(array.shape) for part, array in zip(parts, arrays, strict=True)
    ]
    return list(zip(shaped[::2], shaped[1::2], strict=True))
