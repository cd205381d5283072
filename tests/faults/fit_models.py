"""Small data and models on which `fit` is tried."""

import keras
import numpy as np
from keras import layers

from recipes.lab import fit

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 4)).astype("float32")
Y = np.arange(40) % 3
BAD = np.where(np.arange(40) == 7, 3, Y)  # one label that has no output
NAN = np.where(np.arange(40)[:, None] == 7, np.nan, X)
ONES = np.ones(40, "float32")
IDS = RNG.integers(0, 10, (40, 6))
CROSSENTROPY = "sparse_categorical_crossentropy"


def compiled(model, loss=CROSSENTROPY, optimizer="sgd", **arguments):
    model.compile(optimizer, loss, **arguments)
    return model


def net(loss=CROSSENTROPY, activation="softmax", units=3, **arguments):
    """A network with known inputs and outputs."""
    parts = [keras.Input((4,)), layers.Dense(units, activation)]
    return compiled(keras.Sequential(parts), loss, **arguments)


def unbuilt(loss=CROSSENTROPY):
    """A network that learns its input's shape from the data."""
    return compiled(keras.Sequential([layers.Dense(3, "softmax")]), loss)


class Subclass(keras.Model):
    """A model whose layers no graph shows."""

    def __init__(self, function=keras.ops.softmax):
        super().__init__()
        self.hidden, self.last = layers.Dense(8, "tanh"), layers.Dense(3)
        self.function = function

    def call(self, x):
        return self.function(self.last(self.hidden(x)))


def subclassed(loss=CROSSENTROPY, function=keras.ops.softmax):
    return compiled(Subclass(function), loss)


def two_outputs(form=list, loss=(CROSSENTROPY, "mse")):
    """Outputs "a" (3 classes) and "b" (1 number), as a list or a dict."""
    inputs = keras.Input((4,))
    a = layers.Dense(3, "softmax", name="a")(inputs)
    b = layers.Dense(1, name="b")(inputs)
    if form is list:
        return compiled(keras.Model(inputs, [a, b]), list(loss))
    losses = dict(zip("ab", loss, strict=True))
    return compiled(keras.Model(inputs, {"a": a, "b": b}), losses)


def two_inputs():
    inputs = {"p": keras.Input((4,), name="p"), "q": keras.Input((2,), name="q")}
    joined = layers.Concatenate()([inputs["p"], inputs["q"]])
    return compiled(keras.Model(inputs, layers.Dense(1)(joined)), "mse")


def sequence():
    """A class for each of 8 time steps."""
    parts = [keras.Input((8, 4)), layers.Dense(3, "softmax")]
    return compiled(keras.Sequential(parts), optimizer=keras.optimizers.SGD(0.5))


def stateful():
    """A network with a memory, for batches of 8."""
    parts = [keras.Input(batch_shape=(8, 8, 4)), layers.LSTM(2, stateful=True)]
    return compiled(keras.Sequential([*parts, layers.Dense(3, "softmax")]))


def embedding(dtype="int32"):
    parts = [keras.Input((6,), dtype=dtype), layers.Embedding(10, 4),
             layers.Flatten(), layers.Dense(3, "softmax")]  # fmt: skip
    return compiled(keras.Sequential(parts))


class Columns(keras.Model):
    """An embedding for each column of a table."""

    def __init__(self):
        super().__init__()
        self.tables = [layers.Embedding(10, 2) for _ in range(6)]
        self.last = layers.Dense(3, "softmax")

    def call(self, x):
        parts = [table(x[:, i]) for i, table in enumerate(self.tables)]
        return self.last(keras.ops.concatenate(parts, -1))


def images():
    parts = [layers.Conv2D(2, 3), layers.GlobalAveragePooling2D(), layers.Dense(1)]
    return compiled(keras.Sequential(parts), "mse")


class Batches(keras.utils.PyDataset):
    """Batches of ten rows."""

    def __init__(self, *arrays, empty=False):
        super().__init__()
        self.arrays, self.empty = arrays, empty

    @property
    def num_batches(self):
        return 0 if self.empty else -(-len(self.arrays[0]) // 10)

    def __getitem__(self, index):
        return tuple(array[10 * index : 10 * index + 10] for array in self.arrays)


def generator(x=X, y=Y):
    for start in range(0, len(x), 10):
        yield x[start : start + 10], y[start : start + 10]


class OwnLoss(keras.Model):
    """A loss of its own, which only training comes upon."""

    def __init__(self):
        super().__init__()
        self.last = layers.Dense(3, "softmax")

    def call(self, x):
        return self.last(x)

    def compute_loss(self, x=None, y=None, y_pred=None, *_, **__):
        losses = keras.losses.sparse_categorical_crossentropy(y, y_pred)
        return keras.ops.mean(losses)


def speech():
    """Eight steps of five outputs, for labels of CTC."""
    parts = [keras.Input((8, 4)), layers.Dense(5)]
    return compiled(keras.Sequential(parts), keras.losses.CTC())


def swapped_names():
    """Inputs and outputs whose names do not come in the order of the alphabet."""
    inputs = {name: keras.Input((4,), name=name) for name in ("q", "p")}
    a = layers.Dense(1, name="one")(inputs["p"])
    b = layers.Dense(1, name="two")(inputs["q"])
    model = keras.Model(inputs, {"u": {"z": a}, "b": b})
    return compiled(model, {"u": {"z": "mse"}, "b": "mae"})


def sgd(**settings):
    return keras.optimizers.SGD(**settings)


def tried(model, x=X, y=Y, **arguments):
    return fit(model, x, y, **arguments)
