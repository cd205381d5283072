"""Small models and data that the tests share; importing it loads Keras."""

import keras
import numpy as np
import pytest
from keras import layers

from recipes.lab.training.machine import accelerators

BACKEND = keras.backend.backend()


def on(*backends, because):
    """Marks a test that only these backends can run."""
    return pytest.mark.skipif(BACKEND not in backends, reason=because)


def slow_on(backend):
    """Marks a test that takes long on one backend."""
    return pytest.mark.slow if backend == BACKEND else lambda test: test


def numpy(value):
    return np.array(keras.ops.convert_to_numpy(value))


def weights(model):
    return [numpy(v) for v in model.variables]


def everything(model):
    """All model and optimizer variables."""
    return weights(model) + [numpy(v) for v in model.optimizer.variables]


def data(rows=40, seed=0):
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(rows, 5)).astype("float32")
    y = generator.normal(size=(rows, 1)).astype("float32")
    return x, y


def dense(optimizer=None, seed=1, dtype=None, **compiled):
    """5-4-1 with two Dense layers, named so that keys can be written down."""
    keras.utils.set_random_seed(seed)
    inputs = layers.Input((5,))
    hidden = layers.Dense(4, activation="tanh", name="hidden", dtype=dtype)(inputs)
    outputs = layers.Dense(1, name="out", dtype=dtype)(hidden)
    model = keras.Model(inputs, outputs)
    model.compile(optimizer or keras.optimizers.SGD(0.5), "mse", **compiled)
    return model


def noisy(seed=1):
    """With dropout, batch normalization and Adam: everything that has state."""
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            layers.Input((5,)),
            layers.Dense(6, activation="relu"),
            layers.BatchNormalization(),
            layers.Dropout(0.4, seed=3),
            layers.Dense(1),
        ]
    )
    model.compile(keras.optimizers.Adam(0.01), "mse")
    return model


TOKENS = np.array([[1, 1, 2], [2, 1, 1], [3, 3, 3], [0, 1, 3]], "int32")
TARGETS = np.array([[1.0], [-2.0], [0.5], [3.0]], "float32")


def embedding(optimizer, as_matrix=False):
    """Sum of embeddings; as a matrix product its gradient is dense."""
    if as_matrix:
        counts = np.stack([np.bincount(row, minlength=5) for row in TOKENS])
        inputs = layers.Input((5,))
        outputs = layers.Dense(2, use_bias=False, name="table")(inputs)
        x = counts.astype("float32")
    else:
        inputs = layers.Input((3,), dtype="int32")
        outputs = layers.Embedding(5, 2, name="table")(inputs)
        outputs = keras.ops.sum(outputs, axis=1)
        x = TOKENS
    outputs = layers.Dense(1, use_bias=False, name="out")(outputs)
    model = keras.Model(inputs, outputs)
    start = np.random.default_rng(0)
    model.set_weights([start.normal(size=w.shape) for w in model.get_weights()])
    model.compile(optimizer, "mse")
    return model, x


class KeepWeights(keras.callbacks.Callback):
    """The trainable weights before every batch."""

    def __init__(self):
        super().__init__()
        self.rows = []

    def on_train_batch_begin(self, batch, logs=None):
        self.rows.append([numpy(v) for v in self.model.trainable_variables])

    def changes(self):
        """Norm of each variable's change by each batch, (batches, variables)."""
        last = [numpy(v) for v in self.model.trainable_variables]
        pairs = zip(self.rows, [*self.rows[1:], last], strict=True)
        return np.array(
            [
                [np.linalg.norm(a - b) for a, b in zip(*pair, strict=True)]
                for pair in pairs
            ]
        )


def fit(model, x, y, *callbacks, batch=4, epochs=1, **arguments):
    return model.fit(
        x,
        y,
        batch_size=batch,
        epochs=epochs,
        shuffle=False,
        verbose=0,
        callbacks=list(callbacks),
        **arguments,
    ).history


def assert_same(first, second):
    """Equal to the last bit on a processor.

    On an accelerator the compiler joins the step with what is read from it, and rounds
    elsewhere: a few units in the last place.
    """
    near = 1e-6 if accelerators(BACKEND) else 0
    assert len(first) == len(second)
    for one, other in zip(first, second, strict=True):
        np.testing.assert_allclose(one, other, rtol=near, atol=near)


def assert_untouched(model, variables):
    """No trace of a recording is left on the model."""
    optimizer = model.optimizer
    optimizers = [optimizer, getattr(optimizer, "inner_optimizer", optimizer)]
    for each in optimizers:
        assert not {"apply", "_backend_update_step"} & set(vars(each))
    assert "train_step" not in vars(model)
    assert len(optimizer.variables) == variables
