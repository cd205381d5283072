"""`fit` on several devices of one process: one device is the oracle.

tests/callbacks/test_several_devices.py starts these with several devices.
"""

import warnings

import keras
import numpy as np
import pytest

import zoo
from callbacks import GradientNorms
from recipes.lab import LabError, Restart, fit, reseed
from tests.callbacks.replicas.devices import BACKEND, needed, spread

pytestmark = needed()

ON_JAX = pytest.mark.skipif(BACKEND != "jax", reason="it is a rule on JAX")
ON_TENSORFLOW = pytest.mark.skipif(
    BACKEND != "tensorflow", reason="it is a rule on TensorFlow"
)
X = np.random.default_rng(0).normal(size=(44, 6)).astype("float32")
Y = (X[:, 0] > X[:, 1]).astype("int32") + (X[:, 2] > 1)
LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def network(optimizer=None, **arguments):
    reseed(1)
    model = zoo.mlp((6,), 3, units=(8,), **arguments)
    model.compile(optimizer or keras.optimizers.SGD(0.5), LOSS, metrics=["accuracy"])
    return model


def test_weights_and_logs_are_those_of_one_device():
    ends = []
    for several in (False, True):
        with spread(several):
            # On JAX masks are those of the whole batch; on TensorFlow they are equal.
            rate = 0.2 if BACKEND == "jax" else 0.0
            model, norms = network(dropout=rate), GradientNorms()
            history = fit(
                model, X, Y, batch_size=16, epochs=3, seed=2, callbacks=[norms],
                class_weight={1: 2.0}, validation_data=(X[:20], Y[:20]),
            )  # fmt: skip
            ends.append((model.get_weights(), history.history, norms.table.norms))
    for one, other in zip(ends[0][0], ends[1][0], strict=True):
        np.testing.assert_allclose(other, one, atol=1e-6)
    for key, values in ends[0][1].items():
        np.testing.assert_allclose(ends[1][1][key], values, rtol=1e-5, err_msg=key)
    np.testing.assert_allclose(ends[1][2], ends[0][2], rtol=1e-5)


def test_a_model_starts_anew():
    with spread(True):
        model = network(keras.optimizers.Adam(0.01))
        restart, weights = Restart(model), model.get_weights()
        ends = []
        for _ in range(2):
            restart(weights)
            fit(model, X, Y, batch_size=16, epochs=1)
            ends.append(model.get_weights())
    for one, other in zip(*ends, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("rows", "arguments", "told"),
    [
        (44, {"batch_size": 15}, "batch_size counts the samples of all . .*, not 15"),
        (43, {"batch_size": 16}, "the last batch of 11 can't be shared .* 4. rows or "
                                 "steps_per_epoch=2"),
        (1, {"batch_size": 16}, "the last batch of 1 can't .*: give at least . rows"),
    ],
)  # fmt: skip
def test_a_batch_that_can_not_be_shared_is_refused(rows, arguments, told):
    with spread(True):
        model = network()
        before = model.get_weights()
        with pytest.raises(LabError, match=told):
            fit(model, X[:rows], Y[:rows], **arguments)
        fit(model, X[:43], Y[:43], batch_size=16, steps_per_epoch=2)  # it says so
    assert any((a != b).any() for a, b in zip(before, model.get_weights(), strict=True))


def test_what_is_kept_on_one_device_only_is_said(tmp_path):
    with spread(True), pytest.raises(LabError, match="keeps a training on one device"):
        fit(network(), X, Y, batch_size=16, checkpoint=tmp_path)


def test_validation_data_is_right_or_refused():
    held_out = X[:19], Y[:19]
    if BACKEND == "jax":
        with spread(True):
            model = network()
            with pytest.raises(LabError, match=r"validation x has 19 rows, .* 16 rows"):
                fit(model, X, Y, batch_size=16, validation_data=held_out)
            with pytest.raises(LabError, match=r"validation_batch_size .* not 6"):
                fit(model, X, Y, batch_size=16, validation_data=(X, Y),
                    validation_batch_size=6)  # fmt: skip
        return
    logs = []
    for several in (False, True):
        with spread(several):
            history = fit(network(), X, Y, batch_size=16, validation_data=held_out)
            logs.append([history.history[f"val_{n}"] for n in ("loss", "accuracy")])
    np.testing.assert_allclose(*logs, rtol=1e-5)


class Batches(keras.utils.PyDataset):
    """Two batches; the last one has an odd number of rows."""

    def __init__(self):
        super().__init__()

    @property
    def num_batches(self):
        return 2

    def __getitem__(self, index):
        return (X[:16], Y[:16]) if index == 0 else (X[16:23], Y[16:23])


def test_a_batch_of_a_data_set_that_can_not_be_shared_is_refused():
    with spread(True), pytest.raises(LabError, match="a batch of x has 7 rows, which"):
        fit(network(), Batches())


@ON_JAX
def test_where_a_model_was_built_is_where_it_trains():
    model = network()
    with spread(True), pytest.raises(LabError, match="was built on 1 of 4 devices"):
        fit(model, X, Y)
    with spread(True):
        model = network()
    with pytest.raises(LabError, match="built for 4 devices, but no distribution"):
        fit(model, X, Y)


@ON_TENSORFLOW
@pytest.mark.parametrize(
    "setting",
    [{"clipnorm": 1.0}, {"global_clipnorm": 1.0}, {"clipvalue": 1.0},
     {"gradient_accumulation_steps": 2}],
)  # fmt: skip
def test_what_keras_trains_wrong_in_replicas_is_refused(setting):
    with spread(True):
        model = network(keras.optimizers.SGD(0.1, **setting))
        with pytest.raises(LabError, match=f"has {next(iter(setting))}, w"):
            fit(model, X, Y, batch_size=22)


@ON_TENSORFLOW
def test_equal_masks_in_replicas_are_warned_of():
    with spread(True):
        with pytest.warns(UserWarning, match="draws the same random numbers in all 2"):
            fit(network(dropout=0.5), X, Y, batch_size=22)
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)
            fit(network(), X, Y, batch_size=22)


@ON_TENSORFLOW
def test_several_workers_are_refused_in_one_sentence():
    import tensorflow as tf

    model = network()

    class Workers(tf.distribute.MultiWorkerMirroredStrategy):
        num_replicas_in_sync = 2

        def __init__(self):
            pass

    model._distribute_strategy = Workers()
    with pytest.raises(LabError, match=r"MultiWorkerMirroredStrategy \(keras#20585\)"):
        fit(model, X, Y)


@ON_TENSORFLOW
def test_a_distribution_that_keras_ignores_is_refused():
    distribution = keras.distribution.DataParallel(devices=["cpu:0", "cpu:1"])
    with distribution.scope(), pytest.raises(LabError, match="on the JAX backend only"):
        fit(network(), X, Y)
