"""The data, the start and a network in NumPy that all lessons share."""

import numpy as np

BATCH, UNITS, RATE = 64, 32, 0.1


def batches(data, steps: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """The first so many batches of a set, all of one size; the set may repeat.

    Args:
        data: A `Dataset` of images.
        steps: How many.

    Returns:
        Pairs of flat images (64, pixels) and classes (64,).
    """
    x, y = data.x_train.reshape(len(data.x_train), -1), data.y_train
    whole = len(x) // BATCH
    starts = [BATCH * (step % whole) for step in range(steps)]
    return [(x[at : at + BATCH], y[at : at + BATCH]) for at in starts]


def start(data) -> list[np.ndarray]:
    """Weights to begin with: two kernels (inputs, outputs) and two biases.

    The same arrays go into every library: an initializer of each would draw others.
    """
    rng = np.random.default_rng(0)
    inputs, classes = int(np.prod(data.x_train.shape[1:])), data.num_classes
    found = []
    for fan_in, fan_out in ((inputs, UNITS), (UNITS, classes)):
        deviation = np.sqrt(2 / fan_in)
        found.append(rng.normal(0, deviation, (fan_in, fan_out)).astype("float32"))
        found.append(np.zeros(fan_out, "float32"))
    return found


class Network:
    """A hidden layer of ReLUs and a softmax; gradients add up until they are zeroed.

    Attributes:
        weights: Two kernels and two biases, in float64.
        grads: What `backward` has added up, in the order of the weights.
    """

    def __init__(self, weights: list[np.ndarray]):
        self.weights = [weight.astype(float) for weight in weights]
        self.zero_grad()

    def zero_grad(self) -> None:
        """Sets the gradients to zero."""
        self.grads = [np.zeros_like(weight) for weight in self.weights]

    def forward(self, x: np.ndarray, y: np.ndarray) -> float:
        """Returns the mean cross-entropy in nats, and keeps what `backward` needs."""
        first, bias, second, bias_2 = self.weights
        self.x, self.y = x, y
        self.hidden = np.maximum(0, x @ first + bias)
        logits = self.hidden @ second + bias_2
        logits -= logits.max(1, keepdims=True)
        self.p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        return float(-np.log(self.p[np.arange(len(y)), y]).mean())

    def backward(self) -> None:
        """Adds the gradients of the last loss to those that are there."""
        delta = self.p.copy()
        delta[np.arange(len(self.y)), self.y] -= 1
        delta /= len(self.y)
        below = (delta @ self.weights[2].T) * (self.hidden > 0)
        found = (self.x.T @ below, below.sum(0), self.hidden.T @ delta, delta.sum(0))
        for kept, new in zip(self.grads, found, strict=True):
            kept += new

    def update(self, rate: float = RATE) -> None:
        """Goes one step of gradient descent."""
        for weight, slope in zip(self.weights, self.grads, strict=True):
            weight -= rate * slope


def descend(data, steps: int) -> list[np.ndarray]:
    """The weights after so many steps of the whole loop, in NumPy."""
    network = Network(start(data))
    for x, y in batches(data, steps):
        network.zero_grad()
        network.forward(x, y)
        network.backward()
        network.update()
    return network.weights


def apart(first, second) -> float:
    """The largest difference of two lists of weights, over the largest weight."""
    largest = max(float(np.abs(weight).max()) for weight in first)
    pairs = zip(first, second, strict=True)
    return max(float(np.abs(one - other).max()) for one, other in pairs) / largest
