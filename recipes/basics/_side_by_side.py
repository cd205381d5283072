"""Small networks side by side in one Keras model: trained at once, each on its own.

A tiny network leaves the machine idle between its steps. Here every layer holds one
kernel a network, so that one step trains them all. Losses are summed over networks,
and gradients and Adam work weight by weight: each learns exactly as it would alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import keras
import numpy as np
from keras import layers, ops

from recipes.lab import fit, gradients

DEAD = 1e-6  # a unit is dead where its slope stays below this for every sample


@dataclass(frozen=True)
class Kind:
    """What the copies of one kind of network have in common.

    Attributes:
        activation: Of the hidden layers: a name, or what makes a Keras layer.
        output: The output's activation, a name.
        initializer: What draws the kernels, of `keras.initializers`.
        bias: What hidden biases start at.
    """

    activation: str | Callable[[], keras.layers.Layer]
    output: str = "linear"
    initializer: type = keras.initializers.GlorotUniform
    bias: float = 0.0

    def layer(self) -> keras.layers.Layer:
        """Makes the activation of one hidden layer."""
        if isinstance(self.activation, str):
            return layers.Activation(self.activation)
        return self.activation()


def squared_error(y, outputs):
    """The squared error of every sample, summed over the networks."""
    return ops.sum(ops.mean(ops.square(y - outputs), -1), -1)


def cross_entropy(y, logits):
    """The cross-entropy of every sample, summed over the networks."""
    losses = keras.losses.sparse_categorical_crossentropy(y, logits, from_logits=True)
    return ops.sum(losses, -1)


def mean_square(y, outputs) -> np.ndarray:
    """The mean squared error of each network."""
    return ((y - outputs) ** 2).mean((0, 2))


def accuracy(y, logits) -> np.ndarray:
    """The share of samples that each network puts into their class."""
    return (logits.argmax(-1) == y).mean(0)


class SideBySide:
    """Several copies of several kinds of networks, compiled into one model.

    Args:
        kinds: Name to kind.
        seeds: One copy each: a seed draws the same kernels for every kind.
        widths: Inputs, units of each hidden layer, outputs.
        loss: `squared_error` or `cross_entropy`.
        learning_rate: Adam's.
    """

    def __init__(
        self,
        kinds: Mapping[str, Kind],
        seeds: Sequence[int],
        widths: Sequence[int],
        loss: Callable,
        *,
        learning_rate: float,
    ):
        self.kinds, self.seeds, self.loss = dict(kinds), list(seeds), loss
        networks = len(self.kinds) * len(self.seeds)
        inputs = keras.Input((len(self.seeds), widths[0]))
        x = _joined([inputs] * len(kinds))
        self.dense, self.activations, before, after = [], [], [], []
        for units in widths[1:]:
            # A Dense layer for each network: (batch, networks, inputs) to units.
            shape = (networks, units)
            layer = layers.EinsumDense("bni,nio->bno", shape, bias_axes="no")
            self.dense.append(layer)
        for layer in self.dense[:-1]:
            before.append(layer(x))
            self.activations.append([kind.layer() for kind in kinds.values()])
            x = self._by_kind(self.activations[-1], before[-1])
            after.append(x)
        self.ends = [layers.Activation(kind.output) for kind in kinds.values()]
        self.model = keras.Model(inputs, self._by_kind(self.ends, self.dense[-1](x)))
        self.before = keras.Model(inputs, before)
        self.after = keras.Model(inputs, after)
        self.model.compile(keras.optimizers.Adam(learning_rate), loss)
        self._start()

    def _by_kind(self, functions, x):
        parts = ops.split(x, len(functions), axis=1)
        return _joined([f(part) for f, part in zip(functions, parts, strict=True)])

    def _start(self) -> None:
        """Draws every kernel as Keras draws that of a network on its own."""
        for depth, layer in enumerate(self.dense):
            shape = tuple(layer.kernel.shape[1:])
            hidden = layer is not self.dense[-1]
            kernels, biases = [], []
            for kind in self.kinds.values():
                for seed in self.seeds:
                    draw = kind.initializer(seed=1000 * seed + depth)
                    kernels.append(ops.convert_to_numpy(draw(shape)))
                    biases.append(np.full(shape[1], kind.bias if hidden else 0.0))
            layer.kernel.assign(np.stack(kernels))
            layer.bias.assign(np.stack(biases))

    def train(
        self,
        x,
        y,
        *,
        epochs: int,
        seed: int,
        batch_size: int = 32,
        scores: Mapping[str, tuple] | None = None,
        measure: Callable = mean_square,
    ) -> dict[str, dict[str, np.ndarray]]:
        """Trains all networks.

        Args:
            x: Inputs (samples, copies, features).
            y: Targets (samples, copies, ...), the same for every kind.
            epochs: Passes over the data.
            seed: Decides the order of the samples, one for all networks.
            batch_size: Samples a step.
            scores: Name to (x, y) that is scored after every epoch.
            measure: `mean_square` or `accuracy`.

        Returns:
            For each of the scores, by kind, (copies, epochs).
        """
        watches = {
            name: _Watch(self.model, inputs, self._targets(targets), measure)
            for name, (inputs, targets) in (scores or {}).items()
        }
        fit(
            self.model,
            x,
            self._targets(y),
            batch_size=batch_size,
            epochs=epochs,
            seed=seed,
            callbacks=list(watches.values()),
        )
        return {
            name: self.split(np.transpose(watch.rows))
            for name, watch in watches.items()
        }

    def _targets(self, y) -> np.ndarray:
        return np.concatenate([y] * len(self.kinds), axis=1)

    def split(self, values) -> dict[str, np.ndarray]:
        """Returns (networks, ...) as one array (copies, ...) a kind."""
        parts = np.split(np.asarray(values), len(self.kinds))
        return dict(zip(self.kinds, parts, strict=True))

    def kernels(self) -> list[dict[str, np.ndarray]]:
        """Returns every layer's kernels, (copies, inputs, units) a kind."""
        return [self.split(ops.convert_to_numpy(d.kernel)) for d in self.dense]

    def hidden(self, x) -> list[dict[str, np.ndarray]]:
        """Returns every hidden layer's activations, (copies, samples, units) a kind."""
        return [self.split(a.transpose(1, 0, 2)) for a in _all(self.after, x)]

    def zeros(self, x) -> dict[str, np.ndarray]:
        """Returns the share of hidden activations that are exactly 0, (copies,)."""
        shares = [
            {name: (a == 0).mean((1, 2)) for name, a in layer.items()}
            for layer in self.hidden(x)
        ]
        return {name: np.mean([s[name] for s in shares], 0) for name in self.kinds}

    def slopes(self, x) -> list[dict[str, np.ndarray]]:
        """Returns for every hidden layer and kind the slopes at these inputs.

        An entry is (copies, samples, units): what the layer's activation, with
        whatever it has learned, multiplies the gradient by.
        """
        found = []
        for activations, z in zip(self.activations, _all(self.before, x), strict=True):
            parts = np.split(z, len(self.kinds), axis=1)
            slopes = [
                gradients(lambda v, f=f: ops.sum(f(v[0])), [part])[0]
                for f, part in zip(activations, parts, strict=True)
            ]
            turned = [slope.transpose(1, 0, 2) for slope in slopes]
            found.append(dict(zip(self.kinds, turned, strict=True)))
        return found

    def dead(self, x) -> dict[str, np.ndarray]:
        """Returns the share of hidden units that are dead for these inputs."""
        shares = [
            {name: (abs(s) < DEAD).all(1).mean(1) for name, s in layer.items()}
            for layer in self.slopes(x)
        ]
        return {name: np.mean([s[name] for s in shares], 0) for name in self.kinds}

    def gradients_at_units(self, x, y) -> list[dict[str, np.ndarray]]:
        """Returns for every hidden layer the root mean square of dL/dz, (copies,).

        z is what a unit's activation gets, L a network's loss summed over samples.
        """
        targets = self._targets(y)
        nudges = [np.zeros_like(z) for z in _all(self.before, x)]

        def loss(values):
            h = _joined([ops.convert_to_tensor(x)] * len(self.kinds))
            for dense, activations, nudge in zip(
                self.dense, self.activations, values, strict=False
            ):
                h = self._by_kind(activations, dense(h) + nudge)
            return ops.sum(
                self.loss(targets, self._by_kind(self.ends, self.dense[-1](h)))
            )

        found = gradients(loss, nudges)
        return [self.split(np.sqrt((g**2).mean((0, 2)))) for g in found]


class _Watch(keras.callbacks.Callback):
    """Measures every network on the same samples after every epoch."""

    def __init__(self, networks: keras.Model, x, y, measure: Callable):
        super().__init__()
        self.networks, self.x, self.y, self.measure = networks, x, y, measure
        self.rows = []

    def on_epoch_end(self, epoch, logs=None):
        """Keeps one number a network."""
        outputs = self.networks.predict_on_batch(self.x)
        self.rows.append(self.measure(self.y, np.asarray(outputs, "float32")))


def _joined(parts: list):
    return layers.Concatenate(axis=1)(parts) if len(parts) > 1 else parts[0]


def _all(model, x) -> list[np.ndarray]:
    found = model.predict_on_batch(x)
    found = found if isinstance(found, list) else [found]
    return [np.asarray(array, "float32") for array in found]
